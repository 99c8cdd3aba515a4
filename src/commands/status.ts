// `status`: one screen: how far it is, what stands in error, what is next, and what waits for what.
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import { nextReady, waitsFor } from '../runbook/ready.ts';
import { openIssue, type Runbook } from '../runbook/task.ts';
import { lookAt, type Standing } from '../standing.ts';
import type { Action, Context } from './context.ts';
import { screenLines } from './statusScreen.ts';
import { type Spent, spentOn } from './statusWords.ts';

export function define(command: Command, action: Action): void {
  command
    .addHelpText(
      'before',
      'Examples:\n  runbook                 where does it stand?\n  runbook status --plain  the same for a screen reader: a line for each thing\n  runbook status --json   the same for a program\n',
    )
    .action(action(alone));
}

export async function alone(context: Context): Promise<number> {
  const standing = lookAt(context.runbookPath());
  const spent = spentOn(standing.runbook);
  const plainLines = context.flags.plain ? (await import('./statusPlain.ts')).plainLines : undefined;
  context.print(
    'status',
    () => toData(standing, spent),
    () => plainLines?.(standing, spent) ?? screenLines(context, standing, spent),
  );
  return EXIT.ok;
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
