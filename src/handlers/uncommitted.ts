// What of the person's would be lost if a proposal were accepted: changes that no commit has, and that are not the tool's own.

import type { Proposal } from '../events.ts';
import { uncommittedOf } from '../git.ts';
import { readJournal } from '../journal.ts';
import type { Session } from '../session.ts';
import { sha256 } from '../sha256.ts';

/** The paths whose text on disk is a person's, differs from the last commit, and would be another. Empty outside a repository. */
export async function personsUncommitted({ root, world }: Session, files: readonly Proposal[]): Promise<string[]> {
  const replaced = files.flatMap(({ path, before, after }) =>
    path === undefined || before === undefined || before === after ? [] : [{ path, before }],
  );
  if (replaced.length === 0) return [];
  const changed = await uncommittedOf(
    world.shell,
    root,
    replaced.map(({ path }) => path),
  );
  if (changed.size === 0) return [];
  const ours = writtenByUs(root);
  return replaced.flatMap(({ path, before }) => (changed.has(path) && ours.get(path) !== sha256(before) ? [path] : []));
}

/** By path, what an accepted reply has last made of it. */
function writtenByUs(root: string): Map<string, string> {
  const written = readJournal(root).filter(({ event_type: type }) => type === 'FILE_WRITTEN');
  return new Map(written.map(({ details }) => [String(details?.['path']), String(details?.['sha256'])]));
}
