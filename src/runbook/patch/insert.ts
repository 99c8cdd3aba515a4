// The splices for what is added: a key to a map, an item to a list, the first line to an empty file.
import { type CST, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { Refusal, type Splice, type Spot } from './edit.ts';
import { below, indented, lineBreak, lineEnd } from './lines.ts';
import { inlinePair, itemLines, pairLines, render } from './render.ts';
import { type Collection, itemEnd, itemStart, itemsOf, tokenEnd, tokenStart } from './seat.ts';
import { flowForm, gapOf, styleAt } from './style.ts';

/** Inserts a key that the map at the spot doesn't have. */
export function insert(spot: Spot, key: string, value: unknown): Splice[] {
  const { syntax, style, seat } = spot;
  const { node, token, holder } = seat;
  if (isMap(node) && token?.type === 'block-map') return insertLines(spot, node, token, key, value);
  if (isMap(node) && token?.type === 'flow-collection') {
    const entry = inlinePair(key, value, flowForm(token, holder), style);
    return insertInFlow(syntax.text, token, predecessor(node, token, key), entry);
  }
  throw new Refusal(`there is no \`${key}\` here, and it can't be added`, seat.after);
}

/** The file has no value yet: the first line goes behind all comments, or before the mark that ends the document. */
export function insertAtRoot({ syntax: { text, tokens }, style }: Spot, key: string, value: unknown): Splice[] {
  const last = tokens?.start.at(-1);
  const at = last ? tokenEnd(last) : (tokens?.offset ?? text.length);
  const lines = pairLines(key, value, 'block', style);
  const eol = lineBreak(text, at);
  const isLineStart = /(?:^\uFEFF?|\n)$/.test(text.slice(0, at));
  return [insertion(at, isLineStart ? lines.map((line) => line + eol).join('') : below(text, at, lines))];
}

function insertLines(
  { syntax: { text }, style }: Spot,
  map: YAMLMap.Parsed,
  token: CST.BlockMap,
  key: string,
  value: unknown,
): Splice[] {
  const pad = ' '.repeat(token.indent);
  const previous = predecessor(map, token, key);
  if (previous) {
    const at = lineEnd(text, itemEnd(previous));
    const lines = pairLines(key, value, 'block', styleAt(text, at, token.indent, style));
    const added = insertion(at, below(text, at, indented(lines, pad)));
    return [key === 'status' ? added : { ...added, depth: token.offset }];
  }
  const start = tokenStart(token);
  const [first = '', ...rest] = pairLines(key, value, 'block', style);
  return [insertion(start, `${first}${below(text, start, [...indented(rest, pad), pad])}`)];
}

/** A status stands near the top of its task, anything else at the end of its map. */
function predecessor(map: YAMLMap.Parsed, token: Collection, key: string): CST.CollectionItem | undefined {
  if (key !== 'status') return itemsOf(token).at(-1);
  const [name, id] = ['name', 'id'].map((wanted) =>
    map.items.find((pair) => isScalar(pair.key) && pair.key.value === wanted),
  );
  return (name ?? id)?.srcToken;
}

/** Adds an item to the list at the spot, in the way its last item is written. */
export function append({ syntax: { text }, style, seat }: Spot, value: unknown): Splice[] {
  const { node, token, holder } = seat;
  if (isSeq(node) && token?.type === 'flow-collection') {
    return insertInFlow(text, token, itemsOf(token).at(-1), render(value, flowForm(token, holder), style).head);
  }
  const last = token?.type === 'block-seq' ? itemsOf(token).at(-1) : undefined;
  if (!isSeq(node) || token?.type !== 'block-seq' || !last) throw new Refusal('this is not a list', seat.after);
  const form = last.value?.type === 'flow-collection' ? flowForm(last.value) : 'block';
  // Whole lines go behind the last line of an item, and so before comments and empty lines that lead to what follows.
  const at = lineEnd(text, itemEnd(last));
  const fitting = { ...styleAt(text, at, token.indent, style), gap: gapOf(text, token) ?? style.gap };
  const lines = indented(itemLines(value, form, fitting), ' '.repeat(token.indent));
  return [{ ...insertion(at, below(text, at, lines)), depth: token.offset }];
}

/** In a line of its own if `previous` has one; a comment behind that one stays there. Without `previous`, at the start. */
export function insertInFlow(
  text: string,
  token: CST.FlowCollection,
  previous: CST.CollectionItem | undefined,
  entry: string,
): Splice[] {
  const [first] = itemsOf(token);
  if (!first) return [insertion(token.offset + 1, (/^[ \t]*/.exec(text.slice(token.offset + 1))?.[0] ?? '') + entry)];
  const neighbour = previous ?? first;
  const pad = ownLineIndent(text, itemStart(neighbour));
  const eol = lineBreak(text, itemStart(neighbour));
  if (!previous) return [insertion(itemStart(first), pad === undefined ? `${entry}, ` : `${entry},${eol}${pad}`)];
  const end = itemEnd(previous);
  const stop = lineEnd(text, end);
  const rest = /^[ \t]*(?:(,)[ \t]*)?(?:#.*)?$/.exec(text.slice(end, stop));
  if (pad === undefined || !rest) return [insertion(end, `, ${entry}`)];
  if (rest[1] === ',') return [insertion(stop, `${eol}${pad}${entry},`)];
  return [insertion(end, ','), insertion(stop, `${eol}${pad}${entry}`)];
}

function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}

/** The indentation before `offset`, if nothing else comes before it in its line. */
function ownLineIndent(text: string, offset: number): string | undefined {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return before.trim() === '' ? before : undefined;
}
