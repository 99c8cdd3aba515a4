// How `status` looks: on one screen, the names in columns, each cut to its room.
import type { Taken } from '../events.ts';
import { whatNextDoes } from '../reasons.ts';
import { nextReady } from '../runbook/ready.ts';
import { openIssue, type Runbook, type Task } from '../runbook/task.ts';
import type { Standing } from '../standing.ts';
import { ago, asCommand, fit, flow, oneLine, pad, spread, width, wrap } from '../terminal/words.ts';
import type { Context } from './context.ts';
import {
  atWorkOn,
  byWhom,
  figuresOf,
  finishedIn,
  issueOf,
  LATER,
  reasonOf,
  type Spent,
  whyNext,
} from './statusWords.ts';

/** In fewer columns there is no place for a name beside what a task waits for. */
const NAME_AND_REASON = 24;

export function screenLines(context: Context, standing: Standing, spent: Spent): string[] {
  const { runbook, interrupted, taken, holder, changes } = standing;
  const { palette } = context;
  const columns = context.columns();
  const head = headLines(context, oneLine(runbook.name), figuresOf(runbook, spent).join(' · '));
  const sections = [
    changes.flatMap(({ task, kind, from, to, at }) =>
      kind === 'readied'
        ? []
        : [`  ${palette.dim('you changed')}  ${oneLine(task.id)}: ${from} → ${to} (${oneLine(at)})`],
    ),
    holder
      ? [
          `  ${palette.status('RUNNING')}  ${atWorkOn(runbook, holder)}  by pid ${holder.pid} on ${oneLine(holder.host)}, started ${ago(new Date(holder.since), new Date())}`,
        ]
      : [],
    taken.size === 0 ? [] : runbook.tasks.flatMap((task) => takenLines(context, task, taken.get(task.id), columns)),
    interrupted.flatMap((task) => [
      `  ${palette.status('RUNNING')}  ${idAndName(task, columns)}`,
      `           its runner is gone; runbook next ${whatNextDoes(standing, task)}`,
    ]),
    runbook.tasks.filter((task) => task.status === 'ERROR').flatMap((task) => errorLines(context, task, columns)),
    [...comingLines(context, runbook), ...lastLine(context, spent)],
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
  return [
    `  ${palette.status('ERROR')}   ${idAndName(task, columns)}`,
    `          ${fit(`${issueOf(task)}${when}`, columns - 10)}`,
    ...flow([palette.bold(retry), show], ' · ', columns - 10).map((line) => `          ${line}`),
  ];
}

function comingLines(context: Context, runbook: Runbook): string[] {
  const { palette } = context;
  if (runbook.tasks.length === 0) return ['  There are no tasks yet.'];
  if (finishedIn(runbook) === runbook.tasks.length) return [`  ${palette.good('✔')} all done`];
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
  return why !== '' && width(plain) + width(why) + 2 <= columns ? row('next', next, why) : plain;
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
