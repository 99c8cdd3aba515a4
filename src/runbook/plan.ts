// What a plan says, apart from what the tool itself writes into it, and what a hand has changed in it between two readings.
import { createHash } from 'node:crypto';
import { topOf } from './outline.ts';
import { isSame } from './patch/value.ts';
import { type Home, mapOfHome, type Runbook, type Task } from './task.ts';

/** A plan at one moment, as it is kept from one command to the next: plain JSON. */
export interface Plan {
  /** Of the runbook, but for its tasks. */
  readonly fields: Fields;
  /** In their order. */
  readonly tasks: readonly PlannedTask[];
}

export interface PlannedTask {
  readonly id: string;
  readonly fields: Fields;
}

/** By name, in YAML's spelling; of a map, each of its keys by itself: `ai_details.model`. */
export type Fields = Readonly<Record<string, Kept>>;

/** A value as it is kept. One that holds a secret is told by its hash, since what is a secret differs from shell to shell. */
export interface Kept {
  readonly value: unknown;
  readonly sha256?: string;
}

export type PlanEdit =
  /** `taskId` is undefined for a field of the runbook, `from` or `to` where it is not there. Without secrets. */
  | ({ readonly kind: 'field'; readonly taskId: string | undefined; readonly field: string } & {
      readonly from: unknown;
      readonly to: unknown;
    })
  | { readonly kind: 'added'; readonly taskId: string; readonly after: string | undefined }
  | { readonly kind: 'removed'; readonly taskId: string }
  | { readonly kind: 'renamed'; readonly taskId: string; readonly from: string }
  | { readonly kind: 'moved'; readonly taskId: string; readonly after: string | undefined };

/** `redact` takes the values of secrets out of a text. */
export function planOf({ source, tasks }: Runbook, redact: (text: string) => string): Plan {
  const top = topOf(source.value as Record<string, unknown>);
  const kept = (map: Record<string, unknown>): Fields =>
    Object.fromEntries(Object.entries(flat(map)).map(([key, value]) => [key, keep(value, redact)]));
  return { fields: kept(top), tasks: tasks.map((task) => ({ id: task.id, fields: kept(written(task)) })) };
}

/** A plan as it was written down: of each task, what it says is a line of JSON. */
export interface WrittenPlan {
  readonly fields: Fields;
  readonly taskCount: number;
  /** Found where it is asked for; soonest if they are asked for in order. */
  readonly taskLine: (index: number) => string;
}

/**
 * Whether a runbook says what the plan has: the same as to make a plan of it and to compare them, and much less work.
 * `isSure` tells of some entries that they are as they were when it was written down.
 */
export function isPlanOf(plan: WrittenPlan, { source, tasks }: Runbook, isSure: (index: number) => boolean): boolean {
  const top = topOf(source.value as Record<string, unknown>);
  const says = (planned: Fields, map: Record<string, unknown>) => {
    const now = Object.entries(flat(map));
    return now.length === Object.keys(planned).length && now.every(([field, value]) => isKept(planned[field], value));
  };
  return (
    says(plan.fields, top) &&
    plan.taskCount === tasks.length &&
    tasks.every((task, i) => {
      if (task.detailFile === undefined && isSure(i)) return true;
      const planned = JSON.parse(plan.taskLine(i)) as PlannedTask;
      return planned.id === task.id && says(planned.fields, written(task));
    })
  );
}

function isKept(kept: Kept | undefined, value: unknown): boolean {
  if (!kept) return false;
  if (kept.sha256 !== undefined) return kept.sha256 === hashOf(canonical(value));
  return isSame(kept.value, value) || (typeof value === 'object' && canonical(kept.value) === canonical(value));
}

/** What leads from one plan to the other, in the order of the later one. */
export function planEdits(before: Plan, now: Plan): PlanEdit[] {
  const old = new Map(before.tasks.map((task) => [task.id, task]));
  const present = new Set(now.tasks.map(({ id }) => id));
  const gone = before.tasks.filter(({ id }) => !present.has(id));
  const renamed = renames(
    gone,
    now.tasks.filter(({ id }) => !old.has(id)),
  );
  const oldIdOf = (id: string) => renamed.get(id) ?? id;
  const renamedAway = new Set(renamed.values());
  const moved = movedAmong(
    before.tasks.map(({ id }) => id),
    now.tasks.map(({ id }) => oldIdOf(id)),
  );
  const ofTasks = now.tasks.flatMap(({ id: taskId, fields }, index): PlanEdit[] => {
    const from = oldIdOf(taskId);
    const earlier = old.get(from);
    const after = now.tasks[index - 1]?.id;
    if (!earlier) return [{ kind: 'added', taskId, after }];
    return [
      ...(from === taskId ? [] : [{ kind: 'renamed', taskId, from } as const]),
      ...(moved.has(from) ? [{ kind: 'moved', taskId, after } as const] : []),
      ...fieldEdits(taskId, earlier.fields, fields),
    ];
  });
  const removed = gone.filter(({ id }) => !renamedAway.has(id));
  return [
    ...fieldEdits(undefined, before.fields, now.fields),
    ...ofTasks,
    ...removed.map(({ id: taskId }): PlanEdit => ({ kind: 'removed', taskId })),
  ];
}

/** Written by the tool; and the id is what the rest is told by. */
const NOT_THE_HANDS = new Set(['id', 'status', 'last_run', 'issues']);

/** The fields of a task from both of its files. Where both have a `description`, the detail file's is shown. */
function written({ homes: [entry, detail] }: Task): Record<string, unknown> {
  const theirs = detail ? mapAt(detail) : {};
  const both: Record<string, unknown> = {};
  for (const map of [theirs, mapAt(entry)]) for (const key in map) if (!NOT_THE_HANDS.has(key)) both[key] = map[key];
  if ('description' in theirs) both['description'] = theirs['description'];
  return both;
}

function mapAt(home: Home): Record<string, unknown> {
  const value = mapOfHome(home);
  return isMap(value) ? value : {};
}

function keep(value: unknown, redact: (text: string) => string): Kept {
  const clean = redacted(value, redact);
  return Object.is(clean, value) ? { value } : { value: clean, sha256: hashOf(canonical(value)) };
}

/** The same value where there is nothing to take out. */
function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => redacted(item, redact));
    return items.every((item, i) => Object.is(item, value[i])) ? value : items;
  }
  if (!isMap(value)) return value;
  const pairs = Object.entries(value).map(([key, item]) => [redact(key), redacted(item, redact)] as const);
  return pairs.every(([key, item]) => Object.is(item, value[key])) ? value : Object.fromEntries(pairs);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSameValue(one: Kept | undefined, other: Kept | undefined): boolean {
  if (!one || !other) return one === other;
  if (one.sha256 === undefined && other.sha256 === undefined)
    return isSame(one.value, other.value) || canonical(one.value) === canonical(other.value);
  const hash = ({ value, sha256 }: Kept) => sha256 ?? hashOf(canonical(value));
  return hash(one) === hash(other);
}

function flat(map: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key in map) {
    const value = map[key];
    if (isMap(value)) for (const inner in value) fields[`${key}.${inner}`] = value[inner];
    else if (value !== null && value !== undefined) fields[key] = value;
  }
  return fields;
}

function fieldEdits(taskId: string | undefined, before: Fields, now: Fields): PlanEdit[] {
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].flatMap((field): PlanEdit[] => {
    const [from, to] = [before[field], now[field]];
    if (isSameValue(from, to)) return [];
    return [{ kind: 'field', taskId, field, from: from?.value, to: to?.value }];
  });
}

/** New ids of tasks that are otherwise as one that is gone: by their detail file, or by all that they say. */
function renames(gone: readonly PlannedTask[], added: readonly PlannedTask[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const task of added) {
    const taken = new Set(found.values());
    const [same, ...others] = gone.filter((other) => !taken.has(other.id) && isSameTask(other.fields, task.fields));
    if (same && others.length === 0) found.set(task.id, same.id);
  }
  return found;
}

function isSameTask(before: Fields, now: Fields): boolean {
  const file = before['task_detail_file'];
  if (file && isSameValue(file, now['task_detail_file'])) return true;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((field) => field !== 'name');
  return names.length > 0 && names.every((field) => isSameValue(before[field], now[field]));
}

/** The fewest whose moving makes the one order of the other: all but a longest run that has kept its order. */
function movedAmong(before: readonly string[], now: readonly string[]): ReadonlySet<string> {
  const oldIndex = new Map(before.map((id, index) => [id, index]));
  const kept = now.flatMap((id) => {
    const index = oldIndex.get(id);
    return index === undefined ? [] : [{ id, index }];
  });
  const inOrder = new Set(longestRising(kept.map(({ index }) => index)));
  return new Set(kept.filter(({ index }) => !inOrder.has(index)).map(({ id }) => id));
}

/** A longest rising part of a list of different numbers, by patience sorting: n log n. */
function longestRising(numbers: readonly number[]): number[] {
  const tops: number[] = [];
  const previous = new Map<number, number | undefined>();
  for (const number of numbers) {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tops[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    previous.set(number, tops[low - 1]);
    tops[low] = number;
  }
  const rising: number[] = [];
  for (let at = tops.at(-1); at !== undefined; at = previous.get(at)) rising.unshift(at);
  return rising;
}

/** The same text for the same value: the order of keys in a map says nothing. */
function canonical(value: unknown): string {
  const inOrder = (_: string, part: unknown) =>
    isMap(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  return JSON.stringify(value, inOrder) ?? '';
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
