// Brings a task's status, and what goes with it, into its files as they are now: only the bytes that are meant.
import type { NewIssue } from '../events.ts';
import { type Edit, patch } from './patch.ts';
import { readTasks } from './readTasks.ts';
import type { YamlSource } from './source.ts';
import { steadily } from './steady.ts';
import { type Home, homeLine, type Status, type Task } from './task.ts';
import { replaceUnchanged, syncFolders, type Unsynced } from './write.ts';

export interface StatusWrite {
  readonly taskId: string;
  /** What the tool believes to stand there. If a hand wrote something else meanwhile, the hand wins. */
  readonly from: Status;
  readonly to: Status;
  readonly lastRun?: Readonly<Record<string, unknown>> | undefined;
  readonly issues?: readonly NewIssue[] | undefined;
  /** Said of the issues of this task that are still open. */
  readonly resolution?: string | undefined;
}

export type Saved =
  /** `changed` is false where it stood there already. */
  | { readonly kind: 'saved'; readonly changed: boolean }
  | { readonly kind: 'handWon'; readonly theirs: Status; readonly at: string }
  | { readonly kind: 'gone' };

/**
 * Writes a task's new status into both of its files, with `last_run` and `issues` where the task keeps them. It is written into
 * the files as they are at that moment: where a hand saves one meanwhile, all is looked at anew.
 * Contract: called in `whileLocked`. Throws PATCH_UNSAFE or FILE_UNWRITABLE.
 */
export function saveStatus(path: string, write: StatusWrite): Saved {
  for (let changed = false; ; ) {
    const task = steadily(() => readTask(path, write.taskId));
    if (!task) return { kind: 'gone' };
    const theirs = editedMeanwhile(task, write);
    const changes = plannedChanges([[task, { ...write, to: theirs?.status ?? write.to }]]);
    changed ||= changes.length > 0;
    if (!writeAll(changes)) continue;
    return theirs?.status
      ? { kind: 'handWon', theirs: theirs.status, at: homeLine(theirs) }
      : { kind: 'saved', changed };
  }
}

/**
 * The same for many tasks, each file written once. Returns those of the writes that were carried out; the others meet a hand's
 * work, or stand there already, and are for `saveStatus`.
 */
export function saveUndisputed(path: string, writes: readonly StatusWrite[]): StatusWrite[] {
  const ids = new Set(writes.map(({ taskId }) => taskId));
  for (;;) {
    const tasks = steadily(() => readTasks(path, ids));
    const undisputed = writes.flatMap((write) => {
      const task = tasks.get(write.taskId);
      if (!task || editedMeanwhile(task, write) || !task.homes.some(({ status }) => status !== write.to)) return [];
      return [[task, write] as const];
    });
    if (writeAll(plannedChanges(undisputed))) return undisputed.map(([, write]) => write);
  }
}

function readTask(path: string, id: string): Task | undefined {
  return readTasks(path, new Set([id])).get(id);
}

/** What a hand has made of a task since it was looked at: as `saveStatus` will find it, without writing anything. */
export function handsOn(path: string, write: StatusWrite): Exclude<Saved, { kind: 'saved' }> | undefined {
  const task = steadily(() => readTask(path, write.taskId));
  if (!task) return { kind: 'gone' };
  const theirs = editedMeanwhile(task, write);
  return theirs?.status ? { kind: 'handWon', theirs: theirs.status, at: homeLine(theirs) } : undefined;
}

/** Whether one of the files says what is to be written. */
export function isWritten(path: string, { taskId, from, to }: StatusWrite): boolean {
  return from !== to && readTask(path, taskId)?.homes.some(({ status }) => status === to) === true;
}

/** False if a hand was quicker. Where a file can't be written, those before it are as they were. */
function writeAll(changes: readonly FileChange[]): boolean {
  const unsynced: Unsynced = new Map();
  try {
    const isDone = changes.every(({ path, before, after }) => replaceUnchanged(path, before, after, unsynced));
    syncFolders(unsynced);
    return isDone;
  } catch (error) {
    for (const { path, before, after } of changes) putBack(path, after, before);
    throw error;
  }
}

function putBack(path: string, after: string, before: string): void {
  try {
    replaceUnchanged(path, after, before);
  } catch {
    // The same trouble again. The two files then differ, which the next start settles and says.
  }
}

export interface FileChange {
  readonly path: string;
  /** As it is shown. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** What writes would change in the files, each file once, without doing it. The runbook comes first. */
export function plannedChanges(writes: readonly (readonly [task: Task, write: StatusWrite])[]): FileChange[] {
  const sources = new Map<string, { source: YamlSource; edits: Edit[] }>();
  for (const [task, write] of writes) {
    for (const home of task.homes) {
      const { source } = home;
      const edits: Edit[] = sources.get(source.path)?.edits ?? [];
      edits.push(...statusEdits(home, write.to), ...(home === task.homes.at(-1) ? recordEdits(home, task, write) : []));
      sources.set(source.path, { source, edits });
    }
  }
  const changed = [...sources.values()].filter(({ edits }) => edits.length > 0);
  return changed.map(({ source: { path, file, text }, edits }) => ({
    path,
    file,
    before: text,
    after: patch(text, edits, file),
  }));
}

/** The home in which someone else wrote a status of their own since the tool last looked. */
function editedMeanwhile(task: Task, write: StatusWrite): Home | undefined {
  return task.homes.find((home) => home.status !== undefined && home.status !== write.from && home.status !== write.to);
}

function statusEdits(home: Home, to: Status): Edit[] {
  return home.status === to ? [] : [{ op: 'set', path: [...home.path, 'status'], value: to }];
}

function recordEdits(home: Home, task: Task, write: StatusWrite): Edit[] {
  const edits: Edit[] = [];
  if (write.resolution !== undefined) {
    for (const [i, issue] of task.issues.entries()) {
      if (!issue.resolution)
        edits.push({ op: 'set', path: [...home.path, 'issues', i, 'resolution'], value: write.resolution });
    }
  }
  for (const issue of write.issues ?? [])
    edits.push({ op: 'append', path: [...home.path, 'issues'], value: definedOnly(issue) });
  if (write.lastRun) edits.push({ op: 'set', path: [...home.path, 'last_run'], value: definedOnly(write.lastRun) });
  return edits;
}

function definedOnly(map: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
