// `skip`: a task that will not be done.
import type { Command } from 'commander';
import { type ChangingFlags, changeEach, changingFlags } from './changing.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  changingFlags(command)
    .addHelpText('before', 'Examples:\n  runbook skip announce\n  runbook skip announce --reason "no news this time"\n')
    .action(action(withIds));
}

export function withIds(context: Context, ids: string[], flags: ChangingFlags = {}): Promise<number> {
  return changeEach(context, ids, flags, {
    command: 'skip',
    to: 'SKIPPED',
    from: ['PENDING', 'READY', 'DONE', 'ERROR'],
    givesBack: true,
    instead: () => '',
  });
}
