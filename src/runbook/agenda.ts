// What may start next, kept up to date status by status: over a run, each step costs what depends on it, and not the whole plan.
// Pure: no file, no clock. For one question about a plan as it stands, ready.ts is shorter.
import { inScope, type Scope, satisfies } from './ready.ts';
import type { Runbook, Status, Task } from './task.ts';

export class Agenda {
  readonly #runbook: Runbook;
  readonly #items = new Map<string, Item>();
  readonly #scope: ReadonlySet<string>;
  /** The places in the file of what may start, the first of them first; some may be out of date. */
  readonly #startable = new Heap();

  constructor(runbook: Runbook, scope: Scope) {
    this.#runbook = runbook;
    const tasks = inScope(runbook, scope).filter(({ id }) => !scope.leftAside?.has(id));
    this.#scope = new Set(tasks.map(({ id }) => id));
    for (const [place, task] of runbook.tasks.entries())
      this.#items.set(task.id, { place, task, waitsFor: 0, dependents: [] });
    for (const item of this.#items.values()) {
      for (const id of item.task.dependsOn) {
        const dependency = this.#items.get(id);
        dependency?.dependents.push(item);
        if (dependency && !satisfies(runbook, dependency.task)) item.waitsFor++;
      }
    }
    for (const item of this.#items.values()) this.#consider(item);
  }

  /** The first READY task of the scope, in file order, that has nothing to wait for; the same as `nextReady`. */
  next(): Task | undefined {
    for (let place = this.#startable.first(); place !== undefined; place = this.#startable.first()) {
      const task = this.#runbook.tasks[place];
      const item = task && this.#items.get(task.id);
      if (item && this.#mayStart(item)) return item.task;
      this.#startable.takeFirst();
    }
    return undefined;
  }

  /** A task as it is now. */
  task(id: string): Task | undefined {
    return this.#items.get(id)?.task;
  }

  /** Its place in the file, counted from 0. */
  placeOf(id: string): number | undefined {
    return this.#items.get(id)?.place;
  }

  /** The tasks as they are now that a task names as its dependencies. */
  dependenciesOf({ dependsOn }: Task): Task[] {
    return dependsOn.flatMap((id) => this.#items.get(id)?.task ?? []);
  }

  /** Gives a task another status. Returns the PENDING tasks that have nothing to wait for any more. */
  set(id: string, status: Status): Task[] {
    const item = this.#items.get(id);
    if (!item) return [];
    const satisfied = satisfies(this.#runbook, item.task);
    item.task = item.task.withStatus(status);
    this.#consider(item);
    const change = Number(satisfied) - Number(satisfies(this.#runbook, item.task));
    if (change === 0) return [];
    for (const dependent of item.dependents) {
      dependent.waitsFor += change;
      this.#consider(dependent);
    }
    const free = [...new Set(item.dependents)].filter(
      ({ task, waitsFor }) => task.status === 'PENDING' && waitsFor === 0,
    );
    return free.sort((a, b) => a.place - b.place).map(({ task }) => task);
  }

  #consider(item: Item): void {
    if (this.#mayStart(item)) this.#startable.add(item.place);
  }

  #mayStart({ task, waitsFor }: Item): boolean {
    return task.status === 'READY' && waitsFor === 0 && this.#scope.has(task.id);
  }
}

interface Item {
  readonly place: number;
  task: Task;
  /** How many of its dependencies are not satisfied. */
  waitsFor: number;
  readonly dependents: Item[];
}

/** Numbers of which the smallest is at hand: a binary heap. */
class Heap {
  readonly #numbers: number[] = [];

  first(): number | undefined {
    return this.#numbers[0];
  }

  add(number: number): void {
    const heap = this.#numbers;
    let at = heap.push(number) - 1;
    for (let above = (at - 1) >> 1; at > 0 && (heap[above] ?? 0) > number; above = (at - 1) >> 1) {
      heap[at] = heap[above] ?? 0;
      at = above;
    }
    heap[at] = number;
  }

  takeFirst(): void {
    const heap = this.#numbers;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if ((heap[below + 1] ?? Number.POSITIVE_INFINITY) < (heap[below] ?? 0)) below++;
      if ((heap[below] ?? 0) >= last) break;
      heap[at] = heap[below] ?? 0;
      at = below;
    }
    heap[at] = last;
  }
}
