// One use of the tool on one runbook: where it is, how events are told and kept, and how a status changes.
import { dirname } from 'node:path';
import { errnoOf, RunbookError, unreachable } from './errors.ts';
import type { Event } from './events.ts';
import { lastChanges } from './journal.ts';
import { newRunId, openJournal } from './journaling.ts';
import { realPath, reasonOf } from './paths.ts';
import { stayLocked, whileLocked } from './runbook/lock.ts';
import { handsOn, isWritten, type Saved, type StatusWrite, saveStatus, saveUndisputed } from './runbook/save.ts';
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
  /** The same for several, which the journal gets in one go. */
  readonly tellAll: (events: readonly Event[]) => void;
  /** The same for what has happened already and can't be taken back: where the journal can't have it, that is said. */
  readonly report: (event: Event) => void;
  /** Keeps and shows what need not outlive a crash of the machine before `sync`, or before the next that is kept. */
  readonly tellSoon: (events: readonly Event[]) => void;
  readonly sync: () => void;
  /** How many bytes of the journal this session has written. */
  readonly journaledBytes: () => number;
}

export function openSession(path: string, world: World): Session {
  const root = realPath(dirname(path));
  let named: string | undefined;
  const runId = () => {
    named ??= newRunId(world.now());
    return named;
  };
  const { keep, keepAll, keepSoon, sync, written: journaledBytes } = openJournal(root, runId, world.now, world.redact);
  return {
    path,
    root,
    get runId() {
      return runId();
    },
    world,
    keep,
    tell(event) {
      keep(event);
      world.emit(event);
    },
    tellAll(events) {
      keepAll(events);
      for (const event of events) world.emit(event);
    },
    sync,
    journaledBytes,
    tellSoon(events) {
      keepSoon(events);
      for (const event of events) world.emit(event);
    },
    report(event) {
      const kept = attempt(() => keep(event));
      world.emit(event);
      if (kept.failed) world.emit({ kind: 'note', text: `That is not in the journal: ${whyOf(kept.error)}` });
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
    try {
      return changed(session, write, event);
    } catch (error) {
      // A status of ours that the journal has not would look like a hand's.
      const looked = attempt(() => isWritten(session.path, write));
      if (looked.failed || looked.value) stayLocked(session.root);
      throw error;
    }
  });
}

/** The same for many changes at once: what nobody disputes is written in one go, and journaled in one. */
export function changeStatuses(session: Session, changes: readonly { write: StatusWrite; event: Event }[]): void {
  const [first, ...others] = changes;
  if (first && others.length === 0) changeStatus(session, first.write, first.event);
  if (others.length === 0) return;
  whileLocked(session.root, () => {
    const writes = changes.map(({ write }) => write);
    let told = false;
    try {
      const saved = new Set(saveUndisputed(session.path, writes));
      session.tellAll(changes.filter(({ write }) => saved.has(write)).map(({ event }) => event));
      told = true;
      for (const { write, event } of changes) if (!saved.has(write)) changeStatus(session, write, event);
    } catch (error) {
      const looked = attempt(() => writes.some((write) => isWritten(session.path, write)));
      if (!told && (looked.failed || looked.value)) stayLocked(session.root);
      throw error;
    }
  });
}

function changed(session: Session, write: StatusWrite, event: Event): Changed {
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
}

/**
 * The same for how a task ended. Here the journal comes first, since an outcome can't be found out again: from its line on,
 * the next start brings it into the files, whatever happens to this process or to the disk. Throws what keeps the files from
 * being written, after telling that.
 */
export function recordOutcome(session: Session, write: StatusWrite, event: Event): Changed {
  let isLocked = false;
  try {
    return whileLocked(session.root, () => {
      isLocked = true;
      return recorded(session, write, event);
    });
  } catch (error) {
    if (isLocked) throw error;
    // Without the lock the files may not be touched, but a line of the journal gets in whole.
    session.keep(event);
    throw untold(session, write, error);
  }
}

function recorded(session: Session, write: StatusWrite, event: Event): Changed {
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
  const saving = attempt(() => saveStatus(session.path, write));
  if (kept.failed) {
    // Whatever of it the files have now, the next start must not take it for a hand's.
    stayLocked(session.root);
    if (!saving.failed) session.world.emit(event);
    throw kept.error;
  }
  if (saving.failed) throw untold(session, write, saving.error);
  session.world.emit(event);
  if (saving.value.kind !== 'saved') tellHand(session, write, saving.value);
  return saving.value;
}

/** Writes what a hand seems to have been in the way of, or tells what it wrote. Contract: called in `whileLocked`. */
export function settleDispute(session: Session, write: StatusWrite): void {
  const saved = saveStatus(session.path, write);
  if (saved.kind !== 'saved') tellHand(session, write, saved);
}

function tellHand({ tell }: Session, write: StatusWrite, hand: Exclude<Saved, { kind: 'saved' }>): void {
  const { taskId, from, to: ours } = write;
  if (hand.kind === 'handWon') tell({ kind: 'handWon', taskId, from, ours, theirs: hand.theirs, at: hand.at });
  else tell({ kind: 'note', text: `\`${taskId}\` is no longer in the runbook; its status was not written.` });
}

/** Only the journal has the outcome. That is kept too: a hand that writes RUNNING over an outcome would look the same. */
function untold(session: Session, { taskId, to }: StatusWrite, error: unknown): unknown {
  const notSaved = { kind: 'notSaved', taskId, to } as const;
  if (attempt(() => session.keep(notSaved)).failed) stayLocked(session.root);
  session.world.emit(notSaved);
  return error;
}

function whyOf(error: unknown): string {
  const errno = errnoOf(error);
  if (error instanceof RunbookError) return error.message;
  if (errno === undefined) throw error;
  return reasonOf(errno);
}

function attempt<T>(work: () => T): { failed: false; value: T } | { failed: true; error: unknown } {
  try {
    return { failed: false, value: work() };
  } catch (error) {
    return { failed: true, error };
  }
}
