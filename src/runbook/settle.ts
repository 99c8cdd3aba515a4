// What changed since the tool last wrote: hand edits, writes cut short by a crash, tasks that became ready or were interrupted.
// Pure: it says what is so; save.ts writes it.
import type { Taken } from '../events.ts';
import { becameReady } from './ready.ts';
import type { StatusWrite } from './save.ts';
import { type Home, homeLine, type Runbook, type Status, type Task } from './task.ts';

export interface Settled {
  /** The runbook with the statuses that count. */
  readonly runbook: Runbook;
  /** Statuses that are not what the tool wrote last, or differ between the two files. */
  readonly changes: readonly Change[];
  /** RUNNING, and nobody alive is at it. */
  readonly interrupted: readonly Task[];
  /** By id: RUNNING, and carried out elsewhere by someone who has taken it. */
  readonly taken: ReadonlyMap<string, Taken>;
  /** Whether of each task its last status was known. */
  readonly areKnown: boolean;
}

export interface Change {
  readonly task: Task;
  readonly kind: 'handEdit' | 'recovered' | 'readied';
  readonly from: Status;
  readonly to: Status;
  /** `file:line` of the status that counts. */
  readonly at: string;
  /** The files that say something else, and have to be brought to agree. */
  readonly mend: readonly string[];
  /** What goes with the status into the task's files, where that was not written either. */
  readonly record?: Pick<StatusWrite, 'lastRun' | 'issues' | 'resolution'> | undefined;
}

/** The last change of a task's status that is known, and what was to be written with it. */
export interface LastStatus {
  readonly from: Status | undefined;
  readonly to: Status;
  /** Whether the files could not be written then. */
  readonly unsaved: boolean;
  /** What the files still said when the journal was written ahead of them; undefined once they have it. */
  readonly inFiles: Status | undefined;
  readonly runId: string | undefined;
  readonly record: Change['record'];
  readonly taken: Taken | undefined;
}

/** What is known besides the files. */
export interface Known {
  /** The last change of status that the journal has, by task. Another object, once that is another one. */
  readonly last: Pick<ReadonlyMap<string, LastStatus>, 'get'>;
  /** The task that a runner which is gone was working on: its files may differ since it was cut off between two writes. */
  readonly cutShort: string | undefined;
  /** Whether a process ended while it was writing the files: what they say may not be in the journal yet. */
  readonly midWrite: boolean;
  /** Whether a live runner, other than this one, holds the runbook. */
  readonly held: boolean;
  /** The run of a live runner, which will itself bring into the files what it has journaled ahead of them. */
  readonly liveRun: string | undefined;
}

/** Asked again of the same, it gives the same: a command that writes asks twice, and of many thousand tasks that takes its time. */
export function settle(runbook: Runbook, known: Known): Settled {
  if (latest?.runbook !== runbook || !isSame(latest.known, known))
    latest = { runbook, known, settled: settleAnew(runbook, known) };
  return latest.settled;
}

let latest: { readonly runbook: Runbook; readonly known: Known; readonly settled: Settled } | undefined;

function isSame(one: Known, other: Known): boolean {
  return (
    one.last === other.last &&
    one.cutShort === other.cutShort &&
    one.midWrite === other.midWrite &&
    one.held === other.held &&
    one.liveRun === other.liveRun
  );
}

function settleAnew(runbook: Runbook, known: Known): Settled {
  const changes: Change[] = [];
  let areKnown = true;
  const tasks = withEach(runbook.tasks, (task) => {
    const last = known.last.get(task.id);
    areKnown &&= last !== undefined;
    if (isAsLeft(task, last)) return task;
    const settled = settleTask(task, last, known);
    if (settled.change) changes.push(settled.change);
    return settled.task;
  });
  const agreed: Runbook = tasks === runbook.tasks ? runbook : { ...runbook, tasks };
  const ready = new Set(known.held ? [] : becameReady(agreed));
  const readied = [...ready].map(
    (task): Change => ({
      task,
      kind: 'readied',
      from: task.status,
      to: 'READY',
      at: homeLine(task.homes[0]),
      mend: [],
    }),
  );
  const settled =
    ready.size === 0
      ? agreed
      : { ...agreed, tasks: withEach(agreed.tasks, (task) => (ready.has(task) ? task.withStatus('READY') : task)) };
  const taken = takenOf(settled, known);
  return {
    runbook: settled,
    changes: [...changes, ...readied],
    interrupted: known.held ? [] : settled.tasks.filter(({ id, status }) => status === 'RUNNING' && !taken.has(id)),
    taken,
    areKnown,
  };
}

/** The same list if none of it becomes another: what was made of a list is known by it. */
function withEach<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  let isSame = true;
  const changed = items.map((item) => {
    const now = change(item);
    isSame &&= now === item;
    return now;
  });
  return isSame ? items : changed;
}

/** Whether all of its files say what was written last: so it is with most tasks. */
function isAsLeft(task: Task, last: LastStatus | undefined): boolean {
  if (last !== undefined && last.to !== task.status) return false;
  return task.isWrittenAs(task.status);
}

/** A RUNNING that is not of the line by which it was taken, such as a hand's, is nobody's. */
function takenOf({ tasks }: Runbook, { last }: Known): Map<string, Taken> {
  const running = tasks.filter(({ status }) => status === 'RUNNING');
  return new Map(
    running.flatMap(({ id }) => {
      const change = last.get(id);
      return change?.taken && change.to === 'RUNNING' ? [[id, change.taken] as const] : [];
    }),
  );
}

interface SettledTask {
  readonly task: Task;
  readonly change: Change | undefined;
}

function settleTask(task: Task, last: LastStatus | undefined, known: Known): SettledTask {
  const ahead = last?.inFiles && aheadOfFiles(task, last, last.inFiles, known);
  if (ahead) return ahead;
  const unwritten = last && unwrittenOutcome(task, last, known);
  if (unwritten) return { task: task.withStatus(last.to), change: known.held ? undefined : unwritten };
  const home = homeThatCounts(task, last);
  const status = home.status ?? 'PENDING';
  const differing = task.homes.filter((other) => other.status !== undefined && other.status !== status);
  const unchanged = last === undefined || last.to === status;
  const settled = task.withStatus(status);
  if (unchanged && differing.length === 0) return { task: settled, change: undefined };
  const change: Change = {
    task: settled,
    kind: isCutOff(task, status, known) ? 'recovered' : 'handEdit',
    from: last?.to ?? differing[0]?.status ?? 'PENDING',
    to: status,
    at: homeLine(home),
    mend: differing.map((other) => other.source.file),
  };
  return { task: settled, change };
}

/**
 * The journal was written ahead of the files, and no checkpoint has said since that they have it: where they say what they said
 * then, it counts. Undefined where a hand has written something else.
 */
function aheadOfFiles(task: Task, last: LastStatus, inFiles: Status, known: Known): SettledTask | undefined {
  const [first, ...others] = task.homes.filter((home) => home.status !== last.to);
  const settled = task.withStatus(last.to);
  if (!first) return { task: settled, change: undefined };
  const behind = [first, ...others];
  if (behind.some(({ status }) => status !== undefined && status !== inFiles)) return undefined;
  if (known.held || last.runId === known.liveRun) return { task: settled, change: undefined };
  const mend = behind.map((home) => home.source.file);
  const record = task.homes.at(-1)?.status === last.to ? undefined : last.record;
  return {
    task: settled,
    change: { task: settled, kind: 'recovered', from: last.to, to: last.to, at: homeLine(first), mend, record },
  };
}

/** Whether the tool itself wrote the status, and ended before the journal had it. */
function isCutOff(task: Task, status: Status, { cutShort, midWrite }: Known): boolean {
  return midWrite || (cutShort === task.id && status === 'RUNNING');
}

/**
 * An outcome that the journal has and the files have not: the runner ended between the two, or could not write them. They then
 * still say RUNNING. Without such a reason, it is a hand that has written RUNNING.
 */
function unwrittenOutcome(task: Task, last: LastStatus, known: Known): Change | undefined {
  const mayBe =
    last.from === 'RUNNING' && last.to !== 'RUNNING' && (last.unsaved || known.cutShort === task.id || known.midWrite);
  if (!mayBe) return undefined;
  const behind = task.homes.filter((home) => home.status === 'RUNNING');
  const others = task.homes.filter((home) => home.status !== undefined && home.status !== 'RUNNING');
  const [first] = behind;
  if (!first || others.some((home) => home.status !== last.to)) return undefined;
  // The record goes into the last home, which is written last.
  const record = task.homes.at(-1)?.status === last.to ? undefined : last.record;
  const mend = behind.map((home) => home.source.file);
  const settled = task.withStatus(last.to);
  return { task: settled, kind: 'recovered', from: last.to, to: last.to, at: homeLine(first), mend, record };
}

/** Of two files that disagree, the one that is not as the tool left it is the hand's, and wins; otherwise the runbook does. */
function homeThatCounts(task: Task, last: LastStatus | undefined): Home {
  const written = task.homes.filter((home) => home.status !== undefined);
  const [first = task.homes[0]] = written;
  if (last === undefined) return first;
  const hands = written.filter((home) => home.status !== last.to);
  return hands.find((home) => home.status !== last.inFiles) ?? hands[0] ?? first;
}
