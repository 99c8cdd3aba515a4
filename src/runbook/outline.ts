// The outline of a long list of tasks: what is asked of all of them at once. Of a plan that is kept, it is read in a tenth of the time
// that its entries take, and these are read where they are asked for.
import type { Entries } from './entries.ts';
import { ENTRY_FIELDS, isPlainEntry } from './plainForm.ts';
import type { RawEntry } from './schema.ts';
import { STATUSES, type Status } from './vocabulary.ts';

/** As it is kept, by the index of the entry: plain JSON. */
export interface KeptOutline {
  readonly ids: readonly string[];
  /** A figure each: which of `STATUSES` it is; a blank where none is written. */
  readonly statuses: string;
  /** By their indexes, one after the other. */
  readonly dependencies: readonly number[];
  /** Where in that list those of each entry end. */
  readonly ends: readonly number[];
  /** A bit for each of `ENTRY_FIELDS` that has a value. */
  readonly fields: readonly number[];
  /** Whether each depends on earlier ones alone. */
  readonly isInOrder: boolean;
  /** The entries of the tasks that have a file of their own: every command reads it. */
  readonly entries: readonly (readonly [index: number, RawEntry])[];
  /** Where they stand in the text: the offset of the first, and how long each is. */
  readonly start: number;
  readonly lengths: readonly number[];
  readonly dash: string;
}

/** Where the entries stand in the text that was kept. */
export function placesIn({ start, lengths, dash }: KeptOutline): Entries {
  const starts: number[] = [];
  let end = start;
  for (let index = 0; index < lengths.length; index++) {
    starts.push(end);
    end += lengths[index] ?? 0;
  }
  return { starts, end, dash };
}

/** The index of an entry that is not there. */
export const NONE = -1;

export type EntryField = keyof RawEntry & string;

/** Of the entries of a text: those that were kept, and in their places those that have changed since. */
export class Outline {
  readonly kept: KeptOutline;
  readonly count: number;
  /** Whether each is known to depend on earlier ones alone, of those that have not changed. */
  readonly isInOrder: boolean;
  /** The index of each when it was kept; -1 of one that was not. Undefined as long as all are as they were. */
  readonly #origins: Int32Array | undefined;
  readonly #entries: ReadonlyMap<number, RawEntry>;

  constructor(
    kept: KeptOutline,
    now?: Pick<Outline, 'isInOrder'> & { origins: Int32Array; entries: ReadonlyMap<number, RawEntry> },
  ) {
    this.kept = kept;
    this.count = now?.origins.length ?? kept.ids.length;
    this.isInOrder = now?.isInOrder ?? kept.isInOrder;
    this.#origins = now?.origins;
    this.#entries = now?.entries ?? new Map(kept.entries);
  }

  /** The index that it had when it was kept; -1 if it was not. */
  origin(index: number): number {
    return this.#origins ? (this.#origins[index] ?? NONE) : index;
  }

  /** The entry, if it has changed since, or if every command asks for it. */
  entry(index: number): RawEntry | undefined {
    return this.#entries.get(index);
  }

  id(index: number): string {
    return this.kept.ids[this.origin(index)] ?? this.#entries.get(index)?.id ?? '';
  }

  /** Undefined if none is written. */
  status(index: number): Status | undefined {
    const origin = this.origin(index);
    if (origin === NONE) return this.#entries.get(index)?.status ?? undefined;
    return STATUSES[this.kept.statuses.charCodeAt(origin) - ZERO];
  }

  dependsOn(index: number): readonly string[] | undefined {
    const origin = this.origin(index);
    if (origin === NONE) return this.#entries.get(index)?.depends_on ?? undefined;
    const { ids, dependencies, ends } = this.kept;
    const start = ends[origin - 1] ?? 0;
    const found = new Array<string>((ends[origin] ?? 0) - start);
    for (let i = 0; i < found.length; i++) found[i] = ids[dependencies[start + i] ?? 0] ?? '';
    return found;
  }

  has(index: number, field: EntryField): boolean {
    const origin = this.origin(index);
    if (origin === NONE) return this.#entries.get(index)?.[field] != null;
    return (((this.kept.fields[origin] ?? 0) >> ENTRY_FIELDS.indexOf(field)) & 1) === 1;
  }

  /** With other entries in the place of those from `first` on and before `next`. Undefined if one of them is not of the plain form. */
  spliced(first: number, next: number, entries: readonly unknown[]): Outline | undefined {
    if (!entries.every(isPlainEntry)) return undefined;
    const moved = first + entries.length - next;
    const origins = new Int32Array(this.count + moved).fill(NONE);
    const before = this.#origins ?? Int32Array.from(this.kept.ids.keys());
    origins.set(before.subarray(0, first));
    origins.set(before.subarray(next), next + moved);
    const known = new Map(entries.map((entry, i) => [first + i, entry]));
    for (const [index, entry] of this.#entries)
      if (index < first || index >= next) known.set(index < first ? index : index + moved, entry);
    const isInOrder = this.isInOrder && moved === 0 && entries.every(({ id }, i) => id === this.id(first + i));
    return new Outline(this.kept, { isInOrder, origins, entries: known });
  }
}

const ZERO = '0'.charCodeAt(0);

type Value = Readonly<Record<string, unknown>>;

/** A runbook with its tasks, which are made when they are asked for. */
export function withTasks(top: Value, make: () => readonly unknown[]): Value {
  let made: readonly unknown[] | undefined;
  return {
    ...top,
    get tasks() {
      made ??= make();
      return made;
    },
  };
}

/** A runbook but for its tasks, which are not asked for. */
export function topOf(value: Value): Value {
  const fields = Object.keys(value).filter((field) => field !== 'tasks');
  return Object.fromEntries(fields.map((field) => [field, value[field]]));
}
