// What the fast reader has made of texts, so that none is read twice: of a text that differs in a few entries from one that was
// read, only these are read. The same answers as reading it anew (src/test/plainReadings.test.ts).
import { type Difference, differenceOf, type Entries, entriesOf, lastGap } from './entries.ts';
import { type Outline, placesIn, topOf, withTasks } from './outline.ts';
import { type Habits, rangesIn, readAnew } from './plainYaml.ts';
import type { Range, YamlPath, YamlReading } from './yamlReading.ts';

type Value = Readonly<Record<string, unknown>>;

export interface PlainReading extends YamlReading {
  readonly text: string;
  readonly value: Value;
  /** Where it is known without the entries themselves. These are then made where they are asked for, as are `tasks` of the value. */
  readonly outline: Outline | undefined;
  /** What the outline was kept of, if this is another one. */
  readonly origin: PlainReading | undefined;
  readonly habits: Readonly<Habits>;
  readonly entry: (index: number) => unknown;
  /** The same for many paths, in one go. */
  readonly rangesOf: (paths: readonly YamlPath[], part: 'key' | 'value') => Range[];
}

/** Undefined if the text is to be read by the library. */
export function readPlainYaml(text: string): PlainReading | undefined {
  const known = recent.find((each) => each.text === text);
  if (known) return known.reading;
  const near = readBeside(text);
  if (near) return near;
  const reading = anew(text);
  remember(text, reading);
  return reading;
}

/** Whether the text was read before, or all of it but some entries. */
export function isKnown(text: string): boolean {
  return recent.some((each) => each.text === text) || readBeside(text) !== undefined;
}

/** Takes what was made of a text earlier. */
export function recall(text: string, value: Value, habits: Readonly<Habits>, outline?: Outline): PlainReading {
  const reading = readingOf(text, value, habits, outline);
  remember(text, reading);
  return reading;
}

/** What an edit leaves is read to be verified, and read again by whoever comes next. */
function remember(text: string, reading: PlainReading | undefined): void {
  recent.unshift({ text, reading });
  recent.splice(MOST_RECENT);
}

const recent: { readonly text: string; readonly reading: PlainReading | undefined }[] = [];
const MOST_RECENT = 4;

function anew(text: string): PlainReading | undefined {
  const read = readAnew(text);
  return read && readingOf(text, read.value, read.habits);
}

/** To look for the difference costs more than to read what is shorter. In characters. */
const SHORT = 2000;

function readBeside(text: string): PlainReading | undefined {
  if (text.length < SHORT) return undefined;
  for (const { reading } of recent) {
    const found = reading && reading.text.length >= SHORT && changed(reading, text);
    if (!found) continue;
    remember(text, found);
    return found;
  }
  return undefined;
}

/** Which entries of a text that was read are others in this one; undefined if more differs. */
export function differenceFrom(old: PlainReading, text: string): Difference | undefined {
  const entries = entriesIn(old);
  return entries && differenceOf(old.text, entries, text);
}

function changed(old: PlainReading, text: string): PlainReading | undefined {
  const entries = entriesIn(old);
  const difference = entries && differenceOf(old.text, entries, text);
  if (!difference) return undefined;
  const { first, next, from, to } = difference;
  const piece = readAnew(alone(text, from, to));
  if (!piece || Object.keys(piece.value).length !== 1) return undefined;
  const between = tasksOf(piece.value);
  const outline = old.outline?.spliced(first, next, between);
  const count = countOf(old);
  // Of the one that was kept, so that those between are not held.
  const origin = old.origin ?? old;
  const value = outline
    ? withTasks(topOf(old.value), () => outline.all(tasksOf(origin.value)))
    : { ...old.value, tasks: spliced(tasksOf(old.value), first, next, between) };
  const gap = lastGap(old.text, entries, next, count) ?? piece.habits.gap ?? lastGap(old.text, entries, 0, first);
  return readingOf(text, value, { ...piece.habits, ...old.habits, gap }, outline, outline && origin);
}

function spliced(tasks: readonly unknown[], first: number, next: number, between: readonly unknown[]): unknown[] {
  return [...tasks.slice(0, first), ...between, ...tasks.slice(next)];
}

const LIST = 'tasks:\n';

/** Entries as a text of their own. */
function alone(text: string, from: number, to: number): string {
  return LIST + text.slice(from, to);
}

function tasksOf({ tasks }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(tasks) ? tasks : [];
}

function readingOf(
  text: string,
  value: Value,
  habits: Readonly<Habits>,
  outline?: Outline,
  origin?: PlainReading,
): PlainReading {
  const read = new Map<number, unknown>();
  const reading: PlainReading = {
    text,
    value,
    habits,
    outline,
    origin,
    entry(index) {
      const known = outline?.entries.get(index);
      if (known) return known;
      if (origin && outline) return origin.entry(outline.origin(index));
      if (!outline || read.size === MANY) return tasksOf(value)[index];
      const entry = read.get(index) ?? entryAlone(reading, index);
      read.set(index, entry);
      return entry;
    },
    rangesOf: (paths, part) => rangesOf(reading, paths, part),
    rangeOf: (path, part) => rangesOf(reading, [path], part)[0] ?? [0, 0],
  };
  return reading;
}

/** When so many entries were asked for, it is time to make all of them. */
const MANY = 50;

function entryAlone(reading: PlainReading, index: number): unknown {
  const piece = pieceOf(reading, index);
  const read = piece && readAnew(piece.text);
  return read ? tasksOf(read.value)[0] : tasksOf(reading.value)[index];
}

function countOf({ outline, value }: PlainReading): number {
  return outline?.count ?? tasksOf(value).length;
}

const entriesOfReadings = new WeakMap<PlainReading, { readonly entries: Entries | undefined }>();

/** Undefined if they don't stand as most do. */
export function entriesIn(reading: PlainReading): Entries | undefined {
  const known = entriesOfReadings.get(reading);
  if (known) return known.entries;
  const { outline, origin } = reading;
  const entries = outline && !origin ? placesIn(outline.kept) : entriesOf(reading.text, countOf(reading));
  entriesOfReadings.set(reading, { entries });
  return entries;
}

/** An entry as a text of its own, and how far that stands behind its place in the whole. */
function pieceOf(reading: PlainReading, index: number): { readonly text: string; readonly moved: number } | undefined {
  const entries = entriesIn(reading);
  if (!entries) return undefined;
  const { starts, end } = entries;
  const from = starts[index] ?? 0;
  return { text: alone(reading.text, from, starts[index + 1] ?? end), moved: from - LIST.length };
}

/** Few places are ever asked for, so that none is kept: what they stand in is read once more for them. */
function rangesOf(reading: PlainReading, paths: readonly YamlPath[], part: 'key' | 'value'): Range[] {
  const byEntry = new Map<number, number[]>();
  const others: number[] = [];
  for (const [i, path] of paths.entries()) {
    const index = entryOfPath(reading, path);
    if (index === undefined) others.push(i);
    else byEntry.set(index, [...(byEntry.get(index) ?? []), i]);
  }
  const found: Range[] = [];
  const put = (at: readonly number[], ranges: readonly Range[]) => {
    for (const [i, range] of ranges.entries()) found[at[i] ?? 0] = range;
  };
  const pathsAt = (at: readonly number[]) => at.map((i) => paths[i] ?? []);
  if (others.length > 0) put(others, rangesIn(reading.text, pathsAt(others), part));
  for (const [index, at] of byEntry) put(at, rangesInEntry(reading, index, pathsAt(at), part));
  return found;
}

/** The entry in which the place is; undefined if the whole text is to be looked through. */
function entryOfPath(reading: PlainReading, [list, index]: YamlPath): number | undefined {
  if (list !== 'tasks' || typeof index !== 'number') return undefined;
  if (index < 0 || index >= countOf(reading)) return undefined;
  // All of which there is an outline are maps.
  const entry = reading.outline ? {} : tasksOf(reading.value)[index];
  return typeof entry === 'object' && entry !== null && entriesIn(reading) ? index : undefined;
}

function rangesInEntry(
  reading: PlainReading,
  index: number,
  paths: readonly YamlPath[],
  part: 'key' | 'value',
): Range[] {
  const { text, moved } = pieceOf(reading, index) ?? { text: '', moved: 0 };
  const inside = paths.map(([list = '', , ...path]): YamlPath => [list, 0, ...path]);
  return rangesIn(text, inside, part).map(([start, stop]) => [start + moved, stop + moved]);
}
