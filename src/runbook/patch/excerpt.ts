// Edits of tasks in a runbook that the fast reader can read: each task's own lines are edited as a text of their own, in the habits
// of the file, so that the library has little to parse. The whole is read again and compared, as always.
import { RunbookError } from '../../errors.ts';
import { type PlainReading, readPlainYaml } from '../plainYaml.ts';
import type { YamlPath } from '../yamlReading.ts';
import { patchByLibrary } from './byLibrary.ts';
import type { Edit } from './edit.ts';
import { isSame, withEdit } from './value.ts';

/** The new text; undefined if it can't be had this way. */
export function withTasksEdited(source: string, edits: readonly Edit[], file: string): string | undefined {
  const before = readPlainYaml(source);
  if (before?.habits.gap === undefined) return undefined;
  const byTask = new Map<number, Edit[]>();
  for (const edit of edits) {
    const [list, index, ...path] = edit.path;
    if (list !== 'tasks' || typeof index !== 'number' || path.length === 0) return undefined;
    byTask.set(index, [...(byTask.get(index) ?? []), { ...edit, path: [0, ...path] }]);
  }
  const text = spliced(source, before, byTask, file);
  if (text === undefined) return undefined;
  const meant = edits.reduce((value, edit) => withEdit(value, edit), before.value);
  return isSame(readPlainYaml(text)?.value, meant) ? text : undefined;
}

function spliced(
  source: string,
  { habits, rangesOf }: PlainReading,
  byTask: ReadonlyMap<number, Edit[]>,
  file: string,
): string | undefined {
  const indexes = [...byTask.keys()];
  const ranges = rangesOf(
    indexes.map((index): YamlPath => ['tasks', index]),
    'value',
  );
  const tasks = indexes.map((index, i) => ({ edits: byTask.get(index) ?? [], from: ranges[i]?.[0] ?? 0 }));
  let text = source;
  // From the end, so that the places before it stay.
  for (const { edits, from } of tasks.sort((one, other) => other.from - one.from)) {
    const [start, end] = linesOf(text, from);
    if (!/^ *- +$/.test(text.slice(start, from))) return undefined;
    const edited = attempt(() => patchByLibrary(text.slice(start, end), edits, file, habits));
    if (edited === undefined) return undefined;
    text = text.slice(0, start) + edited + text.slice(end);
  }
  return text;
}

/** The lines of the map that begins at an offset, with the comments and empty lines behind it. */
function linesOf(text: string, from: number): [start: number, end: number] {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const column = from - start;
  for (let line = text.indexOf('\n', from) + 1; line > 0 && line < text.length; line = text.indexOf('\n', line) + 1) {
    const indent = /[^ ]/.exec(text.slice(line, line + column));
    const first = indent?.[0];
    if (first !== undefined && first !== '\n' && first !== '#') return [start, line];
    // A line of less than the column's blanks, or a comment: it may lead to what follows, and changes nothing here.
  }
  return [start, text.length];
}

/** A refusal is told by the general way, with its place in the whole file. */
function attempt(work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RunbookError) return undefined;
    throw error;
  }
}
