// The world's shell for what a task runs: its environment says for which task of which run.
import { marksOf } from '../survivors.ts';
import type { Shell } from '../world.ts';
import type { Job } from './outcome.ts';

export function taskShell({ task, session }: Pick<Job, 'task' | 'session'>): Shell {
  const marks = marksOf(session.runId, task.id);
  return (command, options) => session.world.shell(command, { ...options, env: { ...options.env, ...marks } });
}
