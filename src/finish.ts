// How a task's outcome gets into its files and into the journal.
import { unreachable } from './errors.ts';
import type { Event } from './events.ts';
import type { Outcome } from './handlers/outcome.ts';
import type { StatusWrite } from './runbook/save.ts';
import type { Task } from './runbook/task.ts';
import { type Changed, changeStatus, type Session } from './session.ts';
import { tellWhoWaits } from './standing.ts';

/** Writes what the outcome says of the task, which is RUNNING, into both of its files, and then into the journal. */
export function finish(session: Session, task: Task, outcome: Outcome): void {
  const move = { taskId: task.id, from: 'RUNNING' } as const;
  switch (outcome.kind) {
    case 'left':
      changeOrSay(session, { ...move, to: 'READY' }, { kind: 'putBack', ...move, to: 'READY', why: outcome.why });
      return;
    case 'cutOff':
      session.tell({ kind: 'leftRunning', taskId: task.id });
      return;
    case 'done':
    case 'error':
    case 'skipped': {
      const { record } = outcome;
      const to = ({ done: 'DONE', error: 'ERROR', skipped: 'SKIPPED' } as const)[outcome.kind];
      const resolution = outcome.kind === 'done' ? (record.resolution ?? 'Done on a later attempt') : undefined;
      const { lastRun } = record;
      const issues = record.issues.map((issue) => ({ ...issue, detail: session.world.redact(issue.detail) }));
      const saved = changeOrSay(
        session,
        { ...move, to, lastRun, issues, resolution },
        { kind: 'ended', ...move, name: task.name, to, record: { ...record, issues } },
      );
      if (to === 'SKIPPED' && saved.kind === 'saved') tellWhoWaits(session, [task.id]);
      return;
    }
    default:
      unreachable(outcome);
  }
}

/** A hand may be in the middle of editing the YAML, so that it can't be read: the outcome is said and journaled all the same. */
function changeOrSay(session: Session, write: StatusWrite, event: Event): Changed {
  try {
    return changeStatus(session, write, event);
  } catch (error) {
    session.tell({ kind: 'notSaved', taskId: write.taskId, to: write.to });
    throw error;
  }
}
