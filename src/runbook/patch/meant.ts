// Whether a text that was edited says what was meant, read by the fast reader: the edits, and else what it said before.
import type { Outline } from '../outline.ts';
import { type PlainReading, readPlainYaml } from '../plainReadings.ts';
import type { Edit } from './edit.ts';
import { isSame, withEdit } from './value.ts';

/** `text` is what the edits have made of the text of `before`. */
export function isMeant(before: PlainReading, edits: readonly Edit[], text: string): boolean {
  const after = readPlainYaml(text);
  if (!after) return false;
  const byTask = editsByTask(edits) ?? new Map<number, Edit[]>();
  const edited = (index: number) => (byTask.get(index) ?? []).reduce<unknown>(withEdit, before.entry(index));
  // Where all else is known to be the same, nothing of it is made.
  if (before.outline && after.outline && byTask.size > 0 && areSameBut(byTask, before.outline, after.outline))
    return [...byTask.keys()].every((index) => isSame(after.entry(index), edited(index)));
  const { tasks, ...rest } = before.value;
  if (byTask.size === 0 || !Array.isArray(tasks))
    return isSame(after.value, edits.reduce<unknown>(withEdit, before.value));
  const meant = tasks.map((task: unknown, index) => (byTask.has(index) ? edited(index) : task));
  return isSame(after.value, { ...rest, tasks: meant });
}

/** Whether both are of the same entries, but for some. */
function areSameBut(some: { has(index: number): boolean }, before: Outline, after: Outline): boolean {
  if (before.kept !== after.kept || before.count !== after.count) return false;
  const areKept = after.runs.every(({ start, length, origin }) =>
    before.runs.some(
      (run) =>
        run.origin - run.start === origin - start && run.start <= start && start + length <= run.start + run.length,
    ),
  );
  return (
    areKept && [...after.entries].every(([index, entry]) => some.has(index) || before.entries.get(index) === entry)
  );
}

/** By the index of the task, with paths that begin in it; undefined if one of them is elsewhere. */
export function editsByTask(edits: readonly Edit[]): Map<number, Edit[]> | undefined {
  const byTask = new Map<number, Edit[]>();
  for (const edit of edits) {
    const [list, index, ...path] = edit.path;
    if (list !== 'tasks' || typeof index !== 'number' || path.length === 0) return undefined;
    byTask.set(index, [...(byTask.get(index) ?? []), { ...edit, path }]);
  }
  return byTask;
}
