// Some tasks of a runbook, and no more of it than they need.
import { basename, dirname, join } from 'node:path';
import { RunbookError } from '../errors.ts';
import { allowOutside, realPath } from '../paths.ts';
import { entryOf } from './formBySchema.ts';
import type { Making } from './make.ts';
import type { Report } from './mistakes.ts';
import { topOf } from './outline.ts';
import { isPlainEntry } from './plainForm.ts';
import { readEntry } from './read.ts';
import type { RawEntry, RawRunbook } from './schema.ts';
import { readYaml } from './source.ts';
import type { Task } from './task.ts';

/**
 * Tasks as their files say them at this moment, by id; those that the runbook has not are left out. Much less is read and
 * checked than for the whole runbook: a mistake elsewhere in the file doesn't keep an outcome from being written.
 */
export function readTasks(path: string, ids: ReadonlySet<string>): Map<string, Task> {
  const root = realPath(dirname(path));
  const source = readYaml(root, join(root, basename(path)));
  const throwIt: Report = (trouble) => {
    throw new RunbookError(trouble);
  };
  const top = topOf((source.value ?? {}) as Partial<Record<keyof RawRunbook, unknown>>);
  const { defaults, allow_outside: allowed } = top;
  allowOutside(root, Array.isArray(allowed) ? allowed.filter((folder) => typeof folder === 'string') : []);
  const making = { root, source, defaults: (defaults ?? {}) as Making['defaults'], report: throwIt, warn: () => {} };
  const found = new Map<string, Task>();
  const { outline } = source;
  const listed = outline ? undefined : (source.value as { tasks?: unknown } | null)?.tasks;
  const count = outline?.count ?? (Array.isArray(listed) ? listed.length : 0);
  // By index: of many thousand, few are wanted.
  for (let index = 0; index < count; index++) {
    const id: unknown = outline ? outline.id(index) : (source.entry(index) as RawEntry | null | undefined)?.id;
    if (typeof id !== 'string' || !ids.has(id) || found.has(id)) continue;
    const value = source.entry(index);
    const entry = isPlainEntry(value) ? value : entryOf(value, source, ['tasks', index], throwIt);
    const task = entry && readEntry({ ...making, isPlain: true }, entry, index);
    if (task) found.set(id, task);
  }
  return found;
}
