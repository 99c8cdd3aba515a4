// YAML as the library reads it: all forms of it, and what is wrong in it.
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  YAMLParseError,
} from 'yaml';
import { type Aliases, aliasesOf } from './aliases.ts';
import { DEEPEST, keysTooDeep, mayBeDeep, mergesNoMap, syntaxMistake, TOO_DEEP, unfoldsTooFar } from './brokenYaml.ts';
import { cleared, isLarge } from './memory.ts';
import { type Range, SyntaxRefusal, type YamlPath, type YamlReading } from './yamlReading.ts';

interface Read {
  readonly document: Document.Parsed;
  readonly aliases: Aliases;
}

/** Throws SyntaxRefusal. Of a large text, what it was read from is let go, and read again where a place is asked for. */
export function readByLibrary(text: string): YamlReading {
  if (!isLarge(text)) {
    const { value, ...read } = readWhole(text);
    return { value, rangeOf: (path, part) => rangeOf(read, path, part) };
  }
  again = undefined;
  const { value } = readWhole(text);
  cleared(text);
  return { value, rangeOf: (path, part) => rangeOf(readAgain(text), path, part) };
}

/** A text that the library could not read for that reason, however little of it there is. */
export function isNestedTooDeep(text: string): boolean {
  if (!mayBeDeep(text)) return false;
  try {
    for (const _token of tokensOf(text));
    return false;
  } catch (error) {
    if (error instanceof SyntaxRefusal) return true;
    throw error;
  }
}

/** Throws SyntaxRefusal: documents are composed by recursion, and a full stack can end the process where no one can catch it. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let start = 0;
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > DEEPEST) throw new SyntaxRefusal({ ...TOO_DEEP, start, end: start + 1 });
    start += lexeme.length;
  }
  yield* parser.end();
}

/** The first document, with an error if there are more. As `parseDocument` does it, which says nothing of how deep it goes. */
function documentIn(text: string): Document.Parsed {
  const composer = new Composer({ prettyErrors: false, logLevel: 'error', merge: true, uniqueKeys: false });
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokensOf(text), true, text.length)) {
    if (first) {
      first.errors.push(new YAMLParseError([document.range[0], document.range[1]], 'MULTIPLE_DOCS', ''));
      break;
    }
    first = document;
  }
  if (!first) throw new Error('there is no document in a text, not even an empty one');
  return first;
}

/** One is kept, for the many places that a list of mistakes asks for. */
function readAgain(text: string): Read {
  if (again?.text !== text) {
    again = undefined;
    cleared(text);
    again = { text, read: readWhole(text) };
  }
  return again.read;
}

let again: { readonly text: string; readonly read: Read } | undefined;

function readWhole(text: string): Read & { readonly value: unknown } {
  try {
    const document = documentIn(text);
    const mistake = syntaxMistake(document, text);
    if (mistake) throw new SyntaxRefusal(mistake);
    const deepKey = keysTooDeep(document, text);
    if (deepKey) throw new SyntaxRefusal(deepKey);
    const aliases: Aliases = text.includes('*') ? aliasesOf(document) : new Map();
    const bomb = unfoldsTooFar(aliases);
    if (bomb) throw new SyntaxRefusal(bomb);
    return { value: document.toJS({ maxAliasCount: -1 }), document, aliases };
  } catch (error) {
    // The parser descends by recursion, so that absurd nesting ends in a full stack.
    if (error instanceof RangeError) throw new SyntaxRefusal({ ...TOO_DEEP, start: 0, end: 0 });
    if (error instanceof Error && error.message.startsWith('Merge sources')) throw new SyntaxRefusal(mergesNoMap(text));
    throw error;
  }
}

function rangeOf({ document, aliases }: Read, path: YamlPath, part: 'key' | 'value'): Range {
  let node: unknown = document.contents;
  let best: Range = [0, 0];
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = aliases.get(node);
    const child = childOf(node, step) ?? childOf(mergedInto(aliases, node), step);
    if (child === undefined) return best;
    const last = depth === path.length - 1;
    const shown = last && part === 'key' ? (child.key ?? child.value) : (child.value ?? child.key);
    best = nodeRange(shown) ?? nodeRange(child.key) ?? best;
    node = child.value;
  }
  return path.length === 0 ? (nodeRange(node) ?? best) : best;
}

function childOf(node: unknown, step: string | number): { key?: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
    );
    return pair && { key: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof step === 'number' && step in node.items) return { value: node.items[step] };
  return undefined;
}

/** What `<<` brings into a map. */
function mergedInto(aliases: Aliases, node: unknown): unknown {
  const pairs = isMap(node) ? node.items : [];
  const value = pairs.find((pair) => isScalar(pair.key) && String(pair.key.value) === 'Symbol(<<)')?.value;
  return isAlias(value) ? aliases.get(value) : value;
}

function nodeRange(node: unknown): Range | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start, end] = node.range as [number, number];
  return end > start ? [start, end] : undefined;
}
