// THE LOOP. Read the files → settle what changed since last time → pick → say what will happen → mark RUNNING → hand to the
// handler → save the outcome in both files → journal → again, or stop. Between turns nothing is remembered but what the person
// chose to leave aside, and what the journal has ahead of the files while one script follows another (ahead.ts).
import { Ahead, mayGoAhead } from './ahead.ts';
import { AtWork, type Ended } from './atWork.ts';
import { beforeCommit, commitWork } from './commit.ts';
import { RunbookError } from './errors.ts';
import type { Holder } from './events.ts';
import { finish } from './finish.ts';
import type { WorkTree } from './git.ts';
import { sweepAccepted } from './handlers/accepting.ts';
import { prepare } from './handlers/index.ts';
import type { Job, Outcome, Step } from './handlers/outcome.ts';
import { restoreTrial } from './handlers/trial.ts';
import { sweepOwnFolders } from './ownFolder.ts';
import { type Choice, type PickOptions, pick } from './pick.ts';
import { takeLease } from './runbook/lease.ts';
import { nextReady } from './runbook/ready.ts';
import type { Runbook, Task } from './runbook/task.ts';
import { openSession, type Session } from './session.ts';
import type { World } from './world.ts';

export interface RunOptions extends PickOptions {
  /** Do one task and stop. */
  readonly once: boolean;
  /** How many scripts may run side by side. Whatever asks a person is done alone, in its turn. */
  readonly jobs: number;
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
  const ahead = new Ahead(session, lease, { ...options, leftAside });
  const atWork = new AtWork(options.jobs);
  try {
    putBackWhatWasOnTrial(session);
    sweepAccepted(session.root);
    if (lease.predecessor) sweepOwnFolders();
    let end: RunEnd | undefined;
    for (let { predecessor } = lease; ; predecessor = undefined) {
      const script = end || atWork.isFull ? undefined : ahead.next();
      if (!script && !atWork.isEmpty) {
        const ended = await atWork.next();
        end = endOfRun(end, await conclude(session, ahead, ended, options));
        if (ended.outcome.kind === 'error') leftAside.add(ended.task.id);
        continue;
      }
      if (end?.kind === 'stepDone') tellNext(session, ahead, options);
      if (end) return end;

      const { runbook, choice } = await chosen(session, ahead, script, { ...options, leftAside }, predecessor);
      if (choice.kind === 'again') continue;
      if (choice.kind === 'goOn') {
        leftAside.add(choice.taskId);
        continue;
      }
      if (choice.kind !== 'task') return choice;

      const { task } = choice;
      const step = await prepared({ runbook, task, session, options }, script ? ahead : undefined);
      announce(session, ahead, runbook, task, step);
      const uncommitted = await beforeCommit(session, task);
      if (ahead.start(task, { follows: script !== undefined }))
        atWork.add(carryOut(task, step, uncommitted), { alone: !mayGoAhead(task) });
    }
  } finally {
    try {
      for (const ended of await atWork.all()) await conclude(session, ahead, ended, options);
      ahead.close();
    } finally {
      // What the one before left running may have come to its end meanwhile.
      if (lease.predecessor) sweepOwnFolders();
      lease.release();
    }
  }
}

/** The script that follows from what is known already, or what a look at the files comes to. */
async function chosen(
  session: Session,
  ahead: Ahead,
  script: Task | undefined,
  options: RunOptions,
  predecessor: Holder | undefined,
): Promise<{ runbook: Runbook; choice: Choice }> {
  if (script && ahead.runbook) return { runbook: ahead.runbook, choice: { kind: 'task', task: script } };
  const settled = ahead.look(predecessor);
  return { runbook: settled.runbook, choice: await pick(session, settled, options, predecessor) };
}

/** What is wrong is told with its place in the files as they are then, and not as they were before the journal went ahead. */
async function prepared(job: Job, ahead: Ahead | undefined): Promise<Step> {
  try {
    return await prepare(job);
  } catch (error) {
    if (!ahead) throw error;
    const { runbook } = ahead.look();
    const task = runbook.tasks.find(({ id }) => id === job.task.id);
    if (!task) throw error;
    return await prepare({ ...job, runbook, task });
  }
}

/** A runner that was killed while checks tried a proposal left the new file in place of the old one. */
function putBackWhatWasOnTrial(session: Session): void {
  for (const restored of restoreTrial(session.root))
    session.report({ kind: 'artifactRestored', ...restored, cutShort: true });
}

function announce({ world }: Session, ahead: Ahead, { tasks }: Runbook, task: Task, { plan }: Step): void {
  const place = ahead.placeOf(task) ?? tasks.findIndex(({ id }) => id === task.id);
  world.emit({ kind: 'announced', task, step: place + 1, of: tasks.length, plan });
}

/** Whatever goes wrong inside a handler, the task does not stay RUNNING behind a runner that is gone. */
async function carryOut(task: Task, step: Step, uncommitted: WorkTree | undefined): Promise<Ended> {
  try {
    return { task, uncommitted, outcome: await step.carryOut() };
  } catch (error) {
    const isInterrupted = error instanceof RunbookError && error.code === 'INTERRUPTED';
    if (isInterrupted) return { task, uncommitted, outcome: { kind: 'left', why: 'interrupted' } };
    return { task, uncommitted, outcome: { kind: 'left', why: 'failed' }, failure: { error } };
  }
}

/** Saves how a task ended. Returns how the run ends, if it does. */
async function conclude(
  session: Session,
  ahead: Ahead,
  ended: Ended,
  options: RunOptions,
): Promise<RunEnd | undefined> {
  const { task, outcome, uncommitted, failure } = ended;
  finish(session, task, outcome, ahead.record);
  if (outcome.kind === 'cutOff') ahead.leave(task.id);
  if (failure) throw failure.error;
  if (outcome.kind === 'done') await commitWork(session, task, uncommitted);
  return endAfter(task, outcome, options);
}

/** Of several that ended side by side: that the person wanted out counts most, then the first. */
function endOfRun(before: RunEnd | undefined, now: RunEnd | undefined): RunEnd | undefined {
  return now?.kind === 'interrupted' ? now : (before ?? now);
}

/** Whether the run is over after this task, and how. */
function endAfter({ id: taskId }: Task, outcome: Outcome, options: RunOptions): RunEnd | undefined {
  if (outcome.kind === 'cutOff') return { kind: 'interrupted', taskId };
  if (outcome.kind === 'left') return { kind: outcome.why === 'interrupted' ? 'interrupted' : 'left', taskId };
  if (outcome.kind === 'error' && (options.once || !options.keepGoing)) return { kind: 'error', taskId };
  return options.once || options.until === taskId ? { kind: 'stepDone', taskId } : undefined;
}

/** After the last task of this run: which others became READY, and which of them would be next. */
function tellNext(session: Session, ahead: Ahead, { startFrom }: RunOptions): void {
  const { runbook } = ahead.look();
  const remaining = runbook.tasks.filter((task) => task.status !== 'DONE' && task.status !== 'SKIPPED').length;
  session.world.emit({ kind: 'upNext', task: nextReady(runbook, { startFrom }), remaining });
}
