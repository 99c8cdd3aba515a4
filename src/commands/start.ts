// `start --by NAME`: a task is taken, to be carried out elsewhere, and is RUNNING until it is given back. No process holds it: what
// says who has it is the line of the journal, which a reboot does not end.
import { type Command, InvalidArgumentError } from 'commander';
import { RunbookError } from '../errors.ts';
import type { Taken } from '../events.ts';
import { whileLocked } from '../runbook/lock.ts';
import { waitsFor } from '../runbook/ready.ts';
import type { Task } from '../runbook/task.ts';
import { type Changed, changeStatus, type Session } from '../session.ts';
import { lookAt } from '../standing.ts';
import { asCommand } from '../terminal/words.ts';
import { changeEach, type Move } from './changing.ts';
import type { Action, Context } from './context.ts';

interface StartFlags {
  readonly by: string;
  readonly force?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .argument('<id...>', 'the task, or several')
    .requiredOption('--by <name>', 'who carries it out: a person, an agent', nameOf)
    .option('--force', 'take it also from who has it, or where its runner is gone')
    .addHelpText(
      'before',
      'Examples:\n  runbook start draft_notes --by ada\n  runbook done draft_notes                      given back: its checks decide\n  runbook error draft_notes --reason "no key"   given back: it went wrong\n  runbook reset draft_notes                     given up: it is READY again\n',
    )
    .action(action(start));
}

function nameOf(text: string): string {
  const name = text.trim();
  if (name === '' || /\p{Cc}/u.test(name)) throw new InvalidArgumentError('It must be a name.');
  return name;
}

function start(context: Context, ids: string[], { by, force = false }: StartFlags): Promise<number> {
  const move: Move = {
    command: 'start',
    to: 'RUNNING',
    from: force ? ['READY', 'RUNNING'] : ['READY'],
    givesBack: force,
    instead,
    write: (session, task, taken) => take(session, task, taken, by),
  };
  return changeEach(context, ids, {}, move);
}

function instead({ id, status }: Task): string {
  switch (status) {
    case 'PENDING':
      return `It waits for others; \`${asCommand('why', id)}\` says for which.`;
    case 'ERROR':
      return `\`${asCommand('retry', id)}\` makes it READY again.`;
    default:
      return `\`${asCommand('reset', id)}\` makes it READY again.`;
  }
}

/** From somebody else, it is given back first. A kill between the two leaves it READY, and nobody's. */
function take(session: Session, task: Task, taken: Taken | undefined, takenBy: string): Changed {
  requireSatisfied(session, task);
  const move = { taskId: task.id, to: 'RUNNING' } as const;
  return whileLocked(session.root, () => {
    if (task.status === 'RUNNING') {
      const back = { taskId: task.id, from: 'RUNNING', to: 'READY' } as const;
      const from = taken?.by;
      const why = taken ? 'takenOver' : 'interrupted';
      const changed = changeStatus(session, back, {
        kind: 'putBack',
        ...back,
        why,
        ...(from === undefined ? {} : { takenBy: from }),
      });
      if (changed.kind !== 'saved') return changed;
    }
    return changeStatus(session, { ...move, from: 'READY' }, { kind: 'started', ...move, from: 'READY', takenBy });
  });
}

function requireSatisfied({ path }: Session, { id, status, place }: Task): void {
  const { runbook } = lookAt(path);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  const waits = task && status === 'READY' ? waitsFor(runbook, task) : [];
  if (waits.length === 0) return;
  throw new RunbookError({
    code: 'STATUS_REFUSED',
    message: `\`${id}\` is READY, but waits for ${waits.map((other) => `\`${other.id}\` (${other.status})`).join(', ')}`,
    at: place('depends_on'),
    hint: `\`${asCommand('why', id)}\` says what moves it on.`,
  });
}
