// `run`: one step after the other, until there is nothing left, nothing READY, an ERROR, or the task named by --until.
import { type Command, InvalidArgumentError } from 'commander';
import type { Action, Context } from './context.ts';
import { carryOut, type RunFlags, runFlags } from './next.ts';

export function define(command: Command, action: Action): void {
  runFlags(command)
    .option('--until <id>', 'stop after this task')
    .option('-j, --jobs <n>', 'run up to so many independent scripts side by side', jobsOf)
    .addHelpText(
      'before',
      'Examples:\n  runbook run                       until finished, blocked or in error\n  runbook run --until run_tests     stop after that task\n  runbook run --start-from pack     leave alone what comes before it\n  runbook run --keep-going          go past tasks in ERROR\n  runbook run --jobs 4              up to four scripts at once\n',
    )
    .action(action((context: Context, flags: RunFlags) => carryOut(context, flags, { once: false })));
}

function jobsOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 9999.');
  return Number(text);
}
