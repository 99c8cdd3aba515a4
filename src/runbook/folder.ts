// `.runbook/`, the tool's own folder beside the runbook: locks, the lease, what is on trial.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { naming } from '../paths.ts';

export const FOLDER = '.runbook';

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
