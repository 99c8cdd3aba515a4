// The ways in which a text can be read: as it is seen once a terminal has acted on it, with its escapes undone, with its lines
// joined. What is found in a reading is known by its place in the text itself.

export interface Reading {
  readonly text: string;
  /** Where in the text the character at this index of the reading begins, and where it ends. */
  readonly from: (index: number) => number;
  readonly to: (index: number) => number;
}

/** All readings that differ from each other. Escapes are undone twice: an error often quotes what was quoted already. */
export function readingsOf(text: string): Reading[] {
  const seen = again({ text, from: (i) => i, to: (i) => i + 1 }, UNSEEN, () => '');
  const twice = (pattern: RegExp, decode: (escaped: string) => string) => {
    const once = again(seen, pattern, decode);
    return once === seen ? [] : [once, again(once, pattern, decode)];
  };
  const joined = again(seen, WRAPPED, () => '');
  return [
    seen,
    ...twice(PERCENT, fromPercent),
    ...twice(BACKSLASH, fromBackslash),
    ...(joined === seen ? [] : [joined]),
  ];
}

/** Where the text ends in the middle of what stands for one character, or for none; its length if it does not. */
export function unfinishedAt(text: string): number {
  const tail = text.slice(-LONGEST_UNFINISHED);
  const found = UNFINISHED.exec(tail);
  return found ? text.length - tail.length + found.index : text.length;
}

/** Between the letters of a word, a terminal shows nothing of these: colours and other sequences, controls, joiners. */
const UNSEEN =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const PERCENT = /(?:%[0-9a-f]{2})+/gi;
const BACKSLASH = /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|["'\\/bfnrt])/gi;
/** `base64` and `xxd` break their lines after 60 to 76 characters. */
const WRAPPED = /(?<=[\w+/-]{60})\r?\n(?=[\w+/-]|$)/g;

const UNFINISHED =
  /(?:\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]*)|%[0-9a-f]?|\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?)$/i;
const LONGEST_UNFINISHED = 2000;

function fromPercent(escaped: string): string {
  return Buffer.from(escaped.replaceAll('%', ''), 'hex').toString();
}

function fromBackslash(escaped: string): string {
  const letter = escaped.charAt(1);
  if (/[ux]/i.test(letter)) return String.fromCharCode(Number.parseInt(escaped.slice(2), 16));
  return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[letter] ?? letter;
}

/** A stretch of the older reading, and what it became. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly at: number;
  readonly size: number;
}

/** A reading with each match replaced by what it stands for; the same one, if there is none. */
function again(older: Reading, pattern: RegExp, decode: (match: string) => string): Reading {
  const stretches: Stretch[] = [];
  let text = '';
  let from = 0;
  for (const { 0: match, index } of older.text.matchAll(pattern)) {
    const decoded = decode(match);
    text += older.text.slice(from, index);
    stretches.push({ start: index, end: index + match.length, at: text.length, size: decoded.length });
    text += decoded;
    from = index + match.length;
  }
  if (stretches.length === 0) return older;
  const olderRange = (index: number): [first: number, last: number] => {
    const stretch = lastUpTo(stretches, index);
    if (!stretch) return [index, index];
    const { start, end, at, size } = stretch;
    return index < at + size ? [start, end - 1] : [end + index - at - size, end + index - at - size];
  };
  return {
    text: text + older.text.slice(from),
    from: (index) => older.from(olderRange(index)[0]),
    to: (index) => older.to(olderRange(index)[1]),
  };
}

function lastUpTo(stretches: readonly Stretch[], index: number): Stretch | undefined {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.at ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return stretches[low - 1];
}
