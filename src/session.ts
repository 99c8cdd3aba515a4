// One use of the tool on one runbook: where it is, how events are told and kept, and how a status changes.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { unreachable } from './errors.ts';
import type { Event } from './events.ts';
import { lastChanges, newRunId, openJournal } from './journal.ts';
import { whileLocked } from './runbook/lock.ts';
import { handsOn, type Saved, type StatusWrite, saveStatus } from './runbook/save.ts';
import type { Status } from './runbook/task.ts';
import type { World } from './world.ts';

export interface Session {
  /** The path of `runbook.yaml`. */
  readonly path: string;
  /** The folder it stands in. */
  readonly root: string;
  readonly runId: string;
  readonly world: World;
  /** Keeps the event in the journal, if it is of the kind that is kept. */
  readonly keep: (event: Event) => void;
  /** Keeps it, and shows it to whoever watches. */
  readonly tell: (event: Event) => void;
}

export function openSession(path: string, world: World): Session {
  const root = realpathSync(dirname(path));
  const runId = newRunId(world.now());
  const { keep } = openJournal(root, runId, world.now, world.redact);
  return {
    path,
    root,
    runId,
    world,
    keep,
    tell(event) {
      keep(event);
      world.emit(event);
    },
  };
}

/** How a change went; `overtaken`: another command of ours was quicker, and its status stays. */
export type Changed = Saved | { readonly kind: 'overtaken'; readonly theirs: Status };

/**
 * Writes a status into the files, then tells `event`; or tells that a hand was quicker, whose status stays.
 * The journal comes last: whatever a crash leaves undone, the files hold the newer truth, and the next start finds it. And it
 * comes before anyone else may write a status, so that its order is that of the files.
 */
export function changeStatus(session: Session, write: StatusWrite, event: Event): Changed {
  return whileLocked(session.root, () => {
    const { taskId, to: ours } = write;
    const isJournaled = (status: Status) => lastChanges(session.root).get(taskId)?.to === status;
    const saved = saveStatus(session.path, write);
    switch (saved.kind) {
      case 'saved':
        if (!saved.changed && isJournaled(ours)) return { kind: 'overtaken', theirs: ours };
        session.tell(event);
        return saved;
      case 'handWon':
        if (isJournaled(saved.theirs)) return { kind: 'overtaken', theirs: saved.theirs };
        tellHand(session, write, saved);
        return saved;
      case 'gone':
        tellHand(session, write, saved);
        return saved;
      default:
        return unreachable(saved);
    }
  });
}

/**
 * The same for how a task ended. Here the journal comes first, since an outcome can't be found out again: from its line on,
 * the next start brings it into the files, whatever happens to this process or to the disk. Throws what keeps the files from
 * being written, after telling that.
 */
export function recordOutcome(session: Session, write: StatusWrite, event: Event): Changed {
  return whileLocked(session.root, () => {
    try {
      const hands = handsOn(session.path, write);
      if (hands) {
        // Both files agree on what the hand wrote, and get the rest of what is to be said.
        if (hands.kind === 'handWon') saveStatus(session.path, write);
        tellHand(session, write, hands);
        return hands;
      }
    } catch (error) {
      session.keep(event);
      throw untold(session, write, error);
    }
    const kept = attempt(() => session.keep(event));
    let saved: Saved;
    try {
      saved = saveStatus(session.path, write);
    } catch (error) {
      throw kept.failed ? kept.error : untold(session, write, error);
    }
    if (kept.failed) throw kept.error;
    session.world.emit(event);
    if (saved.kind !== 'saved') tellHand(session, write, saved);
    return saved;
  });
}

function tellHand({ tell }: Session, write: StatusWrite, hand: Exclude<Saved, { kind: 'saved' }>): void {
  const { taskId, from, to: ours } = write;
  if (hand.kind === 'handWon') tell({ kind: 'handWon', taskId, from, ours, theirs: hand.theirs, at: hand.at });
  else tell({ kind: 'note', text: `\`${taskId}\` is no longer in the runbook; its status was not written.` });
}

/** Only the journal has the outcome. That is kept too: a hand that writes RUNNING over an outcome would look the same. */
function untold(session: Session, { taskId, to }: StatusWrite, error: unknown): unknown {
  const notSaved = { kind: 'notSaved', taskId, to } as const;
  attempt(() => session.keep(notSaved));
  session.world.emit(notSaved);
  return error;
}

function attempt(work: () => void): { failed: false } | { failed: true; error: unknown } {
  try {
    work();
    return { failed: false };
  } catch (error) {
    return { failed: true, error };
  }
}
