// What `status` says in the same words wherever it says it.
import type { Holder } from '../events.ts';
import { type JournalLine, journalTexts, parseLine } from '../journal.ts';
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
  const texts = journalTexts(runbook.root);
  let [ms, cost] = [0, 0];
  for (const text of texts) {
    // A journal only grows, and most of its lines have neither.
    if (!text.includes('"ms"') && !text.includes('"cost_usd"')) continue;
    const { details, event_type: type = '' } = parseLine(text) ?? {};
    if (typeof details?.['ms'] === 'number' && ['COMPLETE_TASK', 'ERROR_TASK'].includes(type)) ms += details['ms'];
    if (typeof details?.['cost_usd'] === 'number' && /^AI_RESPONSE_(?:RECEIVED|BROKEN)$/.test(type))
      cost += details['cost_usd'];
  }
  return { ms, cost, ...lastOf(texts) };
}

/** When something was told last, and of what: found from the end, a few lines before it. */
function lastOf(texts: readonly string[]): Pick<Spent, 'last' | 'lastly'> {
  let last: Date | undefined;
  for (let i = texts.length - 1; i >= 0; i--) {
    const line = parseLine(texts[i] ?? '');
    if (!line) continue;
    const time = new Date(line.timestamp);
    // A hand may have been in the line.
    if (Number.isNaN(time.getTime())) continue;
    last ??= time;
    const lastly = whatHappened(line);
    if (lastly !== undefined) return { last, lastly };
  }
  return { last, lastly: '' };
}

/** Undefined for what belongs to the change before it: a check, a file, a commit. So does what becomes READY by it. */
function whatHappened(line: JournalLine): string | undefined {
  const { task_id: id = '', event_type: type, status_change: change = '', details = {} } = line;
  if (type === 'READY_TASK') return undefined;
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
