// Keeps what was made of a long runbook for the next command (keptReading.ts).
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Entries } from './entries.ts';
import { folderFor } from './folder.ts';
import {
  type Head,
  isPlainRunbook,
  type Kept,
  kept,
  keptValue,
  LONG,
  pathIn,
  READER,
  type Source,
  tasksOf,
} from './keptReading.ts';
import { type KeptOutline, NONE, topOf } from './outline.ts';
import { isSame } from './patch/value.ts';
import { ENTRY_FIELDS } from './plainForm.ts';
import { differenceFrom, entriesIn, readPlainYaml } from './plainReadings.ts';
import type { RawEntry } from './schema.ts';
import { STATUSES } from './vocabulary.ts';

/** What has changed since it was kept is read each time, up to so much; in a text that is shorter than this, nothing. In characters. */
const MOST_CHANGED = 4000;
const SHORT = 30_000;
/** Fewer tasks are read sooner than their outline. */
const MANY = 500;

/** Which entries are as they were when the plan was seen of which this is the stamp: the same one, at the same index. */
export function keptEntries(
  root: string,
  seen: string | undefined,
  { value, outline }: Source,
): (index: number) => boolean {
  const known = kept.get(root);
  if (!known || known.seen !== seen) return () => false;
  const before = known.reading?.outline;
  if (outline && before?.kept === outline.kept)
    return (index) => outline.origin(index) >= 0 && outline.origin(index) === before.origin(index);
  const [then, now] = [tasksOf(known.value), tasksOf(value)];
  return (index) => index < then.length && now[index] === then[index];
}

/**
 * Keeps what was made of the text, for the next command. Where that can't be done, it is read again. `seen` is the stamp of what
 * was seen of the plan, which is the plan of this text.
 * Contract: called in `whileLocked`.
 */
export function keepReading(root: string, { text, value }: Source, seen?: string): void {
  if (text.length < LONG || seen === undefined) return;
  const before = kept.get(root);
  if (before?.seen === seen && isCloseTo(before, text)) return;
  if (!isPlainRunbook(value)) return;
  const reading = before?.text === text ? before.reading : keptValue(root, text) ? undefined : readPlainYaml(text);
  const entries = reading && value.tasks.length >= MANY ? entriesIn(reading) : undefined;
  const outline = entries && outlineOf(value.tasks, entries);
  const tasks = outline ? `${JSON.stringify(value.tasks)}\n` : '';
  const head: Head = {
    reader: READER,
    seen,
    value: outline ? topOf(value) : value,
    lengths: [Buffer.byteLength(tasks), Buffer.byteLength(text)],
    ...(reading ? { habits: reading.habits } : {}),
    ...(outline ? { outline } : {}),
  };
  const json = JSON.stringify(head);
  // What stands for much else, and what JSON has no word for, is read each time.
  if (!reading && (json.length > MOST_TIMES * text.length || !isSame((JSON.parse(json) as Head).value, value))) return;
  const path = pathIn(root);
  const temporary = join(dirname(path), `.${basename(path)}.runbook-tmp`);
  try {
    folderFor(root);
    writeFileSync(temporary, `${json}\n${tasks}${text}`, { mode: 0o600 });
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
  if (text.length < SHORT) return false;
  const difference = reading && differenceFrom(reading, text);
  return difference !== undefined && difference.to - difference.from <= MOST_CHANGED;
}

/** Undefined if they name each other otherwise than in a plan without mistakes. */
export function outlineOf(tasks: readonly RawEntry[], { starts, end, dash }: Entries): KeptOutline | undefined {
  const ids = tasks.map(({ id }) => id);
  const indexes = new Map(ids.map((id, index) => [id, index]));
  const dependencies: number[] = [];
  let isInOrder = true;
  const ends = tasks.map(({ depends_on: dependsOn }, index) => {
    for (const id of dependsOn ?? []) {
      const dependency = indexes.get(id) ?? NONE;
      isInOrder &&= dependency < index;
      dependencies.push(dependency);
    }
    return dependencies.length;
  });
  if (indexes.size < ids.length || dependencies.includes(NONE)) return undefined;
  return {
    ids,
    statuses: tasks.map(({ status }) => (status ? STATUSES.indexOf(status) : ' ')).join(''),
    dependencies,
    ends,
    fields: tasks.map(fieldsOf),
    isInOrder,
    entries: tasks.flatMap((entry, index) => (entry.task_detail_file ? [[index, entry] as const] : [])),
    start: starts[0] ?? end,
    lengths: starts.map((start, index) => (starts[index + 1] ?? end) - start),
    dash,
  };
}

function fieldsOf(entry: RawEntry): number {
  return ENTRY_FIELDS.reduce(
    (sum, field, i) => ((entry as Record<string, unknown>)[field] == null ? sum : sum | (1 << i)),
    0,
  );
}
