// Changes the plan for a command: under the lock, in the files as they are at that moment, journaled as ours and not as a hand's.
import { placeOf, statusesOf, templatesOf, writeSeen } from './edits.ts';
import type { Event } from './events.ts';
import { type AmendedFile, type Amendment, amendedFiles, blankRunbook, writeAmended } from './runbook/amend.ts';
import { whileLocked } from './runbook/lock.ts';
import { planEdits, planOf } from './runbook/plan.ts';
import { readRunbook } from './runbook/read.ts';
import { steadily } from './runbook/steady.ts';
import type { Runbook } from './runbook/task.ts';
import { readSeen } from './seen.ts';
import type { Session } from './session.ts';
import { bringUpToDate } from './upToDate.ts';

/**
 * Carries out what `draft` makes of the runbook. Where a hand saves meanwhile, all is looked at anew, and drafted anew.
 * A runbook that is not there begins with the text `start`. Throws what `draft` throws, PATCH_UNSAFE or FILE_UNWRITABLE; the files are then as they were.
 */
export function amend(
  session: Session,
  command: string,
  draft: (runbook: Runbook) => Amendment,
  start?: string,
): readonly AmendedFile[] {
  const files = whileLocked(session.root, () => {
    for (;;) {
      const runbook = asItStands(session, start);
      const amendment = draft(runbook);
      const files = amendedFiles(runbook, amendment);
      if (files.length === 0) return files;
      if (!writeAmended(files)) continue;
      tell(session, command, runbook, amendment);
      return files;
    }
  });
  if (files.length > 0) bringUpToDate(session);
  return files;
}

function asItStands(session: Session, start: string | undefined): Runbook {
  const blank = blankRunbook(session.path, start);
  if (blank) return blank;
  const settled = new Map(bringUpToDate(session).runbook.tasks.map(({ id, status }) => [id, status]));
  const runbook = steadily(() => readRunbook(session.path));
  // A runner at work may have told the journal more than the files say by now.
  return { ...runbook, tasks: runbook.tasks.map((task) => task.withStatus(settled.get(task.id) ?? task.status)) };
}

/** The journal comes last, as always: what it has not is told by the next command, as a hand's. */
function tell(session: Session, command: string, before: Runbook, { statuses }: Amendment): void {
  const now = steadily(() => readRunbook(session.path));
  session.tellAll([
    ...ownEdits(session, command, before, now),
    ...statuses.map((step) => ({ kind: 'statusSet', ...step, command, reason: undefined }) as const),
  ]);
  rememberPlan(session, now);
}

/** What one of our commands has changed in the plan, to be journaled as its own. */
function ownEdits({ world }: Session, command: string, before: Runbook, now: Runbook): Event[] {
  const tasks = new Map(now.tasks.map((task) => [task.id, task]));
  const plans = [before, now].map((runbook) => planOf({ ...runbook, source: readable(runbook.source) }, world.redact));
  const [from, to] = plans;
  if (!from || !to) return [];
  return planEdits(from, to).map((edit): Event => {
    const place = placeOf(now, edit, tasks.get(edit.taskId ?? ''));
    return { kind: 'planChanged', command, taskId: edit.taskId, edit, at: place && `${place.file}:${place.line}` };
  });
}

/** The plan is from now on compared with this one. */
function rememberPlan({ world }: Session, runbook: Runbook): void {
  const before = readSeen(runbook.root);
  const statuses = statusesOf({ runbook, changes: [] }, before);
  writeSeen(runbook.root, { plan: planOf(runbook, world.redact), templates: templatesOf(runbook), statuses });
}

/** Of an empty file, the plan is an empty map. */
function readable(source: Runbook['source']): Runbook['source'] {
  return source.value === null ? { ...source, value: {} } : source;
}
