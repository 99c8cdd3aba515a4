// `error`: a task went wrong elsewhere. What is wrong is kept as its issue, as that of a step by hand is.
import type { Command } from 'commander';
import type { Taken } from '../events.ts';
import type { Task } from '../runbook/task.ts';
import { type Changed, changeStatus, recordOutcome, type Session } from '../session.ts';
import { changeEach } from './changing.ts';
import type { Action, Context } from './context.ts';

interface ErrorFlags {
  readonly reason: string;
}

export function define(command: Command, action: Action): void {
  command
    .argument('<id...>', 'the task, or several')
    .requiredOption('--reason <text>', 'what is wrong; kept as its issue in the YAML')
    .addHelpText(
      'before',
      'Examples:\n  runbook error publish --reason "the registry refuses the name"\n  runbook retry publish                     when it is mended\n',
    )
    .action(
      action((context: Context, ids: string[], { reason }: ErrorFlags) =>
        changeEach(
          context,
          ids,
          {},
          {
            command: 'error',
            to: 'ERROR',
            from: ['PENDING', 'READY', 'DONE', 'SKIPPED', 'ERROR'],
            givesBack: true,
            instead: () => '',
            write: (session, task, taken) => recordError(session, task, taken, reason),
          },
        ),
      ),
    );
}

/** The outcome of a start is what a kill may not lose: it is in the journal first. */
function recordError(session: Session, task: Task, taken: Taken | undefined, reason: string): Changed {
  const timestamp = session.world.now().toISOString();
  const issue = { timestamp, type: 'MANUAL_BLOCKER', detail: session.world.redact(reason) };
  const lastRun = { timestamp, outcome: 'FAILURE' };
  const move = { taskId: task.id, from: task.status, to: 'ERROR' } as const;
  const write = { ...move, lastRun, issues: [issue] };
  const record = { ms: undefined, lastRun, issues: [issue] };
  const event = { kind: 'ended', ...move, name: task.name, record, command: 'error', takenBy: taken?.by } as const;
  return taken ? recordOutcome(session, write, event) : changeStatus(session, write, event);
}
