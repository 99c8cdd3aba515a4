// A YAML file as it stands on disk: its text, its values, and the place of each value in it.
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { errnoOf, type Place, RunbookError } from '../errors.ts';
import { reasonOf, shownPath } from '../paths.ts';
import { NotPlain, readPlain } from '../plainFile.ts';
import { type Aliases, aliasesOf } from './aliases.ts';
import {
  mergesNoMap,
  nestedTooDeep,
  type SyntaxMistake,
  syntaxMistake,
  TOO_DEEP,
  unfoldsTooFar,
} from './brokenYaml.ts';

export type YamlPath = readonly (string | number)[];

export interface YamlSource {
  /** The absolute path. */
  readonly path: string;
  /** The path as it is shown to the person. */
  readonly file: string;
  readonly text: string;
  /** The plain value: maps, lists and scalars. An empty file is null. */
  readonly value: unknown;
  /** Where the value at `path` stands, or its key, or the nearest thing around it that is written. */
  place(path: YamlPath, part?: 'key' | 'value'): Place;
}

/**
 * The most that a YAML file may hold, measured so that no file makes the tool grow past 500 MB: 10,000 tasks have 1.3 MB, and
 * 30,000 have all of it. Of a few dense megabytes, what counts is how many values there may be.
 */
const MOST_BYTES = 4_000_000;
const MOST_VALUES = 400_000;

/** Reads and parses a YAML file. Throws FILE_NOT_FOUND, FILE_UNREADABLE or YAML_SYNTAX; `askedAt` is who named it. */
export function readYaml(root: string, path: string, askedAt?: Place): YamlSource {
  const file = shownPath(root, path);
  const text = readText(path, file, askedAt, MOST_BYTES);
  // The file is read each time; the same text is parsed once.
  const known = parsed.get(path);
  if (known?.text === text && known.file === file) return known;
  if ((text.match(/[\n,:[{]/g)?.length ?? 0) > MOST_VALUES)
    throw tooMuch(file, `there are more than ${MOST_VALUES} lines, keys and items in it`, askedAt);
  const source = parseYaml(file, path, text);
  parsed.set(path, source);
  return source;
}

const parsed = new Map<string, YamlSource>();

/** Reads a text file that must be UTF-8; a byte order mark is kept. */
export function readText(path: string, file: string, askedAt?: Place, most?: number): string {
  let bytes: Buffer;
  try {
    bytes = readPlain(path, most);
  } catch (error) {
    throw error instanceof NotPlain ? tooMuch(file, error.message, askedAt) : unreadable(error, file, askedAt);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const at = firstReplaced(file, new TextDecoder().decode(bytes));
    throw new RunbookError(
      { code: 'FILE_UNREADABLE', message: `\`${file}\` is not valid UTF-8`, at, hint: 'Save it as UTF-8.' },
      { cause: error },
    );
  }
}

/** Where the decoder first put a replacement character, for bytes that are none in UTF-8. */
function firstReplaced(file: string, text: string): Place {
  const before = text.slice(0, text.indexOf('\uFFFD')).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  return { file, line, column, length: 1, text: (text.split('\n', line).at(-1) ?? '').replace(/\r$/, '') };
}

function tooMuch(file: string, why: string, at: Place | undefined): RunbookError {
  const message = `\`${file}\` can't be read: ${why}`;
  return new RunbookError({ code: 'FILE_UNREADABLE', message, at, hint: 'Name a plain text file of a usual size.' });
}

function unreadable(error: unknown, file: string, askedAt: Place | undefined): unknown {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new RunbookError({
      code: 'FILE_NOT_FOUND',
      message: `\`${file}\` does not exist`,
      at: askedAt,
      hint: askedAt ? 'Write that file, or mend the path.' : undefined,
    });
  }
  if (errno === undefined) return error;
  return new RunbookError({
    code: 'FILE_UNREADABLE',
    message: `\`${file}\` can't be read: ${reasonOf(errno)}`,
    at: askedAt,
    hint: errno === 'EISDIR' ? 'Name a file.' : undefined,
  });
}

function parseYaml(file: string, path: string, text: string): YamlSource {
  const lines = new LineCounter();
  const at = (start: number, end: number) => placeAt(file, text, lines, start, end);
  const document = parse(text, lines, ({ message, hint, start, end }) => {
    const place = at(Math.min(start, text.length), end);
    return new RunbookError({ code: 'YAML_SYNTAX', message, at: place, hint });
  });
  return {
    path,
    file,
    text,
    value: document.value,
    place(wanted, part = 'value') {
      const range = rangeOf(document, wanted, part);
      return at(range[0], range[1]);
    },
  };
}

type Refuse = (mistake: SyntaxMistake) => RunbookError;

interface Read {
  readonly document: Document.Parsed;
  readonly aliases: Aliases;
  readonly value: unknown;
}

function parse(text: string, lineCounter: LineCounter, refuse: Refuse): Read {
  const deep = nestedTooDeep(text);
  if (deep) {
    // Nobody has counted the lines yet.
    for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) lineCounter.addNewLine(at);
    throw refuse(deep);
  }
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error', merge: true });
    const mistake = syntaxMistake(document, text);
    if (mistake) throw refuse(mistake);
    const aliases = aliasesOf(document);
    const bomb = unfoldsTooFar(aliases);
    if (bomb) throw refuse(bomb);
    return { document, aliases, value: document.toJS({ maxAliasCount: -1 }) };
  } catch (error) {
    // The parser descends by recursion, so that absurd nesting ends in a full stack.
    if (error instanceof RangeError) throw refuse({ ...TOO_DEEP, start: 0, end: 0 });
    if (error instanceof Error && error.message.startsWith('Merge sources')) throw refuse(mergesNoMap(text));
    throw error;
  }
}

function rangeOf({ document, aliases }: Read, path: YamlPath, part: 'key' | 'value'): [number, number] {
  let node: unknown = document.contents;
  let best: [number, number] = [0, 0];
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

function nodeRange(node: unknown): [number, number] | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start, end] = node.range as [number, number];
  return end > start ? [start, end] : undefined;
}

function placeAt(file: string, text: string, lines: LineCounter, start: number, end: number): Place {
  const { line, col } = lines.linePos(start);
  const lineStart = start - (col - 1);
  const newline = text.indexOf('\n', lineStart);
  const lineText = text.slice(lineStart, newline < 0 ? undefined : newline).replace(/\r$/, '');
  const onThisLine = Math.max(1, Math.min(end, lineStart + lineText.length) - start);
  // No editor counts a byte order mark as a column.
  const mark = lineStart === 0 && lineText.startsWith('\uFEFF') ? 1 : 0;
  const column = Math.max(1, col - mark);
  return { file, line: Math.max(1, line), column, length: onThisLine, text: lineText.slice(mark) };
}
