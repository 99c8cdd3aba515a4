// The habits of a file, measured from it: how far it indents maps and lists, what follows its dashes, how it quotes.
import type { CST } from 'yaml';
import type { Habits } from '../plainYaml.ts';
import { COMMON, type Style } from './render.ts';
import { type Collection, isBlock, isCollection, itemsOf } from './seat.ts';
import type { Syntax } from './syntax.ts';

/** The first of each kind in the file is taken for its habit. */
export function habitsOf({ text, tokens }: Syntax): Habits {
  const found: Habits = {};
  if (tokens?.value) survey(text, tokens.value, undefined, found);
  return found;
}

/** The habits, and those of most people where the file has none. */
export function styleOf(found: Habits): Style {
  const step = found.step || found.dash || COMMON.step;
  return {
    ...COMMON,
    step,
    dash: found.dash ?? step,
    gap: found.gap ?? COMMON.gap,
    quote: found.quote ?? COMMON.quote,
    padding: found.padding ?? COMMON.padding,
  };
}

/** The style for lines behind the one that ends at `offset`: a literal block would swallow an indented comment after it. */
export function styleAt(text: string, offset: number, column: number, style: Style): Style {
  const indent = /^(?:\r?\n)+([ \t]+)(?:#|\r?\n|$)/.exec(text.slice(offset))?.[1] ?? '';
  return indent.length > column ? { ...style, literals: false } : style;
}

function survey(text: string, token: CST.Token, parent: CST.BlockMap | undefined, found: Habits): void {
  if (token.type === 'single-quoted-scalar') found.quote ??= 'single';
  if (token.type === 'double-quoted-scalar') found.quote ??= 'double';
  if (!isCollection(token)) return;
  if (parent && isBlock(token)) noteIndent(token, parent, found);
  if (token.type === 'block-seq') found.gap ??= gapOf(text, token);
  if (token.type === 'flow-collection') found.padding ??= /^\{( ?)[^\s}]/.exec(text.slice(token.offset))?.[1];
  for (const { value } of itemsOf(token)) {
    if (value) survey(text, value, token.type === 'block-map' ? token : undefined, found);
  }
}

function noteIndent(token: CST.BlockMap | CST.BlockSequence, parent: CST.BlockMap, found: Habits): void {
  const inset = token.indent - parent.indent;
  if (token.type === 'block-seq') found.dash ??= inset;
  else found.step ??= inset;
}

/** The spaces between the dashes of a list and its items, as the last ones have it that stand in one line. */
export function gapOf(text: string, list: Collection): string | undefined {
  const dashes = itemsOf(list).flatMap(({ start }) => start.filter(({ type }) => type === 'seq-item-ind'));
  return dashes.flatMap(({ offset }) => /^ +(?=[^\s#])/.exec(text.slice(offset + 1)) ?? []).at(-1);
}

/** Where all keys or items around are written as in JSON, so is the new one. The first collection that has any decides. */
export function flowForm(...around: readonly (CST.Token | undefined)[]): 'flow' | 'json' {
  const filled = around.find((token) => token?.type === 'flow-collection' && itemsOf(token).length > 0);
  return isJson(filled) ? 'json' : 'flow';
}

function isJson(token: CST.Token | null | undefined): boolean {
  if (token?.type === 'double-quoted-scalar') return true;
  return token?.type === 'flow-collection' && itemsOf(token).every(({ key, value }) => isJson(key ?? value));
}
