// `.runbook/`, the tool's own folder beside the runbook: locks, the lease, what is on trial.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { naming } from '../paths.ts';

export const FOLDER = '.runbook';

/** Where an agent works on a copy of the project. Not in the system's temporary folder: what is installed is found from here. */
export const COPY = 'copy';

/** Removes that copy, also one that a killed runner left. */
export function removeCopy(root: string): void {
  // An agent whose runner was killed may still be writing there.
  rmSync(join(root, FOLDER, COPY), { recursive: true, force: true, maxRetries: 5 });
}

/** Makes the folder if it is not there. It ignores itself in git, so that nobody has to. */
export function folderFor(root: string): string {
  const folder = join(root, FOLDER);
  const ignore = join(folder, '.gitignore');
  // A kill between making it and filling it leaves it empty.
  if (!statSync(ignore, { throwIfNoEntry: false })?.size) {
    mkdirSync(folder, { recursive: true });
    naming(ignore, () => writeFileSync(ignore, '*\n'));
  }
  return folder;
}
