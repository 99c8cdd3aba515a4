// Who may write, and who runs: two files in .runbook/, each naming its holder, so that a dead one is recognised.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf, RunbookError } from '../errors.ts';
import type { Holder } from '../events.ts';

const FOLDER = '.runbook';
const LEASE = 'lease.json';
const WRITE_LOCK = 'write.lock';

export interface Lease {
  /** Says on disk which task is being worked on, for whoever finds the lease. */
  readonly name: (taskId: string | undefined) => void;
  readonly release: () => void;
  /** The dead holder whose lease was taken over, if there was one. */
  readonly predecessor: Holder | undefined;
}

/**
 * Takes the one lease by which a runner holds its runbook. Throws HELD if a live runner has it.
 * A lease whose process is gone (also after a reboot, or with its pid reused) is taken over.
 */
export function takeLease(root: string, runId: string, now: Date): Lease {
  const path = join(folderFor(root), LEASE);
  const holder = self(runId, now);
  const predecessor = readHolder(path);
  if (predecessor) {
    if (isAlive(predecessor)) throw held(predecessor);
    rmStale(path, predecessor);
  }
  if (!create(path, holder)) throw held(readHolder(path) ?? holder);
  return {
    predecessor: predecessor === NOBODY ? undefined : predecessor,
    name: (taskId) => writeFileSync(path, `${JSON.stringify({ ...holder, taskId })}\n`),
    release: () => rmSync(path, { force: true }),
  };
}

/** The holder of the lease, with whether it still lives. */
export function leaseHolder(root: string): { holder: Holder; alive: boolean } | undefined {
  const holder = readHolder(join(root, FOLDER, LEASE));
  return holder && { holder, alive: isAlive(holder) };
}

export function held(holder: Holder): RunbookError {
  const task = holder.taskId === undefined ? '' : `, now at \`${holder.taskId}\``;
  return new RunbookError({
    code: 'HELD',
    message: `another runner holds this runbook: pid ${holder.pid} on \`${holder.host}\`, since ${holder.since}${task}`,
    hint: 'Let it finish, or end it. If that machine is gone for good, delete .runbook/lease.json.',
  });
}

/** Runs `work` while no other process writes the runbook's files. It is short: others wait for it. */
export function whileLocked<T>(root: string, work: () => T): T {
  const path = join(folderFor(root), WRITE_LOCK);
  const holder = self('', new Date());
  while (!create(path, holder)) {
    const other = readHolder(path);
    if (other && !isAlive(other)) rmStale(path, other);
    else pause(2 + Math.random() * 8);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** The folder for locks and caches. It ignores itself in git, so that nobody has to. */
export function folderFor(root: string): string {
  const folder = join(root, FOLDER);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(ignore, '*\n');
  }
  return folder;
}

function create(path: string, holder: Holder): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(file, `${JSON.stringify(holder)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return true;
}

/**
 * Takes a dead holder's file out of the way. Two processes may find it at once: it is moved first and looked at again,
 * and put back if it was a fresh one.
 */
function rmStale(path: string, dead: Holder): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && (moved.pid !== dead.pid || moved.since !== dead.since) && isAlive(moved)) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

/** Undefined if there is none, or if its file is being written at this moment. */
function readHolder(path: string): Holder | undefined {
  try {
    const { mtimeMs } = statSync(path);
    const holder = parsed(readFileSync(path, 'utf8'));
    return holder ?? (Date.now() - mtimeMs > WRITTEN_BY_THEN_MS ? NOBODY : undefined);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string): Holder | undefined {
  try {
    const { pid, host } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? (JSON.parse(text) as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** A file that names no holder after so long was left behind in the middle of being written: by a crash, a full disk. */
const WRITTEN_BY_THEN_MS = 5000;
const NOBODY: Holder = { pid: 0, host: hostname(), bootId: 'none', startTime: undefined, since: '', runId: '' };

function self(runId: string, now: Date): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: bootId(),
    startTime: startTimeOf(process.pid),
    since: now.toISOString(),
    runId,
  };
}

/** A holder on another machine can't be looked at, so it counts as alive. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  if (holder.bootId !== undefined && holder.bootId !== bootId()) return false;
  if (!processExists(holder.pid)) return false;
  return holder.startTime === undefined || holder.startTime === startTimeOf(holder.pid);
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Changes with each start of the machine. Only Linux tells it without another process. */
function bootId(): string | undefined {
  return readSystemFile('/proc/sys/kernel/random/boot_id')?.trim();
}

/** When the process started, in clock ticks since boot (proc(5), field 22). */
function startTimeOf(pid: number): string | undefined {
  const stat = readSystemFile(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
