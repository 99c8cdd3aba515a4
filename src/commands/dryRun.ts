// What `next` and `run` would do: the same reading, picking and preparing, in a world that can neither write nor spawn.
import { EXIT } from '../errors.ts';
import { prepare } from '../handlers/index.ts';
import type { Step } from '../handlers/outcome.ts';
import { foreseen } from '../pick.ts';
import type { RunOptions } from '../run.ts';
import { inScope } from '../runbook/ready.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { openSession } from '../session.ts';
import type { Standing } from '../standing.ts';
import { say } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import type { Ask, World } from '../world.ts';
import type { Context } from './context.ts';
import { move, printPlanned, sayWould } from './planned.ts';

export async function dryRun(
  context: Context,
  { runbook, changes, interrupted, holder, endedWell }: Standing,
  path: string,
  world: World,
  options: RunOptions,
): Promise<number> {
  if (holder) say(`A runner holds this runbook now (pid ${holder.pid}).`);
  for (const { task, from, to, at } of changes)
    sayWould(context, 'settle', `${oneLine(task.id)}: ${move(context, from, to)} (${oneLine(at)})`);
  for (const { id } of interrupted)
    if (endedWell.includes(id))
      sayWould(context, 'settle', `${oneLine(id)}: ${move(context, 'RUNNING', 'DONE')} (the journal has its good end)`);
    else sayWould(context, 'ask about', `${oneLine(id)}, which was RUNNING when its runner ended`);
  const inError = inScope(runbook, options).filter((task) => task.status === 'ERROR');
  const [stopped] = options.keepGoing ? [] : inError;
  if (stopped) sayWould(context, 'stop at', `${oneLine(stopped.id)}, which is in ERROR`);
  const task = foreseen({ runbook, interrupted }, options);
  if (task) {
    // Nobody is missing in a dry run.
    const unasked = exchanged(world, { ask: { ...world.ask, lacks: () => undefined } });
    const step = await rehearse(path, runbook, task, unasked, options);
    world.emit({
      kind: 'announced',
      task,
      step: runbook.tasks.indexOf(task) + 1,
      of: runbook.tasks.length,
      plan: step.plan,
    });
  }
  const data = {
    task_id: task?.id ?? null,
    settles: changes.map(({ task: { id }, from, to }) => ({ task_id: id, from, to })),
  };
  printPlanned(context, data, changes, task ? [{ task, to: 'RUNNING' }] : []);
  if (task) say('  then DONE, ERROR or SKIPPED, with `last_run`. Nothing was changed.');
  if (task || interrupted.length > 0) return EXIT.ok;
  if (stopped || inError.length > 0) return EXIT.taskError;
  const open = inScope(runbook, options).some(({ status }) => status !== 'DONE' && status !== 'SKIPPED');
  say(`${open ? 'Nothing is READY.' : 'Nothing is left to do.'} Nothing was changed.`);
  return open ? EXIT.blocked : EXIT.ok;
}

/** Prepares a task in a world that can neither write, spawn nor ask. Throws what would keep the task from being started. */
export function rehearse(path: string, runbook: Runbook, task: Task, world: World, options: RunOptions): Promise<Step> {
  const inert = exchanged(world, {
    shell: inertShell,
    getShellReady: () => {},
    model: async (choice) => ({ ...(await world.model(choice)), reply: neverReplies }),
    ask: { ...world.ask, choose: firstChoice },
  });
  const session = exchanged(openSession(path, inert), { tell: world.emit });
  return prepare({ runbook, task, session, options });
}

/** Of the models on offer, the first one stands for whichever the person would take. */
const firstChoice: Ask['choose'] = async ({ choices: [first] }) => {
  if (!first) throw new Error('a question without choices');
  return { answer: first.answer, by: 'nobody' };
};

const inertShell: World['shell'] = async () => ({
  exitCode: undefined,
  signal: undefined,
  ms: 0,
  end: 'notStarted',
  problem: 'nothing is started in a dry run',
});

const neverReplies = async (): Promise<never> => {
  throw new Error('a dry run asked a model');
};

/** The same, with some of its things exchanged. What is made at its first use stays unmade, which it would not by spreading. */
export function exchanged<T extends object>(whole: T, own: Partial<T>): T {
  return Object.assign(Object.create(whole) as T, own);
}
