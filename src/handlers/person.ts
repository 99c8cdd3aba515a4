// A decision that will be needed, and nobody there to make it: found before anything is started.
import { RunbookError } from '../errors.ts';
import type { Topic } from '../world.ts';
import type { Job } from './outcome.ts';

/** Throws NEEDS_PERSON, naming the task and the flag that would answer, if this topic will find no answer. */
export function requirePerson({ task, session }: Job, topic: Topic, checks?: 'some' | 'none'): void {
  const lacking = session.world.ask.lacks(topic, checks);
  if (!lacking) return;
  const { code, message, hint } = lacking;
  throw new RunbookError(
    { code, message: `\`${task.id}\`: ${message}`, at: task.place('id'), hint },
    { cause: lacking },
  );
}
