// Which task of the runbook each step of a plan is. A step is known by its id, by its text and place, by its text alone, or, where
// its text has changed, by what did not: its work, or its neighbours and half of its words. Never by anything that fits two.
import { idFrom } from '../runbook/newTask.ts';
import type { Task } from '../runbook/task.ts';
import type { KnownStep } from './known.ts';
import type { Step } from './steps.ts';

export interface Matching {
  /** By the index of the step: the id of its task. */
  readonly ids: ReadonlyMap<number, string>;
  /** By the index of the step: what is known of it since the last import. */
  readonly known: ReadonlyMap<number, KnownStep>;
  /** Steps whose text has changed: known by what it was. */
  readonly renamed: ReadonlySet<number>;
  /** Steps whose task a hand has taken out of the runbook. */
  readonly takenOut: ReadonlySet<number>;
  /** Known ones that the plan has no more. */
  readonly gone: readonly KnownStep[];
}

export function matchSteps(steps: readonly Step[], known: readonly KnownStep[], tasks: readonly Task[]): Matching {
  return new Matcher(steps, known, tasks).matching();
}

class Matcher {
  readonly #steps: readonly Step[];
  readonly #tasks: readonly Task[];
  readonly #known: readonly KnownStep[];
  readonly #ids = new Map<number, string>();
  readonly #old = new Map<number, KnownStep>();
  readonly #renamed = new Set<number>();
  readonly #taken = new Set<string>();

  constructor(steps: readonly Step[], known: readonly KnownStep[], tasks: readonly Task[]) {
    this.#steps = steps;
    this.#known = known;
    this.#tasks = tasks;
  }

  matching(): Matching {
    const byKnownId = unique(this.#known, ({ id }) => id);
    const byKey = unique(this.#known, ({ key }) => key);
    const byText = unique(this.#known, ({ text }) => text.toLowerCase());
    const stepsByText = unique(this.#steps, ({ text }) => text.toLowerCase());
    this.#each((step, index) => {
      const { id } = step.mark;
      if (id !== undefined) this.#take(index, id, byKnownId.get(id));
    });
    this.#each(({ key }, index) => this.#takeKnown(index, byKey.get(key)));
    this.#each(({ text }, index) => {
      const word = text.toLowerCase();
      if (stepsByText.has(word)) this.#takeKnown(index, byText.get(word));
    });
    this.#byName();
    if (this.#known.length === 0) this.#byId();
    this.#byWork();
    this.#byNeighbours();
    const present = new Set(this.#tasks.map(({ id }) => id));
    const left = [...this.#old].filter(([, { id }]) => !present.has(id));
    return {
      ids: this.#ids,
      known: this.#old,
      renamed: this.#renamed,
      takenOut: new Set(left.map(([index]) => index)),
      gone: this.#known.filter(({ id }) => !this.#taken.has(id)),
    };
  }

  #each(visit: (step: Step, index: number) => void): void {
    this.#steps.forEach((step, index) => {
      if (!this.#ids.has(index)) visit(step, index);
    });
  }

  #take(index: number, id: string, known?: KnownStep): void {
    if (this.#taken.has(id)) return;
    this.#ids.set(index, id);
    this.#taken.add(id);
    if (known) this.#old.set(index, known);
  }

  #takeKnown(index: number, known: KnownStep | undefined): void {
    if (known) this.#take(index, known.id, known);
  }

  /** Tasks that no import knows: written by hand, or imported elsewhere. */
  #byName(): void {
    const knownIds = new Set(this.#known.map(({ id }) => id));
    const others = this.#tasks.filter(({ id }) => !knownIds.has(id) && !this.#taken.has(id));
    const byName = unique(others, ({ name }) => name.toLowerCase());
    const names = unique(this.#steps, ({ name }) => name.toLowerCase());
    this.#each(({ name }, index) => {
      const same = byName.get(name.toLowerCase());
      if (same && names.has(name.toLowerCase())) this.#take(index, same.id);
    });
  }

  /** Where no import is known, a task whose name a hand has changed still has the id that was made from its text. */
  #byId(): void {
    const ids = new Set(this.#tasks.map(({ id }) => id));
    this.#each(({ text }, index) => {
      const id = idOfStep(text, new Set());
      if (ids.has(id)) this.#take(index, id);
    });
  }

  #byWork(): void {
    const workOf = (work: Pick<KnownStep, 'script' | 'instructions'>) =>
      JSON.stringify([work.script?.command, work.instructions]);
    const isWork = (work: string) => work.length > 20;
    const free = this.#known.filter((known) => !this.#taken.has(known.id));
    const byWork = unique<KnownStep>(free, workOf);
    const mine = unique<Step>(
      this.#steps.filter((_, index) => !this.#ids.has(index)),
      workOf,
    );
    this.#each((step, index) => {
      const work = workOf(step);
      if (isWork(work) && mine.has(work)) this.#rename(index, byWork.get(work));
    });
  }

  /** Between the same two neighbours, a new one and a lost one that have half of their words in common, each with no other. */
  #byNeighbours(): void {
    const order = new Map(this.#known.map(({ id }, index) => [id, index]));
    const at = (index: number) => order.get(this.#ids.get(index) ?? '');
    const found: [number, KnownStep][] = [];
    for (let start = 0; start < this.#steps.length; start++) {
      if (this.#ids.has(start)) continue;
      let end = start + 1;
      while (end < this.#steps.length && !this.#ids.has(end)) end++;
      const from = start === 0 ? -1 : at(start - 1);
      const to = end === this.#steps.length ? this.#known.length : at(end);
      if (from !== undefined && to !== undefined)
        found.push(...this.#pairs(start, end, this.#known.slice(from + 1, to)));
      start = end;
    }
    for (const [index, known] of found) this.#rename(index, known);
  }

  #pairs(start: number, end: number, between: readonly KnownStep[]): [number, KnownStep][] {
    const lost = between.filter(({ id }) => !this.#taken.has(id));
    const alike = this.#steps
      .slice(start, end)
      .flatMap(({ text }, i) =>
        lost.filter((known) => areAlike(known.text, text)).map((known): [number, KnownStep] => [start + i, known]),
      );
    return alike.filter(
      ([index, known]) => alike.filter(([other, same]) => other === index || same === known).length === 1,
    );
  }

  #rename(index: number, known: KnownStep | undefined): void {
    if (!known || this.#taken.has(known.id)) return;
    this.#takeKnown(index, known);
    this.#renamed.add(index);
  }
}

/** The id that is made from a step's text; its number is no part of it. */
export function idOfStep(text: string, taken: ReadonlySet<string>): string {
  return idFrom(text.replace(/^\d+(?:\.\d+)*[.):]\s+/, ''), taken);
}

/** By what each is called; what two are called alike is left out. */
function unique<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T> {
  const found = new Map<string, T>();
  const doubled = new Set<string>();
  for (const item of items) {
    const name = nameOf(item);
    if (found.has(name)) doubled.add(name);
    found.set(name, item);
  }
  for (const name of doubled) found.delete(name);
  return found;
}

function areAlike(one: string, other: string): boolean {
  const words = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const [a, b] = [words(one), words(other)];
  const common = [...a].filter((word) => b.has(word)).length;
  return common > 0 && common * 2 >= Math.max(a.size, b.size);
}
