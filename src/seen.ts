// What the tool saw of the plan when it last read it, kept in `.runbook/plan.json`: without it a hand edit could not be told from
// what was always so. If somebody deletes it, nothing is lost but that.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { followJournal } from './journal.ts';
import { decoded, lineEnd, readPlain } from './plainFile.ts';
import { ownFile } from './runbook/find.ts';
import { FOLDER } from './runbook/folder.ts';
import type { Fields, Plan, PlannedTask } from './runbook/plan.ts';
import type { LastStatus } from './runbook/settle.ts';
import type { Status } from './runbook/task.ts';

export interface Seen {
  readonly plan: Plan;
  /** sha256 of the text, by path. */
  readonly templates: Readonly<Record<string, string>>;
  /** Of the tasks whose status the journal did not know then. Of others there may be old entries, which count for nothing. */
  readonly statuses: StatusesById;
}

type StatusesById = readonly (readonly [id: string, Status])[];

/** As it stands in the file: the tasks of the plan a line each, which is parsed where it is needed. */
export interface KeptSeen extends Omit<Seen, 'statuses'> {
  readonly statuses: Pick<ReadonlyMap<string, Status>, 'get'>;
  readonly fields: Fields;
  readonly taskCount: number;
  readonly taskLine: (index: number) => string;
  /** Another file has another one. */
  readonly stamp: string;
}

/** Undefined if there is nothing. What an older or a newer version, or a hand, has left there is not compared with. */
export function readSeen(root: string): KeptSeen | undefined {
  const path = seenPath(root);
  const stamp = stampOf(path);
  if (kept?.path !== path || kept.stamp !== stamp) kept = { path, stamp, seen: stamp && readAnew(root, stamp) };
  return kept.seen || undefined;
}

/** What was read last. The file is only ever replaced as a whole, so that another one has another stamp. */
let kept:
  | { readonly path: string; readonly stamp: string | undefined; readonly seen: KeptSeen | '' | undefined }
  | undefined;

function stampOf(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    // As when it can't be read.
    return undefined;
  }
}

function readAnew(root: string, stamp: string): KeptSeen | undefined {
  try {
    const bytes = readPlain(seenPath(root), Number.POSITIVE_INFINITY);
    const end = lineEnd(bytes);
    const head = JSON.parse(decoded(bytes.subarray(0, end))) as Partial<Head>;
    const { format, length, taskCount, fields, templates, statuses } = head;
    if (format !== FORMAT || length !== bytes.length - end) return undefined;
    if (taskCount === undefined || !fields || !templates || !statuses) return undefined;
    const taskLine = linesOf(bytes.subarray(end + 1));
    return {
      get plan() {
        const tasks = Array.from({ length: taskCount }, (_, i) => JSON.parse(taskLine(i)) as PlannedTask);
        return { fields, tasks };
      },
      taskLine,
      taskCount,
      fields,
      templates,
      statuses: new InOrder(statuses),
      stamp,
    };
  } catch {
    return undefined;
  }
}

/** The text of a line by its index. Few are asked for, mostly, of many thousand. */
function linesOf(bytes: Buffer): (index: number) => string {
  let [line, start] = [0, 0];
  return (index) => {
    if (index < line) [line, start] = [0, 0];
    for (; line < index; line++) start = lineEnd(bytes, start) + 1;
    return decoded(bytes.subarray(start, lineEnd(bytes, start)));
  };
}

/** The first line of the file. */
export interface Head {
  readonly format: number;
  /** In bytes, from the end of its line: a file that was cut is shorter. */
  readonly length: number;
  readonly taskCount: number;
  readonly fields: Fields;
  readonly templates: Seen['templates'];
  /** Each id, and behind it the status, in the order of the plan. */
  readonly statuses: readonly string[];
}

/**
 * Whoever asks does so in the order of the plan, mostly, and for those that the journal does not know: then none of many thousand
 * ids is hashed.
 */
class InOrder {
  readonly #flat: readonly string[];
  #at = 0;
  /** How many that are not asked for may still be stepped over. */
  #patience: number;
  #byId: ReadonlyMap<string, Status> | undefined;

  constructor(flat: readonly string[]) {
    this.#flat = flat;
    this.#patience = flat.length;
  }

  get(id: string): Status | undefined {
    const at = this.#at;
    if (this.#flat[at] !== id) return this.#fromHereOn(id);
    this.#at = at + 2;
    return this.#flat[at + 1] as Status;
  }

  #fromHereOn(id: string): Status | undefined {
    const flat = this.#flat;
    for (let looked = 0; looked < flat.length; looked += 2) {
      if (this.#at >= flat.length) this.#at = 0;
      const isFound = flat[this.#at] === id;
      if (!isFound && --this.#patience < 0) break;
      this.#at += 2;
      if (isFound) return flat[this.#at - 1] as Status;
    }
    return this.#patience < 0 ? this.#anywhere(id) : undefined;
  }

  #anywhere(id: string): Status | undefined {
    const flat = this.#flat;
    this.#byId ??= new Map(flat.flatMap((each, i) => (i % 2 === 0 ? [[each, flat[i + 1] as Status]] : [])));
    return this.#byId.get(id);
  }
}

/**
 * The last status of each task that is known: by the journal, or where no line tells of it, as it was seen last. The same object as
 * long as nothing has changed of that.
 */
export function lastStatuses(root: string): Pick<ReadonlyMap<string, LastStatus>, 'get'> {
  const journal = followJournal(root);
  const seen = readSeen(root);
  if (latest?.journal !== journal || latest.seen !== seen)
    latest = { journal, seen, known: knownBy(journal.last, seen) };
  return latest.known;
}

let latest:
  | {
      readonly journal: ReturnType<typeof followJournal>;
      readonly seen: KeptSeen | undefined;
      readonly known: ReturnType<typeof knownBy>;
    }
  | undefined;

function knownBy(
  journaled: ReadonlyMap<string, LastStatus>,
  seen: KeptSeen | undefined,
): Pick<ReadonlyMap<string, LastStatus>, 'get'> {
  // Who has taken the journal away wants to begin anew.
  if (journaled.size === 0 || !seen) return journaled;
  return { get: (id) => journaled.get(id) ?? asSeen(seen.statuses.get(id)) };
}

function asSeen(to: Status | undefined): LastStatus | undefined {
  if (to === undefined) return undefined;
  const known = LAST_SEEN.get(to);
  if (known) return known;
  const made = {
    from: undefined,
    to,
    unsaved: false,
    inFiles: undefined,
    runId: undefined,
    record: undefined,
    taken: undefined,
  };
  LAST_SEEN.set(to, made);
  return made;
}

/** One for each status. */
const LAST_SEEN = new Map<Status, LastStatus>();

/** Of the file. */
export const FORMAT = 3;

/** Where it is kept. */
export function seenPath(root: string): string {
  return join(root, FOLDER, ownFile(root, 'plan.json'));
}
