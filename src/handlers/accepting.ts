// While accepted files are written, a note in .runbook/ says which: a kill in the middle leaves a temporary file beside one of
// them, and folders without anything in them, which the next start takes away.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { naming } from '../paths.ts';
import { readPlain } from '../plainFile.ts';
import { FOLDER, folderFor, removeCopy } from '../runbook/folder.ts';
import { removeTemporary } from '../runbook/write.ts';
import { missingFolders, removeIfEmpty } from './trial.ts';

const NOTE = 'accept.json';

interface Accepted {
  /** From the root. */
  readonly path: string;
  /** The folders that are made for it, the deepest first. */
  readonly folders: readonly string[];
}

/** Runs `write`, which writes files at these paths, from the root. Where it throws, the note stays for the next start. */
export function whileNoted<T>(root: string, paths: readonly string[], write: () => T): T {
  const note = join(folderFor(root), NOTE);
  const accepted: Accepted[] = paths.map((path) => ({ path, folders: missingFolders(root, path) }));
  naming(note, () => writeFileSync(note, JSON.stringify(accepted)));
  const result = write();
  try {
    rmSync(note, { force: true });
  } catch {
    // What was accepted is in its place. The next start finds the note, and nothing beside the files.
  }
  return result;
}

/** Takes away what a kill left beside accepted files, and of an agent's work. */
export function sweepAccepted(root: string): void {
  removeCopy(root);
  const note = join(root, FOLDER, NOTE);
  if (!existsSync(note)) return;
  const accepted = acceptedIn(note);
  for (const { path } of accepted) removeTemporary(join(root, path));
  for (const folder of accepted.flatMap(({ folders }) => folders)) removeIfEmpty(join(root, folder));
  rmSync(note, { force: true });
}

/** A note that was cut off itself: nothing had been written yet. */
function acceptedIn(note: string): Accepted[] {
  try {
    const accepted = JSON.parse(readPlain(note).toString()) as Accepted[];
    return accepted.every(({ path, folders }) => typeof path === 'string' && Array.isArray(folders)) ? accepted : [];
  } catch {
    return [];
  }
}
