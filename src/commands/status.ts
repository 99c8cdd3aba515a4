// `status`: one screen: how far it is, what stands in error, what is next, and what waits for what.
import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import type { Taken } from '../events.ts';
import { readJournal } from '../journal.ts';
import { whatNextDoes } from '../reasons.ts';
import { nextReady, waitsFor } from '../runbook/ready.ts';
import { openIssue, type Runbook, type Task } from '../runbook/task.ts';
import { lookAt, type Standing } from '../standing.ts';
import { ago, asCommand, duration, fit, flow, money, oneLine, pad, spread, width, wrap } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  command
    .addHelpText(
      'before',
      'Examples:\n  runbook                where does it stand?\n  runbook status --json  the same for a program\n',
    )
    .action(action(alone));
}

/** In fewer columns there is no place for a name beside what a task waits for. */
const NAME_AND_REASON = 24;

/** How many of the tasks that come later are listed. */
const LATER = 5;

export function alone(context: Context): number {
  const standing = lookAt(context.runbookPath());
  const { runbook } = standing;
  const spent = spentOn(runbook);
  context.print(
    'status',
    () => toData(standing, spent),
    () => toLines(context, standing, spent),
  );
  return EXIT.ok;
}

interface Spent {
  readonly ms: number;
  readonly cost: number;
  readonly last: Date | undefined;
  /** What the journal told last: of which task, and what became of it. */
  readonly lastly: string;
}

function spentOn(runbook: Runbook): Spent {
  let [ms, cost] = [0, 0];
  let [last, lastly]: [Date | undefined, string] = [undefined, ''];
  for (const { details, event_type: type, timestamp, task_id: id = '', status_change: change = '' } of readJournal(
    runbook.root,
  )) {
    const time = new Date(timestamp);
    // A hand may have been in the line.
    if (!Number.isNaN(time.getTime())) [last, lastly] = [time, `${id} ${change.replace('->', '→')}`];
    if (typeof details?.['ms'] === 'number' && ['COMPLETE_TASK', 'ERROR_TASK'].includes(type)) ms += details['ms'];
    if (typeof details?.['cost_usd'] === 'number' && /^AI_RESPONSE_(?:RECEIVED|BROKEN)$/.test(type))
      cost += details['cost_usd'];
  }
  return { ms, cost, last, lastly };
}

function toData({ runbook, interrupted, taken, holder, changes }: Standing, spent: Spent) {
  const errors = runbook.tasks.filter((task) => task.status === 'ERROR');
  const next = errors.length > 0 ? undefined : nextReady(runbook);
  return {
    name: runbook.name,
    counts: countsOf(runbook),
    next: next?.id ?? null,
    errors: errors.map((task) => ({ id: task.id, issue: openIssue(task) ?? null })),
    interrupted: interrupted.map((task) => task.id),
    taken: [...taken].map(([id, { by, since }]) => ({ id, by, since })),
    unsettled: changes.map(({ task, kind, from, to }) => ({ id: task.id, kind, from, to })),
    waiting: runbook.tasks
      .filter((task) => task.status === 'PENDING')
      .map((task) => ({ id: task.id, waits_for: waitsFor(runbook, task).map(({ id }) => id) })),
    holder: holder ? { pid: holder.pid, host: holder.host, since: holder.since, task_id: holder.taskId ?? null } : null,
    spent: { ms: spent.ms, cost_usd: spent.cost },
    last_activity: spent.last?.toISOString() ?? null,
  };
}

function countsOf(runbook: Runbook): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const task of runbook.tasks) counts[task.status] = (counts[task.status] ?? 0) + 1;
  return { total: runbook.tasks.length, ...counts };
}

function toLines(context: Context, standing: Standing, spent: Spent): string[] {
  const { runbook, interrupted, taken, holder, changes } = standing;
  const { palette } = context;
  const columns = context.columns();
  const finished = runbook.tasks.filter((task) => task.status === 'DONE' || task.status === 'SKIPPED').length;
  const figures = [
    `${finished} of ${runbook.tasks.length} done`,
    spent.cost > 0 ? money(spent.cost) : '',
    spent.ms > 0 ? duration(spent.ms) : '',
  ].filter(Boolean);
  const head = headLines(context, oneLine(runbook.name), figures.join(' · '));
  const sections = [
    changes.flatMap(({ task, kind, from, to, at }) =>
      kind === 'readied'
        ? []
        : [`  ${palette.dim('you changed')}  ${oneLine(task.id)}: ${from} → ${to} (${oneLine(at)})`],
    ),
    holder
      ? [
          `  ${palette.status('RUNNING')}  ${oneLine(holder.taskId ?? '')}  by pid ${holder.pid} on ${oneLine(holder.host)}, started ${ago(new Date(holder.since), new Date())}`,
        ]
      : [],
    taken.size === 0 ? [] : runbook.tasks.flatMap((task) => takenLines(context, task, taken.get(task.id), columns)),
    interrupted.flatMap((task) => [
      `  ${palette.status('RUNNING')}  ${idAndName(task, columns)}`,
      `           its runner is gone; runbook next ${whatNextDoes(standing, task)}`,
    ]),
    runbook.tasks.filter((task) => task.status === 'ERROR').flatMap((task) => errorLines(context, task, columns)),
    [...comingLines(context, runbook, finished), ...lastLine(context, spent)],
  ];
  return [...head, ...sections.flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines]))];
}

/** The name, and the figures beside it; where there is no room for both, below it. */
function headLines(context: Context, name: string, figures: string): string[] {
  const { palette } = context;
  const columns = context.columns();
  if (width(name) > columns) return [...wrap(name, columns).map((line) => palette.bold(line)), `  ${figures}`];
  return [spread(name, figures, columns).replace(name, (found) => palette.bold(found))];
}

function idAndName(task: Task, columns: number): string {
  return fit(`${oneLine(task.id)}  ${task.name === task.id ? '' : oneLine(task.name)}`, columns - 12).trimEnd();
}

function takenLines({ palette }: Context, task: Task, taken: Taken | undefined, columns: number): string[] {
  if (!taken) return [];
  const room = columns - 11;
  return [
    `  ${palette.status('RUNNING')}  ${idAndName(task, columns)}`,
    ...flow([fit(`taken by ${oneLine(taken.by)}`, room), ago(new Date(taken.since), new Date())], ', ', room).map(
      (line) => `           ${line}`,
    ),
  ];
}

function errorLines({ palette }: Context, task: Task, columns: number): string[] {
  const issue = openIssue(task);
  const [retry, show] = [asCommand('retry', task.id), asCommand('show', task.id)];
  const when = issue?.timestamp === undefined ? '' : `, ${ago(new Date(issue.timestamp), new Date())}`;
  const detail = oneLine(issue?.detail?.split('\n').slice(0, 2).join(': ') ?? 'no issue is written');
  return [
    `  ${palette.status('ERROR')}   ${idAndName(task, columns)}`,
    `          ${fit(`${detail}${when}`, columns - 10)}`,
    ...flow([palette.bold(retry), show], ' · ', columns - 10).map((line) => `          ${line}`),
  ];
}

function comingLines(context: Context, runbook: Runbook, finished: number): string[] {
  const { palette } = context;
  if (runbook.tasks.length === 0) return ['  There are no tasks yet.'];
  if (finished === runbook.tasks.length) return [`  ${palette.good('✔')} all done`];
  const inError = runbook.tasks.some((task) => task.status === 'ERROR');
  const next = inError ? undefined : nextReady(runbook);
  const later = runbook.tasks.filter((task) => task !== next && (task.status === 'PENDING' || task.status === 'READY'));
  const shown = later.slice(0, LATER);
  const idColumns = Math.min(
    28,
    Math.floor(context.columns() / 2),
    Math.max(0, ...[...shown, ...(next ? [next] : [])].map((task) => width(oneLine(task.id)))),
  );
  const row = (label: string, task: Task, why: string) => {
    const start = `  ${pad(label, 6)}  ${pad(fit(oneLine(task.id), idColumns), idColumns)}  `;
    const room = context.columns() - width(start);
    const isNamed = oneLine(task.name) !== oneLine(task.id) && (why === '' || room >= NAME_AND_REASON);
    const about = isNamed ? `${oneLine(task.name)}${byWhom(task)}` : '';
    const reason = about === '' || why === '' ? why : `, ${why}`;
    const name = fit(about, room - Math.min(width(reason), Math.floor(room / 2)));
    return (start.replace(label, palette.dim(label)) + name + palette.dim(fit(reason, room - width(name)))).trimEnd();
  };
  const first = next
    ? nextRow(row, next, context.columns())
    : `  ${palette.dim('next')}    ${inError ? nothingYet(context.columns()) : 'nothing is READY'}`;
  const rest = later.length - shown.length;
  return [
    first,
    ...shown.map((task, i) => row(i === 0 ? 'after' : '', task, reasonOf(runbook, task))),
    ...(rest > 0 ? [`          ${palette.dim(`… and ${rest} more: runbook list`)}`] : []),
  ];
}

/** With why it is next, where there is room for that beside its whole name. */
function nextRow(row: (label: string, task: Task, why: string) => string, next: Task, columns: number): string {
  const plain = row('next', next, '');
  const why = whyNext(next);
  return why !== '' && width(stripVTControlCharacters(plain)) + width(why) + 2 <= columns
    ? row('next', next, why)
    : plain;
}

function whyNext({ dependsOn }: Task): string {
  const [only] = dependsOn;
  if (only === undefined) return '';
  return dependsOn.length === 1
    ? `since ${oneLine(only)} is done`
    : `since ${dependsOn.map(oneLine).join(', ')} are done`;
}

/** When something happened last, and what. */
function lastLine(context: Context, { last, lastly }: Spent): string[] {
  if (!last) return [];
  const what = [ago(last, new Date()), oneLine(lastly)].filter(Boolean).join(': ');
  return [`  ${context.palette.dim('last')}    ${fit(what, context.columns() - 10)}`];
}

function nothingYet(columns: number): string {
  return columns < 44 ? 'nothing: settle the error' : 'nothing until the error is settled';
}

function reasonOf(runbook: Runbook, task: Task): string {
  const waits = waitsFor(runbook, task).map((dependency) => oneLine(dependency.id));
  return waits.length === 0 ? 'READY' : `waits for ${waits.join(', ')}`;
}

function byWhom(task: Task): string {
  return task.type === 'MANUAL' ? ' (by hand)' : '';
}
