// Which tasks may start, which comes next, and what the others wait for. Pure: no file, no clock.
import type { Place, Trouble } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import type { Runbook, Task } from './task.ts';

type Plan = Pick<Runbook, 'tasks' | 'skippedSatisfies'>;

/** Which tasks are looked at when the next one is picked. */
export interface Scope {
  /** Only this task and those after it in the file. */
  readonly startFrom?: string | undefined;
  /** Only this task and those before it in the file. */
  readonly until?: string | undefined;
  /** Tasks that were left in this run: they are not offered again. */
  readonly leftAside?: ReadonlySet<string>;
}

/** The first READY task in file order whose dependencies are satisfied. */
export function nextReady(plan: Plan, scope: Scope = {}): Task | undefined {
  return inScope(plan, scope).find(
    (task) => task.status === 'READY' && !scope.leftAside?.has(task.id) && !isWaiting(plan, task),
  );
}

/** The tasks of the scope, in file order. An id that no task has puts no bound. */
export function inScope(plan: Plan, scope: Scope): readonly Task[] {
  if (scope.startFrom === undefined && scope.until === undefined) return plan.tasks;
  const from = plan.tasks.findIndex((task) => task.id === scope.startFrom);
  const to = plan.tasks.findIndex((task) => task.id === scope.until);
  return plan.tasks.slice(Math.max(0, from), to < 0 ? undefined : to + 1);
}

/** The dependencies that keep a task from starting, in the order in which it names them. */
export function waitsFor(plan: Plan, task: Task): Task[] {
  const byId = tasksById(plan);
  return task.dependsOn.flatMap((id) => byId.get(id) ?? []).filter((dependency) => !satisfies(plan, dependency));
}

/** The same as to ask whether there is any that `waitsFor` finds. */
export function isWaiting(plan: Plan, { dependsOn }: Pick<Task, 'dependsOn'>, byId = tasksById(plan)): boolean {
  // By index: asked of many thousand tasks, an iterator for each makes V8 stop to clear them away.
  for (let i = 0; i < dependsOn.length; i++) {
    const dependency = byId.get(dependsOn[i] ?? '');
    if (dependency !== undefined && !satisfies(plan, dependency)) return true;
  }
  return false;
}

/** A task that another one waits for, be it through others. */
export interface Link {
  readonly task: Task;
  /** What it waits for itself. A task without any is a first cause. */
  readonly waits: readonly Task[];
  /** From the task that is asked about to this one, both left out. */
  readonly over: readonly Task[];
}

/**
 * All that a task waits for, directly or through others: each after what it waits for itself, so that a first cause comes
 * first. What is RUNNING or SKIPPED waits for nothing, whatever it depends on.
 */
export function chainOf(plan: Plan, task: Task): Link[] {
  const chain: Link[] = [];
  const seen = new Set([task.id]);
  const trail = [{ task, waits: waitsFor(plan, task), next: 0 }];
  for (let top = trail.at(-1); top; top = trail.at(-1)) {
    const dependency = top.waits[top.next++];
    if (dependency === undefined) {
      trail.pop();
      if (trail.length > 0) chain.push({ ...top, over: trail.slice(1).map((step) => step.task) });
    } else if (!seen.has(dependency.id)) {
      seen.add(dependency.id);
      const isStill = dependency.status === 'RUNNING' || dependency.status === 'SKIPPED';
      trail.push({ task: dependency, waits: isStill ? [] : waitsFor(plan, dependency), next: 0 });
    }
  }
  return chain;
}

export function satisfies(plan: Plan, dependency: Task): boolean {
  return dependency.status === 'DONE' || (dependency.status === 'SKIPPED' && plan.skippedSatisfies);
}

/** PENDING tasks that have nothing to wait for any more; of those alone that depend on one of `changed`, where that is given. */
export function becameReady(plan: Plan, changed?: { has(id: string): boolean }): Task[] {
  // Where few are looked at, or none, the index is not made beforehand.
  const byId = changed ? undefined : tasksById(plan);
  return plan.tasks.filter(
    (task) =>
      task.status === 'PENDING' &&
      (changed === undefined || task.dependsOn.some((id) => changed.has(id))) &&
      !isWaiting(plan, task, byId),
  );
}

/** The tasks that depend on this one, directly or through others, in file order. */
export function dependentsOf(plan: Plan, id: string): Task[] {
  const found = new Set([id]);
  let before: number;
  do {
    before = found.size;
    for (const task of plan.tasks) if (isAnyIn(found, task.dependsOn)) found.add(task.id);
  } while (found.size > before);
  return plan.tasks.filter((task) => task.id !== id && found.has(task.id));
}

interface Node {
  /** Undefined for a task that could not be read so far: it may be any of those that others depend on. */
  readonly id: string | undefined;
  readonly dependsOn: readonly string[];
  place(field: string): Place;
}

/**
 * The same for tasks that could all be read; they are found by their ids from then on. `isInOrder` tells of which it is known that
 * they depend on tasks before them alone.
 */
export function taskMistakes(tasks: readonly Task[], isInOrder?: (index: number) => boolean): Trouble[] {
  const byId = new Map<string, Task>();
  const mistakes = referenceMistakes(tasks, byId, isInOrder);
  if (mistakes.length === 0) indexes.set(tasks, byId);
  return mistakes;
}

/** Doubled ids, dependencies on tasks that don't exist, and cycles: each a mistake with its place. Fills the map. */
export function referenceMistakes<N extends Node>(
  tasks: readonly N[],
  byId = new Map<string, N>(),
  isInOrder: (index: number) => boolean = () => false,
): Trouble[] {
  const mistakes: Trouble[] = [];
  let areAllInOrder = true;
  tasks.forEach((task, index) => {
    areAllInOrder &&= isInOrder(index) || areAllIn(byId, task.dependsOn);
    if (task.id === undefined) return;
    const known = byId.size;
    const first = byId.set(task.id, task).size === known && firstWith(task.id, tasks);
    if (!first) return;
    byId.set(task.id, first);
    mistakes.push(doubled(task, first));
  });
  // Where each task comes after all that it depends on, nothing is unknown, and nothing goes in a circle.
  if (areAllInOrder) return mistakes;
  if (tasks.every(({ id }) => id !== undefined))
    for (const task of byId.values()) mistakes.push(...unknownDependencies(task, byId));
  return [...mistakes, ...cycles(byId)];
}

/** By index, as in `isWaiting`. */
function isAnyIn(found: ReadonlySet<string>, ids: readonly string[]): boolean {
  for (let i = 0; i < ids.length; i++) if (found.has(ids[i] ?? '')) return true;
  return false;
}

/** By index, as in `isWaiting`. */
function areAllIn(byId: ReadonlyMap<string, unknown>, ids: readonly string[]): boolean {
  for (let i = 0; i < ids.length; i++) if (!byId.has(ids[i] ?? '')) return false;
  return true;
}

function firstWith<N extends Node>(id: string, tasks: readonly N[]): N | undefined {
  return tasks.find((task) => task.id === id);
}

function doubled(task: Node, first: Node): Trouble {
  const { file, line } = first.place('id');
  return {
    code: 'DUPLICATE_ID',
    message: `two tasks have the id \`${task.id}\`; the first is at ${file}:${line}`,
    at: task.place('id'),
    hint: 'Give one of them another id, and mend the `depends_on` that mean it.',
  };
}

function unknownDependencies(task: Node, byId: ReadonlyMap<string, Node>): Trouble[] {
  return task.dependsOn.flatMap((id, i) =>
    byId.has(id)
      ? []
      : [
          {
            code: 'UNKNOWN_TASK',
            message: `task \`${task.id}\` depends on \`${id}\`, which does not exist.${didYouMean(id, [...byId.keys()])}`,
            at: task.place(`depends_on.${i}`),
            hint: 'Mend the id, or take it out.',
          } as const,
        ],
  );
}

/** Depth first, without recursion: a chain of many thousand tasks is a plan like any other. One trouble for each knot. */
function cycles(byId: ReadonlyMap<string, Node>): Trouble[] {
  const found: Trouble[] = [];
  const settled = new Set<string>();
  for (const start of byId.keys()) {
    const trail: { id: string; next: number }[] = [{ id: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const dependency = settled.has(top.id) ? undefined : byId.get(top.id)?.dependsOn[top.next++];
      if (dependency === undefined) {
        settled.add(top.id);
        onTrail.delete(top.id);
        trail.pop();
      } else if (onTrail.has(dependency)) {
        const circle = trail.slice(trail.findIndex((step) => step.id === dependency)).map((step) => step.id);
        found.push(cycleTrouble(byId, [...circle, dependency]));
        for (const id of onTrail) settled.add(id);
      } else if (!settled.has(dependency)) {
        trail.push({ id: dependency, next: 0 });
        onTrail.add(dependency);
      }
    }
  }
  return found;
}

function cycleTrouble(byId: ReadonlyMap<string, Node>, ids: readonly string[]): Trouble {
  const [first = '', second] = ids;
  const task = byId.get(first);
  const index = task?.dependsOn.indexOf(second ?? '') ?? 0;
  const message =
    ids.length === 2
      ? `task \`${first}\` depends on itself`
      : `these tasks wait for each other in a circle: ${ids.map((id) => `\`${id}\``).join(' → ')}`;
  return {
    code: 'DEPENDENCY_CYCLE',
    message,
    at: task?.place(`depends_on.${index}`),
    hint: ids.length === 2 ? 'Take it out.' : 'Take one of these dependencies out.',
  };
}

const indexes = new WeakMap<readonly Task[], ReadonlyMap<string, Task>>();

/** A task list's index by id, made once for each list. */
function tasksById(plan: Plan): ReadonlyMap<string, Task> {
  let index = indexes.get(plan.tasks);
  if (!index) {
    index = new Map(plan.tasks.map((task) => [task.id, task]));
    indexes.set(plan.tasks, index);
  }
  return index;
}
