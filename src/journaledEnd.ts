// What the journal knows of a script that had ended when its runner was killed, before the outcome was written.
import { readJournal } from './journal.ts';
import type { Task } from './runbook/task.ts';

export interface ScriptEnd {
  readonly timestamp: string;
  readonly ms: number | undefined;
  readonly log: string | undefined;
}

/**
 * The good end of the script of the task's latest start, if nothing else has a say in the outcome: undefined where checks must
 * pass too, and where it ended otherwise or not at all.
 */
export function goodEndOfScript(root: string, { id, script, checks }: Task): ScriptEnd | undefined {
  if (!script || checks.length > 0) return undefined;
  const lines = readJournal(root).filter(({ task_id: other }) => other === id);
  const started = lines.findLastIndex(({ status_change: change }) => change !== undefined);
  const end = lines.slice(started + 1).findLast(({ event_type: type }) => type === 'RUN_SCRIPT');
  if (lines[started]?.event_type !== 'START_TASK' || !end) return undefined;
  const { exit_code: code, end: how, ms, log } = end.details ?? {};
  if (how !== 'exited' || typeof code !== 'number' || !script.okExitCodes.includes(code)) return undefined;
  return {
    timestamp: end.timestamp,
    ms: typeof ms === 'number' ? ms : undefined,
    log: typeof log === 'string' ? log : undefined,
  };
}
