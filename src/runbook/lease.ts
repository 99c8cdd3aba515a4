// The one lease by which a runner holds its runbook for as long as it runs, and by which a dead runner is recognised.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunbookError } from '../errors.ts';
import type { Holder } from '../events.ts';
import { naming } from '../paths.ts';
import { nameOfRunbook } from './find.ts';
import { FOLDER, folderFor } from './folder.ts';
import { isAlive, self } from './holder.ts';
import { holderOf, ownName, take, tidyUp } from './lock.ts';

const LEASE = 'lease.json';

export interface Lease {
  /** Says on disk which task is being worked on, for whoever finds the lease. */
  readonly name: (taskId: string | undefined) => void;
  readonly release: () => void;
  /** The dead holder whose lease was taken over, if there was one. */
  readonly predecessor: Holder | undefined;
}

/** Throws HELD if a live runner has it. A lease whose process is gone (also after a reboot, or with its pid reused) is taken over. */
export function takeLease(root: string, runId: string, now: Date): Lease {
  const path = join(folderFor(root), LEASE);
  const holder = { ...self(runId, now), runbook: nameOfRunbook(root) };
  const taken = take(path, holder);
  if ('heldBy' in taken) throw held(root, taken.heldBy);
  tidyUp(path);
  const { predecessor } = taken;
  // Until it is settled what that one left, its task stays named: this runner may be killed too.
  if (predecessor?.taskId !== undefined) replace(path, { ...holder, taskId: predecessor.taskId });
  return {
    predecessor,
    name: (taskId) => replace(path, { ...holder, taskId }),
    release: () => rmSync(path, { force: true }),
  };
}

/** The holder of the lease, with whether it still lives. */
export function leaseHolder(root: string): { holder: Holder; alive: boolean } | undefined {
  const holder = holderOf(join(root, FOLDER, LEASE));
  return holder && { holder, alive: isAlive(holder) };
}

export function held(root: string, holder: Holder): RunbookError {
  const task = holder.taskId === undefined ? '' : `, now at \`${holder.taskId}\``;
  const { runbook = nameOfRunbook(root) } = holder;
  // Two may name the same files, and put them on trial at the same time.
  const what = runbook === nameOfRunbook(root) ? 'this runbook' : `this folder, for its runbook \`${runbook}\``;
  return new RunbookError({
    code: 'HELD',
    message: `another runner holds ${what}: pid ${holder.pid} on \`${holder.host}\`, since ${holder.since}${task}`,
    hint: 'Let it finish, or end it. If that machine is gone for good, delete .runbook/lease.json.',
  });
}

/** In one step: a lease that names nobody would be a dead one's to whoever looks at that moment. */
function replace(path: string, holder: Holder): void {
  const own = ownName(path);
  naming(own, () => writeFileSync(own, `${JSON.stringify(holder)}\n`));
  renameSync(own, path);
}
