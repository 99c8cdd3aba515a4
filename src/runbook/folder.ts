// `.runbook/`, the tool's own folder beside the runbook: locks, the lease, what is on trial.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const FOLDER = '.runbook';

/** Makes the folder if it is not there. It ignores itself in git, so that nobody has to. */
export function folderFor(root: string): string {
  const folder = join(root, FOLDER);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(ignore, '*\n');
  }
  return folder;
}
