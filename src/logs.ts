// The full record of one start of a task, under logs/<task id>/: what a script printed, what a model was asked and answered.
import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, RunbookError } from './errors.ts';
import { compactTime } from './journaling.ts';
import { naming, reasonOf, statOf } from './paths.ts';
import { markOf } from './runbook/find.ts';
import { encoded } from './runbook/memory.ts';
import { writeWhole } from './runbook/write.ts';
import type { Session } from './session.ts';
import { sha256 } from './sha256.ts';

export interface TaskLog {
  /** The path of the log, relative to the root. */
  readonly file: string;
  /** Throws if it can't be written. */
  readonly write: (text: string) => void;
  /** The same for what comes from something that runs: it goes on without its log, which is said once. */
  readonly follow: (text: string) => void;
  /** Keeps a text of its own beside the log, such as a prompt; returns its path relative to the root, and its hash. */
  readonly keep: (name: string, text: string) => { readonly file: string; readonly sha256: string };
  /** Lets go of the file. What comes later is written all the same. */
  readonly close: () => void;
}

/**
 * Starts a new log. Two within a second get different names. To open it for each piece takes longer than to write that, so that it
 * can stay open until `close`. Contract: what is written has its secrets taken out already.
 */
export function openTaskLog({ root, world }: Session, taskId: string, staysOpen = false): TaskLog {
  const folder = folderOf(root, taskId);
  mkdirSync(join(root, folder), { recursive: true });
  const { stem, opened } = freshLog(join(root, folder), compactTime(world.now()));
  const file = join(folder, `${stem}.log`);
  const path = join(root, file);
  let open: number | undefined = opened;
  const close = () => {
    if (open !== undefined) closeSync(open);
    open = undefined;
  };
  if (!staysOpen) close();
  const write = (text: string) =>
    naming(path, () => (open === undefined ? appendFileSync(path, text) : writeWhole(open, Buffer.from(text))));
  let isBroken = false;
  return {
    file,
    write,
    follow(text) {
      try {
        if (!isBroken) write(text);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        isBroken = true;
        world.emit({ kind: 'note', text: `What comes from here on is not kept in ${file}: ${reasonOf(errno)}.` });
      }
    },
    keep(name, text) {
      const kept = join(folder, `${stem}-${name}`);
      naming(join(root, kept), () => {
        let isBegun = false;
        for (const bytes of encoded(text)) {
          (isBegun ? appendFileSync : writeFileSync)(join(root, kept), bytes);
          isBegun = true;
        }
      });
      return { file: kept, sha256: sha256(text) };
    },
    close,
  };
}

/** What is kept of something that runs. */
export type RunLog = Pick<TaskLog, 'follow' | 'close'> & {
  /** Undefined if there is none. */
  readonly file: string | undefined;
};

/**
 * The log of what is about to run. It is opened with the first that is written to it, and stays open: what runs by then goes on
 * without it where that fails, which is said.
 */
export function logOfRun(session: Session, taskId: string): RunLog {
  let log: TaskLog | undefined;
  let isLacking = false;
  const opened = () => {
    try {
      if (!isLacking) log ??= openTaskLog(session, taskId, true);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      isLacking = true;
      session.world.emit({ kind: 'note', text: `What \`${taskId}\` prints is not kept: ${reasonOf(errno)}.` });
    }
    return log;
  };
  return {
    get file() {
      return opened()?.file;
    },
    follow: (text) => opened()?.follow(text),
    close: () => log?.close(),
  };
}

/** Throws FILE_UNWRITABLE if `openTaskLog` would not find room for the task's log. Nothing is made yet. */
export function requireLogFolder(root: string, taskId: string): void {
  const own = folderOf(root, taskId);
  // What is not there is made in what is above it.
  const folder = statOf(join(root, own)) ? own : 'logs';
  const errno = refusalOf(join(root, folder));
  if (errno === undefined || errno === 'ENOENT') return;
  throw new RunbookError({
    code: 'FILE_UNWRITABLE',
    message: `the logs of \`${taskId}\` can't be written to \`${folder}\`: ${reasonOf(errno)}`,
    hint: errno === 'ENOTDIR' ? 'Move away what stands there.' : `chmod u+rwx ${folder}`,
  });
}

function refusalOf(folder: string): string | undefined {
  try {
    // With the dot, only a folder is found.
    accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/** The log of the task's latest start, relative to the root. */
export function logOfLastStart(root: string, taskId: string): string | undefined {
  const folder = folderOf(root, taskId);
  try {
    const last = readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1);
    return last && join(folder, last);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Where another runbook stands in the same folder, its task of the same id has its own. */
function folderOf(root: string, taskId: string): string {
  const mark = markOf(root);
  return join('logs', ...(mark === '' ? [] : [`run_log${mark}`]), folderName(taskId));
}

/** An id may be any text; a folder's name may not. What has to be changed gets a hash, so that two ids never share one. */
function folderName(taskId: string): string {
  // Most ids are like this. To know all letters of the world takes half a millisecond.
  if (/^[\w@+-][\w@+.-]{0,99}$/.test(taskId)) return taskId;
  const safe = taskId
    .replaceAll(/[^\p{L}\p{N}._@+-]/gu, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100);
  return safe === taskId ? safe : `${safe}-${sha256(taskId).slice(0, 8)}`;
}

function freshLog(folder: string, stem: string): { stem: string; opened: number } {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? stem : `${stem}-${n}`;
    try {
      return { stem: candidate, opened: openSync(join(folder, `${candidate}.log`), 'ax') };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}
