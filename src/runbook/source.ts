// A YAML file as it stands on disk: its text, its values, and the place of each value in it.
import { isUtf8 } from 'node:buffer';
import { errnoOf, type Place, placeOf, RunbookError, type Where } from '../errors.ts';
import { reasonOf, shownPath } from '../paths.ts';
import { decoded, NotPlain, readPlain } from '../plainFile.ts';
import { lastUpTo } from './entries.ts';
import { keptValue, recallReading } from './keptReading.ts';
import { isNestedTooDeep, readByLibrary } from './libraryYaml.ts';
import type { Outline } from './outline.ts';
import { valueAt } from './patch/value.ts';
import { isKnown, readPlainYaml } from './plainReadings.ts';
import { type Range, SyntaxRefusal, type YamlPath, type YamlReading } from './yamlReading.ts';

export type { YamlPath };

export interface YamlSource {
  /** The absolute path. */
  readonly path: string;
  /** The path as it is shown to the person. */
  readonly file: string;
  readonly text: string;
  /** The plain value: maps, lists and scalars. An empty file is null. */
  readonly value: unknown;
  /** The same as in `tasks` of the value, and sooner there. Undefined if there is none. */
  entry(index: number): unknown;
  /** Of `tasks`, where it is known without them. */
  readonly outline: Outline | undefined;
  /** Where the value at `path` stands, or its key, or the nearest thing around it that is written. */
  place(path: YamlPath, part?: 'key' | 'value'): Place;
}

/**
 * The most that a YAML file may hold, measured so that no file makes the tool grow past 500 MB: 10,000 tasks have 1.3 MB.
 * Of a few dense megabytes, what counts is how many values there may be: 10,000 tasks that have been run have half of them.
 */
const MOST_BYTES = 4_000_000;
const MOST_VALUES = 400_000;
/** The same of a file in an unusual form, which only the library reads: it takes twenty times the memory. */
const MOST_UNUSUAL = 80_000;

/** Reads and parses a YAML file. Throws FILE_NOT_FOUND, FILE_UNREADABLE or YAML_SYNTAX; `askedAt` is who named it. */
export function readYaml(root: string, path: string, askedAt?: Where): YamlSource {
  const file = shownPath(root, path);
  const bytes = readBytes(path, file, askedAt, MOST_BYTES);
  // The file is read each time; the same text is parsed once.
  const known = parsed.get(path);
  if (known?.source.file === file && known.bytes?.equals(bytes)) return known.source;
  const text = textOf(bytes, file);
  if (known?.source.file === file && known.source.text === text) return known.source;
  const source = readAnew(root, path, file, { text, bytes }, askedAt);
  // A small one is made a text of sooner than it is worth to hold its bytes, too.
  parsed.set(path, { source, bytes: bytes.length < LARGE ? undefined : bytes });
  return source;
}

interface Found {
  readonly text: string;
  readonly bytes: Buffer;
}

const parsed = new Map<string, { readonly source: YamlSource; readonly bytes: Buffer | undefined }>();
const LARGE = 50_000;

function readAnew(root: string, path: string, file: string, found: Found, askedAt: Where): YamlSource {
  const { text } = found;
  recallReading(root, text, found.bytes);
  const value = keptValue(root, text);
  if (value !== undefined) return parseYaml(file, path, text, readLater(text, value));
  // Each of them is a character at least; and of what was read before, they were counted then.
  if (text.length > MOST_VALUES && !isKnown(text) && valuesIn(text) > MOST_VALUES)
    throw tooMuch(file, `there are more than ${MOST_VALUES} lines, keys and items in it`, askedAt);
  const plain = readPlainYaml(text);
  if (!plain && text.length > MOST_UNUSUAL && valuesIn(text) > MOST_UNUSUAL && !isNestedTooDeep(text)) {
    const why = `there are more than ${MOST_UNUSUAL} lines, keys and items in it, and it is not in the plain form`;
    throw tooMuch(file, `${why} that most plans have`, askedAt);
  }
  return parseYaml(file, path, text, plain);
}

/** What the library made of the text earlier. Its places are looked for where one is asked for. */
function readLater(text: string, value: unknown): YamlReading {
  let reading: YamlReading | undefined;
  return {
    value,
    rangeOf(path, part) {
      reading ??= readByLibrary(text);
      return reading.rangeOf(path, part);
    },
  };
}

/** How many lines, keys and items there are at most. */
function valuesIn(text: string): number {
  const isBefore = new Uint8Array(128);
  for (const character of '\n,:[{') isBefore[character.charCodeAt(0)] = 1;
  let count = 0;
  for (let at = 0; at < text.length; at++) count += isBefore[text.charCodeAt(at)] ?? 0;
  return count;
}

/** Reads a text file that must be UTF-8; a byte order mark is kept. */
export function readText(path: string, file: string, askedAt?: Where, most?: number): string {
  return textOf(readBytes(path, file, askedAt, most), file);
}

function readBytes(path: string, file: string, askedAt: Where, most?: number): Buffer {
  try {
    return readPlain(path, most);
  } catch (error) {
    throw error instanceof NotPlain ? tooMuch(file, error.message, askedAt) : unreadable(error, file, askedAt);
  }
}

function textOf(bytes: Buffer, file: string): string {
  if (isUtf8(bytes)) return decoded(bytes);
  const at = firstReplaced(file, new TextDecoder().decode(bytes));
  throw new RunbookError({
    code: 'FILE_UNREADABLE',
    message: `\`${file}\` is not valid UTF-8`,
    at,
    hint: 'Save it as UTF-8.',
  });
}

/** Where the decoder first put a replacement character, for bytes that are none in UTF-8. */
function firstReplaced(file: string, text: string): Place {
  const before = text.slice(0, text.indexOf('\uFFFD')).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  return { file, line, column, length: 1, text: (text.split('\n', line).at(-1) ?? '').replace(/\r$/, '') };
}

function tooMuch(file: string, why: string, where: Where): RunbookError {
  const message = `\`${file}\` can't be read: ${why}`;
  return new RunbookError({
    code: 'FILE_UNREADABLE',
    message,
    at: placeOf(where),
    hint: 'Name a plain text file of a usual size.',
  });
}

function unreadable(error: unknown, file: string, askedAt: Where): unknown {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new RunbookError({
      code: 'FILE_NOT_FOUND',
      message: `\`${file}\` does not exist`,
      at: placeOf(askedAt),
      hint: askedAt ? 'Write that file, or mend the path.' : undefined,
    });
  }
  if (errno === undefined) return error;
  return new RunbookError({
    code: 'FILE_UNREADABLE',
    message: `\`${file}\` can't be read: ${reasonOf(errno)}`,
    at: placeOf(askedAt),
    hint: errno === 'EISDIR' ? 'Name a file.' : errno === 'EACCES' ? `chmod u+r ${file}` : undefined,
  });
}

function parseYaml(file: string, path: string, text: string, plain: YamlReading | undefined): YamlSource {
  let lines: readonly number[] | undefined;
  const at = ([start, end]: Range) => {
    lines ??= linesOf(text);
    return placeAt(file, text, lines, Math.min(start, text.length), end);
  };
  try {
    const reading = plain ?? readByLibrary(text);
    const place: YamlSource['place'] = (wanted, part = 'value') => at(reading.rangeOf(wanted, part));
    const { value, outline } = reading;
    const entry = reading.entry ?? ((index) => valueAt(value, ['tasks', index]));
    return { path, file, text, value, entry, outline, place };
  } catch (error) {
    if (!(error instanceof SyntaxRefusal)) throw error;
    const { message, hint, start, end } = error.mistake;
    throw new RunbookError({ code: 'YAML_SYNTAX', message, at: at([start, end]), hint });
  }
}

/** The offset at which each line begins. */
function linesOf(text: string): number[] {
  const lines: number[] = [];
  for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) lines.push(at);
  return lines;
}

function placeAt(file: string, text: string, lines: readonly number[], start: number, end: number): Place {
  const line = lastUpTo(lines, start) + 1;
  const lineStart = lines[line - 1] ?? 0;
  const newline = text.indexOf('\n', lineStart);
  const lineText = text.slice(lineStart, newline < 0 ? undefined : newline).replace(/\r$/, '');
  const onThisLine = Math.max(1, Math.min(end, lineStart + lineText.length) - start);
  // No editor counts a byte order mark as a column.
  const mark = lineStart === 0 && lineText.startsWith('\uFEFF') ? 1 : 0;
  const column = Math.max(1, start - lineStart + 1 - mark);
  return { file, line, column, length: onThisLine, text: lineText.slice(mark) };
}
