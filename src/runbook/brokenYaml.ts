// What is wrong with a YAML text, in words that a person knows, and where it begins.
import { type Document, isCollection, isPair, isScalar, type Node, visit } from 'yaml';
import { didYouMean } from '../suggest.ts';
import { type Aliases, tooFar } from './aliases.ts';
import { doubledKey } from './doubled.ts';
import type { SyntaxMistake } from './yamlReading.ts';

/** The first mistake that the parser found, or that makes aliases unusable; undefined if there is none. */
export function syntaxMistake(document: Document.Parsed, text: string): SyntaxMistake | undefined {
  const nul = text.indexOf('\0');
  if (nul >= 0) return { ...NO_TEXT, start: nul, end: nul + 1 };
  const [error] = document.errors;
  if (!error) return doubled(document, text) ?? (text.includes('*') ? aliasMistake(document) : undefined);
  const [start, end] = error.pos;
  const conflict = /^<{7}(?: .*)?$/m.exec(text);
  if (conflict) return { ...MERGE_CONFLICT, start: conflict.index, end: conflict.index + conflict[0].length };
  const opened = /^Missing closing|end with a [\]}]$/.test(error.message) ? neverClosed(document, text) : undefined;
  if (opened !== undefined)
    return {
      message: `this is not valid YAML: what begins here with ${text[opened]} is never closed`,
      hint: `Close it, or put quotes around the text if it only begins with that character.`,
      start: opened,
      end: opened + 1,
    };
  return { ...worded(error.code, error.message), start, end };
}

function doubled(document: Document.Parsed, text: string): SyntaxMistake | undefined {
  const second = doubledKey(document);
  if (!second) return undefined;
  const [start] = second.range ?? [0];
  const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^\s:]+)/.exec(text.slice(start, start + 200))?.[0] ?? '';
  const message = `the key ${key === '' ? '' : `\`${key}\` `}is there twice`;
  return { message, hint: 'Remove one of the two.', start, end: start + key.length };
}

/** Where the aliases begin to unfold into more than anyone could mean, if they do. */
export function unfoldsTooFar(aliases: Aliases): SyntaxMistake | undefined {
  const alias = tooFar(aliases);
  const [start, end] = alias?.range ?? [0, 0];
  return alias && { message: 'the aliases (`*`) unfold into far too much', start, end };
}

/**
 * Where maps or lists stand as keys in keys more often than anyone could mean, if they do: as a key of an object, each is written
 * out as text with all that is in it, and that once more for each level.
 */
export function keysTooDeep(document: Document.Parsed, text: string): SyntaxMistake | undefined {
  if (!MAY_BE_COLLECTION_KEY.test(text)) return undefined;
  let found: SyntaxMistake | undefined;
  visit(document, {
    Collection(key, node, path) {
      if (key !== 'key') return undefined;
      const levels = path.filter((above, i) => isPair(above) && above.key === path[i + 1]).length;
      if (levels < DEEPEST_KEY) return undefined;
      const [start] = node.range ?? [0];
      found = {
        message: `maps and lists stand as keys in keys, over more than ${DEEPEST_KEY} levels`,
        start,
        end: start + 1,
      };
      return visit.BREAK;
    },
  });
  return found;
}

const MAY_BE_COLLECTION_KEY = /\?\s|[\]}]\s*:/;
const DEEPEST_KEY = 10;

/** What is refused because something else than a map stands behind a `<<`. */
export function mergesNoMap(text: string): SyntaxMistake {
  const start = Math.max(0, text.search(/<<\s*:/));
  const hint = 'For example `<<: *common`, with `&common` before a map further up.';
  return { message: '`<<` merges maps, and this is none', hint, start, end: start + 2 };
}

/**
 * False where maps and lists can't stand too deep in each other. Counting is enough: it would take that many brackets, marks of a
 * list on a line, or blanks before one. Most texts have not.
 */
export function mayBeDeep(text: string): boolean {
  const brackets = text.match(/[[{]/g)?.length ?? 0;
  const marks = new RegExp(`(?:[-?:][ \\t]+){${DEEPEST >> 1}}`);
  return brackets > DEEPEST >> 1 || marks.test(text) || text.includes(' '.repeat(DEEPEST >> 1));
}

/** How deep maps and lists may stand in each other. A plan that a person reads has ten levels. */
export const DEEPEST = 500;

export const TOO_DEEP = { message: `the YAML is nested too deeply: more than ${DEEPEST} levels` };

const NO_TEXT = {
  message: 'there is a NUL character in it, which no text has',
  hint: 'Take it out; in double quotes, `\\0` would stand for it.',
};

const MERGE_CONFLICT = {
  message: 'a merge conflict is not resolved',
  hint: 'Keep what is right of the two sides, and take out the lines with `<<<<<<<`, `=======` and `>>>>>>>`.',
};

/** An alias without an anchor, or inside of what it stands for. */
function aliasMistake(document: Document.Parsed): SyntaxMistake | undefined {
  const anchors = new Map<string, Node>();
  let found: SyntaxMistake | undefined;
  visit(document, {
    Node(_key, node) {
      if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node);
    },
    Alias(_key, alias, path) {
      const name = alias.source;
      const target = anchors.get(name);
      if (target && !path.includes(target)) return undefined;
      const [start, end] = alias.range ?? [0, 0];
      const message = target
        ? `the alias \`*${name}\` stands inside of what it stands for`
        : `the alias \`*${name}\` has no anchor \`&${name}\` before it.${didYouMean(name, [...anchors.keys()])}`;
      found = { message, hint: target ? 'Take it out.' : QUOTE_IT, start, end };
      return visit.BREAK;
    },
  });
  return found;
}

/** Where the innermost quote or bracket stands that nothing closes. */
function neverClosed(document: Document.Parsed, text: string): number | undefined {
  let found: number | undefined;
  visit(document, {
    Node(_key, node) {
      if (!(isScalar(node) || isCollection(node)) || !node.range) return;
      const [start, end] = node.range;
      const closer = CLOSERS[text[start] ?? ''];
      if (closer !== undefined && (text[end - 1] !== closer || end - start < 2)) found = start;
    },
  });
  return found;
}

const CLOSERS: Partial<Record<string, string>> = { '[': ']', '{': '}', '"': '"', "'": "'" };
const QUOTE_IT = 'A text that begins with this character needs quotes around it.';

function worded(code: string, original: string): { message: string; hint?: string | undefined } {
  if (code === 'RESOURCE_EXHAUSTION' || original.startsWith('Maximum call stack')) return TOO_DEEP;
  if (code === 'MULTIPLE_DOCS')
    return {
      message: 'there is a second YAML document in this file',
      hint: 'Take this `---` out, or put what follows into a file of its own.',
    };
  const message = `this is not valid YAML: ${original.charAt(0).toLowerCase()}${original.slice(1)}`;
  return { message, hint: HINTS_BY_MESSAGE.find(([pattern]) => pattern.test(original))?.[1] ?? HINTS[code] };
}

const HINTS_BY_MESSAGE: readonly [RegExp, string][] = [
  [/^Sequence item without/, 'Line it up with the lines around it. An item of a list begins with `- `.'],
  [/followed by map values/, 'A `:` is missing behind it.'],
  [/^Unexpected flow-\w+-end/, 'It is one too many, or the one that opens is missing.'],
  [/at node end$/, 'If it belongs to the text before it, put quotes around all of that.'],
];

const HINTS: Partial<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces; YAML allows no tabs there.',
  BLOCK_AS_IMPLICIT_KEY:
    'A text with `: ` in it needs quotes around it; and what belongs together is indented by as much.',
  BLOCK_IN_FLOW: 'A text with `: ` in it needs quotes around it.',
  BAD_SCALAR_START: QUOTE_IT,
  BAD_ALIAS: QUOTE_IT,
  BAD_DQ_ESCAPE: 'A backslash in double quotes is written twice, or the text stands in single quotes.',
  MULTILINE_IMPLICIT_KEY: 'A `:` is missing behind this key, or a quote further up.',
  MISSING_CHAR: 'A quote, a bracket or a comma is missing here or just before.',
  BAD_INDENT: 'Line it up with the lines around it.',
};
