// A plan as a graph: its tasks, each after what it depends on, and the arrows between them. Pure.
import type { Runbook, Status, Task, TaskType } from '../runbook/task.ts';
import { harmless, oneLine } from '../terminal/words.ts';

export interface Graph {
  readonly name: string;
  /** Each comes after all that it depends on; otherwise in the order of the file. */
  readonly nodes: readonly GraphNode[];
}

/** Other nodes are meant by their index. */
export interface GraphNode {
  readonly id: string;
  /** The id as it can be shown. */
  readonly label: string;
  readonly name: string;
  readonly type: TaskType;
  readonly status: Status;
  readonly dependsOn: readonly number[];
  /** The same without what follows from the others: where c depends on a and b, and b on a, only b. */
  readonly after: readonly number[];
}

/** The whole plan, or what leads to one task and what comes after it. `shown` is what becomes of the texts that are drawn. */
export function graphOf(runbook: Runbook, about?: string, shown: (text: string) => string = (text) => text): Graph {
  const wanted = about === undefined ? undefined : related(runbook.tasks, about);
  const tasks = inOrder(runbook.tasks.filter(({ id }) => !wanted || wanted.has(id)));
  const indexes = new Map(tasks.map(({ id }, index) => [id, index]));
  const dependencies = tasks.map(({ dependsOn }) => [...new Set(dependsOn.flatMap((id) => indexes.get(id) ?? []))]);
  const after = withoutImplied(dependencies);
  const nodes = tasks.map(({ id, name, type, status }, index) => ({
    id,
    label: oneLine(shown(harmless(id))),
    name: oneLine(shown(harmless(name))),
    type,
    status,
    dependsOn: dependencies[index] ?? [],
    after: after[index] ?? [],
  }));
  return { name: oneLine(shown(harmless(runbook.name))), nodes };
}

/** The task, all that it depends on, and all that depends on it, be it through others. */
function related(tasks: readonly Task[], about: string): Set<string> {
  const before = new Map(tasks.map(({ id, dependsOn }) => [id, dependsOn]));
  const behind = new Map<string, string[]>();
  for (const { id, dependsOn } of tasks)
    for (const dependency of dependsOn) {
      const others = behind.get(dependency);
      if (others) others.push(id);
      else behind.set(dependency, [id]);
    }
  return new Set([...reachable(before, about), ...reachable(behind, about)]);
}

function reachable(next: ReadonlyMap<string, readonly string[]>, from: string): Set<string> {
  const found = new Set([from]);
  // What is added on the way is visited, too.
  for (const id of found) for (const other of next.get(id) ?? []) found.add(other);
  return found;
}

/** Depth first, without recursion: a chain of many thousand tasks is a plan like any other. It has no circles: `read` refuses them. */
function inOrder(tasks: readonly Task[]): Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const order = new Set<Task>();
  for (const start of tasks) {
    const trail = [{ task: start, next: 0 }];
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const dependency = order.has(top.task) ? undefined : top.task.dependsOn[top.next++];
      const task = dependency === undefined ? undefined : byId.get(dependency);
      if (task && !order.has(task)) trail.push({ task, next: 0 });
      else if (dependency === undefined) {
        order.add(top.task);
        trail.pop();
      }
    }
  }
  return [...order];
}

/** Looks from each task upwards, no further than its highest dependency stands. */
function withoutImplied(dependencies: readonly (readonly number[])[]): number[][] {
  const levels: number[] = [];
  const after: number[][] = [];
  /** By which task each one was last found to be implied. */
  const implied = new Int32Array(dependencies.length).fill(-1);
  for (const [index, own] of dependencies.entries()) {
    const level = (other: number) => levels[other] ?? 0;
    levels[index] = own.reduce((most, other) => Math.max(most, level(other) + 1), 0);
    const highest = own.reduce((least, other) => Math.min(least, level(other)), Number.POSITIVE_INFINITY);
    const trail = own.length > 1 ? own.flatMap((other) => after[other] ?? []) : [];
    for (let other = trail.pop(); other !== undefined; other = trail.pop()) {
      if (level(other) < highest || implied[other] === index) continue;
      implied[other] = index;
      for (const before of after[other] ?? []) trail.push(before);
    }
    after[index] = own.filter((other) => implied[other] !== index);
  }
  return after;
}
