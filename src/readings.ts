// The ways in which a text can be read: as it is seen once a terminal has acted on it, with its escapes undone, with its lines
// joined. What is found in a reading is known by its place in the text itself.

export interface Reading {
  readonly text: string;
  /** Where in the text the character at this index of the reading begins, and where it ends. */
  readonly from: (index: number) => number;
  readonly to: (index: number) => number;
  /** Where the text ends in the middle of what stands for one character, or for none, which is left out of the reading. */
  readonly cut: number;
}

/**
 * All readings that differ from each other. Escapes are undone twice: an error often quotes what was quoted already. Of a text
 * that is `open`, there is more to come.
 */
export function readingsOf(text: string, open = false): Reading[] {
  const asItIs: Reading = { text, from: (i) => i, to: (i) => i + 1, cut: Number.POSITIVE_INFINITY };
  if (!MAY_DIFFER.test(text)) return [asItIs];
  const seen = again(asItIs, UNSEEN, () => '', open ? OPEN_UNSEEN : undefined);
  const escapes = [
    [PERCENT, fromPercent, open ? OPEN_PERCENT : undefined],
    [BACKSLASH, fromBackslash, open ? OPEN_BACKSLASH : undefined],
  ] as const;
  const undone = escapes.flatMap(([pattern, decode, unfinished]) => {
    const once = again(seen, pattern, decode, unfinished);
    return once === seen ? [] : [once, again(once, pattern, decode, unfinished)];
  });
  const joined = again(seen, WRAPPED, () => '');
  return [...new Set([seen, ...undone, joined])];
}

/** A character that a reading other than the first begins with. Most texts have none. */
const MAY_DIFFER =
  /[%\\\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\w+/-]{60}\r?\n/;

/** Between the letters of a word, a terminal shows nothing of these: colours and other sequences, controls, joiners. */
const UNSEEN =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
/** Byte by byte: a letter of several may come in pieces. */
const PERCENT = /%[0-9a-f]{2}/gi;
const BACKSLASH = /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|["'\\/bfnrt])/gi;
/** `base64` and `xxd` break their lines after 60 to 76 characters. */
const WRAPPED = /\r?\n(?<=[\w+/-]{60}\r?\n)(?=[\w+/-]|$)/g;

/** What may be the first part of one of these. */
const OPEN_UNSEEN = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[PX^_][^\u001b]*\u001b?|[ -/]*)$/;
const OPEN_PERCENT = /%[0-9a-f]?$/i;
const OPEN_BACKSLASH = /\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?$/i;
/** A sequence that goes on for longer is none, and is not waited for. */
const LONGEST_OPEN = 2000;

function fromPercent(escaped: string): string {
  return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
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
function again(older: Reading, pattern: RegExp, decode: (match: string) => string, unfinished?: RegExp): Reading {
  const stretches: Stretch[] = [];
  const end = unfinished ? openAt(older.text, pattern, unfinished) : older.text.length;
  const whole = older.text.slice(0, end);
  let text = '';
  let from = 0;
  for (const { 0: match, index } of whole.matchAll(pattern)) {
    const decoded = decode(match);
    text += whole.slice(from, index);
    stretches.push({ start: index, end: index + match.length, at: text.length, size: decoded.length });
    text += decoded;
    from = index + match.length;
  }
  if (stretches.length === 0 && end === older.text.length) return older;
  const olderRange = (index: number): [first: number, last: number] => {
    const stretch = lastUpTo(stretches, index);
    if (!stretch) return [index, index];
    const { start, end: last, at, size } = stretch;
    return index < at + size ? [start, last - 1] : [last + index - at - size, last + index - at - size];
  };
  return {
    text: text + whole.slice(from),
    from: (index) => older.from(olderRange(index)[0]),
    to: (index) => older.to(olderRange(index)[1]),
    cut: Math.min(older.cut, end < older.text.length ? older.from(end) : Number.POSITIVE_INFINITY),
  };
}

/** Where at the end of a text a match may have begun; its length if none has. */
function openAt(text: string, pattern: RegExp, unfinished: RegExp): number {
  const start = Math.max(0, text.length - LONGEST_OPEN);
  const tail = text.slice(start);
  const found = unfinished.exec(tail);
  if (!found) return text.length;
  // What looks so may be the end of one that is whole: the second of two backslashes.
  const ends = [...tail.matchAll(pattern)].at(-1);
  const isWhole = ends !== undefined && ends.index + ends[0].length === tail.length;
  return isWhole ? text.length : start + found.index;
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
