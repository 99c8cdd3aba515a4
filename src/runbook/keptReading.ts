// What was made of a long runbook, kept in `.runbook/reading.json` with the text that it was made of: where that still
// stands in the file, nothing is read again, and where a hand has changed it, only what it changed. It is a copy, and may be deleted.
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decoded, lineEnd, readPlain } from '../plainFile.ts';
import { ownFile } from './find.ts';
import { FOLDER, folderFor } from './folder.ts';
import { isSame } from './patch/value.ts';
import { isPlainRunbook as isPlain } from './plainForm.ts';
import { differenceFrom, type PlainReading, readPlainYaml, recall } from './plainReadings.ts';
import type { Habits } from './plainYaml.ts';
import type { RawRunbook } from './schema.ts';

/** A hash of the reader's own source: what another version made is not taken. */
declare const RUNBOOK_READER: string;
const READER = typeof RUNBOOK_READER === 'string' ? RUNBOOK_READER : 'source';

/** To read what is shorter takes less than a millisecond. In characters. */
const LONG = 10_000;
/** What has changed since it was kept is read each time, up to so much. */
const MOST_CHANGED = 4000;

interface Head {
  readonly reader: string;
  /** Of what was seen of the plan when this was kept. */
  readonly seen: string;
  /** Left out of what the library read: of a text that differs anywhere, that says nothing. */
  readonly habits?: Habits;
  readonly value: Record<string, unknown>;
}

/** As `YamlSource` has them. */
interface Source {
  readonly text: string;
  readonly value: unknown;
}

interface Kept {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly seen: string;
  /** Of the fast reader. */
  readonly reading: PlainReading | undefined;
}

/** By folder. */
const kept = new Map<string, Kept | undefined>();

/** Makes known what is kept of the runbook in this folder. To be called before a text of it, which stands in these bytes, is read. */
export function recallReading(root: string, text: string, bytes: Buffer): void {
  if (text.length < LONG || kept.has(root)) return;
  kept.set(root, undefined);
  try {
    const whole = readPlain(pathIn(root), Number.POSITIVE_INFINITY);
    const end = lineEnd(whole);
    const { reader, seen, habits, value } = JSON.parse(decoded(whole.subarray(0, end))) as Head;
    if (reader !== READER) return;
    const rest = whole.subarray(end + 1);
    const before = rest.equals(bytes) ? text : decoded(rest);
    kept.set(root, { text: before, value, seen, reading: habits && recall(before, value, habits) });
    if (Array.isArray(value['tasks'])) sure = value['tasks'];
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

/** Whether all of it is of the plain form, without looking again at what is known. */
export function isPlainRunbook(value: unknown): value is RawRunbook {
  return isPlain(value, sure);
}

/** Which entries are as they were when the plan was seen of which this is the stamp: the same one, at the same index. */
export function keptEntries(root: string, seen: string | undefined): (entry: unknown, index: number) => boolean {
  const known = kept.get(root);
  const tasks = known && known.seen === seen ? known.value['tasks'] : undefined;
  return Array.isArray(tasks) ? (entry, index) => entry === tasks[index] : () => false;
}

/**
 * Keeps what was made of the text, for the next command. Where that can't be done, it is read again. `seen` is the stamp of what
 * was seen of the plan, which is the plan of this text.
 * Contract: called in `whileLocked`.
 */
export function keepReading(root: string, { text, value }: Source, seen?: string): void {
  if (text.length < LONG || seen === undefined || !isPlainRunbook(value)) return;
  const before = kept.get(root);
  if (before?.seen === seen && isCloseTo(before, text)) return;
  const reading = before?.text === text ? before.reading : keptValue(root, text) ? undefined : readPlainYaml(text);
  const head: Head = { reader: READER, seen, value, ...(reading ? { habits: reading.habits } : {}) };
  const json = JSON.stringify(head);
  // What stands for much else, and what JSON has no word for, is read each time.
  if (!reading && (json.length > MOST_TIMES * text.length || !isSame((JSON.parse(json) as Head).value, value))) return;
  const path = pathIn(root);
  const temporary = join(dirname(path), `.${basename(path)}.runbook-tmp`);
  try {
    folderFor(root);
    writeFileSync(temporary, `${json}\n${text}`, { mode: 0o600 });
    renameSync(temporary, path);
    kept.set(root, { text, value, seen, reading });
  } catch {
    // No space, no permission.
  }
}

/** Whether what is kept of this text says nothing once it differs anywhere, and has to be kept again. */
export function isKeptAsAWhole(text: string): boolean {
  return text.length >= LONG && readPlainYaml(text) === undefined;
}

const MOST_TIMES = 3;

function isCloseTo({ text: before, reading }: Kept, text: string): boolean {
  if (before === text) return true;
  const difference = reading && differenceFrom(reading, text);
  return difference !== undefined && difference.to - difference.from <= MOST_CHANGED;
}

function pathIn(root: string): string {
  return join(root, FOLDER, ownFile(root, 'reading.json'));
}
