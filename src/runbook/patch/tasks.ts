// Puts new tasks into the list of a runbook, each behind or before one that is there. Only whole entries are inserted: every byte
// that was there stays. The result is read again and compared, as always.
import { type CST, Document, isAlias, isSeq } from 'yaml';
import { RunbookError } from '../../errors.ts';
import { cleared } from '../memory.ts';
import { patchByLibrary } from './byLibrary.ts';
import type { Splice } from './edit.ts';
import { insertInFlow } from './insert.ts';
import { below, indented, lineEnd } from './lines.ts';
import { type Form, inlinePair, pairLines, render, type Style } from './render.ts';
import { findSeat, itemEnd, itemStart, itemsOf, type Seat } from './seat.ts';
import { flowForm, gapOf, habitsOf, styleAt, styleOf } from './style.ts';
import { parse, placeAt, type Syntax } from './syntax.ts';
import { surpriseIn } from './verify.ts';

/** A new task, in YAML's spelling. */
export interface NewItem {
  /** How many of the tasks that are there come before it. */
  readonly index: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * The text with the tasks in it; of several at one place, the first comes first. A list that is missing or empty is made.
 * Throws PATCH_UNSAFE, with the line to edit by hand, if that can't be done without touching anything else.
 */
export function withTasksInserted(source: string, items: readonly NewItem[], file: string): string {
  if (items.length === 0) return source;
  cleared(source);
  const syntax = parse(source, file);
  const { seat, missing } = findSeat(syntax, ['tasks']);
  const isList = missing.length === 0 && isSeq(seat.node) && seat.node.items.length > 0;
  if (!isList) return startedList(source, items, file, missing.length === 0 && isAlias(seat.node) ? seat : undefined);
  const token = seat.token;
  if (token?.type === 'block-seq') return inserted(syntax, items, blockSplices(syntax, seat, token, items));
  if (token?.type !== 'flow-collection') throw unsafe(syntax, 'this is not a list', seat.after);
  // One at a time: where two meet, the second goes behind the comma of the first.
  const [first, ...rest] = inOrder(items).reverse();
  if (!first) return source;
  return withTasksInserted(inserted(syntax, [first], flowSplices(syntax, seat, token, first)), rest.reverse(), file);
}

/** By their places; those of one place stay in their order. */
function inOrder(items: readonly NewItem[]): NewItem[] {
  return items.toSorted((one, other) => one.index - other.index);
}

function grouped(items: readonly NewItem[], count: number): Map<number, NewItem[]> {
  const groups = new Map<number, NewItem[]>();
  for (const item of inOrder(items)) {
    const index = Math.min(item.index, count);
    groups.set(index, [...(groups.get(index) ?? []), item]);
  }
  return groups;
}

function startedList(source: string, items: readonly NewItem[], file: string, alias: Seat | undefined): string {
  if (alias)
    throw unsafe(
      parse(source, file),
      'an alias stands here, and what it names is not of this place alone',
      alias.after,
    );
  const [first, ...rest] = inOrder(items);
  if (!first) return source;
  const started = patchByLibrary(source, [{ op: 'append', path: ['tasks'], value: first.value }], file);
  return withTasksInserted(
    started,
    rest.map((item) => ({ ...item, index: item.index + 1 })),
    file,
  );
}

function blockSplices(syntax: Syntax, seat: Seat, token: CST.BlockSequence, items: readonly NewItem[]): Splice[] {
  const { text } = syntax;
  const old = itemsOf(token);
  const style = { ...styleOf(habitsOf(syntax)), gap: gapOf(text, token) ?? ' ' };
  const isApart = areApart(text, old);
  const pad = ' '.repeat(token.indent);
  const byPlace = grouped(items, old.length);
  return [...byPlace].map(([index, group]): Splice => {
    const at = index === 0 ? placeBeforeAll(syntax, seat, old) : placeBehind(text, old[index - 1], token.indent);
    const near = old[index - 1] ?? old[index];
    const fitting = styleAt(text, at, token.indent, style);
    const entries = group.map(({ value }) => indented(entryLines(value, near, listForm(old), fitting), pad));
    const gap = isApart ? [''] : [];
    const lines =
      index === 0 ? entries.flatMap((entry) => [...entry, ...gap]) : entries.flatMap((entry) => [...gap, ...entry]);
    // Before the first, an empty line may be there already.
    if (index === 0 && isApart && /^\r?\n[ \t]*\r?\n/.test(text.slice(at))) lines.pop();
    return { start: at, end: at, text: below(text, at, lines) };
  });
}

/** Behind the key's own line, and so before the comments that lead to the first task. */
function placeBeforeAll(syntax: Syntax, seat: Seat, [first]: readonly CST.CollectionItem[]): number {
  const { text } = syntax;
  const start = first ? itemStart(first) : seat.after;
  const at = lineEnd(text, seat.after);
  if (at < start) return at;
  throw unsafe(syntax, 'the first task begins in the line of its key', start);
}

/** Behind a task, and the comments right below it that stand further in than the dashes: they are its own. */
function placeBehind(text: string, item: CST.CollectionItem | undefined, indent: number): number {
  let at = lineEnd(text, item ? itemEnd(item) : 0);
  for (;;) {
    const next = /^\r?\n( *)#/.exec(text.slice(at, at + indent + 200));
    if (!next || (next[1] ?? '').length <= indent) return at;
    at = lineEnd(text, at + next[0].length);
  }
}

/** Whether empty lines part the tasks, as between most of those that are there; beside one alone, if it takes lines itself. */
function areApart(text: string, items: readonly CST.CollectionItem[]): boolean {
  const gaps = items.slice(1).map((item, i) => {
    const before = items[i];
    return before !== undefined && /\n[ \t]*\r?\n/.test(text.slice(itemEnd(before), itemStart(item)));
  });
  if (gaps.length === 0) return items[0]?.value?.type !== 'flow-collection';
  return gaps.filter(Boolean).length * 2 > gaps.length;
}

/** How lists of words such as `depends_on` are written in the tasks that are there; in brackets, if none has any. */
function listForm(items: readonly CST.CollectionItem[]): 'block' | 'flow' {
  for (const { value } of items) {
    if (value?.type !== 'block-map') continue;
    for (const pair of itemsOf(value)) {
      if (!pair.key || !('source' in pair.key) || !WORD_LISTS.includes(pair.key.source)) continue;
      if (pair.value?.type === 'block-seq') return 'block';
      if (pair.value?.type === 'flow-collection') return 'flow';
    }
  }
  return 'flow';
}

const WORD_LISTS = ['depends_on', 'tags'];

/** Longer, an entry in braces is hard to read. */
const WIDEST_ENTRY = 100;

function entryLines(
  value: NewItem['value'],
  near: CST.CollectionItem | undefined,
  lists: 'block' | 'flow',
  style: Style,
): string[] {
  const dash = `-${style.gap}`;
  if (near?.value?.type === 'flow-collection') {
    const line = dash + render(plain(value), flowForm(near.value), style).head;
    if (line.length <= WIDEST_ENTRY) return [line];
  }
  const [first = '', ...rest] = Object.entries(value).flatMap(([key, item]) => {
    const words = lists === 'flow' && WORD_LISTS.includes(key);
    return words ? [inlinePair(key, item, 'flow', style)] : pairLines(key, plain(item), 'block', style);
  });
  return [dash + first, ...indented(rest, ' '.repeat(dash.length))];
}

function flowSplices(syntax: Syntax, seat: Seat, token: CST.FlowCollection, { index, value }: NewItem): Splice[] {
  const { text } = syntax;
  const old = itemsOf(token);
  const form: Form = flowForm(token, seat.holder);
  const near = old[index - 1] ?? old[0];
  const style = styleOf(habitsOf(syntax));
  const entry = render(
    plain(value),
    near?.value?.type === 'flow-collection' ? flowForm(near.value, token) : form,
    style,
  ).head;
  return insertInFlow(text, token, old[Math.min(index, old.length) - 1], entry);
}

/** As YAML will read it back. */
function plain(value: unknown): unknown {
  return new Document(value).toJS({ mapAsMap: true });
}

function inserted(before: Syntax, items: readonly NewItem[], splices: readonly Splice[]): string {
  const { text } = before;
  const [first] = splices;
  const sorted = splices.toSorted((one, other) => one.start - other.start);
  let from = 0;
  const parts: string[] = [];
  for (const { start, text: added } of sorted) {
    parts.push(text.slice(from, start), added);
    from = start;
  }
  const result = parts.join('') + text.slice(from);
  cleared(text);
  const after = parsedAgain(before, result, first?.start ?? 0);
  const surprise = surpriseIn(before, after, [{ op: 'set', path: ['tasks'], value: meant(before, items) }], sorted);
  if (surprise) throw unsafe(before, surprise, first?.start ?? 0);
  return result;
}

function meant({ values: [root] }: Syntax, items: readonly NewItem[]): unknown[] {
  const list: unknown = root instanceof Map ? root.get('tasks') : [];
  const tasks: unknown[] = Array.isArray(list) ? list : [];
  const byPlace = grouped(items, tasks.length);
  const at = (index: number) => (byPlace.get(index) ?? []).map(({ value }) => plain(value));
  return [...tasks.flatMap((task, index) => [...at(index), task]), ...at(tasks.length)];
}

function parsedAgain(before: Syntax, text: string, at: number): Syntax {
  try {
    return parse(text, before.file);
  } catch (error) {
    if (error instanceof RunbookError) throw unsafe(before, 'it would not be valid YAML any more', at);
    throw error;
  }
}

function unsafe(syntax: Syntax, why: string, offset: number): RunbookError {
  return new RunbookError({
    code: 'PATCH_UNSAFE',
    message: `\`${syntax.file}\` is left as it is: ${why}`,
    at: placeAt(syntax.text, syntax.file, offset, offset + 1),
    hint: 'Write the task there by hand; `--dry-run --json` prints what it would be.',
  });
}
