// What comes next: an interrupted task is asked about first, then one in ERROR; otherwise it is the first READY one.
import { unreachable } from './errors.ts';
import type { Holder, NewIssue } from './events.ts';
import { finish } from './finish.ts';
import { lastChanges } from './journal.ts';
import { journaledEnd } from './journaledEnd.ts';
import { logOfLastStart } from './logs.ts';
import { inScope, nextReady, type Scope } from './runbook/ready.ts';
import type { Settled } from './runbook/settle.ts';
import { openIssue, type Runbook, type Task } from './runbook/task.ts';
import { changeStatus, type Session } from './session.ts';
import { tellWhoWaits } from './upToDate.ts';

export interface PickOptions extends Scope {
  /** Go past tasks in ERROR. */
  readonly keepGoing: boolean;
}

export type Choice =
  | { readonly kind: 'task'; readonly task: Task }
  /** The files were changed by an answer: read them again. */
  | { readonly kind: 'again' }
  /** The person goes on without this task. */
  | { readonly kind: 'goOn'; readonly taskId: string }
  /** `empty`: there is no task at all. */
  | { readonly kind: 'finished'; readonly empty: boolean }
  | { readonly kind: 'blocked'; readonly runbook: Runbook; readonly taken: Settled['taken'] }
  | { readonly kind: 'error'; readonly taskId: string }
  | { readonly kind: 'left'; readonly taskId: string };

/** Asks where there is something to ask. `predecessor` is the runner that ended without letting go, if one did. */
export async function pick(
  session: Session,
  { runbook, interrupted, taken }: Settled,
  options: PickOptions,
  predecessor: Holder | undefined,
): Promise<Choice> {
  const [cutOff] = interrupted;
  if (cutOff) return askAboutInterrupted(session, cutOff, predecessor);
  const inError = inScope(runbook, options).filter((task) => task.status === 'ERROR');
  const stopped = inError.find((task) => !options.keepGoing && !options.leftAside?.has(task.id));
  if (stopped) return askAboutError(session, runbook, stopped, options);
  const task = nextReady(runbook, options);
  if (task) return { kind: 'task', task };
  const [error] = inError;
  if (error) {
    session.world.emit({ kind: 'foundError', task: error, issue: openIssue(error) });
    return { kind: 'error', taskId: error.id };
  }
  const open = inScope(runbook, options).some((other) => other.status !== 'DONE' && other.status !== 'SKIPPED');
  return open ? { kind: 'blocked', runbook, taken } : { kind: 'finished', empty: runbook.tasks.length === 0 };
}

/** The task that `pick` would choose if it needed to ask nothing; undefined if it would ask, or has nothing to choose. */
export function foreseen(
  { runbook, interrupted }: Pick<Settled, 'runbook' | 'interrupted'>,
  options: PickOptions,
): Task | undefined {
  const stopped = !options.keepGoing && inScope(runbook, options).some((task) => task.status === 'ERROR');
  return stopped || interrupted.length > 0 ? undefined : nextReady(runbook, options);
}

async function askAboutInterrupted(session: Session, task: Task, holder: Holder | undefined): Promise<Choice> {
  const { world, tell } = session;
  const ended = journaledEnd(session.root, task);
  if (ended) {
    const { what, timestamp, ms, log } = ended;
    const text = `${task.id} was RUNNING when its runner ended. ${what.replace('i', 'I')} by then.`;
    world.emit({ kind: 'note', text });
    const reason = `${what} when the runner ended`;
    finish(session, task, {
      kind: 'done',
      record: { ms, log, lastRun: { timestamp, outcome: 'SUCCESS' }, issues: [], reason },
    });
    return { kind: 'again' };
  }
  const log = logOfLastStart(session.root, task.id);
  const runId = lastChanges(session.root).get(task.id)?.runId ?? '';
  const survivors = world.survivors.of(runId, task.id);
  const ending = survivors.length > 0 ? 'end it, and ' : '';
  world.emit({ kind: 'foundInterrupted', task, holder, log, survivors });
  const { answer, by } = await world.ask.choose({
    topic: 'interrupted',
    message: 'What now?',
    choices: [
      { key: 'r', answer: 'retry', label: `${ending}run again` },
      { key: 'y', answer: 'accept', label: 'it is done' },
      { key: 'e', answer: 'error', label: `${ending}mark as error` },
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
  tell({ kind: 'decided', taskId: task.id, decision: answer, by });
  if (answer === 'retry' || answer === 'error') await world.survivors.end(runId, task.id);
  const timestamp = world.now().toISOString();
  switch (answer) {
    case 'quit':
      return { kind: 'left', taskId: task.id };
    case 'retry':
      finish(session, task, { kind: 'left', why: 'interrupted' });
      return { kind: 'again' };
    case 'accept': {
      const reason = 'it was interrupted, and is done all the same';
      const lastRun = { timestamp, outcome: 'SUCCESS' };
      finish(session, task, { kind: 'done', record: { ms: undefined, lastRun, issues: [], reason } });
      return { kind: 'again' };
    }
    case 'error': {
      const ended = survivors.length > 0 ? ' What it had started was still running, and was ended.' : '';
      const where = log ? ` Its log ends at ${log}.` : '';
      const detail = `The runner ended while the task was RUNNING.${ended}${where}`;
      const issue: NewIssue = { timestamp, type: 'INTERRUPTED', detail };
      const lastRun = { timestamp, outcome: 'FAILURE' };
      finish(session, task, { kind: 'error', record: { ms: undefined, lastRun, issues: [issue] } });
      return { kind: 'again' };
    }
    default:
      return unreachable(answer);
  }
}

async function askAboutError(session: Session, runbook: Runbook, task: Task, options: PickOptions): Promise<Choice> {
  const { world } = session;
  world.emit({ kind: 'foundError', task, issue: openIssue(task) });
  const other = nextReady(runbook, options);
  const { answer, by } = await world.ask.choose({
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
      // A hand's edit is known by its difference from the journal, which in a fresh clone knows nothing.
      session.tell({ kind: 'decided', taskId: task.id, decision: answer, by, from: task.status, to: task.status });
      const home = task.homes.at(-1) ?? task.homes[0];
      await world.ask.open(home.source.path, home.source.place([...home.path, 'status']).line);
      return { kind: 'again' };
    }
    case 'skip':
      changeStatus(
        session,
        { ...move, to: 'SKIPPED' },
        { kind: 'statusSet', ...move, to: 'SKIPPED', command: 'skip', reason: undefined },
      );
      tellWhoWaits(session, [task.id]);
      return { kind: 'again' };
    case 'retry':
      changeStatus(
        session,
        { ...move, to: 'READY' },
        { kind: 'statusSet', ...move, to: 'READY', command: 'retry', reason: undefined },
      );
      return { kind: 'task', task: task.withStatus('READY') };
    default:
      return unreachable(answer);
  }
}
