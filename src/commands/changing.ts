// What `done`, `skip`, `retry` and `reset` share: one status changes, everything else in the YAML stays.
import type { Command } from 'commander';
import { EXIT, RunbookError } from '../errors.ts';
import { held } from '../runbook/lock.ts';
import { dependentsOf, waitsFor } from '../runbook/ready.ts';
import { plannedChanges } from '../runbook/save.ts';
import type { Runbook, Status, Task } from '../runbook/task.ts';
import { changeStatus, openSession, type Session } from '../session.ts';
import { bringUpToDate, lookAt } from '../standing.ts';
import { unifiedDiff } from '../terminal/diff.ts';
import type { Context } from './context.ts';
import { requireTask } from './next.ts';

export interface ChangingFlags {
  readonly reason?: string;
}

export function changingFlags(command: Command): Command {
  return command.argument('<id...>', 'the task, or several').option('--reason <text>', 'why; kept in the journal');
}

export interface Move {
  readonly command: string;
  readonly to: Status;
  /** The statuses from which the command may start. */
  readonly from: readonly Status[];
  /** What to do instead, if the task has another status. */
  readonly instead: (task: Task) => string;
  /** What must hold before, such as checks; throws if it does not. */
  readonly before?: ((session: Session, task: Task) => Promise<void>) | undefined;
}

/** Changes the status of each named task. All are looked at first, so that a mistake in one leaves all as they were. */
export async function changeEach(
  context: Context,
  ids: readonly string[],
  flags: ChangingFlags,
  move: Move,
): Promise<number> {
  const path = context.runbookPath();
  const { runbook } = lookAt(path);
  const tasks = ids.map((id) => requireMovable(path, runbook, id, move));
  if (context.flags.dryRun) return showPlanned(context, tasks, move);
  const session = openSession(path, await context.world(runbook.root));
  bringUpToDate(session);
  const changed: { id: string; from: Status; to: Status }[] = [];
  for (const task of tasks) {
    if (task.status !== move.to) await move.before?.(session, task);
    changed.push({ id: task.id, from: task.status, to: move.to });
    set(session, task, move.to, move.command, flags.reason);
  }
  bringUpToDate(session);
  if (move.to === 'SKIPPED') sayWhoWaits(session, ids);
  context.print('changed', { tasks: changed }, () => []);
  return EXIT.ok;
}

export function set(session: Session, task: Task, to: Status, command: string, reason: string | undefined): void {
  if (task.status === to) {
    session.world.emit({ kind: 'note', text: `${task.id} is ${to} already` });
    return;
  }
  const step = { taskId: task.id, from: task.status, to };
  changeStatus(session, step, { kind: 'statusSet', ...step, command, reason });
}

function requireMovable(path: string, runbook: Runbook, id: string, move: Move): Task {
  requireTask(runbook, move.command, id);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  if (!task) throw new Error('a task that was just found is gone');
  const { holder } = lookAt(path);
  if (task.status === 'RUNNING' && holder) throw held(holder);
  if (task.status === move.to || move.from.includes(task.status)) return task;
  throw new RunbookError({
    code: 'STATUS_REFUSED',
    message: `\`${id}\` is ${task.status}; \`runbook ${move.command}\` is for ${move.from.join(', ')}`,
    at: task.place('status'),
    hint:
      task.status === 'RUNNING' ? 'Its runner is gone. `runbook next` asks what to do about it.' : move.instead(task),
  });
}

function showPlanned(context: Context, tasks: readonly Task[], { to }: Move): number {
  const files = tasks.flatMap((task) => plannedChanges(task, { taskId: task.id, from: task.status, to }));
  context.print('dry_run', { files: files.map(({ file, before, after }) => ({ file, before, after })) }, () =>
    files.flatMap(({ file, before, after }) => [file, ...unifiedDiff(before, after, context.palette)]),
  );
  return EXIT.ok;
}

function sayWhoWaits(session: Session, ids: readonly string[]): void {
  const { runbook } = lookAt(session.path);
  if (runbook.skippedSatisfies) return;
  const waiting = ids
    .flatMap((id) => dependentsOf(runbook, id))
    .filter((task) => task.status === 'PENDING' && waitsFor(runbook, task).length > 0);
  if (waiting.length === 0) return;
  const names = [...new Set(waiting.map((task) => task.id))];
  const text = `Now waiting: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}. They go on with \`skipped_satisfies: true\` in the runbook, or when ${ids.join(', ')} is DONE.`;
  session.world.emit({ kind: 'note', text });
}
