// What is wrong with a template, told with its place. Nunjucks knows the cause, but speaks of its tokens, and counts lines from
// 0 here and from 1 there.
import { type Place, RunbookError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { type Misfit, misfit, tagNames } from './tags.ts';

/** The text of a template, and the file that it came from. */
export interface Text {
  readonly file: string;
  readonly text: string;
}

/** Of what Nunjucks says and of the tags that don't fit, whichever stands first in the text is the cause. */
export function unparsable(source: Text, error: unknown): RunbookError {
  const { lineno, colno, message } = error as { lineno?: number; colno?: number; message: string };
  const found = misfit(source.text);
  const said = lineno === undefined ? Number.POSITIVE_INFINITY : offsetOf(source.text, lineno, colno ?? 1);
  if (found && found.offset <= said) return misfitError(source, found);
  const [, tag] = /unknown block tag: (\w+)/.exec(message) ?? [];
  if (tag === undefined) return invalid(source, error);
  return new RunbookError({
    code: 'TEMPLATE_INVALID',
    message: `there is no tag \`${tag}\`.${didYouMean(tag, tagNames())}`,
    at: placeAt(source, (lineno ?? 1) - 1, (colno ?? 1) - 1, tag),
  });
}

/** A tag without its other half, at its place. */
export function misfitError({ file, text }: Text, { message, offset, length }: Misfit): RunbookError {
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const at = { file, line, column: (before.at(-1) ?? '').length + 1, length, text: lineOf({ file, text }, line - 1) };
  return new RunbookError({ code: 'TEMPLATE_INVALID', message: `this is not a valid template: ${message}`, at });
}

function offsetOf(text: string, lineno: number, colno: number): number {
  const before = text.split('\n').slice(0, lineno - 1);
  return before.reduce((sum, line) => sum + line.length + 1, colno - 1);
}

/** What Nunjucks throws, with the place, in the words of this house. */
export function worded(sources: ReadonlyMap<string, Text>, file: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const error = deepest(thrown);
  const named = sources.get(innermost(error.message) ?? file) ?? { file, text: '' };
  const among: readonly [Text, ...Text[]] = [named, ...sources.values()];
  const { lineno, colno = 0, cause } = error as { lineno?: number; colno?: number; cause?: unknown };
  if (/null or undefined/.test(error.message)) return noValue(among, (lineno ?? 1) - 1, Math.max(0, colno - 1), error);
  // The line counts from 0 here; the column is that of a call's parenthesis, an output's braces or a loop's `for`.
  const at =
    lineno === undefined ? undefined : placeAt(withText(among, lineno, colno, '(', '{{', 'for'), lineno, colno, '');
  if (!(cause instanceof RunbookError)) return invalid(named, at ? { message: error.message, at } : error);
  const { code, message, hint } = cause;
  return new RunbookError({ code, message, hint, at: cause.at ?? at }, { cause });
}

/** Nunjucks wraps what happens on a first line once more for each template that included it. */
function deepest(error: Error): Error {
  return error.cause instanceof Error && 'lineno' in error.cause ? deepest(error.cause) : error;
}

/** The template in which it happened stands after those that included it: `(p.md)\n (q.md) [Line 4, Column 3]`. */
function innermost(message: string): string | undefined {
  return /^(?:\s*\(([^)]*)\)(?: \[[^\]]*\])?)+/.exec(message)?.[1];
}

/** Of a parent template, and of an imported macro, Nunjucks says the line but not the file: it is the one that fits. */
function withText(among: readonly [Text, ...Text[]], lineno: number, colno: number, ...texts: string[]): Text {
  const fits = (source: Text) => texts.some((text) => lineOf(source, lineno).startsWith(text, colno));
  return among.find(fits) ?? among[0];
}

function lineOf({ text }: Text, lineno: number): string {
  return text.split(/\r?\n/)[lineno] ?? '';
}

/** `{{ x }}` where `x` is null, or not there. The place that Nunjucks gives is that of the braces. */
function noValue(among: readonly [Text, ...Text[]], lineno: number, colno: number, cause: Error): RunbookError {
  const source = withText(among, lineno, colno, '{{');
  const [, before = '', expression] = /^(\{\{-?\s*)(.+?)\s*-?\}\}/.exec(lineOf(source, lineno).slice(colno)) ?? [];
  return new RunbookError(
    {
      code: 'TEMPLATE_UNDEFINED',
      message: expression === undefined ? 'this has no value' : `\`${expression}\` has no value`,
      at: placeAt(source, lineno, colno + before.length, expression ?? ''),
      hint: 'If it may be missing: {{ … | default("") }}, or {% if … %}.',
    },
    { cause },
  );
}

/** What Nunjucks says, in plain words. Its `lineno` and `colno`, where there is no `at`, count from 1. */
export function invalid(source: Text, error: unknown): RunbookError {
  const {
    lineno,
    colno = 0,
    message,
    at: known,
  } = error as { lineno?: number; colno?: number; message: string; at?: Place };
  // Without a line it is the end of the text that came too early.
  const line = lineno ? lineno - 1 : source.text.trimEnd().split('\n').length - 1;
  const at = known ?? placeAt(source, line, Math.max(0, colno - 1), '');
  return new RunbookError(
    { code: 'TEMPLATE_INVALID', message: `this is not a valid template: ${plainMessage(message)}`, at },
    { cause: error },
  );
}

/** Nunjucks puts the file before the message, once for each template that was on the way, and the error's name. */
function plainMessage(message: string): string {
  const prefix = /^\s*(?:(?:Template render )?Error: |\([^)]*\)(?:\s*\[Line [^\]]*\])?\s*)*/i;
  const lines = message.split('\n').map((line) => line.replace(prefix, '').trim());
  const said = lines.find((line) => line !== '') ?? message;
  if (/call stack/i.test(said)) return 'it includes or calls itself without end';
  if (/Invalid string length/.test(said)) return 'its text grows without end';
  const plain = said.replace(/^(?:Template render )?error: /i, '').replace(/^parse\w+: /, '');
  return PLAIN_WORDS.reduce((words, [theirs, ours]) => words.replace(theirs, ours), plain);
}

/** Nunjucks speaks of its tokens. */
const PLAIN_WORDS: readonly [RegExp, string][] = [
  [/^expected variable end$/, '`}}` is missing here'],
  [/^expected block end in .*$/, '`%}` is missing here'],
  [/^expected comma after expression$/, 'in this bracket a comma is missing, or its end'],
  [/^expected symbol, got .*$/, 'a name is missing here'],
  [/^unexpected token: (.*)$/, 'a value is missing before `$1`'],
  [/^expected "in" keyword for loop$/, '`in` is missing, as in `{% for item in list %}`'],
  [/^tag name expected$/, 'the tag has no name'],
  [/^Unable to call `this`, which is/, 'it calls something that is'],
];

/** The place of `name` in a line. `lineno` and `colno` count from 0. */
export function placeAt(source: Text, lineno: number, colno: number, name: string): Place {
  const text = lineOf(source, lineno);
  // Nunjucks' columns stand at the end of some nodes; where the name itself is on the line, that is the place.
  const exact = text.startsWith(name, colno) ? colno : Math.max(0, name === '' ? colno : text.lastIndexOf(name, colno));
  return { file: source.file, line: lineno + 1, column: exact + 1, length: Math.max(1, name.length), text };
}
