// Lets checks see a proposal in its place while the old file is safe in .runbook/, and puts the old one back afterwards.
// The old bytes and a note of what to put back are on disk before the first byte changes, so a kill loses nothing.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, RunbookError } from '../errors.ts';
import { readPlain } from '../plainFile.ts';
import { FOLDER, folderFor } from '../runbook/folder.ts';
import { removeTemporary, writeDurably } from '../runbook/write.ts';
import type { Session } from '../session.ts';
import { sha256 } from '../sha256.ts';

const MANIFEST = 'trial.json';

interface Manifest {
  readonly taskId: string;
  readonly files: readonly {
    readonly path: string;
    /** Base64; null if there was no file. */
    readonly old: string | null;
    /** What is on trial, by its hash. */
    readonly trial: string;
    /** The folders that are made for it, the deepest first. */
    readonly folders: readonly string[];
  }[];
}

export interface Restored {
  readonly taskId: string;
  readonly path: string;
  /** Where what a hand has made of the file meanwhile is kept. */
  readonly kept: string | undefined;
}

/**
 * Runs `work` with the new texts in place. Paths are relative to the root. Whatever happens, the old files are back after it.
 * What anyone but the trial has made of a file meanwhile is kept beside it, and told.
 */
export async function onTrial<T>(
  { root, report }: Session,
  taskId: string,
  files: readonly { readonly path: string; readonly text: string; readonly removes?: boolean | undefined }[],
  work: () => Promise<T>,
): Promise<T> {
  const manifest: Manifest = {
    taskId,
    files: files.map(({ path, text }) => ({
      path,
      old: bytesOf(join(root, path)),
      trial: sha256(text),
      folders: missingFolders(root, path),
    })),
  };
  writeDurably(join(folderFor(root), MANIFEST), JSON.stringify(manifest));
  try {
    for (const { path, text, removes } of files) {
      if (removes) {
        rmSync(join(root, path), { force: true });
        continue;
      }
      mkdirSync(dirname(join(root, path)), { recursive: true });
      // Whole or not at all: half of it would be taken for what a hand has made of the file.
      writeDurably(join(root, path), text);
    }
    return await work();
  } finally {
    for (const restored of restoreTrial(root))
      if (restored.kept !== undefined) report({ kind: 'artifactRestored', ...restored, cutShort: false });
  }
}

/** Puts back what is on trial, also what a kill left so. Throws FILE_UNREADABLE if a hand has been in the note of it. */
export function restoreTrial(root: string): Restored[] {
  const note = join(root, FOLDER, MANIFEST);
  removeTemporary(note);
  if (!existsSync(note)) return [];
  const { taskId, files } = manifestIn(note);
  const restored = files.map(({ path, old, trial }): Restored => {
    const file = join(root, path);
    removeTemporary(file);
    const found = bytesOf(file);
    const isOthers = found !== null && found !== old && sha256(Buffer.from(found, 'base64').toString()) !== trial;
    const kept = isOthers ? freeName(`${path}.orig`, root) : undefined;
    if (kept !== undefined) copyFileSync(file, join(root, kept));
    if (old === null) rmSync(file, { force: true });
    else if (found !== old) writeDurably(file, Buffer.from(old, 'base64'));
    return { taskId, path, kept };
  });
  for (const folder of files.flatMap(({ folders }) => folders)) removeIfEmpty(join(root, folder));
  rmSync(note, { force: true });
  return restored;
}

function manifestIn(note: string): Manifest {
  try {
    const manifest = JSON.parse(readPlain(note, Number.POSITIVE_INFINITY).toString()) as Manifest;
    if (manifest.files.every(({ path, folders }) => typeof path === 'string' && Array.isArray(folders)))
      return manifest;
  } catch {
    // Said below.
  }
  throw new RunbookError({
    code: 'FILE_UNREADABLE',
    message: `\`${FOLDER}/${MANIFEST}\` is not as it was written: it kept the old text of a file while checks tried a new one`,
    hint: 'Look whether the file is as you want it (git diff), and then delete that note.',
  });
}

/** Nobody's file is overwritten, not even by what is to be kept. */
function freeName(name: string, root: string): string {
  for (let n = 1, free = name; ; free = `${name}.${++n}`) if (!existsSync(join(root, free))) return free;
}

/** The folders on the way to a path that are not there, the deepest first; from the root. */
export function missingFolders(root: string, path: string): string[] {
  const missing: string[] = [];
  for (let folder = dirname(path); !existsSync(join(root, folder)); folder = dirname(folder)) missing.push(folder);
  return missing;
}

export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function bytesOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path).toString('base64') : null;
}
