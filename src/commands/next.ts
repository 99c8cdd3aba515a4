// `next`: one step, and what comes after it. `run` shares its flags and the way it ends.
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { EXIT, RunbookError, unreachable } from '../errors.ts';
import { foreseen } from '../pick.ts';
import { type RunEnd, type RunOptions, run } from '../run.ts';
import { inScope, type Scope, waitsFor } from '../runbook/ready.ts';
import type { Runbook } from '../runbook/task.ts';
import { lookAt } from '../standing.ts';
import { didYouMean } from '../suggest.ts';
import { say } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import type { Decision } from '../world.ts';
import type { Action, Context } from './context.ts';
import { dryRun, exchanged, rehearse } from './dryRun.ts';

export function define(command: Command, action: Action): void {
  runFlags(command)
    .addHelpText(
      'before',
      'Examples:\n  runbook next                      do the next READY task\n  runbook next --dry-run            only say which, and what it would change\n  runbook next --answer accept      answer its one question in advance\n  runbook next --yes --no-input     without a person: only what checks prove\n',
    )
    .action(action((context: Context, flags: RunFlags) => carryOut(context, flags, { once: true })));
}

const MODEL_VARIABLE = 'RUNBOOK_MODEL';

export function alone(context: Context): Promise<number> {
  const model = process.env[MODEL_VARIABLE];
  return carryOut(context, model === undefined ? {} : { model }, { once: true });
}

export interface RunFlags {
  readonly answer?: readonly Decision[];
  readonly reason?: string;
  readonly startFrom?: string;
  readonly until?: string;
  readonly keepGoing?: boolean;
  readonly review?: boolean;
  readonly model?: string;
  readonly jobs?: number;
}

const DECISIONS: readonly Decision[] = ['accept', 'retry', 'edit', 'error', 'skip', 'quit'];

export function runFlags(command: Command): Command {
  return command
    .addOption(
      command
        .createOption('--answer <decision...>', 'answer a decision in advance, in the order given')
        .choices([...DECISIONS]),
    )
    .option('--reason <text>', 'what to say where a reason is asked for')
    .option('--start-from <id>', 'look only at this task and those after it')
    .option('--keep-going', 'go past tasks in ERROR')
    .option('--review', 'read and edit each prompt before it is sent')
    .addOption(
      command.createOption('--model <name>', 'let this model answer, whatever the task names').env(MODEL_VARIABLE),
    );
}

/** Runs, shows how it ended, and gives the exit status. */
export async function carryOut(context: Context, flags: RunFlags, { once }: { once: boolean }): Promise<number> {
  const path = context.runbookPath();
  const before = lookAt(path);
  const { runbook } = before;
  for (const [flag, id] of [
    ['--start-from', flags.startFrom],
    ['--until', flags.until],
  ] as const)
    requireTask(runbook, flag, id);
  requireOrder(runbook, flags);
  const world = await context.world(runbook.root, {
    answers: flags.answer ?? [],
    reason: flags.reason,
    sideBySide: (flags.jobs ?? 1) > 1,
  });
  const options: RunOptions = {
    once,
    jobs: flags.jobs ?? 1,
    startFrom: flags.startFrom,
    until: flags.until,
    keepGoing: flags.keepGoing ?? false,
    review: flags.review ?? false,
    model: flags.model,
    userModel: readConfig(process.env).model,
  };
  if (context.flags.dryRun) return dryRun(context, before, path, world, options);
  // A mistake in the task that comes first is found before anything at all is written, but for what a crash left unwritten.
  const cutOff = before.changes.some(({ kind }) => kind === 'recovered');
  const first = before.holder || cutOff ? undefined : foreseen(before, options);
  if (first) await rehearse(path, runbook, first, exchanged(world, { emit: () => {} }), options);
  const end = await run(path, world, options);
  if (context.flags.json) printEnd(context, path, end);
  else sayEnd(end, context, options);
  return EXIT_OF_END[end.kind];
}

const EXIT_OF_END: Record<RunEnd['kind'], number> = {
  finished: EXIT.ok,
  stepDone: EXIT.ok,
  blocked: EXIT.blocked,
  error: EXIT.taskError,
  left: EXIT.needsPerson,
  interrupted: EXIT.interrupted,
};

export function requireTask(runbook: Runbook, flag: string, id: string | undefined): void {
  if (id === undefined || runbook.tasks.some((task) => task.id === id)) return;
  const ids = runbook.tasks.map((task) => task.id);
  throw new RunbookError({
    code: 'UNKNOWN_TASK',
    message: `\`${flag}\`: there is no task \`${id}\`.${didYouMean(id, ids)}`,
    hint: 'runbook list  shows them all',
  });
}

/** An empty stretch of the runbook would look like one that is finished. */
function requireOrder({ tasks }: Runbook, { startFrom, until }: RunFlags): void {
  const at = (id: string | undefined) => tasks.findIndex((task) => task.id === id);
  if (startFrom === undefined || until === undefined || at(startFrom) <= at(until)) return;
  throw new RunbookError({
    code: 'USAGE',
    message: `\`--until ${until}\` comes before \`--start-from ${startFrom}\` in the runbook: no task is between them`,
    hint: 'runbook list  shows their order',
  });
}

function printEnd(context: Context, path: string, end: RunEnd): void {
  const { runbook } = lookAt(path);
  const tasks = runbook.tasks.map(({ id, status }) => ({ id, status }));
  context.print('run', { end: END_NAMES[end.kind], task_id: 'taskId' in end ? end.taskId : null, tasks }, () => []);
}

const END_NAMES = {
  finished: 'finished',
  stepDone: 'step_done',
  blocked: 'blocked',
  error: 'error',
  left: 'left',
  interrupted: 'interrupted',
} as const satisfies Record<RunEnd['kind'], string>;

const EMPTY = 'There is no task in the runbook yet. A task is an item of `tasks`: `- id: my_first_task`.';

/** What the loop has not said itself: why there is no next step. */
function sayEnd(end: RunEnd, context: Context, scope: Scope): void {
  switch (end.kind) {
    case 'finished':
      if (!context.flags.quiet)
        say(end.empty ? EMPTY : `Nothing is left to do: every task${inWords(scope)} is DONE or SKIPPED.`);
      return;
    case 'blocked':
      say(`Nothing${inWords(scope)} is READY:`);
      for (const line of blockedLines(end, scope)) say(line);
      return;
    case 'error':
    case 'stepDone':
    case 'left':
      return;
    case 'interrupted':
      say('interrupted');
      return;
    default:
      unreachable(end);
  }
}

/** ` from one on`, ` up to two`, ` from one up to two`, or nothing where the scope is the whole runbook. */
function inWords({ startFrom, until }: Scope): string {
  if (until !== undefined) return `${startFrom === undefined ? '' : ` from ${startFrom}`} up to ${until}`;
  return startFrom === undefined ? '' : ` from ${startFrom} on`;
}

function blockedLines({ runbook, taken }: RunEnd & { kind: 'blocked' }, scope: Scope): string[] {
  const open = inScope(runbook, scope).filter((task) => task.status !== 'DONE' && task.status !== 'SKIPPED');
  const lines = open.map((task) => {
    const reasons = waitsFor(runbook, task).map((dependency) => `${oneLine(dependency.id)} (${dependency.status})`);
    const by = taken.get(task.id)?.by;
    const who = by === undefined ? '' : `, taken by ${oneLine(by)}`;
    return `  ${oneLine(task.id)} is ${task.status}${who}${reasons.length === 0 ? '' : `, waits for ${reasons.join(', ')}`}`;
  });
  const skipped = open.some((task) => waitsFor(runbook, task).some((dependency) => dependency.status === 'SKIPPED'));
  const hint = skipped
    ? [
        '',
        '  A SKIPPED task does not let those after it go on. Either write',
        '  `skipped_satisfies: true` at the top of the runbook, or run `runbook done ID`',
        '  if its work is done after all, or take it out of their `depends_on`.',
      ]
    : [];
  return [...lines.slice(0, 12), ...(lines.length > 12 ? [`  … and ${lines.length - 12} more`] : []), ...hint];
}
