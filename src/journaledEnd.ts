// What the journal knows of how a task ended whose runner was killed before it had written the outcome.
import { type JournalLine, readJournal } from './journal.ts';
import type { Task } from './runbook/task.ts';

export interface JournaledEnd {
  /** What ended well, to be told: `its script had ended well`. */
  readonly what: string;
  readonly timestamp: string;
  readonly ms: number | undefined;
  readonly log: string | undefined;
}

/**
 * The good end of the task's latest start: its script ended well, or the person said that it is done. Undefined where it ended
 * otherwise or not at all, and where checks have a say that the journal does not know.
 */
export function journaledEnd(root: string, task: Task): JournaledEnd | undefined {
  const lines = readJournal(root).filter(({ task_id: other }) => other === task.id);
  // What only says that a status was put right is no start.
  const started = lines.findLastIndex(
    ({ status_change: change, event_type: type }) => change !== undefined && type !== 'RECOVER_TASK',
  );
  const start = lines[started];
  if (start?.event_type !== 'START_TASK') return undefined;
  const since = lines.slice(started + 1);
  return goodEndOfScript(since, task) ?? saidToBeDone(since, start, task);
}

function goodEndOfScript(since: readonly JournalLine[], { script, checks }: Task): JournaledEnd | undefined {
  const end = since.findLast(({ event_type: type }) => type === 'RUN_SCRIPT');
  if (!script || checks.length > 0 || !end) return undefined;
  const { exit_code: code, end: how, ms, log } = end.details ?? {};
  if (how !== 'exited' || typeof code !== 'number' || !script.okExitCodes.includes(code)) return undefined;
  return {
    what: 'its script had ended well',
    timestamp: end.timestamp,
    ms: typeof ms === 'number' ? ms : undefined,
    log: typeof log === 'string' ? log : undefined,
  };
}

/** By the last answer: to a step by hand without checks, or, in a later run, to what should become of an interrupted task. */
function saidToBeDone(
  since: readonly JournalLine[],
  start: JournalLine,
  { type, checks }: Task,
): JournaledEnd | undefined {
  const said = since.findLast(({ details }) => details?.['decision'] !== undefined);
  if (said?.details?.['decision'] !== 'accept') return undefined;
  const decides = said.run_id === start.run_id ? type === 'MANUAL' && checks.length === 0 : true;
  if (!decides) return undefined;
  const ms = Date.parse(said.timestamp) - Date.parse(start.timestamp);
  const isSameRun = said.run_id === start.run_id && ms >= 0;
  return { what: 'it was said to be done', timestamp: said.timestamp, ms: isSameRun ? ms : undefined, log: undefined };
}
