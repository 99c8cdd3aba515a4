// `run`: one step after the other, until there is nothing left, nothing READY, an ERROR, or the task named by --until.
import type { Command } from 'commander';
import type { Action, Context } from './context.ts';
import { carryOut, type RunFlags, runFlags } from './next.ts';

export function define(command: Command, action: Action): void {
  runFlags(command)
    .option('--until <id>', 'stop after this task')
    .addHelpText(
      'before',
      'Examples:\n  runbook run                       until finished, blocked or in error\n  runbook run --until run_tests     stop after that task\n  runbook run --start-from pack     leave alone what comes before it\n  runbook run --keep-going          go past tasks in ERROR\n',
    )
    .action(action((context: Context, flags: RunFlags) => carryOut(context, flags, { once: false })));
}
