// Edits of any kind, in YAML of any form: an edit becomes splices of the source text; the result is parsed again and must mean
// just what was meant, with all else where it was.
import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar } from 'yaml';
import { RunbookError } from '../../errors.ts';
import { cleared, isLarge } from '../memory.ts';
import type { Habits } from '../plainYaml.ts';
import type { YamlPath } from '../yamlReading.ts';
import { type Edit, Refusal, type Splice } from './edit.ts';
import { COMMON, render, type Style } from './render.ts';
import { findSeat } from './seat.ts';
import { inOrder, isUnset, splicesFor } from './splice.ts';
import { habitsOf, styleOf } from './style.ts';
import { parse, placeAt, type Syntax } from './syntax.ts';
import { pathText, startsWith, surpriseIn, valueAt } from './verify.ts';

/**
 * What `patch` promises. `habits` are those of the file, where the source is only a part of it. It parses once, and once more for
 * all edits that don't depend on each other's result.
 */
export function patchByLibrary(source: string, edits: readonly Edit[], file: string, habits?: Habits): string {
  const known = parsed.get(file);
  cleared(source);
  let syntax = known?.text === source ? known : parse(source, file);
  let rest: readonly Edit[] = edits.map(withPlainValue);
  while (rest.length > 0) {
    cleared(source);
    const batch = takeBatch(syntax, rest, habits);
    if (batch.steps.length > 0) syntax = carriedOut(syntax, batch.steps);
    rest = batch.rest;
  }
  if (isLarge(source)) parsed.delete(file);
  else parsed.set(file, syntax);
  return syntax.text;
}

/** What one edit leaves behind is mostly what the next one starts from, and it was parsed to be verified. */
const parsed = new Map<string, Syntax>();

/** As YAML will read it back: maps become `Map`, dates text; what is undefined is left out. */
function withPlainValue(edit: Edit): Edit {
  return { ...edit, value: new Document(edit.value).toJS({ mapAsMap: true }) };
}

interface Step {
  readonly edit: Edit;
  readonly splices: readonly Splice[];
}

/** As many of the edits as can be carried out on one and the same text. */
function takeBatch(
  syntax: Syntax,
  edits: readonly Edit[],
  habits: Habits | undefined,
): { steps: Step[]; rest: readonly Edit[] } {
  const style = styleOf(habits ?? habitsOf(syntax));
  const steps: Step[] = [];
  const taken: Splice[] = [];
  let rest = edits;
  for (let [edit, ...later] = rest; edit; [edit, ...later] = rest) {
    if (steps.some((step) => dependsOn(syntax, step.edit, edit))) break;
    const finer = refined(syntax, edit);
    if (finer) {
      rest = [...finer, ...later];
      continue;
    }
    const splices = plannedSplices(syntax, edit, style);
    if (splices.some((one) => taken.some((other) => collide(syntax.text, one, other)))) break;
    steps.push({ edit, splices });
    taken.push(...splices);
    rest = later;
  }
  return { steps, rest };
}

/** The later edit can only be planned on the text that the earlier step makes. */
function dependsOn(syntax: Syntax, earlier: Edit, later: Edit): boolean {
  const sameList = earlier.op === 'append' && later.op === 'append' && isDeepStrictEqual(earlier.path, later.path);
  if (sameList && hasItems(syntax, later.path)) return false;
  return startsWith(later.path, earlier.path) || (later.op === 'set' && startsWith(earlier.path, later.path));
}

function hasItems(syntax: Syntax, path: YamlPath): boolean {
  const { seat, missing } = findSeat(syntax, path);
  return missing.length === 0 && !isUnset(seat.node);
}

/**
 * The finer edits that do the same, if there are any: none where the value already stands there, and one for each key
 * where a map only gains or changes keys, so that the comments in it live.
 */
function refined(syntax: Syntax, edit: Edit): Edit[] | undefined {
  const { seat, missing } = findSeat(syntax, edit.path);
  if (edit.op === 'append' || missing.length > 0) return undefined;
  if (isDeepStrictEqual(valueAt(syntax.values[0], edit.path), edit.value)) return [];
  const { value, path } = edit;
  if (!isMap(seat.node) || seat.node.items.length === 0 || !(value instanceof Map)) return undefined;
  // A tag in the old map may not fit what comes in its place.
  if (!seat.node.items.every(({ key, value: old }) => isScalar(key) && value.has(key.value) && !old?.tag))
    return undefined;
  return [...value].map(([key, item]) => ({ op: 'set', path: [...path, key], value: item }));
}

function plannedSplices(syntax: Syntax, edit: Edit, style: Style): Splice[] {
  try {
    return splicesFor(syntax, style, edit);
  } catch (error) {
    if (error instanceof Refusal) throw unsafe(syntax, [edit], error.message, error.offset);
    throw error;
  }
}

/** Whether one splice's place depends on the other: they overlap, meet at a point, or only empty lines part them. */
function collide(text: string, one: Splice, other: Splice): boolean {
  const inTurn = one.start < other.start || (one.start === other.start && one.end <= other.end);
  const [first, second] = inTurn ? [one, other] : [other, one];
  if (first.start === second.end) return first.depth === undefined || second.depth === undefined;
  return second.start < first.end || /^[ \t]*\r?\n\s*$/.test(text.slice(first.end, second.start));
}

function carriedOut(before: Syntax, steps: readonly Step[]): Syntax {
  const splices = inOrder(steps.flatMap((step) => step.splices));
  const edits = steps.map((step) => step.edit);
  const refuse = (why: string) => unsafe(before, edits, why, splices[0]?.start ?? 0);
  cleared(before.text);
  const after = parsedAgain(spliced(before.text, splices), before.file, refuse);
  const surprise = surpriseIn(before, after, edits, splices);
  if (surprise) throw refuse(surprise);
  return after;
}

function spliced(text: string, splices: readonly Splice[]): string {
  let from = 0;
  const parts: string[] = [];
  for (const { start, end, text: inserted } of splices) {
    parts.push(text.slice(from, start), inserted);
    from = end;
  }
  return parts.join('') + text.slice(from);
}

function parsedAgain(text: string, file: string, refuse: (why: string) => RunbookError): Syntax {
  try {
    return parse(text, file);
  } catch (error) {
    if (error instanceof RunbookError) throw refuse('it would not be valid YAML any more');
    throw error;
  }
}

function unsafe(syntax: Syntax, edits: readonly Edit[], why: string, offset: number): RunbookError {
  return new RunbookError({
    code: 'PATCH_UNSAFE',
    message: `\`${syntax.file}\` is left as it is: ${why}`,
    at: placeAt(syntax.text, syntax.file, offset, offset + 1),
    hint: edits.map(byHand).join('\n'),
  });
}

function byHand({ op, path, value }: Edit): string {
  const text = render(value, 'flow', COMMON).head;
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return op === 'set'
    ? `Set \`${pathText(path)}\` to \`${shown}\` by hand.`
    : `Add \`${shown}\` to the list \`${pathText(path)}\` by hand.`;
}
