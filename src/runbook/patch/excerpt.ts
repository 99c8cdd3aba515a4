// Edits of one task in a large plan: they are made in an excerpt of it (its beginning, for the style, and the task), and the whole
// is read again by the fast reader and compared. The general way would parse it all, in a hundred times the time and memory.
import { isDeepStrictEqual } from 'node:util';
import { RunbookError } from '../../errors.ts';
import { readPlainYaml } from '../plainYaml.ts';
import type { YamlPath } from '../yamlReading.ts';
import type { Edit } from './edit.ts';

/** How many tasks before it show in what style the plan is written. */
const SHOWING = 30;

/** The new text, with `patchExcerpt` as the general way; undefined if it can't be had this way. */
export function inExcerpt(
  source: string,
  edits: readonly Edit[],
  patchExcerpt: (text: string, edits: readonly Edit[]) => string,
): string | undefined {
  const index = taskOf(edits);
  const before = index === undefined ? undefined : readPlainYaml(source);
  if (index === undefined || !before) return undefined;
  const { tasks } = before.value as { tasks: unknown[] };
  const place = Math.min(index, SHOWING);
  // What follows the last one is not known to be none of its own.
  if (index >= tasks.length - 1) return undefined;
  const paths = [place, index, index + 1].map((task) => ['tasks', task]);
  const [shown, start, end] = before.rangesOf(paths, 'value').map(([at]) => itemLine(source, at));
  if (shown === undefined || start === undefined || end === undefined) return undefined;
  const head = source.slice(0, shown);
  const moved = edits.map((edit) => ({ ...edit, path: ['tasks', place, ...edit.path.slice(2)] }));
  const excerpt = unlessRefused(() => patchExcerpt(head + source.slice(start, end), moved));
  if (!excerpt?.startsWith(head) || !excerpt.endsWith('\n')) return undefined;
  const text = source.slice(0, start) + excerpt.slice(head.length) + source.slice(end);
  const task = (readPlainYaml(excerpt)?.value as { tasks: unknown[] } | undefined)?.tasks[place];
  const meant = { ...(before.value as object), tasks: tasks.with(index, task) };
  return task !== undefined && isDeepStrictEqual(readPlainYaml(text)?.value, meant) ? text : undefined;
}

/** Where it is refused, the general way says the place. */
function unlessRefused(work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RunbookError) return undefined;
    throw error;
  }
}

/** The one task that all edits are of. */
function taskOf(edits: readonly Edit[]): number | undefined {
  const [index, ...others] = [...new Set(edits.map(({ path }) => (isInTask(path) ? path[1] : undefined)))];
  return typeof index === 'number' && others.length === 0 ? index : undefined;
}

function isInTask(path: YamlPath): boolean {
  return path[0] === 'tasks' && path.length > 2;
}

/** Where the line begins on which an item of a list in lines begins; undefined if something else stands before it. */
function itemLine(source: string, at: number): number | undefined {
  const line = source.lastIndexOf('\n', at - 1) + 1;
  return /^ *- +$/.test(source.slice(line, at)) ? line : undefined;
}
