// One use of the tool on one runbook: where it is, how events are told and kept, and how a status changes.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Event } from './events.ts';
import { newRunId, openJournal } from './journal.ts';
import { type Saved, type StatusWrite, saveStatus } from './runbook/save.ts';
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

/**
 * Writes a status into the files, then tells `event`; or tells that a hand was quicker, whose status stays.
 * The journal comes last: whatever a crash leaves undone, the files hold the newer truth, and the next start finds it.
 */
export function changeStatus(session: Session, write: StatusWrite, event: Event): Saved {
  const saved = saveStatus(session.path, write);
  if (saved.kind === 'saved') session.tell(event);
  if (saved.kind === 'handWon') {
    const { taskId, from, to: ours } = write;
    session.tell({ kind: 'handWon', taskId, from, ours, theirs: saved.theirs, at: saved.at });
  }
  if (saved.kind === 'gone')
    session.tell({
      kind: 'note',
      text: `\`${write.taskId}\` is no longer in the runbook; its status was not written.`,
    });
  return saved;
}
