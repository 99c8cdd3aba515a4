// What the fast reader made of a long runbook, kept in `.runbook/reading.json` with the text that it was made of: where that still
// stands in the file, nothing is read again, and where a hand has changed it, only what it changed. It is a copy, and may be deleted.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPlain } from '../plainFile.ts';
import { ownFile } from './find.ts';
import { FOLDER, folderFor } from './folder.ts';
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
  readonly habits: Habits;
  readonly value: Record<string, unknown>;
}

interface Kept {
  readonly reading: PlainReading;
  readonly seen: string;
}

/** By folder. */
const kept = new Map<string, Kept | undefined>();

/** Makes known what is kept of the runbook in this folder. To be called before a text of it is read. */
export function recallReading(root: string, text: string): void {
  if (text.length < LONG || kept.has(root)) return;
  kept.set(root, undefined);
  try {
    const whole = readPlain(pathIn(root), Number.POSITIVE_INFINITY).toString();
    const end = whole.indexOf('\n');
    const { reader, seen, habits, value } = JSON.parse(whole.slice(0, end)) as Head;
    if (reader !== READER) return;
    const reading = recall(whole.slice(end + 1), value, habits);
    kept.set(root, { reading, seen });
    if (Array.isArray(value['tasks'])) for (const task of value['tasks']) sure.add(task);
  } catch {
    // There is none, or it was not written whole.
  }
}

/** Of the entries of a runbook that is kept it is known that they are of the plain form. */
const sure = new Set<unknown>();

/** Whether all of it is of the plain form, without looking again at what is known. */
export function isPlainRunbook(value: unknown): value is RawRunbook {
  return isPlain(value, sure);
}

/** Which entries are as they were when the plan was seen of which this is the stamp: the same one, at the same index. */
export function keptEntries(root: string, seen: string | undefined): (entry: unknown, index: number) => boolean {
  const known = kept.get(root);
  const tasks = known && known.seen === seen ? known.reading.value['tasks'] : undefined;
  return Array.isArray(tasks) ? (entry, index) => entry === tasks[index] : () => false;
}

/**
 * Keeps what was made of the text, for the next command. Where that can't be done, it is read again. `seen` is the stamp of what
 * was seen of the plan, which is the plan of this text.
 * Contract: called in `whileLocked`.
 */
export function keepReading(root: string, text: string, seen: string | undefined): void {
  if (text.length < LONG || seen === undefined) return;
  const reading = readPlainYaml(text);
  const before = kept.get(root);
  if (!reading || !isPlainRunbook(reading.value)) return;
  if (before?.seen === seen && isCloseTo(before.reading, text)) return;
  const { habits, value } = reading;
  const path = pathIn(root);
  const temporary = `${path}.runbook-tmp`;
  try {
    folderFor(root);
    writeFileSync(temporary, `${JSON.stringify({ reader: READER, seen, habits, value } satisfies Head)}\n${text}`, {
      mode: 0o600,
    });
    renameSync(temporary, path);
    kept.set(root, { reading, seen });
  } catch {
    // No space, no permission.
  }
}

function isCloseTo(reading: PlainReading, text: string): boolean {
  if (reading.text === text) return true;
  const difference = differenceFrom(reading, text);
  return difference !== undefined && difference.to - difference.from <= MOST_CHANGED;
}

function pathIn(root: string): string {
  return join(root, FOLDER, ownFile(root, 'reading.json'));
}
