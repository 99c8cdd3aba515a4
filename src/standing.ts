// How a runbook stands at this moment: read anew from its files each time, and settled with what was known before.
import type { Holder } from './events.ts';
import { journaledEnd } from './journaledEnd.ts';
import { leaseHolder } from './runbook/lease.ts';
import { wasCutOff } from './runbook/lock.ts';
import { readRunbook } from './runbook/read.ts';
import { type Known, type Settled, settle } from './runbook/settle.ts';
import { steadily } from './runbook/steady.ts';
import { lastStatuses } from './seen.ts';

export interface Standing extends Settled {
  /** The live runner that holds the runbook, if it is not this one. */
  readonly holder: Holder | undefined;
  /** Of what was interrupted, the ids of the tasks of which the journal has a good end: the next start writes it. */
  readonly endedWell: readonly string[];
}

/** How the runbook stands, without writing anything. Throws the first mistake in its files. */
export function lookAt(path: string): Standing {
  const runbook = steadily(() => readRunbook(path));
  const lease = leaseHolder(runbook.root);
  const known: Known = {
    last: lastStatuses(runbook.root),
    cutShort: lease && !lease.alive ? lease.holder.taskId : undefined,
    midWrite: wasCutOff(runbook.root),
    held: lease?.alive ?? false,
    liveRun: lease?.alive ? lease.holder.runId : undefined,
  };
  const settled = settle(runbook, known);
  const endedWell = settled.interrupted.filter((task) => journaledEnd(runbook.root, task)).map(({ id }) => id);
  return { ...settled, holder: lease?.alive ? lease.holder : undefined, endedWell };
}
