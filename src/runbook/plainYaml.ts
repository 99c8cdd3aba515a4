// Reads the YAML that people write most: maps and lists by indentation, texts on one line, flow lists, `|` blocks. The library
// takes more than ten times as long. Whatever is unusual, and all that is wrong, is handed over to it: a text that is
// read here has the same values and the same places there (src/test/plainYaml.test.ts holds the two against each other).
import type { Range, YamlPath } from './yamlReading.ts';

/** The habits of the text, by the first of each kind in it: undefined where it has none. */
export interface Habits {
  /** By how many columns a map, or the dashes of a list, stand further in than the key that holds them. */
  step?: number | undefined;
  dash?: number | undefined;
  /** What stands between a dash and its item. */
  gap?: string | undefined;
  quote?: 'single' | 'double' | undefined;
  /** What stands inside the braces of a flow map, beside its pairs. */
  padding?: string | undefined;
}

/** What stands in the text, and how; undefined if it is to be read by the library. */
export function readAnew(text: string): { value: Record<string, unknown>; habits: Habits } | undefined {
  if (STRANGE.test(text)) return undefined;
  try {
    const reader = new Reader(text);
    return { value: reader.document(), habits: reader.habits };
  } catch (error) {
    if (error === HANDED_OVER) return undefined;
    throw error;
  }
}

/** Where the values stand, or their keys, in a text that was read. It is read once more for them. */
export function rangesIn(text: string, paths: readonly YamlPath[], part: 'key' | 'value'): Range[] {
  const wanted: Wanted = { steps: new Map() };
  for (const path of paths) path.reduce(wantedStep, wanted);
  new Reader(text).document(wanted);
  return paths.map((path) => {
    let best: Range = path.length === 0 ? (wanted.value ?? [0, 0]) : [0, 0];
    let at: Wanted | undefined = wanted;
    for (const [depth, step] of path.entries()) {
      at = at?.steps.get(step);
      const shown: Range | undefined = depth === path.length - 1 && part === 'key' ? (at?.key ?? at?.value) : at?.value;
      best = wide(shown) ?? wide(at?.key) ?? best;
    }
    return best;
  });
}

/** What is looked for while a text is read: the steps of the paths, and where each was found. */
interface Wanted {
  readonly steps: Map<string | number, Wanted>;
  key?: Range;
  value?: Range;
}

function wantedStep(at: Wanted, step: string | number): Wanted {
  const next = at.steps.get(step) ?? { steps: new Map() };
  at.steps.set(step, next);
  return next;
}

/** Tabs, carriage returns, a byte order mark, and what does not print. */
const STRANGE = /[^\n\x20-\x7e\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd]/;

const LINE_END = 10;
/** No offset. */
const NONE = -1;

const HANDED_OVER = Symbol('for the library');

function handOver(): never {
  throw HANDED_OVER;
}

/** With the escapes that JSON has too. */
const DOUBLE = /"(?:[^"\\\n]|\\["\\/nt])*"/y;
const SINGLE = /'(?:[^'\n]|'')*'/y;
/** Words that are no texts as keys, and the key that JavaScript takes for its own. */
const NO_KEYS: ReadonlySet<string> = new Set(['null', 'true', 'false', '__proto__']);
const BLOCKS = new Set(['|', '|-', '>', '>-']);
const MOST_LEVELS = 40;
const LONGEST_KEY = 100;

const [SPACE, HASH, DASH, COLON, BAR, FOLD] = [32, 35, 45, 58, 124, 62];
const [COMMA, LIST, LIST_END, MAP, MAP_END, QUOTE, APOSTROPHE] = [44, 91, 93, 123, 125, 34, 39];

/**
 * The ASCII characters of keys: 1 for those that may begin one (A-Z, _, a-z), 2 for the others (- and ., 0-9). It is made at each
 * start: to ask of each character what it is took half a millisecond.
 */
const KEY_CHARACTERS = new Uint8Array(128)
  .fill(1, 65, 91)
  .fill(1, 95, 96)
  .fill(1, 97, 123)
  .fill(2, 45, 47)
  .fill(2, 48, 58);

class Reader {
  readonly habits: Habits = {};
  readonly #text: string;
  /** The offset of the line that comes next. */
  #at = 0;
  /** Of the line that was looked at and is not taken yet: the column and offset of its first character that is no blank, its end. */
  #indent = 0;
  #start = 0;
  #end = NONE;
  /** Where the value that was read last stands. */
  #from = 0;
  #to = 0;
  #level = 0;
  #hasList = false;

  constructor(text: string) {
    this.#text = text;
  }

  document(wanted?: Wanted): Record<string, unknown> {
    if (!this.#peek() || this.#indent !== 0 || this.#isItem(this.#start, this.#end)) handOver();
    const value = this.#map(0, wanted);
    this.#found(wanted);
    if (this.#peek()) handOver();
    return value;
  }

  /** Looks at the next line that says something: no blank one, no comment. False at the end. */
  #peek(): boolean {
    const text = this.#text;
    while (this.#end === NONE && this.#at < text.length) {
      const newline = text.indexOf('\n', this.#at);
      const end = newline < 0 ? text.length : newline;
      const start = this.#blanks(this.#at);
      if (start < end && text.charCodeAt(start) !== HASH) {
        this.#indent = start - this.#at;
        this.#start = start;
        this.#end = end;
      } else this.#at = end + 1;
    }
    return this.#end !== NONE;
  }

  #take(): void {
    this.#at = this.#end + 1;
    this.#end = NONE;
  }

  #isItem(start: number, end: number): boolean {
    return this.#text.charCodeAt(start) === DASH && (start + 1 === end || this.#text.charCodeAt(start + 1) === SPACE);
  }

  /** The offset of the colon behind the key that begins here; NONE if none does. */
  #colonAfter(start: number): number {
    const text = this.#text;
    if (KEY_CHARACTERS[text.charCodeAt(start)] !== 1) return NONE;
    let at = start + 1;
    while ((KEY_CHARACTERS[text.charCodeAt(at)] ?? 0) > 0) at++;
    if (text.charCodeAt(at) !== COLON || at - start > LONGEST_KEY) return NONE;
    const next = text.charCodeAt(at + 1);
    return next === SPACE || next === LINE_END || at + 1 === text.length ? at : NONE;
  }

  #key(start: number, colon: number, map: object): string {
    const key = this.#text.slice(start, colon);
    if ((key.length < 10 && NO_KEYS.has(key.toLowerCase())) || Object.hasOwn(map, key)) handOver();
    return key;
  }

  #found(wanted: Wanted | undefined, key?: Range): void {
    if (!wanted) return;
    if (key) wanted.key = key;
    wanted.value = [this.#from, this.#to];
  }

  /** A map whose first line was looked at. */
  #map(indent: number, wanted: Wanted | undefined, firstAt?: number): Record<string, unknown> {
    if (++this.#level > MOST_LEVELS) handOver();
    const first = firstAt ?? this.#start;
    const value: Record<string, unknown> = {};
    for (let start = first; ; start = this.#start) {
      const colon = this.#colonAfter(start);
      if (colon === NONE) handOver();
      const key = this.#key(start, colon, value);
      const deeper = wanted?.steps.get(key);
      value[key] = this.#valueBehind(colon + 1, indent, true, deeper);
      if (deeper) this.#found(deeper, [start, colon]);
      if (!this.#peek() || this.#indent !== indent || this.#isItem(this.#start, this.#end)) break;
    }
    return this.#made(value, first);
  }

  #list(wanted: Wanted | undefined): unknown[] {
    if (++this.#level > MOST_LEVELS) handOver();
    const indent = this.#indent;
    const first = this.#start;
    const value: unknown[] = [];
    const isFirst = !this.#hasList;
    this.#hasList = true;
    do {
      if (isFirst) this.#noteGap(this.#start, this.#end);
      const deeper = wanted?.steps.get(value.length);
      value.push(this.#item(indent, deeper));
      this.#found(deeper);
    } while (this.#peek() && this.#indent === indent && this.#isItem(this.#start, this.#end));
    return this.#made(value, first);
  }

  /** Of the dashes of one list, the last one tells. */
  #noteGap(dash: number, end: number): void {
    const start = this.#blanks(dash + 1);
    if (start < end && this.#text.charCodeAt(start) !== HASH) this.habits.gap = this.#text.slice(dash + 1, start);
  }

  #made<T>(value: T, start: number, end = this.#text.length): T {
    this.#level--;
    // What goes on deeper than where it began belongs to nothing.
    this.#from = start;
    this.#to = end;
    return value;
  }

  #item(indent: number, wanted: Wanted | undefined): unknown {
    const [line, end] = [this.#start, this.#end];
    const start = this.#blanks(line + 1);
    if (start < end) {
      if (this.#colonAfter(start) !== NONE) return this.#map(indent + start - line, wanted, start);
      if (this.#isItem(start, end)) handOver();
    }
    return this.#valueBehind(line + 1, indent, false, wanted);
  }

  /** What stands behind a key's colon or an item's dash, on the line or below it. */
  #valueBehind(from: number, indent: number, inMap: boolean, wanted: Wanted | undefined): unknown {
    const text = this.#text;
    const end = this.#end;
    const start = this.#blanks(from);
    const code = start < end ? text.charCodeAt(start) : HASH;
    if (code === BAR || code === FOLD) return this.#literal(start, indent);
    this.#take();
    const isMore = this.#peek();
    if (code !== HASH) {
      // A text that goes on in the next line.
      if (isMore && this.#indent > indent) handOver();
      return this.#inLine(start, end, wanted);
    }
    if (isMore) {
      const isItem = this.#isItem(this.#start, this.#end);
      const inset = this.#indent - indent;
      if (isItem && (inset > 0 || (inMap && inset === 0))) {
        if (inMap) this.habits.dash ??= inset;
        return this.#list(wanted);
      }
      if (inset > 0) {
        if (inMap) this.habits.step ??= inset;
        return this.#map(this.#indent, wanted);
      }
    }
    this.#from = from;
    this.#to = from;
    return null;
  }

  #inLine(start: number, end: number, wanted: Wanted | undefined): unknown {
    const first = this.#text.charCodeAt(start);
    if (first === LIST || first === MAP || first === QUOTE || first === APOSTROPHE) {
      const value = this.#flowNode(start, end, wanted);
      this.#requireNoMore(this.#to, end);
      return value;
    }
    // Of the line alone: a search in the whole text would go to its end each time.
    const line = this.#text.slice(start, end);
    const remark = line.indexOf(' #');
    return this.#scalar(start, withoutBlanks(remark < 0 ? line : line.slice(0, remark)));
  }

  #scalar(start: number, found: string): unknown {
    const value = plainScalar(found);
    this.#from = start;
    this.#to = start + found.length;
    return value;
  }

  #quoted(start: number, end: number): string {
    const isDouble = this.#text.charCodeAt(start) === QUOTE;
    const form = isDouble ? DOUBLE : SINGLE;
    form.lastIndex = start;
    const found = form.exec(this.#text)?.[0];
    if (found === undefined || start + found.length > end) handOver();
    this.#from = start;
    this.#to = start + found.length;
    this.habits.quote ??= isDouble ? 'double' : 'single';
    return isDouble ? (JSON.parse(found) as string) : found.slice(1, -1).replaceAll("''", "'");
  }

  /** On one line: `[a, "b"]`, `{a: b}`. */
  #flow(start: number, end: number, wanted: Wanted | undefined): unknown {
    if (++this.#level > MOST_LEVELS) handOver();
    const text = this.#text;
    const isMap = text.charCodeAt(start) === MAP;
    const close = isMap ? MAP_END : LIST_END;
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    let at = this.#blanks(start + 1);
    if (isMap && at - start < 3 && text.charCodeAt(at) !== MAP_END) this.habits.padding ??= text.slice(start + 1, at);
    for (let count = 0; text.charCodeAt(at) !== close || count > 0; count++) {
      if (at >= end) handOver();
      const colon = isMap ? this.#colonAfter(at) : NONE;
      if (isMap && colon === NONE) handOver();
      const key = isMap ? this.#key(at, colon, map) : undefined;
      const deeper = wanted?.steps.get(key ?? count);
      const value = this.#flowNode(isMap ? this.#blanks(colon + 1) : at, end, deeper);
      if (deeper) this.#found(deeper, isMap ? [at, colon] : undefined);
      if (key === undefined) list.push(value);
      else map[key] = value;
      at = this.#blanks(this.#to);
      const next = text.charCodeAt(at);
      if (next === close) break;
      if (next !== COMMA || at >= end) handOver();
      at = this.#blanks(at + 1);
    }
    if (at >= end) handOver();
    return this.#made(isMap ? map : list, start, at + 1);
  }

  #flowNode(start: number, end: number, wanted: Wanted | undefined): unknown {
    const first = this.#text.charCodeAt(start);
    if (first === LIST || first === MAP) return this.#flow(start, end, wanted);
    if (first === QUOTE || first === APOSTROPHE) return this.#quoted(start, end);
    FLOW_TEXT.lastIndex = start;
    const matched = FLOW_TEXT.exec(this.#text)?.[0];
    const found = matched === undefined ? handOver() : withoutBlanks(matched);
    if (start + found.length > end) handOver();
    return this.#scalar(start, found);
  }

  #blanks(at: number): number {
    let next = at;
    while (this.#text.charCodeAt(next) === SPACE) next++;
    return next;
  }

  /** Only a comment may follow. */
  #requireNoMore(from: number, end: number): void {
    const next = this.#blanks(from);
    if (next < end && (this.#text.charCodeAt(next) !== HASH || next === from)) handOver();
  }

  /** `|`, `|-`, `>`, `>-`; what says how deep it stands, keeps its last line ends or is folded with care is for the library. */
  #literal(start: number, indent: number): string {
    const text = this.#text;
    const header = text.slice(start, this.#end);
    if (!BLOCKS.has(header)) handOver();
    this.#take();
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
    this.#from = start;
    this.#to = text.length;
    return header.endsWith('-') ? value : `${value}\n`;
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
/** What the core schema of YAML 1.2 takes for a number. */
const NUMBER =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-f]+|[-+]?\.inf|\.nan|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?)$/i;
const PLAIN_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

function plainScalar(text: string): unknown {
  if (text.includes(': ') || text.charCodeAt(text.length - 1) === COLON) handOver();
  // What begins with a letter can't be a number, and a longer one no word of its own.
  const isLetter = KEY_CHARACTERS[text.charCodeAt(0)] === 1;
  if (isLetter && text.length > 5) return text;
  if (WORDS.has(text)) return WORDS.get(text);
  if (isLetter) return WORDS.has(text.toLowerCase()) ? handOver() : text;
  if (!BEGINNING.test(text)) handOver();
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
