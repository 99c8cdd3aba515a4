// What the tool saw of the plan when it last read it, kept in `.runbook/plan.json`: without it a hand edit could not be told from
// what was always so. If somebody deletes it, nothing is lost but that.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { lastChanges } from './journal.ts';
import { readPlain } from './plainFile.ts';
import { FOLDER } from './runbook/folder.ts';
import type { Plan } from './runbook/plan.ts';
import type { LastStatus } from './runbook/settle.ts';
import type { Status } from './runbook/task.ts';
import { writeDurably } from './runbook/write.ts';

export interface Seen {
  readonly plan: Plan;
  /** sha256 of the text, by path. */
  readonly templates: Readonly<Record<string, string>>;
  /** Of the tasks whose status the journal did not know then. Of others there may be old entries, which count for nothing. */
  readonly statuses: Readonly<Record<string, Status>>;
}

/** Undefined if there is nothing. What an older or a newer version, or a hand, has left there is not compared with. */
export function readSeen(root: string): Seen | undefined {
  const path = seenPath(root);
  const stamp = stampOf(path);
  if (kept?.path !== path || kept.stamp !== stamp) kept = { path, stamp, seen: readAnew(root) };
  return kept.seen;
}

/** What was read last. The file is only ever replaced as a whole, so that another one has another stamp. */
let kept: { readonly path: string; readonly stamp: string | undefined; readonly seen: Seen | undefined } | undefined;

function stampOf(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    // As when it can't be read.
    return undefined;
  }
}

function readAnew(root: string): Seen | undefined {
  try {
    const { format, ...seen } = JSON.parse(
      readPlain(seenPath(root), Number.POSITIVE_INFINITY).toString(),
    ) as Partial<Seen> & {
      format?: unknown;
    };
    const isWhole =
      format === FORMAT && Array.isArray(seen.plan?.tasks) && seen.plan.fields && seen.templates && seen.statuses;
    return isWhole ? (seen as Seen) : undefined;
  } catch {
    return undefined;
  }
}

/** Throws FILE_UNWRITABLE. */
export function writeSeen(root: string, seen: Seen): void {
  writeDurably(seenPath(root), JSON.stringify({ format: FORMAT, ...seen }));
}

/** The last status of each task that is known: by the journal, or where no line tells of it, as it was seen last. */
export function lastStatuses(root: string): ReadonlyMap<string, LastStatus> {
  const last = new Map<string, LastStatus>(lastChanges(root));
  // Who has taken the journal away wants to begin anew.
  if (last.size === 0) return last;
  for (const [id, to] of Object.entries(readSeen(root)?.statuses ?? {}))
    if (!last.has(id))
      last.set(id, {
        from: undefined,
        to,
        unsaved: false,
        inFiles: undefined,
        runId: undefined,
        record: undefined,
        taken: undefined,
      });
  return last;
}

const FORMAT = 1;

/** Where it is kept. */
export function seenPath(root: string): string {
  return join(root, FOLDER, 'plan.json');
}
