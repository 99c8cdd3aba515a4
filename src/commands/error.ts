// `error`: a task went wrong elsewhere. What is wrong is kept as its issue, as that of a step by hand is.
import type { Command } from 'commander';
import { RunbookError } from '../errors.ts';
import type { Taken } from '../events.ts';
import type { Task } from '../runbook/task.ts';
import { type Changed, changeStatus, recordOutcome, type Session } from '../session.ts';
import { asCommand } from '../terminal/words.ts';
import type { Ask, World } from '../world.ts';
import { type ChangingFlags, changeEach } from './changing.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('<id...>', 'the task, or several')
    .option(
      '--reason <text>',
      'what is wrong; kept as its issue in the YAML. In a terminal it is asked for, if not said',
    )
    .addHelpText(
      'before',
      'Examples:\n  runbook error publish --reason "the registry refuses the name"\n  runbook error publish                     asks what is wrong\n  runbook retry publish                     when it is mended\n',
    )
    .action(action(error));
}

function error(context: Context, ids: string[], flags: ChangingFlags): Promise<number> {
  let { reason = '' } = flags;
  if (flags.reason?.trim() === '')
    throw new RunbookError({ code: 'USAGE', message: 'the reason is empty', hint: hintFor(ids) });
  return changeEach(
    context,
    ids,
    {},
    {
      command: 'error',
      to: 'ERROR',
      from: ['PENDING', 'READY', 'DONE', 'SKIPPED', 'ERROR'],
      givesBack: true,
      instead: () => '',
      ask: async (ask) => {
        reason ||= await askForReason(ask, ids);
      },
      beside: (world) => whatIsWrong(world, reason),
      write: (session, task, taken) => recordError(session, task, taken, reason),
    },
  );
}

async function askForReason(ask: Ask, ids: readonly string[]): Promise<string> {
  if (ask.lacks('plan'))
    throw new RunbookError({
      code: 'NEEDS_PERSON',
      message: 'an error needs its reason, and there is no terminal to ask in',
      hint: hintFor(ids),
    });
  const reason = (await ask.line('What is wrong?')).trim();
  if (reason === '') throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  return reason;
}

function hintFor(ids: readonly string[]): string {
  return `${asCommand('error', ...ids)} --reason "what is wrong"`;
}

function whatIsWrong({ now, redact }: World, reason: string) {
  const timestamp = now().toISOString();
  return {
    lastRun: { timestamp, outcome: 'FAILURE' },
    issues: [{ timestamp, type: 'MANUAL_BLOCKER', detail: redact(reason) }],
  };
}

/** The outcome of a start is what a kill may not lose: it is in the journal first. */
function recordError(session: Session, task: Task, taken: Taken | undefined, reason: string): Changed {
  const beside = whatIsWrong(session.world, reason);
  const move = { taskId: task.id, from: task.status, to: 'ERROR' } as const;
  const write = { ...move, ...beside };
  const record = { ms: undefined, ...beside };
  const event = { kind: 'ended', ...move, name: task.name, record, command: 'error', takenBy: taken?.by } as const;
  return taken ? recordOutcome(session, write, event) : changeStatus(session, write, event);
}
