// Writes the append-only log: whole lines, synced, behind whatever a crash has left.
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from './events.ts';
import { isMap, journalFile } from './journal.ts';
import { type Entry, entryOf } from './journalEntries.ts';
import { naming } from './paths.ts';

export interface Journal {
  /** Appends the event and makes it durable, if it is one that is kept. */
  readonly keep: (event: Event) => void;
  /** The same for several, in one write. */
  readonly keepAll: (events: readonly Event[]) => void;
  /**
   * The same, but it is appended with the next `keep`, `keepAll` or `sync`, or before anything is waited for, and outlives a crash
   * of the machine only from these on. What can't be written then is tried again with what follows, which throws.
   */
  readonly keepSoon: (events: readonly Event[]) => void;
  readonly sync: () => void;
  /** How many bytes were appended so far. */
  readonly written: () => number;
}

/** `runId` is asked for when there is something to keep. */
export function openJournal(
  root: string,
  runId: () => string,
  now: () => Date,
  redact: (text: string) => string,
): Journal {
  // What is undefined stands in no line.
  const lineOf = ({ task_id, event_type, status_change, details }: Entry) =>
    JSON.stringify({
      timestamp: now().toISOString(),
      run_id: runId(),
      task_id,
      event_type,
      status_change,
      details: details && told(details, redact),
    });
  const linesOf = (events: readonly Event[]) => {
    const lines: string[] = [];
    for (const event of events) {
      const entry = entryOf(event);
      if (entry) lines.push(lineOf(entry));
    }
    return lines;
  };
  const append = appender(root);
  const due: string[] = [];
  let isBehind = false;
  let written = 0;
  let isArmed = false;
  const appendDue = (durably: boolean) => {
    if (due.length > 0) isBehind = true;
    append(due, (bytes) => (written += bytes), durably && isBehind);
    if (durably) isBehind = false;
  };
  const keepSoon = (events: readonly Event[]) => {
    due.push(...linesOf(events));
    if (due.length === 0 || isArmed) return;
    isArmed = true;
    setImmediate(() => {
      isArmed = false;
      try {
        appendDue(false);
      } catch {
        // What follows says so.
      }
    });
  };
  const keepAll = (events: readonly Event[]) => {
    // What follows the end of a script at once is made durable with it: its outcome, a check, the next attempt.
    if (events.every(({ kind }) => kind === 'scriptEnded')) {
      keepSoon(events);
      return;
    }
    const lines = linesOf(events);
    if (lines.length === 0) return;
    due.push(...lines);
    try {
      appendDue(true);
    } catch (error) {
      // They have not happened.
      due.splice(Math.max(0, due.length - lines.length));
      throw error;
    }
  };
  return {
    written: () => written,
    keepAll,
    keep: (event) => keepAll([event]),
    keepSoon,
    sync: () => appendDue(true),
  };
}

/**
 * All texts of a line go through here, but for those that the tool itself made and reads again: a secret that happens to be a part
 * of them (`staging`) must not tear them. Those are the ones before the details, times, and the names of what is kept in the logs.
 */
function told(details: Readonly<Record<string, unknown>>, redact: (text: string) => string): Record<string, unknown> {
  const hidden = (value: unknown): unknown => {
    if (typeof value === 'string') return TIME.test(value) ? value : redact(value);
    if (Array.isArray(value)) return value.map(hidden);
    if (!isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hidden(item)]));
  };
  // The names of details are all our own.
  const told: Record<string, unknown> = {};
  for (const key of Object.keys(details)) told[key] = OURS.has(key) ? details[key] : hidden(details[key]);
  return told;
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const OURS: ReadonlySet<string> = new Set(['log', 'prompt', 'reply', 'sha256', 'in_files']);

/** A name for one run: short, sortable by time, different for each process. */
export function newRunId(now: Date): string {
  return `${compactTime(now)}-${process.pid}`;
}

/** `20261120T101502`, in UTC. */
export function compactTime(time: Date): string {
  const [date = '', at = ''] = time.toISOString().split('T');
  return `${date.replaceAll('-', '')}T${at.slice(0, 8).replaceAll(':', '')}`;
}

const LINE_END = 0x0a;

/**
 * One write, so that lines of two processes never mix; after a torn line, a new one begins. A disk that is nearly full takes a
 * part: then a line is torn, and is written anew with those behind it, until there is room for them or the system refuses.
 * Takes from the lines what is written, and tells how many bytes that is. The file stays open, and is opened again where another
 * one has come in its place.
 */
function appender(root: string): (lines: string[], wrote: (bytes: number) => void, durably: boolean) => void {
  const path = join(root, journalFile(root));
  let held: { readonly file: number; readonly ino: number; readonly dev: number; size: number } | undefined;
  const open = () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (held && found?.ino === held.ino && found.dev === held.dev) return { held, size: found.size };
    if (held) closeSync(held.file);
    held = undefined;
    mkdirSync(join(root, 'logs'), { recursive: true });
    const file = openSync(path, 'a+');
    const { ino, dev, size } = fstatSync(file);
    // That nobody knows its size makes it be looked at.
    held = { file, ino, dev, size: Number.NaN };
    return { held, size };
  };
  return (lines, wrote, durably) => {
    if (lines.length === 0 && !durably) return;
    naming(path, () => {
      const { held: journal, size } = open();
      for (let all = 0; lines.length > 0; ) {
        const isOurs = size + all === journal.size;
        const start = !isOurs && endsTorn(journal.file) ? '\n' : '';
        const bytes = Buffer.from(`${start}${lines.join('\n')}\n`);
        journal.size = Number.NaN;
        const length = writeSync(journal.file, bytes);
        all += length;
        wrote(length);
        if (length === bytes.length) journal.size = size + all;
        const written = bytes.subarray(start.length, length);
        const whole = length === bytes.length ? lines.length : written.filter((byte) => byte === LINE_END).length;
        lines.splice(0, whole);
      }
      if (durably) fsyncSync(journal.file);
    });
  };
}

function endsTorn(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString() !== '\n';
}
