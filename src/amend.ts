// Changes the plan for a command: under the lock, in the files as they are at that moment, journaled as ours and not as a hand's.
import { ownEdits, rememberPlan } from './edits.ts';
import { type AmendedFile, type Amendment, amendedFiles, blankRunbook, writeAmended } from './runbook/amend.ts';
import { whileLocked } from './runbook/lock.ts';
import { readRunbook } from './runbook/read.ts';
import { steadily } from './runbook/steady.ts';
import type { Runbook } from './runbook/task.ts';
import type { Session } from './session.ts';
import { bringUpToDate } from './standing.ts';

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
  bringUpToDate(session);
  return steadily(() => readRunbook(session.path));
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
