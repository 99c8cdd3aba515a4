// `done`: the work was done elsewhere. Its checks still have the say, unless the person overrules them.
import type { Command } from 'commander';
import { RunbookError } from '../errors.ts';
import type { Taken } from '../events.ts';
import { runChecks } from '../handlers/checks.ts';
import { openTaskLog } from '../logs.ts';
import type { Task } from '../runbook/task.ts';
import type { Session } from '../session.ts';
import { type ChangingFlags, changeEach, changingFlags } from './changing.ts';
import type { Action, Context } from './context.ts';

interface DoneFlags extends ChangingFlags {
  readonly unchecked?: boolean;
}

export function define(command: Command, action: Action): void {
  changingFlags(command)
    .option('--unchecked', 'mark it DONE without running its checks')
    .addHelpText(
      'before',
      'Examples:\n  runbook done publish\n  runbook done publish --reason "done from the web page"\n',
    )
    .action(action(withIds));
}

export function withIds(context: Context, ids: string[], flags: DoneFlags = {}): Promise<number> {
  return changeEach(context, ids, flags, {
    command: 'done',
    to: 'DONE',
    from: ['PENDING', 'READY', 'ERROR', 'SKIPPED'],
    givesBack: true,
    instead: () => '',
    before: flags.unchecked ? undefined : requireChecks,
  });
}

async function requireChecks(session: Session, task: Task, taken: Taken | undefined): Promise<void> {
  if (task.checks.length === 0) return;
  const checked = await runChecks({ task, session }, openTaskLog(session, task.id));
  if (checked.kind === 'aborted') throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  if (checked.kind !== 'failed') return;
  throw new RunbookError({
    code: 'CHECK_FAILED',
    message: `\`${task.id}\` is not done: ${checked.detail}`,
    at: task.place('checks'),
    hint: `${taken ? `It stays with \`${taken.by}\`. ` : ''}Mend it and say \`done\` again, or overrule the check with --unchecked.`,
  });
}
