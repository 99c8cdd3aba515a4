// From changes of the plan itself to its files: new tasks, new fields, new files. What is not meant stays, byte for byte.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { realPath } from '../paths.ts';
import { type NewItem, withTasksInserted } from './patch/tasks.ts';
import { type Edit, patch } from './patch.ts';
import { readYaml, type YamlSource } from './source.ts';
import { pause, WHILE_SAVING_MS } from './steady.ts';
import type { Runbook, Status } from './task.ts';
import { replaceUnchanged } from './write.ts';

/** What is to be changed, in terms of the runbook as it was read. */
export interface Amendment {
  readonly inserts: readonly NewItem[];
  readonly edits: readonly { readonly source: YamlSource; readonly edit: Edit }[];
  readonly newFiles: readonly { readonly path: string; readonly text: string }[];
  /** Of the edits, those of statuses: the journal is told. */
  readonly statuses: readonly { readonly taskId: string; readonly from: Status; readonly to: Status }[];
}

export interface AmendedFile {
  readonly path: string;
  /** As it is shown. */
  readonly file: string;
  /** Undefined for a new file. */
  readonly before: string | undefined;
  readonly after: string;
}

/** What becomes of each file. The runbook comes last: its new entries name the new files. Throws PATCH_UNSAFE. */
export function amendedFiles({ root, source }: Pick<Runbook, 'root' | 'source'>, amendment: Amendment): AmendedFile[] {
  const bySource = new Map<YamlSource, Edit[]>();
  for (const { source: other, edit } of amendment.edits) bySource.set(other, [...(bySource.get(other) ?? []), edit]);
  const own = bySource.get(source) ?? [];
  bySource.delete(source);
  const edited = [...bySource].map(([{ path, file, text }, edits]) => ({
    path,
    file,
    before: text,
    after: patch(text, edits, file),
  }));
  const created = amendment.newFiles.map(({ path, text }) => ({
    path: join(root, path),
    file: path,
    before: undefined,
    after: text,
  }));
  const { path, file, text } = source;
  const before = existsSync(path) ? text : undefined;
  // First the edits: their paths are those of the tasks as they are.
  const after = withTasksInserted(own.length > 0 ? patch(text, own, file) : text, amendment.inserts, file);
  return [...created, ...edited, { path, file, before, after }].filter((one) => one.before !== one.after);
}

/** False if a hand was quicker; then nothing was written. Throws FILE_UNWRITABLE, with all as it was. */
export function writeAmended(files: readonly AmendedFile[]): boolean {
  const written: AmendedFile[] = [];
  try {
    for (const one of files) {
      mkdirSync(dirname(one.path), { recursive: true });
      if (!replaceUnchanged(one.path, one.before, one.after)) {
        undo(written);
        return false;
      }
      written.push(one);
    }
    return true;
  } catch (error) {
    undo(written);
    throw error;
  }
}

function undo(written: readonly AmendedFile[]): void {
  for (const { path, before, after } of [...written].reverse()) {
    try {
      if (before === undefined) rmSync(path, { force: true });
      else replaceUnchanged(path, after, before);
    } catch {
      // The same trouble again.
    }
  }
}

/**
 * A runbook without any tasks yet: the file is not there, is empty, or has no list of tasks. Undefined if it has one. One that is
 * not there begins with the text `start`.
 */
export function blankRunbook(path: string, start = ''): Runbook | undefined {
  const blank = blankNow(path, start);
  if (!blank || !existsSync(path)) return blank;
  // An editor that saves empties the file first.
  pause(WHILE_SAVING_MS);
  return blankNow(path, start);
}

function blankNow(path: string, start: string): Runbook | undefined {
  const root = realPath(dirname(path));
  const absolute = join(root, basename(path));
  const source = existsSync(path) ? readYaml(root, absolute) : newSource(absolute, start);
  const { value } = source;
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const tasks: unknown = isMap ? (value as Record<string, unknown>)['tasks'] : undefined;
  if (value !== null && (!isMap || (tasks !== undefined && tasks !== null))) return undefined;
  return {
    root,
    source,
    name: basename(root),
    description: undefined,
    tasks: [],
    models: new Map(),
    defaultModel: undefined,
    skippedSatisfies: false,
    budget: undefined,
  };
}

function newSource(path: string, text: string): YamlSource {
  const file = basename(path);
  return {
    path,
    file,
    text,
    value: null,
    entry: () => undefined,
    outline: undefined,
    place: () => ({ file, line: 1, column: 1, length: 1, text: '' }),
  };
}
