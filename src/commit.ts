// The git commit that a task may ask for (`commit: true`): its work and its new status together, and nothing else.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { changedSince, commitPaths, ignoredOf, type WorkTree, workTree } from './git.ts';
import { readJournal } from './journal.ts';
import type { Task } from './runbook/task.ts';
import type { Session } from './session.ts';
import { bringUpToDate } from './upToDate.ts';

/** What was uncommitted before the task began, so that it is left out; undefined if the task asks for no commit. */
export async function beforeCommit({ root, world }: Session, task: Task): Promise<WorkTree | undefined> {
  return task.commit === false ? undefined : ((await workTree(world.shell, root)) ?? new Map());
}

/** Commits what has changed since `before`. If git refuses, the task is done all the same, and it is said. */
export async function commitWork(session: Session, task: Task, before: WorkTree | undefined): Promise<void> {
  if (!before) return;
  const { root, world, tell } = session;
  // What became READY by it belongs to it.
  bringUpToDate(session);
  const after = await workTree(world.shell, root);
  const paths = after ? changedSince(before, after) : [];
  const ignored = [...(await ignoredOf(world.shell, root, workOf(session, task)))];
  if (after && paths.length === 0) {
    tell({ kind: 'note', text: `There was nothing to commit for ${task.id}: git ignores what it has changed.` });
    return;
  }
  const message = typeof task.commit === 'string' ? task.commit : `${task.id}: ${task.name}`;
  const committed = await commitPaths(world.shell, root, paths, message);
  if ('hash' in committed) {
    tell({ kind: 'committed', taskId: task.id, commit: committed.hash, message });
    // Of one file, git commits all or nothing.
    const mixed = paths.filter((path) => before.has(path));
    const text = `It has, too, what you had not committed before in ${mixed.join(', ')}.`;
    if (mixed.length > 0) tell({ kind: 'note', text });
    if (ignored.length > 0) tell({ kind: 'note', text: `Not in it, since git ignores it: ${ignored.join(', ')}.` });
  } else tell({ kind: 'note', text: `The commit of ${task.id} was not made: ${committed.refused}` });
}

/** What the task has made, as far as that is known: a path may be in it that is not there. */
function workOf({ root, runId }: Session, { id, outputArtifact }: Task): string[] {
  const written = readJournal(root).filter(
    (line) => line.event_type === 'FILE_WRITTEN' && line.run_id === runId && line.task_id === id,
  );
  const paths = [
    ...written.map(({ details }) => String(details?.['path'])),
    ...(outputArtifact ? [outputArtifact] : []),
  ];
  return [...new Set(paths)].filter((path) => existsSync(resolve(root, path)));
}
