// Where the runbook is: named, or the first one from the current folder upwards.
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RunbookError } from '../errors.ts';
import { realPath } from '../paths.ts';

export const RUNBOOK_FILE = 'runbook.yaml';

/** The path of the runbook: `named`, or the first found from `cwd` upwards, to the root of the repository at most. */
export function findRunbook(cwd: string, named?: string): string {
  if (!existsSync(cwd)) {
    throw new RunbookError({
      code: 'FILE_NOT_FOUND',
      message: `the folder \`${cwd}\` does not exist`,
      hint: 'Mend the path given with -C.',
    });
  }
  if (named !== undefined) return namedRunbook(resolve(cwd, named), named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const candidate = join(folder, RUNBOOK_FILE);
    if (existsSync(candidate)) return candidate;
    if (existsSync(join(folder, '.git')) || folder === dirname(folder)) break;
  }
  throw new RunbookError({
    code: 'RUNBOOK_NOT_FOUND',
    message: `there is no \`${RUNBOOK_FILE}\` in ${cwd} or in a folder above it`,
    hint: 'runbook init         writes a small one that runs at once\nrunbook -C DIR …     works in another folder',
  });
}

function namedRunbook(path: string, named: string): string {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return namedRunbook(join(path, RUNBOOK_FILE), named);
    keepApart(path);
    return path;
  }
  throw new RunbookError({
    code: 'RUNBOOK_NOT_FOUND',
    message: `there is no runbook at \`${named}\``,
    hint: 'Mend the path given with --file, or in RUNBOOK_FILE.',
  });
}

/** By folder, the name of its runbook, unless it is the usual one: it stands in the names of its own files. */
const names = new Map<string, string>();

/** Several runbooks may stand in one folder. Each has its own history: the other's would be taken for what a hand has changed. */
export function keepApart(path: string): void {
  const root = realPath(dirname(path));
  const real = existsSync(path) ? realPath(path) : path;
  const name = dirname(real) === root ? basename(real) : basename(path);
  if (name === RUNBOOK_FILE) names.delete(root);
  else names.set(root, name);
}

/** The name of a file that belongs to the runbook of this folder: `logs/run_log.jsonl`, or `logs/run_log.release.jsonl`. */
export function ownFile(root: string, name: string): string {
  const mark = markOf(root);
  return mark === '' ? name : name.replace(/(?=\.\w+$)/, mark);
}

/** What the runbook of this folder is called. */
export function nameOfRunbook(root: string): string {
  return names.get(root) ?? RUNBOOK_FILE;
}

/** The same as a part of a folder's name: nothing, or `.release`. */
export function markOf(root: string): string {
  const name = names.get(root);
  return name === undefined ? '' : `.${name.replace(/\.yaml$/, '')}`;
}
