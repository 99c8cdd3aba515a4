// A YAML file as it stands on disk: its text, its values, and the place of each value in it.
import { readFileSync } from 'node:fs';
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { errnoOf, type Place, RunbookError } from '../errors.ts';
import { shownPath } from '../paths.ts';

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

/** Reads and parses a YAML file. Throws FILE_NOT_FOUND, FILE_UNREADABLE or YAML_SYNTAX; `askedAt` is who named it. */
export function readYaml(root: string, path: string, askedAt?: Place): YamlSource {
  const file = shownPath(root, path);
  return parseYaml(file, path, readText(path, file, askedAt));
}

/** Reads a text file that must be UTF-8; a byte order mark is kept. */
export function readText(path: string, file: string, askedAt?: Place): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(error, file, askedAt);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new RunbookError(
      { code: 'FILE_UNREADABLE', message: `\`${file}\` is not valid UTF-8`, at: askedAt, hint: 'Save it as UTF-8.' },
      { cause: error },
    );
  }
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
  const why = errno === 'EISDIR' ? 'it is a folder' : errno === 'EACCES' ? 'no permission' : errno;
  return new RunbookError({ code: 'FILE_UNREADABLE', message: `\`${file}\` can't be read: ${why}`, at: askedAt });
}

function parseYaml(file: string, path: string, text: string): YamlSource {
  const lines = new LineCounter();
  const at = (start: number, end: number) => placeAt(file, text, lines, start, end);
  const document = parse(text, lines, (message, start, end, hint) => {
    const place = at(Math.min(start, text.length), end);
    return new RunbookError({ code: 'YAML_SYNTAX', message, at: place, hint });
  });
  return {
    path,
    file,
    text,
    value: document.value,
    place(wanted, part = 'value') {
      const range = rangeOf(document.document, wanted, part);
      return at(range[0], range[1]);
    },
  };
}

type Refuse = (message: string, start: number, end: number, hint?: string) => RunbookError;

function parse(text: string, lineCounter: LineCounter, refuse: Refuse): { document: Document.Parsed; value: unknown } {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    // The parser descends by recursion, so that absurd nesting ends in a full stack.
    if (error instanceof RangeError) throw refuse('the YAML is nested too deeply', 0, 0);
    throw error;
  }
  const [first] = document.errors;
  if (first) {
    const message = first.message.charAt(0).toLowerCase() + first.message.slice(1);
    throw refuse(`this is not valid YAML: ${message}`, first.pos[0], first.pos[1], SYNTAX_HINTS[first.code]);
  }
  try {
    return { document, value: document.toJS() };
  } catch (error) {
    // `yaml` guards against aliases that unfold without end, and throws this.
    if (error instanceof ReferenceError) throw refuse(`the YAML is refused: ${error.message}`, 0, 0);
    throw error;
  }
}

const SYNTAX_HINTS: Partial<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces; YAML allows no tabs there.',
  BLOCK_AS_IMPLICIT_KEY: 'A text with `: ` in it needs quotes around it.',
  BLOCK_IN_FLOW: 'A text with `: ` in it needs quotes around it.',
  BAD_SCALAR_START: 'A text that begins with this character needs quotes around it.',
  DUPLICATE_KEY: 'Remove one of the two.',
  MISSING_CHAR: 'A quote, a bracket or a comma is missing here or just before.',
  BAD_INDENT: 'Line it up with the lines around it.',
};

function rangeOf(document: Document.Parsed, path: YamlPath, part: 'key' | 'value'): [number, number] {
  let node: unknown = document.contents;
  let best: [number, number] = [0, 0];
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const child = childOf(node, step);
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
  return { file, line: Math.max(1, line), column: Math.max(1, col), length: onThisLine, text: lineText };
}
