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

/** Entries that follow each other as they did when they were kept. */
interface Run {
  readonly start: number;
  readonly length: number;
  /** The index of the first of them when it was kept. */
  readonly origin: number;
}

/** Of the entries of a text: those that were kept, and in their places those that have changed since. */
export class Outline {
  readonly kept: KeptOutline;
  readonly count: number;
  /** Whether each is known to depend on earlier ones alone, of those that have not changed. */
  readonly isInOrder: boolean;
  /** All that have not changed. */
  readonly runs: readonly Run[];
  /** Those that have changed since, and those that every command asks for. */
  readonly entries: ReadonlyMap<number, RawEntry>;

  constructor(kept: KeptOutline, now?: Pick<Outline, 'count' | 'isInOrder' | 'runs' | 'entries'>) {
    this.kept = kept;
    this.count = now?.count ?? kept.ids.length;
    this.isInOrder = now?.isInOrder ?? kept.isInOrder;
    this.runs = now?.runs ?? [{ start: 0, length: this.count, origin: 0 }];
    this.entries = now?.entries ?? new Map(kept.entries);
  }

  /** The index that it had when it was kept; -1 if it was not. */
  origin(index: number): number {
    const first = this.runs[0];
    // Mostly, nothing before it has changed.
    if (first && index < first.length && first.start === 0 && first.origin === 0) return index;
    const run = this.runs.findLast(({ start }) => start <= index);
    return run && index < run.start + run.length ? run.origin + index - run.start : NONE;
  }

  /** Tells of each that has not changed what is known of it. */
  forEachKept(tell: (index: number, id: string, status: Status | undefined) => void): void {
    const { ids, statuses } = this.kept;
    for (const { start, length, origin } of this.runs)
      for (let i = 0; i < length; i++)
        tell(start + i, ids[origin + i] ?? '', STATUSES[statuses.charCodeAt(origin + i) - ZERO]);
  }

  id(index: number): string {
    return this.kept.ids[this.origin(index)] ?? this.entries.get(index)?.id ?? '';
  }

  /** Undefined if none is written. */
  status(index: number): Status | undefined {
    const origin = this.origin(index);
    if (origin === NONE) return this.entries.get(index)?.status ?? undefined;
    return STATUSES[this.kept.statuses.charCodeAt(origin) - ZERO];
  }

  dependsOn(index: number): readonly string[] | undefined {
    const origin = this.origin(index);
    if (origin === NONE) return this.entries.get(index)?.depends_on ?? undefined;
    const { ids, dependencies, ends } = this.kept;
    const from = ends[origin - 1] ?? 0;
    const to = ends[origin] ?? 0;
    // Mostly there is one: an iterator or a function for each of many thousand tasks takes its time.
    if (to === from + 1) return [ids[dependencies[from] ?? 0] ?? ''];
    return dependencies.slice(from, to).map((dependency) => ids[dependency] ?? '');
  }

  has(index: number, field: EntryField): boolean {
    const origin = this.origin(index);
    if (origin === NONE) return this.entries.get(index)?.[field] != null;
    return (((this.kept.fields[origin] ?? 0) >> ENTRY_FIELDS.indexOf(field)) & 1) === 1;
  }

  /** All of them, made of those that were kept. */
  all(kept: readonly unknown[]): unknown[] {
    const all: unknown[] = [];
    for (const { start, length, origin } of this.runs)
      for (let i = 0; i < length; i++) all[start + i] = kept[origin + i];
    for (const [index, entry] of this.entries) all[index] = entry;
    return all;
  }

  /**
   * With other entries in the place of those from `first` on and before `next`. Undefined if one of them is not of the plain form,
   * or if by now there are many of them: then all are sooner read than looked for.
   */
  spliced(first: number, next: number, entries: readonly unknown[]): Outline | undefined {
    if (!entries.every(isPlainEntry)) return undefined;
    const moved = first + entries.length - next;
    const runs = this.runs.flatMap(({ start, length, origin }): Run[] => {
      const from = Math.max(start, next);
      const parts = [
        { start, length: Math.min(start + length, first) - start, origin },
        { start: from + moved, length: start + length - from, origin: origin + from - start },
      ];
      return parts.filter((part) => part.length > 0);
    });
    const known = new Map(entries.map((entry, i) => [first + i, entry]));
    for (const [index, entry] of this.entries)
      if (index < first || index >= next) known.set(index < first ? index : index + moved, entry);
    if (known.size > this.kept.entries.length + MANY) return undefined;
    const isInOrder = this.isInOrder && moved === 0 && entries.every(({ id }, i) => id === this.id(first + i));
    return new Outline(this.kept, { count: this.count + moved, isInOrder, runs, entries: known });
  }
}

const MANY = 100;
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
