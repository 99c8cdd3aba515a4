// How a task's outcome gets into its files and into the journal.
import { unreachable } from './errors.ts';
import type { Event } from './events.ts';
import type { Outcome } from './handlers/outcome.ts';
import type { StatusWrite } from './runbook/save.ts';
import type { Task } from './runbook/task.ts';
import { type Changed, recordOutcome, type Session } from './session.ts';
import { tellWhoWaits } from './upToDate.ts';

/** How an outcome is recorded. */
type Record = (write: StatusWrite, event: Event & { kind: 'ended' | 'putBack' }) => Changed;

/** Writes what the outcome says of the task, which is RUNNING, into the journal, and then into both of its files. */
export function finish(
  session: Session,
  task: Task,
  outcome: Outcome,
  record: Record = (write, event) => recordOutcome(session, write, event),
): void {
  const move = { taskId: task.id, from: 'RUNNING' } as const;
  switch (outcome.kind) {
    case 'left':
      record({ ...move, to: 'READY' }, { kind: 'putBack', ...move, to: 'READY', why: outcome.why });
      return;
    case 'cutOff':
      session.tell({ kind: 'leftRunning', taskId: task.id });
      return;
    case 'done':
    case 'error':
    case 'skipped': {
      const { record: said } = outcome;
      const to = ({ done: 'DONE', error: 'ERROR', skipped: 'SKIPPED' } as const)[outcome.kind];
      const isOpen = task.issues.some((issue) => !issue.resolution);
      const resolution = to === 'DONE' && isOpen ? (said.resolution ?? 'Done on a later attempt') : undefined;
      const { lastRun } = said;
      const issues = said.issues.map((issue) => ({ ...issue, detail: session.world.redact(issue.detail) }));
      const saved = record(
        { ...move, to, lastRun, issues, resolution },
        { kind: 'ended', ...move, name: task.name, to, record: { ...said, issues, resolution } },
      );
      if (to === 'SKIPPED' && saved.kind === 'saved') tellWhoWaits(session, [task.id]);
      return;
    }
    default:
      unreachable(outcome);
  }
}
