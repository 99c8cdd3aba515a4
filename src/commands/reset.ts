// `reset`: a finished task is to be done again, and those after it too if that is wanted. One that was taken is given up.
import type { Command } from 'commander';
import { dependentsOf } from '../runbook/ready.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { asCommand } from '../terminal/words.ts';
import { type ChangingFlags, changeEach, changingFlags } from './changing.ts';
import type { Action, Context } from './context.ts';
import type { PlannedStatus } from './planned.ts';

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
    .action(action(withIds));
}

export function withIds(context: Context, ids: string[], flags: ResetFlags = {}): Promise<number> {
  return changeEach(context, ids, flags, {
    command: 'reset',
    to: 'READY',
    from: ['DONE', 'SKIPPED'],
    givesBack: true,
    instead: (task) =>
      task.status === 'ERROR' ? `\`${asCommand('retry', task.id)}\` is for that.` : 'It was not done yet.',
    along: flags.withDependents ? dependents : undefined,
  });
}

function dependents(runbook: Runbook, tasks: readonly Task[]): PlannedStatus[] {
  const found = new Set(tasks.flatMap(({ id }) => dependentsOf(runbook, id)));
  const resettable = [...found].filter(
    (task) => !tasks.includes(task) && !['RUNNING', 'PENDING'].includes(task.status),
  );
  return resettable.map((task) => ({ task, to: 'PENDING' }));
}
