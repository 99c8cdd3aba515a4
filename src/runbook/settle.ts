// What changed since the tool last wrote: hand edits, writes cut short by a crash, tasks that became ready or were interrupted.
// Pure: it says what is so; save.ts writes it.
import { becameReady } from './ready.ts';
import { type Home, homeLine, type Runbook, type Status, type Task } from './task.ts';

export interface Settled {
  /** The runbook with the statuses that count. */
  readonly runbook: Runbook;
  /** Statuses that are not what the tool wrote last, or differ between the two files. */
  readonly changes: readonly Change[];
  /** RUNNING, and nobody alive is at it. */
  readonly interrupted: readonly Task[];
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
}

/** What is known besides the files. */
export interface Known {
  /** The status that the tool wrote last, by task. */
  readonly last: ReadonlyMap<string, Status>;
  /** The task that a runner which is gone was working on: its files may differ since it was cut off between two writes. */
  readonly cutShort: string | undefined;
  /** Whether a live runner, other than this one, holds the runbook. */
  readonly held: boolean;
}

export function settle(runbook: Runbook, known: Known): Settled {
  const found = runbook.tasks.map((task) => settleTask(task, known));
  const changes = found.flatMap(({ change }) => change ?? []);
  const agreed: Runbook = { ...runbook, tasks: found.map(({ task }) => task) };
  const ready = known.held ? [] : becameReady(agreed);
  const readied = ready.map(
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
    ready.length === 0
      ? agreed
      : {
          ...agreed,
          tasks: agreed.tasks.map((task) => (ready.includes(task) ? { ...task, status: 'READY' as const } : task)),
        };
  return {
    runbook: settled,
    changes: [...changes, ...readied],
    interrupted: known.held ? [] : settled.tasks.filter((task) => task.status === 'RUNNING'),
  };
}

function settleTask(task: Task, known: Known): { task: Task; change: Change | undefined } {
  const last = known.last.get(task.id);
  const home = homeThatCounts(task, last);
  const status = home.status ?? 'PENDING';
  const differing = task.homes.filter((other) => other.status !== undefined && other.status !== status);
  const unchanged = last === undefined || last === status;
  const settled = status === task.status ? task : { ...task, status };
  if (unchanged && differing.length === 0) return { task: settled, change: undefined };
  const change: Change = {
    task: settled,
    kind: known.cutShort === task.id ? 'recovered' : 'handEdit',
    from: last ?? differing[0]?.status ?? 'PENDING',
    to: status,
    at: homeLine(home),
    mend: differing.map((other) => other.source.file),
  };
  return { task: settled, change };
}

/** Of two files that disagree, the one that is not as the tool left it is the hand's, and wins; otherwise the runbook does. */
function homeThatCounts(task: Task, last: Status | undefined): Home {
  const written = task.homes.filter((home) => home.status !== undefined);
  const [first = task.homes[0]] = written;
  if (last === undefined) return first;
  return written.find((home) => home.status !== last) ?? first;
}
