// What a plan changes in a runbook: tasks that are new, fields that changed in the plan and not by hand, boxes newly ticked.
// Whatever else the runbook says stays, and where the two differ it is told. Pure.
import { isDeepStrictEqual } from 'node:util';
import { RunbookError } from '../errors.ts';
import type { Amendment } from '../runbook/amend.ts';
import { firstStatus, idFrom, type NewTask, toEntry } from '../runbook/newTask.ts';
import type { NewItem } from '../runbook/patch/tasks.ts';
import { referenceMistakes } from '../runbook/ready.ts';
import { mapOfHome, type Runbook, type Status, type Task } from '../runbook/task.ts';
import type { KnownStep } from './known.ts';
import { idOfStep, type Matching, matchSteps } from './match.ts';
import type { Step } from './steps.ts';

export interface Merge {
  readonly amendment: Amendment;
  /** To be kept for the next import. */
  readonly known: readonly KnownStep[];
  readonly notes: readonly Note[];
}

/** What there is to say of a task. */
export interface Note {
  readonly kind: 'added' | 'changed' | 'renamed' | 'done' | 'kept' | 'gone' | 'left_out';
  readonly id: string;
  /** Which fields, or what differs and what to do. */
  readonly text: string;
}

export function merge(runbook: Runbook, steps: readonly Step[], known: readonly KnownStep[], file: string): Merge {
  return new Merger(runbook, steps, known, file).merge();
}

/** Fields that say together what the work is: they change together, or not at all. */
const WORK = ['type', 'script_details', 'manual_instructions', 'description'];

class Merger {
  readonly #runbook: Runbook;
  readonly #steps: readonly Step[];
  readonly #file: string;
  readonly #matching: Matching;
  readonly #ids: ReadonlyMap<number, string>;
  readonly #tasks: ReadonlyMap<string, Task>;
  readonly #notes: Note[] = [];
  readonly #edits: Amendment['edits'][number][] = [];
  readonly #statuses: Amendment['statuses'][number][] = [];

  constructor(runbook: Runbook, steps: readonly Step[], known: readonly KnownStep[], file: string) {
    this.#runbook = runbook;
    this.#steps = steps;
    this.#file = file;
    this.#matching = matchSteps(steps, known, runbook.tasks);
    this.#ids = withNewIds(steps, this.#matching, runbook);
    this.#tasks = new Map(runbook.tasks.map((task) => [task.id, task]));
  }

  merge(): Merge {
    const added = this.#newTasks();
    this.#steps.forEach((step, index) => {
      const task = this.#tasks.get(this.#ids.get(index) ?? '');
      if (task) this.#update(task, step, index);
    });
    this.#insistOnOrder(added);
    for (const { id, text } of this.#matching.gone)
      if (this.#tasks.has(id)) this.#note('gone', id, `"${text}" is not in the plan any more; the task stays`);
    const inserts = added.map(({ task, index }): NewItem => ({ index: this.#placeOf(index), value: toEntry(task) }));
    return {
      amendment: { inserts, edits: this.#edits, newFiles: [], statuses: this.#statuses },
      known: this.#steps.map((step, index) => this.#toKnown(step, index)),
      notes: this.#notes,
    };
  }

  #note(kind: Note['kind'], id: string, text: string): void {
    this.#notes.push({ kind, id, text });
  }

  #newTasks(): { task: NewTask; index: number }[] {
    const found = this.#steps.flatMap((step, index) => {
      const id = this.#idOf(index);
      if (this.#matching.takenOut.has(index)) {
        this.#note('left_out', id, 'you took it out of the runbook; it stays out');
        return [];
      }
      return this.#tasks.has(id) ? [] : [{ task: this.#newTask(step, index, id), index }];
    });
    const statuses = new Map(found.map(({ task }) => [task.id, task.status]));
    const isOpen = (id: string) =>
      !['DONE', ...(this.#runbook.skippedSatisfies ? ['SKIPPED'] : [])].includes(statuses.get(id) ?? 'DONE');
    for (const { task } of found) this.#note('added', task.id, task.name);
    return found.map(({ task, index }) => {
      const waits = task.status === 'READY' && task.dependsOn.some(isOpen);
      return { index, task: waits ? { ...task, status: 'PENDING' } : task };
    });
  }

  #newTask(step: Step, index: number, id: string): NewTask {
    const { name, type, script, instructions, description } = step;
    const dependsOn = this.#dependsOn(step, index);
    const status = heldStatus(step) ?? firstStatus(this.#runbook, dependsOn);
    return { id, name, type, status, dependsOn, script, instructions, description };
  }

  #idOf(index: number): string {
    const id = this.#ids.get(index);
    if (id === undefined) throw new Error('a step has no id');
    return id;
  }

  #dependsOn({ mark, waitsFor }: Step, index: number): string[] {
    const own = this.#idOf(index);
    const ids =
      mark.after ?? waitsFor.filter((other) => !this.#matching.takenOut.has(other)).map((other) => this.#idOf(other));
    return [...new Set(ids)].filter((id) => id !== own);
  }

  #update(task: Task, step: Step, index: number): void {
    const was = this.#matching.known.get(index);
    const wanted = this.#fieldsOf(step, index);
    const changed = [
      this.#changed(task, ['name'], wanted, was),
      this.#changed(task, ['depends_on'], wanted, was),
      this.#changed(task, WORK, wanted, was),
    ].flat();
    const isRenamed = this.#matching.renamed.has(index) && was;
    if (isRenamed) this.#note('renamed', task.id, `"${was.text}" → "${step.text}"`);
    if (changed.length > 0) this.#note('changed', task.id, changed.join(', '));
    this.#tick(task, step, was);
  }

  /** Sets what the plan has changed and a hand has not; returns the names of the fields. */
  #changed(task: Task, names: readonly string[], wanted: KnownStep['fields'], was: KnownStep | undefined): string[] {
    const differing = names.filter((name) => !isSame(wanted[name], written(task, name)));
    if (differing.length === 0) return [];
    const byHand = !was || names.some((name) => !isSame(was.fields[name], written(task, name)));
    if (was && names.every((name) => isSame(was.fields[name], wanted[name]))) return [];
    // Nothing is ever taken out of a file; what is said no more is said to wait for nothing.
    const lost = differing.filter((name) => wanted[name] === undefined && name !== 'depends_on');
    if (byHand || lost.length > 0) {
      this.#note(
        'kept',
        task.id,
        `${differing.join(', ')} ${differing.length === 1 ? 'is' : 'are'} another in the plan; the runbook’s ${differing.length === 1 ? 'stays' : 'stay'}`,
      );
      return [];
    }
    for (const name of differing) {
      const home = task.homes.findLast((one) => (mapOfHome(one) as Record<string, unknown> | null)?.[name] != null);
      for (const { source, path } of home
        ? [home]
        : [name === 'name' || name === 'depends_on' ? task.homes[0] : (task.homes.at(-1) ?? task.homes[0])])
        this.#edits.push({ source, edit: { op: 'set', path: [...path, name], value: wanted[name] ?? [] } });
    }
    return differing;
  }

  /** A box that was ticked since the last import is what `runbook done` says. */
  #tick(task: Task, { ticked }: Step, was: KnownStep | undefined): void {
    const { id, status } = task;
    if (!ticked && was?.ticked && status === 'DONE')
      this.#note('kept', id, 'its box is not ticked any more; it stays DONE');
    if (!ticked || status === 'DONE' || was?.ticked) return;
    const isOpen = status === 'PENDING' || status === 'READY';
    if (!was || !isOpen || task.checks.length > 0) {
      this.#note('kept', id, `its box is ticked, and it stays ${status}: \`runbook done ${id}\``);
      return;
    }
    for (const { source, path } of task.homes)
      this.#edits.push({ source, edit: { op: 'set', path: [...path, 'status'], value: 'DONE' } });
    this.#statuses.push({ taskId: id, from: status, to: 'DONE' });
    this.#note('done', id, `${status} → DONE`);
  }

  /** Behind the task of the step before it, or before that of the first one after it. */
  #placeOf(index: number): number {
    const at = (other: number) => this.#runbook.tasks.findIndex(({ id }) => id === this.#ids.get(other));
    for (let other = index - 1; other >= 0; other--) if (at(other) >= 0) return at(other) + 1;
    for (let other = index + 1; other < this.#steps.length; other++) if (at(other) >= 0) return at(other);
    return this.#runbook.tasks.length;
  }

  /** What the plan would have wait in a circle, or for what is not there, is a mistake in the plan. */
  #insistOnOrder(added: readonly { task: NewTask; index: number }[]): void {
    const lines = new Map(this.#steps.map(({ line, name }, index) => [this.#idOf(index), { line, text: name }]));
    const set = new Map(
      this.#edits
        .filter(({ edit }) => edit.path.at(-1) === 'depends_on')
        .map(({ edit }) => [edit.path.slice(0, 2).join(), edit.value as string[]]),
    );
    const nodes = [
      ...this.#runbook.tasks.map((task) => ({
        id: task.id,
        dependsOn: set.get(task.homes[0].path.join()) ?? task.dependsOn,
      })),
      ...added.map(({ task }) => task),
    ].map(({ id, dependsOn }) => ({
      id,
      dependsOn,
      place: () => ({
        file: this.#file,
        line: lines.get(id)?.line ?? 1,
        column: 1,
        length: 1,
        text: lines.get(id)?.text ?? '',
      }),
    }));
    const [mistake] = referenceMistakes(nodes);
    if (mistake)
      throw new RunbookError({
        ...mistake,
        hint: `Mend the plan, or \`depends_on\` in the runbook; nothing was written.`,
      });
  }

  #fieldsOf(step: Step, index: number): KnownStep['fields'] {
    const { id: _, status: __, ...fields } = toEntry({ ...this.#newTask(step, index, this.#idOf(index)) });
    return { ...fields, name: step.name };
  }

  #toKnown(step: Step, index: number): KnownStep {
    const { key, text, ticked, script, instructions } = step;
    return { id: this.#idOf(index), key, text, ticked, script, instructions, fields: this.#fieldsOf(step, index) };
  }
}

/** Ids for the steps that are new, made from their texts. */
function withNewIds(steps: readonly Step[], { ids, known }: Matching, { tasks }: Runbook): Map<number, string> {
  const found = new Map(ids);
  const taken = new Set([...tasks.map(({ id }) => id), ...ids.values(), ...[...known.values()].map(({ id }) => id)]);
  steps.forEach(({ text, heading }, index) => {
    if (found.has(index)) return;
    const short = idOfStep(text, new Set());
    const isTaken = taken.has(short) && heading !== undefined;
    const id = isTaken ? idFrom(`${heading} ${short}`, taken) : idOfStep(text, taken);
    found.set(index, id);
    taken.add(id);
  });
  return found;
}

/** A status that the plan tells of a task that is new. What was at work elsewhere is not at work here. */
function heldStatus({ ticked, mark }: Step): Status | undefined {
  if (mark.status === 'SKIPPED' || mark.status === 'ERROR') return mark.status;
  return ticked ? 'DONE' : undefined;
}

function written(task: Task, name: string): unknown {
  if (name === 'name') return task.name;
  const values = task.homes.map((home) => (mapOfHome(home) as Record<string, unknown> | null)?.[name]);
  const value = values.findLast((one) => one != null);
  if (name === 'type') return value ?? 'MANUAL';
  return name === 'depends_on' ? (value ?? undefined) : value;
}

function isSame(one: unknown, other: unknown): boolean {
  const plain = (value: unknown) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? null : JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(one), plain(other));
}
