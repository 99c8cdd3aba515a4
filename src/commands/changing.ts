// What `start`, `done`, `error`, `skip`, `retry` and `reset` share: a status changes, and but for the issue of `error`, everything
// else in the YAML stays.
import type { Command } from 'commander';
import { EXIT, RunbookError } from '../errors.ts';
import type { Event, Taken } from '../events.ts';
import { isKeptAsAWhole } from '../runbook/keepReading.ts';
import { held } from '../runbook/lease.ts';
import { whileLocked } from '../runbook/lock.ts';
import { becameReady } from '../runbook/ready.ts';
import type { StatusWrite } from '../runbook/save.ts';
import type { Runbook, Status, Task } from '../runbook/task.ts';
import { type Changed, changeStatus, changeStatuses, openSession, type Session } from '../session.ts';
import { lookAt, type Standing } from '../standing.ts';
import { say } from '../terminal/streams.ts';
import { asCommand, oneLine } from '../terminal/words.ts';
import { bringUpToDate, tellWhoWaits } from '../upToDate.ts';
import type { Ask, World } from '../world.ts';
import type { Context } from './context.ts';
import { requireTask } from './next.ts';
import { move, type PlannedStatus, printPlanned, sayWould } from './planned.ts';

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
  /** Whether it is also for a task that somebody has taken (see `start --by`), and is RUNNING elsewhere. */
  readonly givesBack: boolean;
  /** What to do instead, if the task has another status. */
  readonly instead: (task: Task) => string;
  /** Asks for what the flags have not said, once it is known that the command may do its work. Throws NEEDS_PERSON. */
  readonly ask?: ((ask: Ask) => Promise<void>) | undefined;
  /** What goes into the YAML beside the status. */
  readonly beside?: ((world: World) => PlannedStatus['beside']) | undefined;
  /** What must hold before, such as checks; throws if it does not. */
  readonly before?: ((session: Session, task: Task, taken: Taken | undefined) => Promise<void>) | undefined;
  /** Changes the status, where that is more than to write it. */
  readonly write?: ((session: Session, task: Task, taken: Taken | undefined) => Changed) | undefined;
  /** The tasks whose status changes with those that are named. */
  readonly along?: ((runbook: Runbook, tasks: readonly Task[]) => readonly PlannedStatus[]) | undefined;
}

/** Changes the status of each named task. All are looked at first, so that a mistake in one leaves all as they were. */
export async function changeEach(
  context: Context,
  ids: readonly string[],
  flags: ChangingFlags,
  move: Move,
): Promise<number> {
  const path = context.runbookPath();
  const standing = lookAt(path);
  const { runbook } = standing;
  const tasks = [...new Set(ids)].map((id) => requireMovable(standing, id, move));
  const steps = [...tasks.map((task) => ({ task, to: move.to })), ...(move.along?.(runbook, tasks) ?? [])];
  const world = await context.world(runbook.root);
  await move.ask?.(world.ask);
  if (context.flags.dryRun) return showPlanned(context, standing, steps, move, world);
  const session = openSession(path, world);
  const checked = move.before ? tasks.filter(({ status, checks }) => status !== move.to && checks.length > 0) : [];
  if (checked.length > 0) bringUpToDate(session);
  for (const task of checked) await move.before?.(session, task, standing.taken.get(task.id));
  const changed = whileLocked(session.root, () => setEach(session, standing, steps, move, flags.reason));
  if (move.to === 'SKIPPED')
    tellWhoWaits(
      session,
      tasks.map((task) => task.id),
      changed,
    );
  context.print('changed', { tasks: steps.map(toData) }, () => []);
  return EXIT.ok;
}

function toData({ task: { id, status }, to }: PlannedStatus) {
  return { id, from: status, to };
}

/** Sets what is to be set, and what follows from that. Returns the runbook as it is then. Contract: called in `whileLocked`. */
function setEach(
  session: Session,
  { taken }: Standing,
  steps: readonly PlannedStatus[],
  move: Move,
  reason: string | undefined,
): Runbook {
  const now = bringUpToDate(session);
  const isAsLookedAt = steps.every(
    ({ task: { id, status } }) => now.runbook.tasks.find((task) => task.id === id)?.status === status,
  );
  if (move.write || !isAsLookedAt) {
    for (const step of steps) set(session, step, taken.get(step.task.id), move, reason);
    return bringUpToDate(session).runbook;
  }
  const due = steps.filter((step) => isDue(session, step, move));
  for (const { task } of due) requireSameHands(now.taken.get(task.id), taken.get(task.id), move, task);
  const { changed, followed } = withSteps(now.runbook, due);
  changeStatuses(session, [
    ...due.map(({ task, to }) => {
      const write = { taskId: task.id, from: task.status, to };
      return { write, event: statusSet(write, move, reason, taken.get(task.id)) };
    }),
    ...followed.map(({ id: taskId, status: from }) => {
      const write = { taskId, from, to: 'READY' } as const;
      return { write, event: { kind: 'readied', ...write } as const };
    }),
  ]);
  return isKeptAsAWhole(now.runbook.source.text) ? bringUpToDate(session).runbook : changed;
}

/** The runbook as these statuses leave it, and the tasks that they leave without anything to wait for. */
function withSteps(runbook: Runbook, steps: readonly PlannedStatus[]): { changed: Runbook; followed: readonly Task[] } {
  const statuses = new Map(steps.map(({ task, to }) => [task.id, to]));
  const tasks = runbook.tasks.map((task) => task.withStatus(statuses.get(task.id) ?? task.status));
  const changed = { ...runbook, tasks };
  return { changed, followed: becameReady(changed, statuses) };
}

function statusSet(step: StatusWrite, { command }: Move, reason: string | undefined, taken: Taken | undefined): Event {
  const { taskId, from, to } = step;
  return { kind: 'statusSet', taskId, from, to, command, reason, takenBy: taken?.by };
}

/** False, and told, where it stands there already. */
function isDue({ world }: Session, { task: { id, status }, to }: PlannedStatus, { from }: Move): boolean {
  if (status !== to || from.includes(to)) return true;
  world.emit({ kind: 'note', text: `${id} is ${to} already` });
  return false;
}

/** The same as when it was looked at, and still in the same hands: its checks may have taken a while. */
function set(
  session: Session,
  planned: PlannedStatus,
  taken: Taken | undefined,
  move: Move,
  reason: string | undefined,
): void {
  const { task, to } = planned;
  if (!isDue(session, planned, move)) return;
  const step = { taskId: task.id, from: task.status, to };
  if (taken) requireSameHands(lookAt(session.path).taken.get(task.id), taken, move, task);
  const changed = move.write
    ? move.write(session, task, taken)
    : changeStatus(session, step, statusSet(step, move, reason, taken));
  // A runner, or another command, was quicker: whether it may still be done is looked at anew.
  if (changed.kind !== 'overtaken') return;
  const now = lookAt(session.path);
  set(session, { task: requireMovable(now, task.id, move), to }, now.taken.get(task.id), move, reason);
}

function requireSameHands(
  now: Taken | undefined,
  before: Taken | undefined,
  { command }: Move,
  { id, place }: Task,
): void {
  if (now === undefined || before === undefined || (now.by === before.by && now.since === before.since)) return;
  throw new RunbookError({
    code: 'HELD',
    message: `\`${id}\` was taken by \`${now.by}\` meanwhile; \`runbook ${command}\` has changed nothing`,
    at: place('status'),
    hint: asCommand('why', id),
  });
}

function requireMovable({ runbook, holder, taken }: Standing, id: string, move: Move): Task {
  requireTask(runbook, move.command, id);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  if (!task) throw new Error('a task that was just found is gone');
  const by = taken.get(id);
  if (by && move.givesBack) return task;
  if (by) throw heldByTaker(task, by, move);
  if (task.status === 'RUNNING' && holder) throw held(runbook.root, holder);
  if (move.from.includes(task.status) || (task.status === move.to && task.status !== 'RUNNING')) return task;
  throw new RunbookError({
    code: 'STATUS_REFUSED',
    message: `\`${id}\` is ${task.status}; \`runbook ${move.command}\` is for ${move.from.join(', ')}`,
    at: task.place('status'),
    hint:
      task.status === 'RUNNING' ? 'Its runner is gone. `runbook next` asks what to do about it.' : move.instead(task),
  });
}

/** Somebody has it elsewhere, who is named. */
function heldByTaker({ id, place }: Task, { by, since }: Taken, { command }: Move): RunbookError {
  return new RunbookError({
    code: 'HELD',
    message: `\`${id}\` was taken by \`${by}\`, since ${since}`,
    at: place('status'),
    hint:
      command === 'start'
        ? `They give it back with \`done\`, \`error\`, \`skip\` or \`reset\`; --force takes it from them.`
        : `${asCommand('reset', id)}  makes it READY again`,
  });
}

/** The statuses that are asked for, and those that follow from them: what then waits for nothing becomes READY. */
function showPlanned(
  context: Context,
  { runbook, changes }: Standing,
  steps: readonly PlannedStatus[],
  { to: wanted, before, beside }: Move,
  world: World,
): number {
  const follow = withSteps(runbook, steps).followed.map((task) => ({ task, to: 'READY' as const }));
  for (const { task, from, to, at } of changes)
    sayWould(context, 'settle', `${oneLine(task.id)}: ${move(context, from, to)} (${oneLine(at)})`);
  for (const { task, to } of steps) {
    if (task.status === to) {
      if (beside) sayWould(context, 'add', `${oneLine(task.id)}: an issue`);
      else say(`${oneLine(task.id)} is ${to} already`);
    } else if (before && task.checks.length > 0) sayWould(context, 'check', `${oneLine(task.id)}, and only then`);
    if (task.status !== to) sayWould(context, 'set', `${oneLine(task.id)}: ${move(context, task.status, to)}`);
  }
  for (const { task, to } of follow)
    sayWould(context, 'settle', `${oneLine(task.id)}: ${move(context, task.status, to)}`);
  const planned = steps.map((step) => (step.to === wanted ? { ...step, beside: beside?.(world) } : step));
  printPlanned(context, { tasks: [...steps, ...follow].map(toData) }, changes, [...planned, ...follow]);
  say('Nothing was changed.');
  return EXIT.ok;
}
