// The tasks that are carried out at this moment: several scripts side by side, or one task that may ask a person.
import type { WorkTree } from './git.ts';
import type { Outcome } from './handlers/outcome.ts';
import type { Task } from './runbook/task.ts';

/** A task that has been carried out, and whose outcome nobody has yet but this. */
export interface Ended {
  readonly task: Task;
  readonly outcome: Outcome;
  /** What was uncommitted before it began, if it asks for a commit. */
  readonly uncommitted: WorkTree | undefined;
  /** What went wrong in the handler itself. */
  readonly failure?: { readonly error: unknown };
}

export class AtWork {
  readonly #most: number;
  readonly #work = new Set<Promise<Ended>>();
  #isAlone = false;

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#work.size === 0;
  }

  /** Whether no other may be started beside what is at work. */
  get isFull(): boolean {
    return this.#work.size >= (this.#isAlone ? 1 : this.#most);
  }

  /** Contract: `work` is never rejected. */
  add(work: Promise<Ended>, { alone }: { readonly alone: boolean }): void {
    this.#work.add(work);
    this.#isAlone = alone;
  }

  /** Waits for the next one that ends, and gives it up. */
  async next(): Promise<Ended> {
    const [first] = this.#work;
    const { work, ended } =
      first && this.#work.size === 1
        ? { work: first, ended: await first }
        : await Promise.race([...this.#work].map(async (work) => ({ work, ended: await work })));
    this.#work.delete(work);
    return ended;
  }

  /** Waits for all, and gives them up. */
  async all(): Promise<Ended[]> {
    const ended = await Promise.all(this.#work);
    this.#work.clear();
    return ended;
  }
}
