// `status` for a screen reader: each thing in a line of its own that needs no other line to be understood, and whole.
import { whatNextDoes } from '../reasons.ts';
import { nextReady } from '../runbook/ready.ts';
import { openIssue, type Runbook, type Task } from '../runbook/task.ts';
import type { Standing } from '../standing.ts';
import { ago, asCommand, oneLine } from '../terminal/words.ts';
import { atWorkOn, figuresOf, finishedIn, issueOf, LATER, reasonOf, type Spent, whyNext } from './statusWords.ts';

export function plainLines(standing: Standing, spent: Spent): string[] {
  const { runbook, interrupted, taken, holder, changes } = standing;
  const inError = runbook.tasks.filter(({ status }) => status === 'ERROR');
  return [
    `${oneLine(runbook.name)}: ${figuresOf(runbook, spent).join('; ')}`,
    ...changes.flatMap(({ task, kind, from, to, at }) =>
      kind === 'readied' ? [] : [line('you changed', oneLine(task.id), `${from} to ${to}`, oneLine(at))],
    ),
    ...(holder
      ? [
          line(
            'at work',
            atWorkOn(runbook, holder),
            `by pid ${holder.pid} on ${oneLine(holder.host)}`,
            `started ${since(holder.since)}`,
          ),
        ]
      : []),
    ...runbook.tasks.flatMap((task) => {
      const by = taken.get(task.id);
      return by ? [line('taken', ...idAndName(task), `by ${oneLine(by.by)}`, since(by.since))] : [];
    }),
    ...interrupted.map((task) =>
      line('interrupted', ...idAndName(task), 'its runner is gone', `runbook next ${whatNextDoes(standing, task)}`),
    ),
    ...inError.map(errorLine),
    ...comingLines(runbook, inError.length > 0),
    ...(spent.last
      ? [
          line(
            'last',
            since(spent.last),
            oneLine(spent.lastly)
              .replace(/ (?=\S+ → )/, '; ')
              .replace('→', 'to'),
          ),
        ]
      : []),
  ];
}

function errorLine(task: Task): string {
  const issue = openIssue(task);
  return line(
    'ERROR',
    ...idAndName(task),
    issueOf(task),
    issue?.timestamp === undefined ? '' : since(issue.timestamp),
    asCommand('retry', task.id),
    asCommand('show', task.id),
  );
}

function comingLines(runbook: Runbook, inError: boolean): string[] {
  if (runbook.tasks.length === 0) return ['There are no tasks yet.'];
  if (finishedIn(runbook) === runbook.tasks.length) return ['all done'];
  const next = inError ? undefined : nextReady(runbook);
  const later = runbook.tasks.filter(({ status }) => status === 'PENDING' || status === 'READY');
  const after = later.filter((task) => task !== next);
  const none = inError ? 'nothing until the error is settled' : 'nothing is READY';
  return [
    next ? line('next', ...idAndName(next), whyNext(next)) : line('next', none),
    ...after.slice(0, LATER).map((task) => line('after', ...idAndName(task), reasonOf(runbook, task))),
    ...(after.length > LATER ? [line('after', `${after.length - LATER} more`, 'runbook list --plain')] : []),
  ];
}

function line(label: string, ...items: readonly string[]): string {
  return `${label}: ${items.filter(Boolean).join('; ')}`;
}

function idAndName(task: Task): string[] {
  const [id, name] = [oneLine(task.id), oneLine(task.name)];
  return [id, name === id ? '' : name, task.type === 'MANUAL' ? 'by hand' : ''];
}

function since(time: string | Date): string {
  return ago(new Date(time), new Date());
}
