// The append-only log: one JSON object a line in logs/run_log.jsonl. Which events it keeps is said here, and nowhere else.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, RunbookError, unreachable } from './errors.ts';
import type { Event, NewIssue, Taken } from './events.ts';
import { naming, reasonOf, statOf } from './paths.ts';
import { NotPlain, readPlain, requirePlain } from './plainFile.ts';
import { ownFile } from './runbook/find.ts';
import { encoded } from './runbook/memory.ts';
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

export interface Journal {
  /** Appends the event and makes it durable, if it is one that is kept. */
  readonly keep: (event: Event) => void;
  /** The same for several, in one write. */
  readonly keepAll: (events: readonly Event[]) => void;
  /** The same, but what is appended outlives a crash of the machine only from the next `keep`, `keepAll` or `sync` on. */
  readonly keepSoon: (events: readonly Event[]) => void;
  readonly sync: () => void;
  /** How many bytes were appended so far. */
  readonly written: () => number;
  readonly runId: string;
}

export function openJournal(root: string, runId: string, now: () => Date, redact: (text: string) => string): Journal {
  const lineOf = ({ details, ...head }: Entry) => {
    const line = { timestamp: now().toISOString(), run_id: runId, ...head };
    return JSON.stringify(details ? { ...line, details: told(details, redact) } : line);
  };
  const linesOf = (events: readonly Event[]) => events.flatMap((event) => entryOf(event) ?? []).map(lineOf);
  const append = appender(root);
  let isBehind = false;
  let written = 0;
  const keepAll = (events: readonly Event[]) => {
    const lines = linesOf(events);
    if (lines.length === 0) return;
    // What follows the end of a script at once is made durable with it: its outcome, a check, the next attempt.
    const durably = events.some(({ kind }) => kind !== 'scriptEnded');
    isBehind = !durably;
    written += append(lines, durably);
  };
  return {
    runId,
    written: () => written,
    keepAll,
    keep: (event) => keepAll([event]),
    keepSoon(events) {
      const lines = linesOf(events);
      if (lines.length === 0) return;
      isBehind = true;
      written += append(lines, false);
    },
    sync() {
      if (isBehind) append([], true);
      isBehind = false;
    },
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
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, OURS.includes(key) ? value : hidden(value)]),
  );
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const OURS = ['log', 'prompt', 'reply', 'sha256', 'in_files'];

/** A name for one run: short, sortable by time, different for each process. */
export function newRunId(now: Date): string {
  return `${compactTime(now)}-${process.pid}`;
}

/** `20261120T101502`, in UTC. */
export function compactTime(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/[-:]/g, '');
}

/** All readable lines, oldest first. A torn line (the process was killed while writing) is stepped over. */
export function readJournal(root: string): JournalLine[] {
  return journalText(root).split('\n').flatMap(parseLine);
}

/**
 * Hands each readable line to `visit`, oldest first, without ever holding the whole file. Returns how many lines could not be
 * read, and were stepped over.
 */
export function walkJournal(root: string, visit: (line: JournalLine) => void): number {
  let unreadable = 0;
  const take = (text: string) => {
    if (text.trim() === '') return;
    const [line] = parseLine(text);
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
  const path = join(root, journalFile(root));
  const found = statOf(path);
  const known = followed.get(path);
  const isLonger = known?.ino === found?.ino && (known?.size ?? 0) <= (found?.size ?? 0);
  const from = isLonger ? (known?.size ?? 0) : 0;
  const last = isLonger && known ? known.last : new Map<string, LastChange>();
  const text = textFrom(root, from);
  followed.set(path, {
    ino: found?.ino,
    size: from + Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)),
    last,
  });
  takeChanges(text, last);
  return last;
}

/** What was read of a journal: lines are only added to it, so that it is read on from where it ended. */
const followed = new Map<string, { ino: number | undefined; size: number; last: Map<string, LastChange> }>();

function takeChanges(lines: string, last: Map<string, LastChange>): void {
  for (const text of lines.split('\n')) {
    // Most lines change no status; they are not worth parsing.
    if (!text.includes('"status_change"') && !text.includes('"CHECKPOINT"')) continue;
    for (const line of parseLine(text)) {
      const { task_id: id, run_id: runId, event_type: type, status_change: change, details = {} } = line;
      if (type === 'CHECKPOINT')
        for (const [task, { inFiles, ...change }] of last)
          if (inFiles !== undefined && change.runId === runId) last.set(task, { ...change, inFiles: undefined });
      const [from, to] = change?.split(' -> ').map((word) => STATUSES.find((status) => status === word)) ?? [];
      if (id === undefined || to === undefined) continue;
      const before = last.get(id);
      const unsaved = type === 'UNSAVED_TASK';
      // A line from a status to the same one says something more of the change before it.
      if (from === to && before?.to === to)
        last.set(id, { ...before, unsaved, inFiles: unsaved ? before.inFiles : undefined });
      else
        last.set(id, {
          from,
          to,
          runId,
          unsaved,
          inFiles: statusIn(details),
          record: recordIn(details),
          taken: takenIn(line),
        });
    }
  }
}

function statusIn({ in_files: status }: Readonly<Record<string, unknown>>): Status | undefined {
  return STATUSES.find((known) => known === status);
}

function takenIn({ event_type: type, timestamp, details }: JournalLine): Taken | undefined {
  const by = details?.['taken_by'];
  return type === 'START_TASK' && typeof by === 'string' && by !== '' ? { by, since: String(timestamp) } : undefined;
}

function recordIn({ last_run: lastRun, issues, resolution }: Readonly<Record<string, unknown>>): OutcomeRecord {
  return {
    lastRun: isMap(lastRun) ? lastRun : undefined,
    issues: Array.isArray(issues) ? issues.filter(isIssue) : undefined,
    resolution: typeof resolution === 'string' ? resolution : undefined,
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is NewIssue {
  return isMap(value) && [value['timestamp'], value['type'], value['detail']].every((text) => typeof text === 'string');
}

export function sha256(text: string | Buffer): string {
  const hash = createHash('sha256');
  for (const piece of typeof text === 'string' ? encoded(text) : [text]) hash.update(piece);
  return hash.digest('hex');
}

type Entry = Omit<JournalLine, 'timestamp' | 'run_id'>;

function entryOf(event: Event): Entry | undefined {
  switch (event.kind) {
    case 'started':
      return entry('START_TASK', event, startDetails(event));
    case 'checkpoint':
      return entry('CHECKPOINT', { taskId: undefined }, { tasks: event.tasks });
    case 'ended':
      return entry(END_TYPES[event.to] ?? 'MANUAL_ACTION', event, {
        ...endDetails(event),
        ...aheadOf(event),
      });
    case 'handEdit':
      return entry('HAND_EDIT', event, { at: event.at, mended: event.mended });
    case 'planEdited':
      return entry('HAND_EDIT', { taskId: event.taskId }, editDetails(event));
    case 'planChanged':
      return entry('CHANGE_PLAN', { taskId: event.taskId }, { command: event.command, ...editDetails(event) });
    case 'templateEdited':
      return entry('HAND_EDIT', { taskId: event.taskId }, { path: event.path, from: event.from, to: event.to });
    case 'recovered':
      return entry('RECOVER_TASK', event, { at: event.at, mended: event.mended });
    case 'readied':
      return entry('READY_TASK', event, aheadOf(event));
    case 'putBack':
      return entry('LEAVE_TASK', event, { why: event.why, taken_by: event.takenBy });
    case 'leftRunning':
      return entry('INTERRUPT_TASK', event);
    case 'statusSet':
      return entry('MANUAL_ACTION', event, {
        command: event.command,
        reason: event.reason,
        taken_by: event.takenBy,
      });
    case 'decided':
      return entry('MANUAL_ACTION', event, {
        decision: event.decision,
        by: event.by,
        detail: event.detail,
        ...(event.manualEdit ? { manual_edit: true } : {}),
      });
    case 'handWon':
      return entry('HAND_EDIT', { ...event, to: event.theirs }, { at: event.at, not_written: event.ours });
    case 'notSaved':
      return entry('UNSAVED_TASK', { ...event, from: event.to });
    case 'scriptEnded':
      return entry('RUN_SCRIPT', event, {
        command: event.command,
        exit_code: event.result.exitCode,
        end: event.result.end,
        ms: event.result.ms,
        attempt: event.attempt,
        log: event.log,
      });
    case 'checkEnded':
      return entry('CHECK_RUN', event, {
        name: event.name,
        command: event.command,
        ok: event.ok,
        exit_code: event.result.exitCode,
        ms: event.result.ms,
      });
    case 'promptSent':
      return entry('AI_PROMPT_SENT', event, {
        model: event.model,
        provider: event.provider,
        template: event.template,
        tokens_estimated: event.tokens,
        attempt: event.attempt,
        prompt: event.log,
        sha256: event.sha256,
      });
    case 'replyReceived':
      return entry('AI_RESPONSE_RECEIVED', event, {
        model: event.model,
        provider: event.provider,
        ms: event.ms,
        input_tokens: event.usage.inputTokens,
        output_tokens: event.usage.outputTokens,
        cost_usd: event.usage.cost,
        reply: event.log,
        sha256: event.sha256,
        snippet: event.snippet,
      });
    case 'replyDelayed':
      return entry('AI_RESPONSE_DELAYED', event, { why: event.why, wait_ms: Math.round(event.waitMs) });
    case 'replyBroken':
      return entry('AI_RESPONSE_BROKEN', event, {
        model: event.model,
        provider: event.provider,
        input_tokens: event.usage.inputTokens,
        output_tokens: event.usage.outputTokens,
        cost_usd: event.usage.cost,
        at_least: true,
        ms: event.ms,
      });
    case 'replyFailed':
      return entry('AI_RESPONSE_FAILED', event, { type: event.issueType, detail: event.detail });
    case 'retried':
      return entry('AUTO_RETRY', event, { attempt: event.attempt, of: event.of });
    case 'fileWritten':
      return entry('FILE_WRITTEN', event, { path: event.path, bytes: event.bytes, sha256: event.sha256 });
    case 'fileRemoved':
      return entry('FILE_REMOVED', event, { path: event.path });
    case 'artifactChanged':
      return entry('HAND_EDIT', event, { paths: event.paths });
    case 'artifactRestored':
      return entry('FILE_RESTORED', event, { path: event.path, kept: event.kept });
    case 'committed':
      return entry('GIT_COMMIT', event, { commit: event.commit, message: event.message });
    case 'foundInterrupted':
    case 'foundError':
    case 'modelLacking':
    case 'announced':
    case 'output':
    case 'checkStarted':
    case 'promptShown':
    case 'replyProgress':
    case 'proposed':
    case 'uncommitted':
    case 'reviewPoints':
    case 'upNext':
    case 'note':
      return undefined;
    default:
      return unreachable(event);
  }
}

const END_TYPES: Partial<Record<Status, string>> = { DONE: 'COMPLETE_TASK', ERROR: 'ERROR_TASK', SKIPPED: 'SKIP_TASK' };

function entry(
  eventType: string,
  event: { taskId: string | undefined; from?: Status; to?: Status },
  details?: Record<string, unknown>,
): Entry {
  return {
    ...(event.taskId === undefined ? {} : { task_id: event.taskId }),
    event_type: eventType,
    ...(event.from && event.to ? { status_change: `${event.from} -> ${event.to}` } : {}),
    ...(details ? { details } : {}),
  };
}

function startDetails(event: Event & { kind: 'started' }): Record<string, unknown> | undefined {
  return event.takenBy === undefined ? aheadOf(event) : { taken_by: event.takenBy, ...aheadOf(event) };
}

function aheadOf({ inFiles }: { inFiles?: Status | undefined }): Record<string, unknown> | undefined {
  return inFiles && { in_files: inFiles };
}

/** `change` says of what kind it is: field, added, removed, renamed, moved. */
function editDetails({ edit, at }: Event & { kind: 'planEdited' | 'planChanged' }): Record<string, unknown> {
  const { kind: change, taskId: _, ...rest } = edit;
  return { change, ...rest, at };
}

function endDetails(event: Event & { kind: 'ended' }): Record<string, unknown> {
  const { record } = event;
  return {
    command: event.command,
    taken_by: event.takenBy,
    ms: record.ms,
    reason: record.reason,
    log: record.log,
    ...(record.usage
      ? {
          cost_usd: record.usage.cost,
          input_tokens: record.usage.inputTokens,
          output_tokens: record.usage.outputTokens,
        }
      : {}),
    ...(record.issues.length > 0 ? { issues: record.issues } : {}),
    // With `issues`, all that goes into the task's files: if this process ends here, the next one writes it there.
    resolution: record.resolution,
    last_run: record.lastRun,
  };
}

/**
 * One write, so that lines of two processes never mix; after a torn line, a new one begins. A disk that is nearly full takes a
 * part: then a line is torn, and is written anew with those behind it, until there is room for them or the system refuses.
 * Returns the bytes written. The file stays open, and is opened again where another one has come in its place.
 */
function appender(root: string): (lines: readonly string[], durably: boolean) => number {
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
  return (lines, durably) =>
    naming(path, () => {
      const { held: journal, size } = open();
      let all = 0;
      for (let rest = lines; rest.length > 0; ) {
        const isOurs = size + all === journal.size;
        const start = !isOurs && endsTorn(journal.file) ? '\n' : '';
        const bytes = Buffer.from(`${start}${rest.join('\n')}\n`);
        journal.size = Number.NaN;
        const length = writeSync(journal.file, bytes);
        all += length;
        if (length === bytes.length) journal.size = size + all;
        const written = bytes.subarray(start.length, length);
        rest = rest.slice(written.filter((byte) => byte === LINE_END).length);
      }
      if (durably) fsyncSync(journal.file);
      return all;
    });
}

function endsTorn(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString() !== '\n';
}

function journalText(root: string): string {
  try {
    return readPlain(join(root, journalFile(root)), Number.POSITIVE_INFINITY).toString();
  } catch (error) {
    return emptyIfMissing(root, error);
  }
}

/** The same from an offset on. */
function textFrom(root: string, offset: number): string {
  if (offset === 0) return journalText(root);
  const pieces = [...piecesOf(root, offset)];
  return Buffer.concat(pieces).toString();
}

/** The bytes of the journal from an offset on, in pieces. */
function* piecesOf(root: string, offset = 0): Generator<Buffer> {
  let file: number;
  try {
    requirePlain(join(root, journalFile(root)));
    file = openSync(join(root, journalFile(root)), 'r');
  } catch (error) {
    emptyIfMissing(root, error);
    return;
  }
  try {
    for (let at = offset; ; ) {
      const piece = Buffer.alloc(PIECE);
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

/** A journal that is not there yet is an empty one. Throws FILE_UNREADABLE for any other trouble. */
function emptyIfMissing(root: string, error: unknown): '' {
  if (errnoOf(error) === 'ENOENT') return '';
  throw unreadableJournal(root, error);
}

function unreadableJournal(root: string, error: unknown): unknown {
  const errno = errnoOf(error);
  const why = error instanceof NotPlain ? error.message : errno && reasonOf(errno);
  if (why === undefined) return error;
  const message = `\`${journalFile(root)}\` can't be read: ${why}`;
  const hint = 'Move away what stands there; the journal is begun anew.';
  return new RunbookError({ code: 'FILE_UNREADABLE', message, hint }, { cause: error });
}

function parseLine(text: string): JournalLine[] {
  try {
    const line: unknown = JSON.parse(text);
    return isJournalLine(line) ? [line] : [];
  } catch {
    return [];
  }
}

/** A hand may have been in it: what has not the form of a line is none. */
function isJournalLine(value: unknown): value is JournalLine {
  if (typeof value !== 'object' || value === null) return false;
  const { event_type: type, task_id: id, status_change: change, details } = value as Record<string, unknown>;
  if (typeof type !== 'string' || (details !== undefined && !isMap(details))) return false;
  return [id, change].every((text) => text === undefined || typeof text === 'string');
}
