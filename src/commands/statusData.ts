// `status --json`.
import { nextReady, waitsFor } from '../runbook/ready.ts';
import { openIssue, type Runbook } from '../runbook/task.ts';
import type { Standing } from '../standing.ts';
import type { Spent } from './statusWords.ts';

export function statusData({ runbook, interrupted, taken, holder, changes }: Standing, spent: Spent) {
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
