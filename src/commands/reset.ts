// `reset`: a finished task is to be done again, and those after it too if that is wanted.
import type { Command } from 'commander';
import { dependentsOf } from '../runbook/ready.ts';
import { openSession } from '../session.ts';
import { bringUpToDate, lookAt } from '../standing.ts';
import { type ChangingFlags, changeEach, changingFlags, set } from './changing.ts';
import type { Action, Context } from './context.ts';

interface ResetFlags extends ChangingFlags {
  readonly withDependents?: boolean;
}

export function define(command: Command, action: Action): void {
  changingFlags(command)
    .option('--with-dependents', 'those that depend on it go back to PENDING')
    .addHelpText(
      'before',
      'Examples:\n  runbook reset pack\n  runbook reset pack --with-dependents      all that came after it, too\n',
    )
    .action(action(reset));
}

async function reset(context: Context, ids: string[], flags: ResetFlags): Promise<number> {
  const code = await changeEach(context, ids, flags, {
    command: 'reset',
    to: 'READY',
    from: ['DONE', 'SKIPPED'],
    instead: (task) => (task.status === 'ERROR' ? `\`runbook retry ${task.id}\` is for that.` : 'It was not done yet.'),
  });
  if (flags.withDependents && !context.flags.dryRun) await resetDependents(context, ids, flags);
  return code;
}

async function resetDependents(context: Context, ids: readonly string[], flags: ResetFlags): Promise<void> {
  const path = context.runbookPath();
  const { runbook } = lookAt(path);
  const session = openSession(path, await context.world(runbook.root));
  const dependents = new Map(ids.flatMap((id) => dependentsOf(runbook, id)).map((task) => [task.id, task]));
  for (const task of dependents.values()) {
    if (task.status !== 'RUNNING' && task.status !== 'PENDING' && !ids.includes(task.id))
      set(session, task, 'PENDING', 'reset', flags.reason);
  }
  bringUpToDate(session);
}
