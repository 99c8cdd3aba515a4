// Brings the files and the journal to where the runbook stands: what a hand has changed, what a killed runner left, what became READY.
import { noticeEdits } from './edits.ts';
import { unreachable } from './errors.ts';
import type { Event, Holder } from './events.ts';
import { keepReading } from './runbook/keepReading.ts';
import { leaseHolder } from './runbook/lease.ts';
import { forgetPredecessor, predecessorOf, stayLocked, whileLocked } from './runbook/lock.ts';
import { readRunbook } from './runbook/read.ts';
import { dependentsOf, waitsFor } from './runbook/ready.ts';
import type { StatusWrite } from './runbook/save.ts';
import { type Change, type Settled, settle } from './runbook/settle.ts';
import { steadily } from './runbook/steady.ts';
import type { Runbook } from './runbook/task.ts';
import { removeTemporary } from './runbook/write.ts';
import { lastStatuses, readSeen, seenPath } from './seen.ts';
import { changeStatuses, type Session } from './session.ts';
import { lookAt } from './standing.ts';

/**
 * Reads the runbook and writes what is due: hand edits are journaled and both files brought to agree, outcomes that only the
 * journal has are written, tasks that have nothing to wait for become READY. `predecessor` is the dead runner whose lease this
 * one took over.
 */
export function bringUpToDate(session: Session, predecessor?: Holder): Settled {
  const { root } = session;
  // The files and the journal as they are at one moment: between the two writes of another command, it would seem a hand's. All of
  // it under the lock: who is killed before the journal has what was found leaves that for the next to find.
  return whileLocked(root, () => {
    const cutOff = predecessorOf(root);
    const runbook = steadily(() => readRunbook(session.path));
    if (cutOff ?? predecessor) sweep(runbook);
    const lease = leaseHolder(root);
    const cutShort = (predecessor ?? (lease?.alive ? undefined : lease?.holder))?.taskId;
    const liveRun = lease?.alive ? lease.holder.runId : undefined;
    const last = lastStatuses(root);
    const settled = settle(runbook, { last, cutShort, midWrite: cutOff !== undefined, held: false, liveRun });
    noticeEdits(session, settled);
    keepReading(runbook.root, runbook.source, readSeen(runbook.root)?.stamp);
    const [due, said] = partition(settled.changes, ({ kind, mend }) => kind === 'readied' || mend.length > 0);
    try {
      session.tellAll(said.map(toEvent));
    } catch (error) {
      if (cutOff) stayLocked(root);
      throw error;
    }
    changeStatuses(
      session,
      due.map((change) => ({ write: writeOf(change), event: toEvent(change) })),
    );
    forgetPredecessor(root);
    return settled;
  });
}

/** Takes away what a process that was killed in the middle of a write left beside the files. */
function sweep({ root, source, tasks }: Runbook): void {
  const files = tasks.flatMap(({ detailFile }) => detailFile?.path ?? []);
  for (const file of new Set([source.path, seenPath(root), ...files])) removeTemporary(file);
}

function toEvent({ task: { id: taskId }, kind, from, to, at, mend: mended }: Change): Event {
  switch (kind) {
    case 'readied':
      return { kind, taskId, from, to: 'READY' };
    case 'handEdit':
      return { kind, taskId, from, to, at, mended };
    case 'recovered':
      return { kind, taskId, from, to, at, mended };
    default:
      return unreachable(kind);
  }
}

/** After a skip: which tasks it keeps waiting, and how to let them go on. */
export function tellWhoWaits(session: Session, ids: readonly string[], runbook = lookAt(session.path).runbook): void {
  if (runbook.skippedSatisfies) return;
  const waiting = ids
    .flatMap((id) => dependentsOf(runbook, id))
    .filter((task) => ['PENDING', 'READY'].includes(task.status) && waitsFor(runbook, task).length > 0);
  if (waiting.length === 0) return;
  const names = [...new Set(waiting.map((task) => task.id))];
  const text = `Now waiting: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}. They go on with \`skipped_satisfies: true\` in the runbook, or when ${ids.join(', ')} is DONE.`;
  session.world.emit({ kind: 'note', text });
}

/** What stands in the file that has to be mended is overwritten, and only if it still says what it said. */
function writeOf({ task, kind, from, to, record }: Change): StatusWrite {
  const found = task.homes.find((home) => home.status !== undefined && home.status !== to)?.status ?? to;
  return { ...record, taskId: task.id, from: kind === 'readied' ? from : found, to };
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
