// One use of the tool on one runbook: where it is, how events are told and kept, and how a status changes.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { unreachable } from './errors.ts';
import type { Event } from './events.ts';
import { lastStatuses, newRunId, openJournal } from './journal.ts';
import { whileLocked } from './runbook/lock.ts';
import { type Saved, type StatusWrite, saveStatus } from './runbook/save.ts';
import type { Status } from './runbook/task.ts';
import type { World } from './world.ts';

export interface Session {
  /** The path of `runbook.yaml`. */
  readonly path: string;
  /** The folder it stands in. */
  readonly root: string;
  readonly runId: string;
  readonly world: World;
  /** Keeps the event in the journal, if it is of the kind that is kept, and shows it to whoever watches. */
  readonly tell: (event: Event) => void;
}

export function openSession(path: string, world: World): Session {
  const root = realpathSync(dirname(path));
  const runId = newRunId(world.now());
  const journal = openJournal(root, runId, world.now, world.redact);
  return {
    path,
    root,
    runId,
    world,
    tell(event) {
      journal.keep(event);
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
    const { taskId, from, to: ours } = write;
    const isJournaled = (status: Status) => lastStatuses(session.root).get(taskId) === status;
    const saved = saveStatus(session.path, write);
    switch (saved.kind) {
      case 'saved':
        if (!saved.changed && isJournaled(ours)) return { kind: 'overtaken', theirs: ours };
        session.tell(event);
        return saved;
      case 'handWon': {
        const { theirs, at } = saved;
        if (isJournaled(theirs)) return { kind: 'overtaken', theirs };
        session.tell({ kind: 'handWon', taskId, from, ours, theirs, at });
        return saved;
      }
      case 'gone': {
        const text = `\`${taskId}\` is no longer in the runbook; its status was not written.`;
        session.tell({ kind: 'note', text });
        return saved;
      }
      default:
        return unreachable(saved);
    }
  });
}
