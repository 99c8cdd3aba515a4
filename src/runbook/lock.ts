// A file that one process holds at a time, and that a dead holder does not keep. What it holds under the write lock is short.
import { createHash } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, RunbookError } from '../errors.ts';
import type { Holder } from '../events.ts';
import { naming } from '../paths.ts';
import { NotPlain, readPlain } from '../plainFile.ts';
import { FOLDER, folderFor } from './folder.ts';
import { isAlive, parseHolder, self, thisHost } from './holder.ts';
import { pause } from './steady.ts';

const WRITE_LOCK = 'write.lock';

/** Runs `work` while no other process writes the runbook's files. It is short: others wait for it. */
export function whileLocked<T>(root: string, work: () => T): T {
  if (locked.has(root)) return work();
  const path = join(folderFor(root), WRITE_LOCK);
  const holder = self('', new Date());
  let taken = take(path, holder);
  for (; 'heldBy' in taken; taken = take(path, holder)) pause(1 + Math.random() * 6);
  locked.add(root);
  if (taken.predecessor) predecessors.set(root, taken.predecessor);
  try {
    if (!tidied.has(path)) tidyUp(path);
    return work();
  } finally {
    if (!cutOff.has(root) && removed(path)) locked.delete(root);
  }
}

/**
 * Keeps the lock to the end of this process, so that the next one takes it over from a dead holder, as after a kill: the files
 * say what the journal could not be told, or not all of them do.
 */
export function stayLocked(root: string): void {
  cutOff.add(root);
}

/**
 * The process that was killed while it held the lock, until that is forgotten: whatever took the lock over from it, the next look
 * at the files must know.
 */
export function predecessorOf(root: string): Holder | undefined {
  return predecessors.get(root);
}

/** Once the journal has what that one left. */
export function forgetPredecessor(root: string): void {
  predecessors.delete(root);
}

/** Whether a process that is gone held the lock when it ended. */
export function wasCutOff(root: string): boolean {
  const holder = holderOf(join(root, FOLDER, WRITE_LOCK));
  return holder !== undefined && !isAlive(holder);
}

/** Roots whose lock this process holds now: what it does under the lock may itself ask for it. */
const locked = new Set<string>();
const cutOff = new Set<string>();
const tidied = new Set<string>();
const predecessors = new Map<string, Holder>();

export type Taken = { readonly predecessor: Holder | undefined } | { readonly heldBy: Holder };

/**
 * Takes the lock file at `path` for `holder`, or tells who holds it. What a dead holder left is taken over; `predecessor` is
 * who that was. At any moment the file is there as a whole or not at all, and it is never moved out of a live holder's hands.
 */
export function take(path: string, holder: Holder): Taken {
  const own = ownName(path);
  try {
    naming(own, () => writeFileSync(own, `${JSON.stringify(holder)}\n`));
    for (;;) {
      if (linked(own, path)) return { predecessor: undefined };
      const found = read(path);
      if (found && isAlive(found.holder)) return { heldBy: found.holder };
      if (found && succeeded(path, own, found))
        return { predecessor: found.holder.pid === NOBODY_PID ? undefined : found.holder };
      pause(1);
    }
  } finally {
    removed(own);
  }
}

/** The name under which this process writes what is to become a lock's file; it says whose it is also before a word is in it. */
export function ownName(path: string): string {
  return `${path}.${process.pid}@${encodeURIComponent(thisHost())}`;
}

/**
 * Takes away what killed processes left beside a lock when they were about to take it.
 * Contract: called by its holder. A file that names a dead one can't be the way to the lock any more.
 */
export function tidyUp(path: string): void {
  tidied.add(path);
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
  for (const name of names) {
    const left = join(dirname(path), name);
    const holder = read(left)?.holder ?? writerOf(name);
    if (holder && !isAlive(holder)) removed(left);
  }
}

/** Who was about to write a file of that name. */
function writerOf(name: string): Holder | undefined {
  const [, pid, host = ''] = /\.(\d+)@([^@]+)$/.exec(name) ?? [];
  if (pid === undefined) return undefined;
  const isHere = host === encodeURIComponent(thisHost());
  return { ...nobody(), pid: Number(pid), bootId: undefined, host: isHere ? thisHost() : host };
}

/** Where it can't be removed, it is left to whoever finds its holder dead: nothing that has been done is lost for that. */
function removed(path: string): boolean {
  try {
    // `rmSync` is loaded with what empties whole folders.
    unlinkSync(path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno === 'ENOENT';
  }
}

/** The holder of the lock file, dead or alive; undefined if there is none. */
export function holderOf(path: string): Holder | undefined {
  return read(path)?.holder;
}

interface Found {
  readonly text: string;
  readonly holder: Holder;
}

/**
 * Puts our own file in the place of a dead holder's; false if someone else is at that. Several processes may find the dead
 * holder at once: the one that succeeds him is the one that makes a file named after what he left, and only it may do so. If it
 * dies before that, whoever finds its file succeeds it likewise.
 */
function succeeded(path: string, own: string, dead: Found): boolean {
  const successions: string[] = [];
  const make = (after: Found) => {
    const succession = `${path}.after-${createHash('sha256').update(after.text).digest('hex').slice(0, 16)}`;
    if (linked(own, succession)) return successions.push(succession) > 0;
    const other = read(succession);
    if (!other || isAlive(other.holder)) return false;
    successions.push(succession);
    return make(other);
  };
  if (!make(dead)) return false;
  try {
    // Someone may have succeeded him, and tidied up, before we came.
    if (read(path)?.text !== dead.text) return false;
    renameSync(own, path);
    return true;
  } finally {
    for (const succession of successions) rmSync(succession, { force: true });
  }
}

/** Gives the file a second name, unless that is taken. */
function linked(own: string, name: string): boolean {
  try {
    linkSync(own, name);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return false;
    if (errno !== 'EPERM' && errno !== 'ENOTSUP' && errno !== 'ENOSYS') throw error;
    return copied(own, name);
  }
}

/** For file systems without hard links. For an instant the file is there without its text, which is why `read` is patient. */
function copied(own: string, name: string): boolean {
  try {
    const file = openSync(name, 'wx');
    writeFileSync(file, readFileSync(own));
    closeSync(file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): Found | undefined {
  try {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (!entry) return undefined;
    const text = readPlain(path).toString();
    const holder = parseHolder(text) ?? (Date.now() - entry.mtimeMs > WRITTEN_BY_THEN_MS ? nobody() : undefined);
    return holder && { text, holder };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (error instanceof NotPlain) throw unreadable(path, error.message);
    throw error;
  }
}

function unreadable(path: string, why: string): RunbookError {
  const message = `\`${FOLDER}/${basename(path)}\` can't be read: ${why}`;
  return new RunbookError({ code: 'FILE_UNREADABLE', message, hint: 'Move away what stands there.' });
}

/** A file that names no holder after so long was left behind by a crash of the machine, or by a hand. */
const WRITTEN_BY_THEN_MS = 5000;
const NOBODY_PID = 0;
const nobody = (): Holder => ({
  pid: NOBODY_PID,
  host: thisHost(),
  bootId: 'none',
  startTime: undefined,
  since: '',
  runId: '',
});
