// `retry`: what went wrong was mended, so the task may be tried again.
import type { Command } from 'commander';
import { asCommand } from '../terminal/words.ts';
import { type ChangingFlags, changeEach, changingFlags } from './changing.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  changingFlags(command)
    .addHelpText('before', 'Examples:\n  runbook retry run_tests && runbook next\n')
    .action(action(withIds));
}

export function withIds(context: Context, ids: string[], flags: ChangingFlags = {}): Promise<number> {
  return changeEach(context, ids, flags, {
    command: 'retry',
    to: 'READY',
    from: ['ERROR'],
    givesBack: false,
    instead: (task) =>
      task.status === 'PENDING'
        ? `It waits for others; \`${asCommand('why', task.id)}\` says for which.`
        : `\`runbook reset ${task.id}\` makes it READY again.`,
  });
}
