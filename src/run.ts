// THE LOOP. Read the files → settle what changed since last time → pick → say what will happen → mark RUNNING → hand to the
// handler → save the outcome in both files → journal → again, or stop. Between turns nothing is remembered but what the person
// chose to leave aside: the files are the only state.
import { beforeCommit, commitWork } from './commit.ts';
import { RunbookError } from './errors.ts';
import { finish } from './finish.ts';
import { sweepAccepted } from './handlers/accepting.ts';
import { prepare } from './handlers/index.ts';
import type { Outcome, Step } from './handlers/outcome.ts';
import { restoreTrial } from './handlers/trial.ts';
import { type Choice, type PickOptions, pick } from './pick.ts';
import { takeLease } from './runbook/lease.ts';
import { nextReady } from './runbook/ready.ts';
import type { Runbook, Task } from './runbook/task.ts';
import { changeStatus, openSession, type Session } from './session.ts';
import { bringUpToDate } from './standing.ts';
import type { World } from './world.ts';

export interface RunOptions extends PickOptions {
  /** Do one task and stop. */
  readonly once: boolean;
  /** Let the person read and edit each prompt before it is sent. */
  readonly review: boolean;
  /** Answers instead of the model that the tasks name. */
  readonly model: string | undefined;
  /** Answers where nothing else names a model. */
  readonly userModel: string | undefined;
}

/** How a run came to its end. */
export type RunEnd =
  | Exclude<Choice, { kind: 'task' | 'again' | 'goOn' }>
  | { readonly kind: 'stepDone'; readonly taskId: string }
  | { readonly kind: 'interrupted'; readonly taskId: string };

/** Carries out the tasks of a runbook, one after the other, until there is a reason to stop. Throws a person's mistakes. */
export async function run(path: string, world: World, options: RunOptions): Promise<RunEnd> {
  const session = openSession(path, world);
  const lease = takeLease(session.root, session.runId, world.now());
  const leftAside = new Set<string>();
  try {
    putBackWhatWasOnTrial(session);
    sweepAccepted(session.root);
    for (let { predecessor } = lease; ; predecessor = undefined) {
      const settled = bringUpToDate(session, predecessor);
      const choice = await pick(session, settled, { ...options, leftAside }, predecessor);
      if (choice.kind === 'again') continue;
      if (choice.kind === 'goOn') {
        leftAside.add(choice.taskId);
        continue;
      }
      if (choice.kind !== 'task') return choice;

      const { task } = choice;
      const step = await prepare({ runbook: settled.runbook, task, session, options });
      announce(session, settled.runbook, task, step);
      const uncommitted = await beforeCommit(session, task);
      lease.name(task.id);
      if (!start(session, task)) continue;
      const outcome = await carryOut(session, task, step);
      finish(session, task, outcome);
      if (outcome.kind === 'done') await commitWork(session, task, uncommitted);
      lease.name(undefined);

      const end = endAfter(task, outcome, options);
      if (end?.kind === 'stepDone') tellNext(session, options);
      if (end) return end;
      if (outcome.kind === 'error') leftAside.add(task.id);
    }
  } finally {
    lease.release();
  }
}

/** A runner that was killed while checks tried a proposal left the new file in place of the old one. */
function putBackWhatWasOnTrial(session: Session): void {
  for (const restored of restoreTrial(session.root))
    session.report({ kind: 'artifactRestored', ...restored, cutShort: true });
}

function announce({ world }: Session, { tasks }: Runbook, task: Task, { plan }: Step): void {
  const step = tasks.findIndex(({ id }) => id === task.id) + 1;
  world.emit({ kind: 'announced', task, step, of: tasks.length, plan });
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
    if (error instanceof RunbookError && error.code === 'INTERRUPTED') return { kind: 'left', why: 'interrupted' };
    finish(session, task, { kind: 'left', why: 'failed' });
    throw error;
  }
}

/** Whether the run is over after this task, and how. */
function endAfter({ id: taskId }: Task, outcome: Outcome, options: RunOptions): RunEnd | undefined {
  if (outcome.kind === 'cutOff') return { kind: 'interrupted', taskId };
  if (outcome.kind === 'left') return { kind: outcome.why === 'interrupted' ? 'interrupted' : 'left', taskId };
  if (outcome.kind === 'error' && (options.once || !options.keepGoing)) return { kind: 'error', taskId };
  return options.once || options.until === taskId ? { kind: 'stepDone', taskId } : undefined;
}

/** After the last task of this run: which others became READY, and which of them would be next. */
function tellNext(session: Session, { startFrom }: RunOptions): void {
  const { runbook } = bringUpToDate(session);
  const remaining = runbook.tasks.filter((task) => task.status !== 'DONE' && task.status !== 'SKIPPED').length;
  session.world.emit({ kind: 'upNext', task: nextReady(runbook, { startFrom }), remaining });
}
