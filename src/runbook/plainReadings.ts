// What the fast reader has made of texts, so that none is read twice: of a text that differs in a few entries from one that was
// read, only these are read. The same answers as reading it anew (src/test/plainReadings.test.ts).
import { type Difference, differenceOf, type Entries, entriesOf, lastGap } from './entries.ts';
import { type Habits, rangesIn, readAnew } from './plainYaml.ts';
import type { Range, YamlPath, YamlReading } from './yamlReading.ts';

export interface PlainReading extends YamlReading {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly habits: Readonly<Habits>;
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
export function recall(text: string, value: Readonly<Record<string, unknown>>, habits: Readonly<Habits>): PlainReading {
  const reading = readingOf(text, value, habits);
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
  const tasks = tasksOf(old.value);
  const between = tasksOf(piece.value);
  const value = { ...old.value, tasks: [...tasks.slice(0, first), ...between, ...tasks.slice(next)] };
  const gap =
    lastGap(old.text, entries, next, tasks.length) ?? piece.habits.gap ?? lastGap(old.text, entries, 0, first);
  return readingOf(text, value, { ...piece.habits, ...old.habits, gap });
}

const LIST = 'tasks:\n';

/** Entries as a text of their own. */
function alone(text: string, from: number, to: number): string {
  return LIST + text.slice(from, to);
}

function tasksOf({ tasks }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(tasks) ? tasks : [];
}

function readingOf(text: string, value: Readonly<Record<string, unknown>>, habits: Readonly<Habits>): PlainReading {
  const reading: PlainReading = {
    text,
    value,
    habits,
    rangesOf: (paths, part) => rangesOf(reading, paths, part),
    rangeOf: (path, part) => rangesOf(reading, [path], part)[0] ?? [0, 0],
  };
  return reading;
}

const entriesOfReadings = new WeakMap<PlainReading, { readonly entries: Entries | undefined }>();

function entriesIn(reading: PlainReading): Entries | undefined {
  const known = entriesOfReadings.get(reading);
  if (known) return known.entries;
  const entries = entriesOf(reading.text, tasksOf(reading.value).length);
  entriesOfReadings.set(reading, { entries });
  return entries;
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
  const isMap = typeof tasksOf(reading.value)[index] === 'object' && tasksOf(reading.value)[index] !== null;
  return isMap && entriesIn(reading) ? index : undefined;
}

function rangesInEntry(
  reading: PlainReading,
  index: number,
  paths: readonly YamlPath[],
  part: 'key' | 'value',
): Range[] {
  const { starts = [], end = 0 } = entriesIn(reading) ?? {};
  const from = starts[index] ?? 0;
  const piece = alone(reading.text, from, starts[index + 1] ?? end);
  const moved = from - LIST.length;
  const inside = paths.map(([list = '', , ...path]): YamlPath => [list, 0, ...path]);
  return rangesIn(piece, inside, part).map(([start, stop]) => [start + moved, stop + moved]);
}
