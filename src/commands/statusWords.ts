// What `status` says in the same words wherever it says it.
import type { Holder } from '../events.ts';
import { readJournal } from '../journal.ts';
import { nameOfRunbook } from '../runbook/find.ts';
import { waitsFor } from '../runbook/ready.ts';
import { openIssue, type Runbook, type Task } from '../runbook/task.ts';
import { duration, money, oneLine } from '../terminal/words.ts';

/** How many of the tasks that come later are listed. */
export const LATER = 5;

export interface Spent {
  readonly ms: number;
  readonly cost: number;
  readonly last: Date | undefined;
  /** What the journal told last: of which task, and what became of it. */
  readonly lastly: string;
}

export function spentOn(runbook: Runbook): Spent {
  let [ms, cost] = [0, 0];
  let [last, lastly]: [Date | undefined, string] = [undefined, ''];
  for (const { details, event_type: type, timestamp, task_id: id = '', status_change: change = '' } of readJournal(
    runbook.root,
  )) {
    const time = new Date(timestamp);
    // A hand may have been in the line.
    const what = type === 'READY_TASK' ? undefined : whatHappened(id, change, details);
    if (!Number.isNaN(time.getTime())) [last, lastly] = [time, what ?? lastly];
    if (typeof details?.['ms'] === 'number' && ['COMPLETE_TASK', 'ERROR_TASK'].includes(type)) ms += details['ms'];
    if (typeof details?.['cost_usd'] === 'number' && /^AI_RESPONSE_(?:RECEIVED|BROKEN)$/.test(type))
      cost += details['cost_usd'];
  }
  return { ms, cost, last, lastly };
}

/** Undefined for what belongs to the change before it: a check, a file, a commit. So does what becomes READY by it. */
function whatHappened(id: string, change: string, details: Readonly<Record<string, unknown>> = {}): string | undefined {
  if (change !== '') return `${id} ${change.replace('->', '→')}`;
  const { change: kind, field } = details;
  if (typeof kind !== 'string') return undefined;
  return `${id} ${kind === 'field' ? `${String(field)} changed` : kind}`.trim();
}

/** `6 of 9 done`, `$0.0031`, `14 min` */
export function figuresOf(runbook: Runbook, spent: Spent): string[] {
  const finished = finishedIn(runbook);
  return [
    `${finished} of ${runbook.tasks.length} done`,
    spent.cost > 0 ? money(spent.cost) : '',
    spent.ms > 0 ? duration(spent.ms) : '',
  ].filter(Boolean);
}

/** The task that a runner is at, and of which runbook, if that is another one of this folder. */
export function atWorkOn({ root }: Runbook, { taskId = '', runbook = nameOfRunbook(root) }: Holder): string {
  return [oneLine(taskId), runbook === nameOfRunbook(root) ? '' : `of ${oneLine(runbook)}`].filter(Boolean).join(' ');
}

export function finishedIn({ tasks }: Runbook): number {
  return tasks.filter((task) => task.status === 'DONE' || task.status === 'SKIPPED').length;
}

/** What it is about, and the first that was said of why. */
export function issueOf(task: Task): string {
  return oneLine(openIssue(task)?.detail?.split('\n').slice(0, 2).join(': ') ?? 'no issue is written');
}

export function whyNext({ dependsOn }: Task): string {
  const [only] = dependsOn;
  if (only === undefined) return '';
  return dependsOn.length === 1
    ? `since ${oneLine(only)} is done`
    : `since ${dependsOn.map(oneLine).join(', ')} are done`;
}

export function reasonOf(runbook: Runbook, task: Task): string {
  const waits = waitsFor(runbook, task).map((dependency) => oneLine(dependency.id));
  return waits.length === 0 ? 'READY' : `waits for ${waits.join(', ')}`;
}

export function byWhom(task: Task): string {
  return task.type === 'MANUAL' ? ' (by hand)' : '';
}
