// The append-only log, one JSON object a line in logs/run_log.jsonl, as it is read: all of it, or the last change of each status.
// journaling.ts writes it.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, RunbookError } from './errors.ts';
import type { NewIssue, Taken } from './events.ts';
import { reasonOf, statOf } from './paths.ts';
import { decoded, lastLineEnd, NotPlain, readPlain, requirePlain } from './plainFile.ts';
import { ownFile } from './runbook/find.ts';
import { STATUSES, type Status } from './runbook/vocabulary.ts';

/** From the folder of the runbook. */
export function journalFile(root: string): string {
  return ownFile(root, 'logs/run_log.jsonl');
}

/** A line of the journal, as it is written. */
export interface JournalLine {
  readonly timestamp: string;
  readonly run_id: string;
  readonly task_id?: string;
  readonly event_type: string;
  readonly status_change?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** All readable lines, oldest first. A torn line (the process was killed while writing) is stepped over. */
export function readJournal(root: string): JournalLine[] {
  return journalTexts(root).flatMap((text) => parseLine(text) ?? []);
}

/** The texts of all lines, for who does not need to parse each. */
export function journalTexts(root: string): string[] {
  return decoded(bytesFrom(root, 0)).split('\n');
}

/**
 * Hands each readable line to `visit`, oldest first, without ever holding the whole file. Returns how many lines could not be
 * read, and were stepped over.
 */
export function walkJournal(root: string, visit: (line: JournalLine) => void): number {
  let unreadable = 0;
  const take = (text: string) => {
    if (text.trim() === '') return;
    const line = parseLine(text);
    if (line) visit(line);
    else unreadable++;
  };
  let rest: Buffer[] = [];
  for (const piece of piecesOf(root)) {
    let start = 0;
    for (let end = piece.indexOf(LINE_END); end >= 0; end = piece.indexOf(LINE_END, start)) {
      const line = piece.subarray(start, end);
      take((rest.length === 0 ? line : Buffer.concat([...rest, line])).toString());
      rest = [];
      start = end + 1;
    }
    if (start < piece.length) rest.push(piece.subarray(start));
  }
  take(Buffer.concat(rest).toString());
  return unreadable;
}

const LINE_END = 0x0a;

/** What the replies of one run (to one task) have cost so far, in US dollars; those of unknown price count nothing. */
export function costOfRun(root: string, runId: string, taskId?: string): number {
  const replies = readJournal(root).filter(
    (line) =>
      line.run_id === runId &&
      ['AI_RESPONSE_RECEIVED', 'AI_RESPONSE_BROKEN'].includes(line.event_type) &&
      (taskId === undefined || line.task_id === taskId),
  );
  return replies.reduce((sum, { details }) => sum + (typeof details?.cost_usd === 'number' ? details.cost_usd : 0), 0);
}

/** The last change of a task's status that the journal knows of. */
export interface LastChange {
  /** Undefined in a line that a hand has been in. */
  readonly from: Status | undefined;
  readonly to: Status;
  readonly runId: string;
  /** Whether the files could not be written then, so that only the journal has it. */
  readonly unsaved: boolean;
  /** What the files said when the journal was written ahead of them, and no checkpoint since has said that they have it. */
  readonly inFiles: Status | undefined;
  /** What goes with the outcome into the task's files, if it was one. */
  readonly record: OutcomeRecord;
  /** Who took it with this, to carry it out elsewhere. */
  readonly taken: Taken | undefined;
}

export interface OutcomeRecord {
  readonly lastRun?: Readonly<Record<string, unknown>> | undefined;
  readonly issues?: readonly NewIssue[] | undefined;
  readonly resolution?: string | undefined;
}

/** For each task whose status the tool ever wrote, or saw a hand write: its last change. */
export function lastChanges(root: string): ReadonlyMap<string, LastChange> {
  return followJournal(root).last;
}

/** The same, in an object that is another one once there is more in the journal. */
export function followJournal(root: string): { readonly last: ReadonlyMap<string, LastChange> } {
  const path = join(root, journalFile(root));
  const found = statOf(path);
  const known = followed.get(path);
  if (known && known.ino === found?.ino && known.size === found?.size) return known;
  const isLonger = known?.ino === found?.ino && (known?.size ?? 0) <= (found?.size ?? 0);
  const from = isLonger ? (known?.size ?? 0) : 0;
  const last = isLonger && known ? known.last : new Map<string, LastChange>();
  const bytes = bytesFrom(root, from);
  const now = { ino: found?.ino, size: from + lastLineEnd(bytes) + 1, last };
  followed.set(path, now);
  takeChanges(decoded(bytes), last);
  return now;
}

/** What was read of a journal: lines are only added to it, so that it is read on from where it ended. */
const followed = new Map<string, { ino: number | undefined; size: number; last: Map<string, LastChange> }>();

function takeChanges(lines: string, last: Map<string, LastChange>): void {
  for (const text of lines.split('\n')) {
    // Most lines change no status; they are not worth parsing.
    if (!text.includes('"status_change"') && !text.includes('"CHECKPOINT"')) continue;
    const line = parseLine(text);
    if (line) takeChange(line, last);
  }
}

function takeChange(line: JournalLine, last: Map<string, LastChange>): void {
  const { task_id: id, run_id: runId, event_type: type, status_change: change, details } = line;
  if (type === 'CHECKPOINT')
    for (const [task, { inFiles, ...change }] of last)
      if (inFiles !== undefined && change.runId === runId) last.set(task, { ...change, inFiles: undefined });
  if (id === undefined || change === undefined) return;
  const { from, to } = statusesIn(change);
  if (to === undefined) return;
  const unsaved = type === 'UNSAVED_TASK';
  const before = from === to ? last.get(id) : undefined;
  // A line from a status to the same one says something more of the change before it.
  if (before?.to === to) last.set(id, { ...before, unsaved, inFiles: unsaved ? before.inFiles : undefined });
  else
    last.set(id, {
      from,
      to,
      runId,
      unsaved,
      inFiles: details && statusNamed(details['in_files']),
      record: details ? recordIn(details) : NO_RECORD,
      taken: details && takenIn(line),
    });
}

/** Of `READY -> RUNNING`. There are few of these, in many thousand lines. */
function statusesIn(change: string): StatusChange {
  let known = statusChanges.get(change);
  if (!known) {
    const [from, to] = change.split(' -> ');
    known = { from: statusNamed(from), to: statusNamed(to) };
    statusChanges.set(change, known);
  }
  return known;
}

interface StatusChange {
  readonly from: Status | undefined;
  readonly to: Status | undefined;
}

const statusChanges = new Map<string, StatusChange>();

function statusNamed(word: unknown): Status | undefined {
  return word === undefined ? undefined : STATUSES.find((status) => status === word);
}

function takenIn({ event_type: type, timestamp, details }: JournalLine): Taken | undefined {
  const by = details?.['taken_by'];
  return type === 'START_TASK' && typeof by === 'string' && by !== '' ? { by, since: String(timestamp) } : undefined;
}

const NO_RECORD: OutcomeRecord = { lastRun: undefined, issues: undefined, resolution: undefined };

function recordIn({ last_run: lastRun, issues, resolution }: Readonly<Record<string, unknown>>): OutcomeRecord {
  return {
    lastRun: isMap(lastRun) ? lastRun : undefined,
    issues: Array.isArray(issues) ? issues.filter(isIssue) : undefined,
    resolution: typeof resolution === 'string' ? resolution : undefined,
  };
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is NewIssue {
  return isMap(value) && [value['timestamp'], value['type'], value['detail']].every((text) => typeof text === 'string');
}

/** Of the journal, from an offset on. */
function bytesFrom(root: string, offset: number): Buffer {
  if (offset > 0) return Buffer.concat([...piecesOf(root, offset)]);
  try {
    return readPlain(join(root, journalFile(root)), Number.POSITIVE_INFINITY);
  } catch (error) {
    requireMissing(root, error);
    return Buffer.alloc(0);
  }
}

/** The bytes of the journal from an offset on, in pieces. */
function* piecesOf(root: string, offset = 0): Generator<Buffer> {
  let file: number;
  try {
    requirePlain(join(root, journalFile(root)));
    file = openSync(join(root, journalFile(root)), 'r');
  } catch (error) {
    requireMissing(root, error);
    return;
  }
  try {
    const { size } = fstatSync(file);
    for (let at = offset; ; ) {
      // Mostly a few lines are new. It may have grown by more meanwhile.
      const piece = Buffer.allocUnsafe(Math.min(PIECE, Math.max(LINE, size - at)));
      const length = readSync(file, piece, 0, piece.length, at);
      if (length === 0) return;
      at += length;
      yield piece.subarray(0, length);
    }
  } catch (error) {
    throw unreadableJournal(root, error);
  } finally {
    closeSync(file);
  }
}

const PIECE = 1 << 18;
const LINE = 512;

/** A journal that is not there yet is an empty one. Throws FILE_UNREADABLE for any other trouble. */
function requireMissing(root: string, error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw unreadableJournal(root, error);
}

function unreadableJournal(root: string, error: unknown): unknown {
  const errno = errnoOf(error);
  const why = error instanceof NotPlain ? error.message : errno && reasonOf(errno);
  if (why === undefined) return error;
  const message = `\`${journalFile(root)}\` can't be read: ${why}`;
  const hint = 'Move away what stands there; the journal is begun anew.';
  return new RunbookError({ code: 'FILE_UNREADABLE', message, hint }, { cause: error });
}

/** Undefined for what is no line of the journal. */
export function parseLine(text: string): JournalLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isJournalLine(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** A hand may have been in it: what has not the form of a line is none. */
function isJournalLine(value: unknown): value is JournalLine {
  if (typeof value !== 'object' || value === null) return false;
  const { event_type: type, task_id: id, status_change: change, details } = value as Record<string, unknown>;
  if (typeof type !== 'string' || (details !== undefined && !isMap(details))) return false;
  return (id === undefined || typeof id === 'string') && (change === undefined || typeof change === 'string');
}
