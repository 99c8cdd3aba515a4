// `list`: every task on a line, in the order of the file.
import type { Command } from 'commander';
import { EXIT, RunbookError } from '../errors.ts';
import { waitsFor } from '../runbook/ready.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { STATUSES, type Status } from '../runbook/vocabulary.ts';
import { lookAt, type Standing } from '../standing.ts';
import { didYouMean } from '../suggest.ts';
import { fit, oneLine, pad, width } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';

interface ListFlags {
  readonly status?: readonly string[];
  readonly ready?: boolean;
  readonly tag?: readonly string[];
}

export function define(command: Command, action: Action): void {
  command
    .addOption(
      command
        .createOption('--status <status...>', 'only these')
        .choices([...STATUSES])
        .argParser(statusOf),
    )
    .option('--ready', 'only those that could start now')
    .option('--tag <tag...>', 'only those with one of these tags')
    .addHelpText(
      'before',
      'Examples:\n  runbook list\n  runbook list --status ERROR SKIPPED\n  runbook list --plain | cut -f2      the ids alone\n',
    )
    .action(action(list));
}

/** In capitals or not. */
function statusOf(word: string, before: readonly Status[] | undefined): Status[] {
  const status = STATUSES.find((known) => known === word.toUpperCase());
  if (status === undefined)
    throw new RunbookError({
      code: 'USAGE',
      message: `\`${word}\` is not a status.${didYouMean(word.toUpperCase(), STATUSES)}`,
      hint: `It is one of ${STATUSES.join(', ')}.`,
    });
  return [...(before ?? []), status];
}

export const alone = (context: Context): number => list(context, {});

function list(context: Context, flags: ListFlags): number {
  const { runbook, taken } = lookAt(context.runbookPath());
  const tasks = runbook.tasks.filter((task) => wanted(runbook, task, flags));
  context.print(
    'list',
    tasks.map((task) => ({ ...toData(runbook, task), taken_by: taken.get(task.id)?.by ?? null })),
    () => (context.flags.plain ? plainLines(tasks) : lines(context, { runbook, taken }, tasks)),
  );
  return EXIT.ok;
}

function wanted(runbook: Runbook, task: Task, { status, ready, tag }: ListFlags): boolean {
  if (status && !status.includes(task.status)) return false;
  if (ready && (task.status !== 'READY' || waitsFor(runbook, task).length > 0)) return false;
  return !tag || tag.some((name) => task.tags.includes(name));
}

function toData(runbook: Runbook, task: Task) {
  const { id, name, type, status, dependsOn, tags } = task;
  return {
    id,
    name,
    type,
    status,
    depends_on: dependsOn,
    waits_for: waitsFor(runbook, task).map((dependency) => dependency.id),
    tags,
  };
}

/** Tab-separated, for other programs and for screen readers: status, id, type, name. */
function plainLines(tasks: readonly Task[]): string[] {
  return tasks.map(({ id, status, type, name }) => [status, oneLine(id), type, oneLine(name)].join('\t'));
}

function lines(
  context: Context,
  { runbook, taken }: Pick<Standing, 'runbook' | 'taken'>,
  tasks: readonly Task[],
): string[] {
  const { palette } = context;
  const columns = context.columns();
  if (tasks.length === 0) return ['No task is like that.'];
  // Status and gaps take eleven columns; on a narrow screen, the name gets ten of the others.
  const idWidth = Math.min(32, Math.max(8, columns - 21), Math.max(...tasks.map((task) => width(oneLine(task.id)))));
  return tasks.map((task) => {
    const waits = waitsFor(runbook, task).map((dependency) => oneLine(dependency.id));
    const by = taken.get(task.id)?.by;
    const rest = [
      oneLine(task.name) === oneLine(task.id) ? '' : oneLine(task.name),
      waits.length > 0 && ['PENDING', 'READY'].includes(task.status) ? `(waits for ${waits.join(', ')})` : '',
      by === undefined ? '' : `(taken by ${oneLine(by)})`,
    ]
      .filter(Boolean)
      .join(' ');
    const id = pad(fit(oneLine(task.id), idWidth), idWidth);
    return `${palette.status(task.status, pad(task.status, 7))}  ${id}  ${fit(rest, Math.max(10, columns - idWidth - 11))}`.trimEnd();
  });
}
