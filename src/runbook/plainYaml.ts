// Reads the YAML that people write most: maps and lists by indentation, texts on one line, flow lists, `|` blocks. The library
// takes more than ten times as long. Whatever is unusual, and all that is wrong, is handed over to it: a text that is
// read here has the same values and the same places there (src/test/plain.test.ts holds the two against each other).
import type { Range, YamlPath, YamlReading } from './yamlReading.ts';

/** Undefined if the text is to be read by the library. */
export function readPlainYaml(text: string): YamlReading | undefined {
  if (STRANGE.test(text)) return undefined;
  const reader = new Reader(text);
  try {
    const value = reader.document();
    return { value, rangeOf: (path, part) => reader.rangeOf(value, path, part) };
  } catch (error) {
    if (error === HANDED_OVER) return undefined;
    throw error;
  }
}

/** Tabs, carriage returns, a byte order mark, and what does not print. */
const STRANGE = /[^\n\x20-\x7e\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd]/;

const HANDED_OVER = Symbol('for the library');

function handOver(): never {
  throw HANDED_OVER;
}

/** Where the parts of a map or a list stand. */
interface Spans {
  readonly start: number;
  readonly end: number;
  /** By key, or by index. */
  readonly parts: Map<string | number, { readonly key: Range | undefined; readonly value: Range }>;
}

interface Line {
  /** The column of the first character that is no blank. */
  readonly indent: number;
  /** Its offset. */
  readonly start: number;
  /** The offset of the line's end. */
  readonly end: number;
}

interface Read {
  readonly value: unknown;
  readonly range: Range;
}

/** With the escapes that JSON has too. */
const DOUBLE = /"(?:[^"\\\n]|\\["\\/nt])*"/y;
const SINGLE = /'(?:[^'\n]|'')*'/y;
const KEY = /([A-Za-z_][A-Za-z0-9_.-]{0,99}):(?= |$)/my;
/** Words that are no texts as keys, and the key that JavaScript takes for its own. */
const NO_KEYS = /^(?:null|true|false|__proto__)$/i;
const BLOCKS = new Set(['|', '|-', '>', '>-']);
const MOST_LEVELS = 40;

class Reader {
  readonly #text: string;
  readonly #spans = new Map<unknown, Spans>();
  /** The offset of the line that comes next. */
  #at = 0;
  #line: Line | undefined;
  #level = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Record<string, unknown> {
    const first = this.#peek();
    if (first?.indent !== 0 || this.#isItem(first)) handOver();
    const { value } = this.#map(first);
    if (this.#peek()) handOver();
    return value as Record<string, unknown>;
  }

  rangeOf(root: unknown, path: YamlPath, part: 'key' | 'value'): Range {
    let node = root;
    let best: Range = [0, 0];
    const whole = this.#spans.get(root);
    if (path.length === 0 && whole) return [whole.start, whole.end];
    for (const [depth, step] of path.entries()) {
      const spans = this.#spans.get(node);
      const found = spans?.parts.get(Array.isArray(node) ? step : String(step));
      if (!found) return best;
      const asKey = depth === path.length - 1 && part === 'key' ? found.key : undefined;
      best = wide(asKey ?? found.value) ?? wide(found.key) ?? best;
      node = (node as Record<string | number, unknown>)[step];
    }
    return best;
  }

  /** The next line that says something: no blank one, no comment. */
  #peek(): Line | undefined {
    const text = this.#text;
    while (!this.#line && this.#at < text.length) {
      const newline = text.indexOf('\n', this.#at);
      const end = newline < 0 ? text.length : newline;
      let start = this.#at;
      while (text[start] === ' ') start++;
      if (start < end && text[start] !== '#') this.#line = { indent: start - this.#at, start, end };
      else this.#at = end + 1;
    }
    return this.#line;
  }

  #take({ end }: Line): void {
    this.#at = end + 1;
    this.#line = undefined;
  }

  #isItem({ start, end }: Line): boolean {
    return this.#text[start] === '-' && (start + 1 === end || this.#text[start + 1] === ' ');
  }

  /** A map or a list whose first line this is. */
  #block(line: Line): Read {
    return this.#isItem(line) ? this.#list(line) : this.#map(line);
  }

  #map(first: Line): Read {
    if (++this.#level > MOST_LEVELS) handOver();
    const { indent } = first;
    const value: Record<string, unknown> = {};
    const parts: Spans['parts'] = new Map();
    for (let line: Line | undefined = first; line?.indent === indent && !this.#isItem(line); line = this.#peek()) {
      KEY.lastIndex = line.start;
      const key = KEY.exec(this.#text)?.[1];
      if (key === undefined || NO_KEYS.test(key) || parts.has(key)) handOver();
      const colon = line.start + key.length;
      const read = this.#valueBehind(colon + 1, line, indent, true);
      value[key] = read.value;
      parts.set(key, { key: [line.start, colon], value: read.range });
    }
    return this.#made(value, first.start, this.#text.length, parts);
  }

  #list(first: Line): Read {
    if (++this.#level > MOST_LEVELS) handOver();
    const { indent } = first;
    const value: unknown[] = [];
    const parts: Spans['parts'] = new Map();
    for (let line: Line | undefined = first; line?.indent === indent && this.#isItem(line); line = this.#peek()) {
      const read = this.#item(line, indent);
      parts.set(value.length, { key: undefined, value: read.range });
      value.push(read.value);
    }
    return this.#made(value, first.start, this.#text.length, parts);
  }

  #made(value: unknown, start: number, end: number, parts: Spans['parts']): Read {
    this.#level--;
    // What goes on deeper than where it began belongs to nothing.
    this.#spans.set(value, { start, end, parts });
    return { value, range: [start, end] };
  }

  #item(line: Line, indent: number): Read {
    let start = line.start + 1;
    while (this.#text[start] === ' ') start++;
    KEY.lastIndex = start;
    const within = { indent: indent + start - line.start, start, end: line.end };
    if (start < line.end && KEY.test(this.#text)) return this.#map(within);
    if (start < line.end && this.#isItem(within)) handOver();
    return this.#valueBehind(line.start + 1, line, indent, false);
  }

  /** What stands behind a key's colon or an item's dash, on the line or below it. */
  #valueBehind(from: number, line: Line, indent: number, inMap: boolean): Read {
    const text = this.#text;
    let start = from;
    while (text[start] === ' ') start++;
    const isEmpty = start >= line.end || text[start] === '#';
    if (!isEmpty && (text[start] === '|' || text[start] === '>')) return this.#literal(start, line, indent);
    this.#take(line);
    const next = this.#peek();
    if (!isEmpty) {
      // A text that goes on in the next line.
      if (next && next.indent > indent) handOver();
      return this.#inLine(start, line.end);
    }
    if (next && (next.indent > indent || (inMap && next.indent === indent && this.#isItem(next))))
      return this.#block(next);
    return { value: null, range: [from, from] };
  }

  #inLine(start: number, end: number): Read {
    const first = this.#text[start];
    if (first !== undefined && '[{"\''.includes(first)) {
      const read = this.#flowNode(start, end);
      this.#requireNoMore(read.range[1], end);
      return read;
    }
    // Of the line alone: a search in the whole text would go to its end each time.
    const [plain = ''] = this.#text.slice(start, end).split(' #', 1);
    const found = withoutBlanks(plain);
    return { value: plainScalar(found), range: [start, start + found.length] };
  }

  #quoted(start: number, end: number): Read {
    const isDouble = this.#text[start] === '"';
    const form = isDouble ? DOUBLE : SINGLE;
    form.lastIndex = start;
    const found = form.exec(this.#text)?.[0];
    if (found === undefined || start + found.length > end) handOver();
    const value = isDouble ? (JSON.parse(found) as string) : found.slice(1, -1).replaceAll("''", "'");
    return { value, range: [start, start + found.length] };
  }

  /** On one line: `[a, "b"]`, `{a: b}`. */
  #flow(start: number, end: number): Read {
    if (++this.#level > MOST_LEVELS) handOver();
    const text = this.#text;
    const isMap = text[start] === '{';
    const close = isMap ? '}' : ']';
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    const parts: Spans['parts'] = new Map();
    let at = this.#blanks(start + 1);
    while (text[at] !== close || parts.size > 0) {
      if (at >= end) handOver();
      let key: Range | undefined;
      if (isMap) {
        KEY.lastIndex = at;
        const name = KEY.exec(text)?.[1];
        if (name === undefined || NO_KEYS.test(name) || parts.has(name)) handOver();
        key = [at, at + name.length];
        at = this.#blanks(at + name.length + 1);
      }
      const read = this.#flowNode(at, end);
      parts.set(key ? text.slice(...key) : list.length, { key, value: read.range });
      if (key) map[text.slice(...key)] = read.value;
      else list.push(read.value);
      at = this.#blanks(read.range[1]);
      if (text[at] === close) break;
      if (text[at] !== ',' || at >= end) handOver();
      at = this.#blanks(at + 1);
    }
    if (at >= end) handOver();
    return this.#made(isMap ? map : list, start, at + 1, parts);
  }

  #flowNode(start: number, end: number): Read {
    const first = this.#text[start];
    if (first === '[' || first === '{') return this.#flow(start, end);
    if (first === '"' || first === "'") return this.#quoted(start, end);
    FLOW_TEXT.lastIndex = start;
    const matched = FLOW_TEXT.exec(this.#text)?.[0];
    const found = matched === undefined ? handOver() : withoutBlanks(matched);
    if (start + found.length > end) handOver();
    return { value: plainScalar(found), range: [start, start + found.length] };
  }

  #blanks(at: number): number {
    let next = at;
    while (this.#text[next] === ' ') next++;
    return next;
  }

  /** Only a comment may follow. */
  #requireNoMore(from: number, end: number): void {
    const next = this.#blanks(from);
    if (next < end && (this.#text[next] !== '#' || next === from)) handOver();
  }

  /** `|`, `|-`, `>`, `>-`; what says how deep it stands, keeps its last line ends or is folded with care is for the library. */
  #literal(start: number, line: Line, indent: number): Read {
    const text = this.#text;
    const header = text.slice(start, line.end);
    if (!BLOCKS.has(header)) handOver();
    this.#take(line);
    const lines: string[] = [];
    let depth = 0;
    let length = 0;
    while (this.#at < text.length) {
      const newline = text.indexOf('\n', this.#at);
      const end = newline < 0 ? text.length : newline;
      const first = this.#blanks(this.#at);
      const isBlank = first >= end;
      const deep = Math.min(first, end) - this.#at;
      if (!isBlank && depth === 0) {
        if (deep <= indent) break;
        depth = deep;
        if (lines.some((blank) => blank.length > depth)) handOver();
        lines.fill('');
      }
      if (!isBlank && deep < depth) {
        if (deep > indent) handOver();
        break;
      }
      lines.push(depth === 0 ? text.slice(this.#at, end) : text.slice(this.#at + Math.min(depth, deep), end));
      if (!isBlank) length = lines.length;
      this.#at = end + 1;
    }
    // Empty, or with blanks at its end: rare enough.
    if (length === 0 || lines.slice(length).some((blank) => blank !== '')) handOver();
    const body = lines.slice(0, length);
    // Empty lines and deeper ones stay as they are.
    if (header.startsWith('>') && body.some((each) => /^(?: |$)| $/.test(each))) handOver();
    const value = body.join(header.startsWith('>') ? ' ' : '\n');
    return { value: header.endsWith('-') ? value : `${value}\n`, range: [start, text.length] };
  }
}

/** In a flow list or map, up to a comma or a bracket. */
const FLOW_TEXT = /[A-Za-z0-9_./$@+~^<=;()\\-](?:[^,[\]{}#:"'\n]|(?<! )#|:(?![ ,[\]{}\n]|$))*/my;

/** What can begin a text without quotes and means nothing else. */
const BEGINNING = /^(?:[^\s,[\]{}#&*!|>'"%@`?:-]|-[^\s-])/;
/** In other spellings than these, such a word is for the library. */
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['~', null],
  ['true', true],
  ['false', false],
]);
const WORDLIKE = /^(?:null|true|false)$/i;
/** What the core schema of YAML 1.2 takes for a number. */
const NUMBER =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-f]+|[-+]?\.inf|\.nan|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?)$/i;
const PLAIN_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

function plainScalar(text: string): unknown {
  if (WORDS.has(text)) return WORDS.get(text);
  if (!BEGINNING.test(text) || text.includes(': ') || text.endsWith(':') || WORDLIKE.test(text)) handOver();
  if (PLAIN_NUMBER.test(text)) return Number(text);
  return NUMBER.test(text) ? handOver() : text;
}

/** `trimEnd` would take more than blanks. */
function withoutBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  return text.slice(0, end);
}

function wide([start, end]: Range = [0, 0]): Range | undefined {
  return end > start ? [start, end] : undefined;
}
