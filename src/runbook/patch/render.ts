// New values as YAML text: a head that stands behind `key:` or `- `, and lines below it. What is safe to write plain is
// for `yaml` to say; the layout is ours, since it has to be the one of the file.
import { stringify } from 'yaml';
import { indented } from './lines.ts';

/** The habits of a file, measured from it. */
export interface Style {
  /** By how many columns a map stands further in than the key that holds it. */
  readonly step: number;
  /** The same for the dashes of a list: 0 where they stand under the key. */
  readonly dash: number;
  /** What stands between a dash and its item. */
  readonly gap: string;
  readonly quote: Quote;
  /** What stands inside the braces of a flow map, beside its pairs. */
  readonly padding: string;
  /** Whether a text of several lines may stand in a literal block (`|`). */
  readonly literals: boolean;
}

/** The habits of most people. */
export const COMMON: Style = { step: 2, dash: 2, gap: ' ', quote: 'double', padding: '', literals: true };

export type Quote = 'single' | 'double';

/** `block` over lines; `flow` in one line; `json` in one line, with every text in double quotes. */
export type Form = 'block' | 'flow' | 'json';

export interface Rendered {
  /** Empty where all stands on the lines below. */
  readonly head: string;
  /** Without the indentation that they share. */
  readonly body: readonly string[];
}

/** Renders a plain value (`Map`, array, scalar). `quote` is how the text it replaces was quoted, if it was. */
export function render(value: unknown, form: Form, style: Style, quote?: Quote): Rendered {
  if (form !== 'block') return { head: inline(value, form, style, quote), body: [] };
  if (value instanceof Map && value.size > 0)
    return { head: '', body: [...value].flatMap(([key, item]) => pairLines(key, item, form, style)) };
  if (Array.isArray(value) && value.length > 0)
    return { head: '', body: value.flatMap((item) => itemLines(item, form, style)) };
  if (typeof value === 'string' && quote === undefined && style.literals && isPlainProse(value)) return literal(value);
  return { head: scalar(value, form, style, quote), body: [] };
}

/** `key: value` as lines. */
export function pairLines(key: unknown, value: unknown, form: Form, style: Style): string[] {
  const { head, body } = render(value, form, style);
  const start = `${keyText(key, form, style)}:`;
  return [head === '' ? start : `${start} ${head}`, ...indented(body, ' '.repeat(indentUnderKey(value, style)))];
}

/** `- value` as lines; a map or a list begins on the line of its dash. */
export function itemLines(value: unknown, form: Form, style: Style): string[] {
  const { head, body } = render(value, form, style);
  const [first = '', ...rest] = head === '' ? body : [head, ...body];
  return [`-${style.gap}${first}`, ...indented(rest, ' '.repeat(1 + style.gap.length))];
}

/** `key: value` in one line. */
export function inlinePair(key: unknown, value: unknown, form: 'flow' | 'json', style: Style): string {
  return `${keyText(key, form, style)}: ${inline(value, form, style)}`;
}

/** By how much the lines of a value stand further in than the key that holds it. */
export function indentUnderKey(value: unknown, style: Style): number {
  return Array.isArray(value) ? style.dash : style.step;
}

function inline(value: unknown, form: Form, style: Style, quote?: Quote): string {
  if (value instanceof Map && value.size > 0) {
    const pairs = [...value].map(([key, item]) => `${keyText(key, form, style)}: ${inline(item, form, style)}`);
    return `{${style.padding}${pairs.join(', ')}${style.padding}}`;
  }
  if (Array.isArray(value) && value.length > 0) return `[${value.map((item) => inline(item, form, style)).join(', ')}]`;
  return scalar(value, form, style, quote);
}

/**
 * A text over several lines that a literal block (`|`) holds as it is. One that begins or ends in white space would need
 * an indentation digit, or would swallow the empty lines behind it: that one is quoted.
 */
function isPlainProse(text: string): boolean {
  const isOverLines = text.trimEnd().includes('\n');
  return isOverLines && /^\S/.test(text) && /\S\n?$/.test(text) && !UNPRINTABLE.test(text.replaceAll('\n', ''));
}

function literal(text: string): Rendered {
  const lines = text.split('\n');
  const endsInNewline = lines.at(-1) === '';
  return endsInNewline ? { head: '|', body: lines.slice(0, -1) } : { head: '|-', body: lines };
}

/** A scalar, or a collection without items. */
function scalar(value: unknown, form: Form, style: Style, quote?: Quote): string {
  if (value instanceof Map) return '{}';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'string') {
    if (form === 'json' || quote === 'double' || UNPRINTABLE.test(value)) return doubleQuoted(value);
    if (quote === 'single') return `'${value.replaceAll("'", "''")}'`;
  }
  const text = stringify(new Map([['k', value]]), options(form, style));
  return form === 'block' ? text.slice('k: '.length, -1) : text.slice('{k: '.length, -'}\n'.length);
}

function keyText(key: unknown, form: Form, style: Style): string {
  if (typeof key === 'string' && (form === 'json' || UNPRINTABLE.test(key))) return doubleQuoted(key);
  const text = stringify(new Map([[key, 0]]), options(form, style));
  return form === 'block' ? text.slice(0, -': 0\n'.length) : text.slice(1, -': 0}\n'.length);
}

/** `compat` quotes what YAML 1.1 would take for something else (`yes`, `12:30`, dates): others read the file too. */
function options(form: Form, style: Style) {
  return {
    lineWidth: 0,
    compat: 'yaml-1.1',
    singleQuote: style.quote === 'single',
    collectionStyle: form === 'block' ? 'block' : 'flow',
    flowCollectionPadding: false,
  } as const;
}

/** What can't stand in a line of YAML as it is: line breaks of all kinds, control characters, half a surrogate pair. */
const UNPRINTABLE = /[\x00-\x08\n-\x1F\x7F-\x9F\u2028\u2029\uFEFF\uFFFE\uFFFF]|\p{Surrogate}/u;

/** JSON, and so one line; what JSON leaves bare and YAML forbids is escaped as well. */
function doubleQuoted(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[\x7F-\x9F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g, escaped);
}
