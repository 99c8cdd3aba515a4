// Where a value stands, or would stand, in the tokens of a file: what comes before it, what holds it, where it ends.
import { type CST, isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { YamlPath } from '../yamlReading.ts';
import type { Syntax } from './syntax.ts';

export type Collection = CST.BlockMap | CST.BlockSequence | CST.FlowCollection;

/** The seat of a value. An empty one (`status:`) has a node, which is null, but no token. */
export interface Seat {
  readonly node: ParsedNode | null;
  readonly token: CST.Token | undefined;
  /** Where that ends which must stay before the value: `:` or `-`, and the value's anchor and tag. */
  readonly after: number;
  /** The key has no `:` yet (`? status`, `{status}`). */
  readonly needsColon: boolean;
  /** The nearest collection around it; undefined at the root. */
  readonly holder: Collection | undefined;
}

/** The seat at the end of `path`, or the last one on the way to it, and the steps that are not there. */
export function findSeat(syntax: Syntax, path: YamlPath): { seat: Seat; missing: YamlPath } {
  let seat = rootSeat(syntax);
  for (const [depth, step] of path.entries()) {
    const next = enter(syntax, seat, step);
    if (!next) return { seat, missing: path.slice(depth) };
    seat = next;
  }
  return { seat, missing: [] };
}

function rootSeat({ document, tokens }: Syntax): Seat {
  const token = written(tokens?.value);
  const last = tokens?.start.findLast(isContent);
  const after = last ? last.offset + last.source.length : (token?.offset ?? 0);
  return { node: document.contents, token, after, needsColon: false, holder: undefined };
}

function enter(syntax: Syntax, seat: Seat, step: string | number): Seat | undefined {
  const { node } = seat;
  const token = isCollection(seat.token) ? seat.token : undefined;
  const holder = token ?? seat.holder;
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => keyOf(syntax, key) === step);
    return pair?.srcToken && itemSeat(pair.srcToken, pair.value, holder);
  }
  if (!isSeq(node) || typeof step !== 'number' || !token) return undefined;
  const child = node.items[step];
  const item = itemsOf(token)[step];
  return child && item && itemSeat(item, child, holder);
}

/** A key may be quoted, or be an alias of a text. */
function keyOf(syntax: Syntax, key: ParsedNode): unknown {
  const node = isAlias(key) ? key.resolve(syntax.document) : key;
  return isScalar(node) ? node.value : undefined;
}

function itemSeat(item: CST.CollectionItem, node: ParsedNode | null, holder: Collection | undefined): Seat {
  const token = written(item.value);
  const colon = item.sep?.some(({ type }) => type === 'map-value-ind') ?? false;
  const needsColon = 'key' in item && !colon;
  const last = needsColon ? undefined : (item.sep ?? item.start).findLast(isContent);
  const after = last
    ? last.offset + last.source.length
    : item.key
      ? tokenEnd(item.key)
      : (token?.offset ?? itemEnd(item));
  return { node, token, after, needsColon, holder };
}

/** The parser makes empty scalars in some places, where nothing is written. */
function written(token: CST.Token | undefined): CST.Token | undefined {
  return token?.type === 'scalar' && token.source === '' ? undefined : token;
}

export function isCollection(token: CST.Token | undefined): token is Collection {
  return token?.type === 'flow-collection' || isBlock(token);
}

export function isBlock(token: CST.Token | undefined): token is CST.BlockMap | CST.BlockSequence {
  return token?.type === 'block-map' || token?.type === 'block-seq';
}

/** The items of a collection, without those that the parser makes to hold comments or a last comma. */
export function itemsOf(token: Collection): CST.CollectionItem[] {
  const items: CST.CollectionItem[] = token.items;
  return items.filter(
    (item) => item.key || item.sep || item.value || item.start.some((part) => isContent(part) && part.type !== 'comma'),
  );
}

/** Where an item begins: its dash, its `?`, its anchor or its key. */
export function itemStart(item: CST.CollectionItem): number {
  const first =
    item.start.find((part) => isContent(part) && part.type !== 'comma') ?? item.key ?? item.sep?.[0] ?? item.value;
  return first?.offset ?? 0;
}

/** Where the last thing that belongs to an item ends; comments, spaces and line breaks after it do not. */
export function itemEnd(item: CST.CollectionItem): number {
  const value = written(item.value);
  if (value) return tokenEnd(value);
  const last = item.sep?.findLast(isContent) ?? item.key ?? item.start.findLast(isContent);
  return last ? tokenEnd(last) : 0;
}

/** Where a token begins. The anchor of a block map's first key stands before what the parser takes for its offset. */
export function tokenStart(token: CST.Token): number {
  const [first] = isBlock(token) ? itemsOf(token) : [];
  return first ? itemStart(first) : token.offset;
}

/** Where a token ends. A block scalar ends before its last line break; the empty lines that it keeps are its own. */
export function tokenEnd(token: CST.Token): number {
  if (token.type === 'flow-collection') return (token.end[0]?.offset ?? token.offset) + 1;
  if (isBlock(token)) return itemEnd(itemsOf(token).at(-1) ?? { start: [] });
  if (token.type === 'block-scalar') {
    const header = token.props.at(-1);
    const body = token.source.replace(/\r?\n$/, '');
    return (header ? tokenEnd(header) : token.offset) + body.length;
  }
  return token.offset + ('source' in token ? token.source.length : 0);
}

function isContent({ type }: CST.SourceToken): boolean {
  return type !== 'space' && type !== 'newline' && type !== 'comment';
}
