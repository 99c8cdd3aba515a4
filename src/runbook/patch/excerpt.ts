// Edits of tasks in a runbook that the fast reader can read: each task's own lines are edited as a text of their own, in the habits
// of the file, so that the library has little to parse. The whole is read again and compared, as always.
import { RunbookError } from '../../errors.ts';
import { type PlainReading, readPlainYaml } from '../plainReadings.ts';
import type { YamlPath } from '../yamlReading.ts';
import { patchByLibrary } from './byLibrary.ts';
import type { Edit } from './edit.ts';
import { editsByTask, isMeant } from './meant.ts';
import { withRecord } from './record.ts';

/** The new text; undefined if it can't be had this way. */
export function withTasksEdited(source: string, edits: readonly Edit[], file: string): string | undefined {
  const before = readPlainYaml(source);
  if (before?.habits.gap === undefined) return undefined;
  const byTask = editsByTask(edits);
  const text = byTask && spliced(source, before, byTask, file);
  return text !== undefined && isMeant(before, edits, text) ? text : undefined;
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
  const tasks = indexes.map((index, i) => ({ edits: alone(byTask.get(index) ?? []), from: ranges[i]?.[0] ?? 0 }));
  // In pieces: to put together the whole for each task would take as long as the file is, as often as there are tasks.
  const pieces: string[] = [];
  let done = 0;
  for (const { edits, from } of tasks.sort((one, other) => one.from - other.from)) {
    const [start, end] = linesOf(source, from);
    if (start < done || !/^ *- +$/.test(source.slice(start, from))) return undefined;
    const lines = source.slice(start, end);
    const edited = withRecord(lines, edits, habits) ?? attempt(() => patchByLibrary(lines, edits, file, habits));
    if (edited === undefined) return undefined;
    pieces.push(source.slice(done, start), edited);
    done = end;
  }
  return [...pieces, source.slice(done)].join('');
}

/** As edits of a list of one task. */
function alone(edits: readonly Edit[]): Edit[] {
  return edits.map((edit) => ({ ...edit, path: [0, ...edit.path] }));
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
