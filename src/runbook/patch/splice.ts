// From an edit to the splices that carry it out on the text. Nothing is parsed and nothing is verified here.
import { type CST, isAlias, isScalar, isSeq, type ParsedNode, visit } from 'yaml';
import { type Edit, Refusal, type Splice, type Spot } from './edit.ts';
import { append, insert, insertAtRoot } from './insert.ts';
import { below, indented, lineBreak, lineEnd } from './lines.ts';
import { type Form, indentUnderKey, type Quote, type Rendered, render, type Style } from './render.ts';
import { findSeat, isBlock, itemsOf, tokenEnd, tokenStart } from './seat.ts';
import { flowForm, styleAt } from './style.ts';
import type { Syntax } from './syntax.ts';

/** A value comes before all lines that are added behind it. */
const VALUE_DEPTH = Number.MAX_SAFE_INTEGER;

/** The splices for one edit; they don't overlap. Its value is plain: `Map`, array, scalar. Throws a `Refusal`. */
export function splicesFor(syntax: Syntax, style: Style, edit: Edit): Splice[] {
  const { seat, missing } = findSeat(syntax, edit.path);
  const spot = { syntax, style, seat };
  const [key, ...deeper] = missing;
  if (isAlias(seat.node) && (key !== undefined || edit.op === 'append')) {
    throw new Refusal(`\`*${seat.node.source}\` stands here, and what it names is not of this place alone`, seat.after);
  }
  if (edit.path.length === 0) throw new Refusal('that would be the whole file', seat.after);
  if (deeper.length > 0 || typeof key === 'number') throw new Refusal(`there is no \`${key}\` here`, seat.after);
  if (edit.op === 'append' && key === undefined && !isUnset(seat.node)) return append(spot, edit.value);
  const value = edit.op === 'append' ? [edit.value] : edit.value;
  const splices = key === undefined ? replace(spot, value) : insertInto(spot, key, value);
  return splices.filter(({ start, end, text }) => start < end || text !== '');
}

/** Splices in the order in which they are to be applied. */
export function inOrder(splices: readonly Splice[]): Splice[] {
  return splices.toSorted((a, b) => a.start - b.start || a.end - b.end || (b.depth ?? 0) - (a.depth ?? 0));
}

/** Null and `[]` have no layout of their own to keep. */
export function isUnset(node: ParsedNode | null): boolean {
  return isNull(node) || (isSeq(node) && node.items.length === 0);
}

/** A map that is not there yet is made of its first key; at the root, it just begins. */
function insertInto(spot: Spot, key: string, value: unknown): Splice[] {
  const { node, token, holder } = spot.seat;
  if (!isNull(node)) return insert(spot, key, value);
  return token || holder ? replace(spot, new Map([[key, value]])) : insertAtRoot(spot, key, value);
}

function isNull(node: ParsedNode | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function replace(spot: Spot, value: unknown): Splice[] {
  const { text } = spot.syntax;
  const { token, after, holder } = spot.seat;
  insistUnshared(spot);
  const end = token ? lastLineEnd(text, token) : lineEnd(text, after);
  const style = styleAt(text, end, isBlock(holder) ? holder.indent : 0, spot.style);
  const shown = render(value, formFor(spot, value), style, quoteOf(token));
  if (!token) return fill(spot, value, shown);
  return isBlock(token) ? replaceBlock(spot, token, value, shown) : replaceInline(spot, token, value, shown);
}

/** An alias elsewhere of something in the old value would change its meaning, or lose it. */
function insistUnshared({ syntax, seat }: Spot): void {
  if (!seat.node) return;
  const inside = new Set<unknown>();
  const anchors = new Set<string>();
  visit(seat.node, {
    Node(_key, node) {
      inside.add(node);
      if (!isAlias(node) && node.anchor) anchors.add(node.anchor);
    },
  });
  if (anchors.size === 0) return;
  visit(syntax.document, {
    Alias(_key, alias) {
      if (inside.has(alias) || !anchors.has(alias.source) || !inside.has(alias.resolve(syntax.document))) return;
      throw new Refusal(`other places use this value through \`*${alias.source}\``, seat.after);
    },
  });
}

/** A value takes one line inside of a flow collection, in place of one, and where a comment parts it from its key. */
function formFor({ syntax, seat }: Spot, value: unknown): Form {
  const { token, holder, node, after } = seat;
  if (!isBlock(holder))
    return token?.type === 'scalar' && isScalar(node) && typeof node.value === 'string'
      ? 'flow'
      : flowForm(token, holder);
  if (!token || isBlock(token)) return 'block';
  const isFilledFlow = token.type === 'flow-collection' && itemsOf(token).length > 0;
  if (isFilledFlow && typeof value === 'object' && value !== null) return flowForm(token);
  return syntax.text.slice(after, token.offset).trim() === '' ? 'block' : 'flow';
}

function quoteOf(token: CST.Token | undefined): Quote | undefined {
  if (token?.type === 'single-quoted-scalar') return 'single';
  return token?.type === 'double-quoted-scalar' ? 'double' : undefined;
}

/** `status:` gets its value, before a comment that follows. */
function fill(spot: Spot, value: unknown, { head, body }: Rendered): Splice[] {
  const { text } = spot.syntax;
  const { after, needsColon, holder } = spot.seat;
  const end = lineEnd(text, after);
  // Spaces that end the line already part the key from its value.
  const isLast = text.slice(after, end).trim() === '';
  const separator = needsColon || !isLast || after === end ? ' ' : '';
  const colon = !needsColon ? '' : isBlock(holder) ? `${lineBreak(text, end)}${' '.repeat(holder.indent)}:` : ':';
  const start = (needsColon ? isBlock(holder) : isLast) ? end : after;
  return [
    { start, end: start, text: colon + (head === '' ? '' : separator + head), depth: VALUE_DEPTH },
    { start: end, end, text: linesBelow(spot, value, body), depth: VALUE_DEPTH },
  ];
}

/** A scalar, an alias or a flow collection; of a block scalar, the header is replaced in its line and the rest below. */
function replaceInline(spot: Spot, token: CST.Token, value: unknown, { head, body }: Rendered): Splice[] {
  const { text } = spot.syntax;
  const header = token.type === 'block-scalar' ? token.props[0] : token;
  const headEnd = tokenEnd(header ?? token);
  const start = lineEnd(text, headEnd);
  const end = token.type === 'block-scalar' ? Math.max(start, lastLineEnd(text, token)) : start;
  return [
    { start: head === '' ? spot.seat.after : token.offset, end: headEnd, text: head },
    { start, end, text: linesBelow(spot, value, body), depth: VALUE_DEPTH },
  ];
}

function replaceBlock(
  spot: Spot,
  token: CST.BlockMap | CST.BlockSequence,
  value: unknown,
  { head, body }: Rendered,
): Splice[] {
  const { text } = spot.syntax;
  const { after } = spot.seat;
  const start = tokenStart(token);
  const end = lastLineEnd(text, token);
  const newline = text.lastIndexOf('\n', start);
  if (newline < after) {
    const [first = '', ...rest] = head === '' ? body : [head, ...body];
    return [{ start, end, text: first + below(text, start, indented(rest, ' '.repeat(token.indent))) }];
  }
  return [
    { start: after, end: after, text: head === '' ? '' : ` ${head}`, depth: VALUE_DEPTH },
    { start: text[newline - 1] === '\r' ? newline - 1 : newline, end, text: linesBelow(spot, value, body) },
  ];
}

/** The end of a token's last line. Empty lines stay, also those that a block scalar with `+` would keep for itself. */
function lastLineEnd(text: string, token: CST.Token): number {
  let end = tokenEnd(token);
  // A loop, since an expression for white space at the end takes quadratic time on white space elsewhere.
  while (end > token.offset && ' \t\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return lineEnd(text, end);
}

function linesBelow(spot: Spot, value: unknown, lines: readonly string[]): string {
  return below(spot.syntax.text, spot.seat.after, indented(lines, ' '.repeat(columnFor(spot, value))));
}

/** The column of a value that stands on lines of its own: that of the old one if it fits the new one. */
function columnFor({ style, seat }: Spot, value: unknown): number {
  const { token, holder } = seat;
  if (!isBlock(holder)) return 0;
  if (isBlock(token) && (token.indent > holder.indent || Array.isArray(value))) return token.indent;
  return holder.indent + (holder.type === 'block-map' ? indentUnderKey(value, style) : 1 + style.gap.length);
}
