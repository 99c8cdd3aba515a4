// What `next` and `run` would do: the same reading, picking and preparing, in a world that can neither write nor spawn.
import { EXIT } from '../errors.ts';
import { prepare } from '../handlers/index.ts';
import { foreseen } from '../pick.ts';
import type { RunOptions } from '../run.ts';
import { type FileChange, plannedChanges } from '../runbook/save.ts';
import { openSession } from '../session.ts';
import type { Standing } from '../standing.ts';
import { unifiedDiff } from '../terminal/diff.ts';
import type { World } from '../world.ts';
import type { Context } from './context.ts';

export async function dryRun(
  context: Context,
  { runbook, changes, interrupted, holder }: Standing,
  path: string,
  world: World,
  options: RunOptions,
): Promise<number> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (holder) say(`A runner holds this runbook now (pid ${holder.pid}).`);
  for (const { task, from, to, at } of changes) say(`would settle  ${task.id}: ${from} → ${to} (${at})`);
  for (const task of interrupted) say(`would ask about  ${task.id}, which was RUNNING when its runner ended`);
  const stopped = options.keepGoing ? undefined : runbook.tasks.find((task) => task.status === 'ERROR');
  if (stopped) say(`would stop at  ${stopped.id}, which is in ERROR`);
  const task = foreseen({ runbook, changes, interrupted }, options);
  const files: FileChange[] = [];
  if (task) {
    const inert: World = {
      ...world,
      shell: inertShell,
      model: async (choice) => ({ ...(await world.model(choice)), reply: neverReplies }),
    };
    // Nobody is asked in a dry run, so that nobody is missing.
    const session = {
      ...openSession(path, { ...inert, ask: { ...world.ask, lacks: () => undefined } }),
      tell: world.emit,
    };
    const step = await prepare({ runbook, task, session, options });
    world.emit({
      kind: 'announced',
      task,
      step: runbook.tasks.indexOf(task) + 1,
      of: runbook.tasks.length,
      plan: step.plan,
    });
    files.push(...plannedChanges(task, { taskId: task.id, from: task.status, to: 'RUNNING' }));
  }
  const lines = () =>
    files.flatMap(({ file, before, after }) => [file, ...unifiedDiff(before, after, context.palette)]);
  context.print(
    'dry_run',
    {
      task_id: task?.id ?? null,
      settles: changes.map(({ task: { id }, from, to }) => ({ task_id: id, from, to })),
      files: files.map(({ file, before, after }) => ({ file, before, after })),
    },
    lines,
  );
  if (task) say('  then DONE, ERROR or SKIPPED, with `last_run`. Nothing was changed.');
  else if (!stopped && interrupted.length === 0) say('Nothing is READY. Nothing was changed.');
  return stopped ? EXIT.taskError : EXIT.ok;
}

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
