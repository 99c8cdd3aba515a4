// The entries of `tasks` in a text that the fast reader has read: where each stands, and where two texts differ. In the plain form
// an entry means the same whatever stands around it, so that one that was read needs not be read again.
import { sharedEnds } from '../sharedEnds.ts';

/** Of the list of tasks. */
export interface Entries {
  /** The offset of the line with which each begins. */
  readonly starts: readonly number[];
  /** Where the list ends. */
  readonly end: number;
  /** What each of these lines begins with: blanks and a dash. */
  readonly dash: string;
}

/** Undefined if they don't stand as most do: a list by itself, in which each begins with its dash. `count` is how many were read. */
export function entriesOf(text: string, count: number): Entries | undefined {
  const key = text.startsWith('tasks:') ? 0 : text.indexOf('\ntasks:') + 1;
  if (count === 0 || (key === 0 && !text.startsWith('tasks:'))) return undefined;
  FIRST.lastIndex = key;
  const dash = FIRST.exec(text)?.[1];
  // The habits of a file are those of its first list.
  if (dash === undefined || /^ *-/m.test(text.slice(0, key))) return undefined;
  const starts = [FIRST.lastIndex - dash.length];
  const end = endOf(text, FIRST.lastIndex, dash);
  const line = `\n${dash}`;
  for (let at = text.indexOf(line, FIRST.lastIndex); at >= 0 && at < end; at = text.indexOf(line, at + 1)) {
    const next = text.charCodeAt(at + line.length);
    if (next === SPACE || next === LINE_END || Number.isNaN(next)) starts.push(at + 1);
  }
  return starts.length === count ? { starts, end, dash } : undefined;
}

const [SPACE, LINE_END] = [32, 10];

/** What stands between a dash and its item, of the last of these entries that has it on one line. */
export function lastGap(text: string, { starts, dash }: Entries, from: number, to: number): string | undefined {
  for (let i = to - 1; i >= from; i--) {
    GAP.lastIndex = (starts[i] ?? 0) + dash.length;
    const gap = GAP.exec(text)?.[0];
    if (gap !== undefined) return gap;
  }
  return undefined;
}

const GAP = / +(?=[^ \n#])/y;

/** From the key to the first dash. */
const FIRST = /tasks: *(?:#[^\n]*)?\n(?: *(?:#[^\n]*)?\n)*( *-)(?=[ \n]|$)/my;

/** Where a line stands that is none of the list's: a key at the beginning of its line. */
function endOf(text: string, from: number, dash: string): number {
  const form = dash === '-' ? KEY_BESIDE_DASHES : KEY;
  form.lastIndex = from;
  const found = form.exec(text);
  return found ? found.index + 1 : text.length;
}

const KEY = /\n[^ \n#]/g;
const KEY_BESIDE_DASHES = /\n(?:[^ \n#-]|-(?![ \n]|$))/g;

/** What has become of a list of entries: those before `first` and from `next` on are as they were. */
export interface Difference {
  readonly first: number;
  readonly next: number;
  /** Where in the new text what stands between them begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** Undefined if more differs than whole entries of the list. */
export function differenceOf(old: string, entries: Entries, text: string): Difference | undefined {
  const { starts, end, dash } = entries;
  const [before, behind] = sharedEnds(old, text);
  const first = lastUpTo(starts, before - dash.length - 1);
  if (first < 0) return undefined;
  const changedTo = old.length - behind;
  // A line begins where the line end before it is the same too.
  const next = first + 1 + starts.slice(first + 1).findIndex((start) => start > changedTo);
  const from = starts[first] ?? 0;
  if (next > first) return { first, next, from, to: (starts[next] ?? 0) + text.length - old.length };
  const isWithin = end === old.length || end > changedTo;
  return isWithin ? { first, next: starts.length, from, to: end + text.length - old.length } : undefined;
}

/** The index of the last of the ascending numbers that is not above `bound`; -1 if there is none. */
export function lastUpTo(numbers: readonly number[], bound: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
