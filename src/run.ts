// THE LOOP. Read the files → settle what changed → pick → say what will happen → mark RUNNING → hand to the handler →
// save the outcome → journal → again, or stop. Nothing is remembered between turns: the files are the only state.
import { beforeCommit, commitWork } from './commit.ts';
import { RunbookError, unreachable } from './errors.ts';
import type { NewIssue } from './events.ts';
import { prepare } from './handlers/index.ts';
import type { Outcome, Step } from './handlers/outcome.ts';
import { restoreTrial } from './handlers/trial.ts';
import { logOfLastStart } from './logs.ts';
import { takeLease } from './runbook/lock.ts';
import { inScope, nextReady, type Scope } from './runbook/ready.ts';
import { openIssue, type Runbook, type Task } from './runbook/task.ts';
import { changeStatus, openSession, type Session } from './session.ts';
import { bringUpToDate } from './standing.ts';
import type { World } from './world.ts';

export interface RunOptions extends Scope {
  /** Do one task and stop. */
  readonly once: boolean;
  /** Go past tasks in ERROR. */
  readonly keepGoing: boolean;
  /** Let the person read and edit each prompt before it is sent. */
  readonly review: boolean;
  /** Answers instead of the model that the tasks name. */
  readonly model: string | undefined;
}

/** How a run came to its end. */
export type RunEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stepDone'; readonly taskId: string }
  | { readonly kind: 'blocked'; readonly runbook: Runbook }
  | { readonly kind: 'error'; readonly taskId: string }
  | { readonly kind: 'left'; readonly taskId: string }
  | { readonly kind: 'interrupted'; readonly taskId: string };

/** Carries out the tasks of a runbook, one after the other, until there is a reason to stop. Throws a person's mistakes. */
export async function run(path: string, world: World, options: RunOptions): Promise<RunEnd> {
  const session = openSession(path, world);
  const lease = takeLease(session.root, session.runId, world.now());
  let before = lease.predecessor;
  const leftAside = new Set<string>();
  try {
    for (const restored of restoreTrial(session.root)) session.tell({ kind: 'artifactRestored', ...restored });
    for (;;) {
      const { runbook, interrupted } = bringUpToDate(session, before);
      const choice = await pick(session, runbook, interrupted, { ...options, leftAside }, before);
      before = undefined;
      if (choice.kind === 'again') continue;
      if (choice.kind === 'goOn') leftAside.add(choice.taskId);
      if (choice.kind === 'goOn') continue;
      if (choice.kind !== 'task') return choice;
      const { task } = choice;

      const step = await prepare({ runbook, task, session, options });
      world.emit({
        kind: 'announced',
        task,
        step: runbook.tasks.indexOf(task) + 1,
        of: runbook.tasks.length,
        plan: step.plan,
      });
      const uncommitted = await beforeCommit(session, task);
      lease.name(task.id);
      if (!start(session, task)) continue;
      const outcome = await carryOut(session, task, step);
      finish(session, task, outcome);
      if (outcome.kind === 'done') await commitWork(session, task, uncommitted);
      lease.name(undefined);

      const end = endAfter(task, outcome, options);
      if (end) return tellNext(session, end, options);
      if (outcome.kind === 'error') leftAside.add(task.id);
    }
  } finally {
    lease.release();
  }
}

type Choice =
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'again' }
  | { readonly kind: 'goOn'; readonly taskId: string }
  | Exclude<RunEnd, { kind: 'stepDone' }>;

/** What comes next: an interrupted task is asked about first, then one in ERROR; otherwise it is the first READY one. */
async function pick(
  session: Session,
  runbook: Runbook,
  interrupted: readonly Task[],
  options: RunOptions,
  holder: ReturnType<typeof takeLease>['predecessor'],
): Promise<Choice> {
  const [cutOff] = interrupted;
  if (cutOff) return askAboutInterrupted(session, cutOff, holder);
  const inError = inScope(runbook, options).filter((task) => task.status === 'ERROR');
  const stopped = inError.find((task) => !options.keepGoing && !options.leftAside?.has(task.id));
  if (stopped) return askAboutError(session, runbook, stopped, options);
  const task = nextReady(runbook, options);
  if (task) return { kind: 'task', task };
  const [error] = inError;
  if (error) return { kind: 'error', taskId: error.id };
  const open = inScope(runbook, options).some((other) => other.status !== 'DONE' && other.status !== 'SKIPPED');
  return open ? { kind: 'blocked', runbook } : { kind: 'finished' };
}

async function askAboutInterrupted(session: Session, task: Task, holder: Parameters<typeof pick>[4]): Promise<Choice> {
  const { world, tell } = session;
  const log = logOfLastStart(session.root, task.id);
  world.emit({ kind: 'foundInterrupted', task, holder, log });
  const { answer, by } = await world.ask.choose({
    topic: 'interrupted',
    message: 'What now?',
    choices: [
      { key: 'r', answer: 'retry', label: 'run again' },
      { key: 'y', answer: 'accept', label: 'it is done' },
      { key: 'e', answer: 'error', label: 'mark as error' },
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
  tell({ kind: 'decided', taskId: task.id, decision: answer, by });
  const from = task.status;
  const move = { taskId: task.id, from };
  switch (answer) {
    case 'quit':
      return { kind: 'left', taskId: task.id };
    case 'retry':
      changeStatus(session, { ...move, to: 'READY' }, { kind: 'putBack', ...move, to: 'READY', why: 'interrupted' });
      return { kind: 'again' };
    case 'accept':
      finish(session, task, {
        kind: 'done',
        record: {
          ms: undefined,
          lastRun: lastRun(session, 'SUCCESS'),
          issues: [],
          reason: 'interrupted, and done all the same',
        },
      });
      return { kind: 'again' };
    case 'error': {
      const detail = `The runner ended while the task was RUNNING.${log ? ` Its log ends at ${log}.` : ''}`;
      const issue: NewIssue = { timestamp: world.now().toISOString(), type: 'INTERRUPTED', detail };
      finish(session, task, {
        kind: 'error',
        record: { ms: undefined, lastRun: lastRun(session, 'FAILURE'), issues: [issue] },
      });
      return { kind: 'again' };
    }
    default:
      return unreachable(answer);
  }
}

async function askAboutError(session: Session, runbook: Runbook, task: Task, options: RunOptions): Promise<Choice> {
  const { world } = session;
  world.emit({ kind: 'foundError', task, issue: openIssue(task) });
  const other = nextReady(runbook, options);
  const { answer } = await world.ask.choose({
    topic: 'stopped',
    message: 'What now?',
    choices: [
      { key: 'r', answer: 'retry', label: 'retry' },
      { key: 's', answer: 'skip', label: 'skip' },
      { key: 'm', answer: 'edit', label: 'edit the file' },
      ...(other ? [{ key: 'g', answer: 'goOn', label: `go on with ${other.id}` } as const] : []),
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
  const move = { taskId: task.id, from: task.status } as const;
  switch (answer) {
    case 'quit':
      return { kind: 'error', taskId: task.id };
    case 'goOn':
      return { kind: 'goOn', taskId: task.id };
    case 'edit': {
      const home = task.homes.at(-1) ?? task.homes[0];
      await world.ask.open(home.source.path, task.place('status').line);
      return { kind: 'again' };
    }
    case 'skip':
      changeStatus(
        session,
        { ...move, to: 'SKIPPED' },
        { kind: 'statusSet', ...move, to: 'SKIPPED', command: 'skip', reason: undefined },
      );
      return { kind: 'again' };
    case 'retry':
      changeStatus(
        session,
        { ...move, to: 'READY' },
        { kind: 'statusSet', ...move, to: 'READY', command: 'retry', reason: undefined },
      );
      return { kind: 'task', task: { ...task, status: 'READY' } };
    default:
      return unreachable(answer);
  }
}

/** Marks the task RUNNING, in both files, before anything else happens; false if a hand has changed it meanwhile. */
function start(session: Session, { id: taskId, status: from }: Task): boolean {
  const to = 'RUNNING' as const;
  return changeStatus(session, { taskId, from, to }, { kind: 'started', taskId, from, to }).kind === 'saved';
}

/** Whatever goes wrong inside a handler, the task does not stay RUNNING behind a runner that is gone. */
async function carryOut(session: Session, task: Task, step: Step): Promise<Outcome> {
  try {
    return await step.carryOut();
  } catch (error) {
    if (error instanceof RunbookError && error.code === 'INTERRUPTED') return { kind: 'left', interrupted: true };
    finish(session, task, { kind: 'left', failed: true });
    throw error;
  }
}

function finish(session: Session, task: Task, outcome: Outcome): void {
  const move = { taskId: task.id, from: 'RUNNING' } as const;
  switch (outcome.kind) {
    case 'left': {
      const why = outcome.interrupted ? 'interrupted' : outcome.failed ? 'failed' : 'left';
      changeStatus(session, { ...move, to: 'READY' }, { kind: 'putBack', ...move, to: 'READY', why });
      return;
    }
    case 'cutOff':
      session.tell({ kind: 'leftRunning', taskId: task.id });
      return;
    case 'done':
    case 'error':
    case 'skipped': {
      const { record } = outcome;
      const to = ({ done: 'DONE', error: 'ERROR', skipped: 'SKIPPED' } as const)[outcome.kind];
      const resolution = outcome.kind === 'done' ? (record.resolution ?? 'Done on a later attempt') : undefined;
      changeStatus(
        session,
        { ...move, to, lastRun: record.lastRun, issues: record.issues, resolution },
        { kind: 'ended', ...move, name: task.name, to, record },
      );
      return;
    }
    default:
      unreachable(outcome);
  }
}

function lastRun(session: Session, outcome: 'SUCCESS' | 'FAILURE') {
  return { timestamp: session.world.now().toISOString(), outcome };
}

/** Whether the run is over after this task, and how. */
function endAfter(task: Task, outcome: Outcome, options: RunOptions): RunEnd | undefined {
  const taskId = task.id;
  if (outcome.kind === 'cutOff' || (outcome.kind === 'left' && outcome.interrupted))
    return { kind: 'interrupted', taskId };
  if (outcome.kind === 'left') return { kind: 'left', taskId };
  if (outcome.kind === 'error' && (options.once || !options.keepGoing)) return { kind: 'error', taskId };
  return options.once || options.until === taskId ? { kind: 'stepDone', taskId } : undefined;
}

/** After the last task of this run: which others became READY, and which of them would be next. */
function tellNext(session: Session, end: RunEnd, options: RunOptions): RunEnd {
  if (end.kind !== 'stepDone') return end;
  const { runbook } = bringUpToDate(session);
  const remaining = runbook.tasks.filter((task) => task.status !== 'DONE' && task.status !== 'SKIPPED').length;
  session.world.emit({ kind: 'upNext', task: nextReady(runbook, { startFrom: options.startFrom }), remaining });
  return end;
}
