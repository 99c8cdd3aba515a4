// What was made of a long runbook, kept in `.runbook/reading.json` with the text that it was made of: where that still
// stands in the file, nothing is read again, and where a hand has changed it, only what it changed. It is a copy, and may be deleted.
// Its first line has all but the tasks, and their outline; the second the tasks themselves, which few commands ask for; then comes the
// text. Of a text that only the library can read, the first line has all, and there is no second one.
import { join } from 'node:path';
import { decoded, lineEnd, readPlain } from '../plainFile.ts';
import { ownFile } from './find.ts';
import { FOLDER } from './folder.ts';
import { type KeptOutline, Outline, withTasks } from './outline.ts';
import { isPlainRunbook as isPlain } from './plainForm.ts';
import { type PlainReading, recall } from './plainReadings.ts';
import { type Habits, readAnew } from './plainYaml.ts';
import type { RawRunbook } from './schema.ts';

/** A hash of the reader's own source: what another version made is not taken. */
declare const RUNBOOK_READER: string;
export const READER = typeof RUNBOOK_READER === 'string' ? RUNBOOK_READER : 'source';

/** To read what is shorter takes less than a millisecond. In characters. */
export const LONG = 10_000;

/** Its first line. */
export interface Head {
  readonly reader: string;
  /** Of what was seen of the plan when this was kept. */
  readonly seen: string;
  /** Left out of what the library read: of a text that differs anywhere, that says nothing. */
  readonly habits?: Habits;
  readonly value: Record<string, unknown>;
  /** Of tasks that stand in the second line. */
  readonly outline?: KeptOutline;
  /** How many bytes the second line has, and the text. */
  readonly lengths: readonly [tasks: number, text: number];
}

/** As `YamlSource` has them. */
export interface Source {
  readonly text: string;
  readonly value: unknown;
  readonly outline: Outline | undefined;
}

export interface Kept {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly seen: string;
  /** Of the fast reader. */
  readonly reading: PlainReading | undefined;
}

/** By folder. */
export const kept = new Map<string, Kept | undefined>();

/** Makes known what is kept of the runbook in this folder. To be called before a text of it, which stands in these bytes, is read. */
export function recallReading(root: string, text: string, bytes: Buffer): void {
  if (text.length < LONG || kept.has(root)) return;
  kept.set(root, undefined);
  try {
    const whole = readPlain(pathIn(root), Number.POSITIVE_INFINITY);
    const end = lineEnd(whole);
    const { reader, seen, habits, value: top, outline, lengths } = JSON.parse(decoded(whole.subarray(0, end))) as Head;
    const start = end + 1 + lengths[0];
    const rest = whole.subarray(start);
    if (reader !== READER || rest.length !== lengths[1]) return;
    const before = rest.equals(bytes) ? text : decoded(rest);
    const value = outline ? withTasks(top, () => tasksIn(whole.subarray(end + 1, start), before)) : top;
    if (!outline) sure = tasksOf(value);
    const reading = habits && recall(before, value, habits, outline && new Outline(outline));
    kept.set(root, { text: before, value, seen, reading });
  } catch {
    // There is none, or it was not written whole.
  }
}

/** What the library made of the text, where that is kept; undefined where it is not. */
export function keptValue(root: string, text: string): unknown {
  const known = kept.get(root);
  return known && !known.reading && known.text === text ? known.value : undefined;
}

/** Of the entries of a runbook that is kept it is known that they are of the plain form. */
let sure: readonly unknown[] = [];

/** The tasks of the second line, or if that is broken, of the text. */
function tasksIn(line: Buffer, text: string): readonly unknown[] {
  let tasks: unknown;
  try {
    tasks = JSON.parse(decoded(line));
  } catch {
    tasks = readAnew(text)?.value['tasks'];
  }
  sure = tasksOf({ tasks });
  return sure;
}

/** Whether all of it is of the plain form, without looking again at what is known. */
export function isPlainRunbook(value: unknown): value is RawRunbook {
  return isPlain(value, sure);
}

export function tasksOf(value: unknown): readonly unknown[] {
  const { tasks } = value as Record<string, unknown>;
  return Array.isArray(tasks) ? tasks : [];
}

/** Where it is kept. */
export function pathIn(root: string): string {
  return join(root, FOLDER, ownFile(root, 'reading.json'));
}
