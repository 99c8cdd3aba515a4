// What a dry run prints: what it would do, and the exact changes to the YAML, each file once. Nothing is written.
import { plannedChanges, type StatusWrite } from '../runbook/save.ts';
import type { Change } from '../runbook/settle.ts';
import type { Status, Task } from '../runbook/task.ts';
import { unifiedDiff } from '../terminal/diff.ts';
import { say } from '../terminal/streams.ts';
import { oneLine, pad } from '../terminal/words.ts';
import type { Context } from './context.ts';

export interface PlannedStatus {
  readonly task: Task;
  readonly to: Status;
  /** What is written beside it. */
  readonly beside?: Pick<StatusWrite, 'lastRun' | 'issues'> | undefined;
}

/** Prints what settling these changes, and then setting these statuses, would make of the files. */
export function printPlanned(
  context: Context,
  data: object,
  changes: readonly Change[],
  planned: readonly PlannedStatus[],
): void {
  // Of a hand edit in which the files agree, nothing is written but a line of the journal.
  const settled = changes.filter(({ kind, mend }) => kind === 'readied' || mend.length > 0);
  const last = new Map(
    [...settled.map(({ task, to }): PlannedStatus => ({ task, to })), ...planned].map((change) => [
      change.task.id,
      change,
    ]),
  );
  const files = plannedChanges(
    [...last.values()].map(({ task, to, beside }) => [task, { taskId: task.id, from: task.status, to, ...beside }]),
  ).map(({ file, before, after }) => ({ file, before, after }));
  context.print('dry_run', { ...data, files }, () =>
    files.flatMap(({ file, before, after }) => [oneLine(file), ...unifiedDiff(before, after, context.palette)]),
  );
}

/** `would set     pack: READY → DONE`; where it is read aloud, without columns. */
export function sayWould({ flags }: Context, verb: string, what: string): void {
  say(`would ${flags.plain ? verb : `${pad(verb, 6)} `} ${what}`);
}

/** From one status to another. */
export function move({ flags }: Context, from: Status, to: Status): string {
  return `${from} ${flags.plain ? 'to' : '→'} ${to}`;
}
