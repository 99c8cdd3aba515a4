// Where the runbook is: named, or the first one from the current folder upwards.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RunbookError } from '../errors.ts';

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
  if (existsSync(path)) return statSync(path).isDirectory() ? namedRunbook(join(path, RUNBOOK_FILE), named) : path;
  throw new RunbookError({
    code: 'RUNBOOK_NOT_FOUND',
    message: `there is no runbook at \`${named}\``,
    hint: 'Mend the path given with --file, or in RUNBOOK_FILE.',
  });
}
