// Lets checks see a proposal in its place while the old file is safe in .runbook/, and puts the old one back afterwards.
// The old bytes and a note of what to put back are on disk before the first byte changes, so a kill loses nothing.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { sha256 } from '../journal.ts';
import { folderFor } from '../runbook/folder.ts';
import { writeDurably } from '../runbook/write.ts';

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
  /** Where what a hand has made of the file since the kill is kept. */
  readonly kept: string | undefined;
}

/** Runs `work` with the new texts in place. Paths are relative to the root. Whatever happens, the old files are back after it. */
export async function onTrial<T>(
  root: string,
  taskId: string,
  files: readonly { readonly path: string; readonly text: string }[],
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
    for (const { path, text } of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return await work();
  } finally {
    restore(root, { keepOthers: false });
  }
}

/** Puts back what a trial changed that a kill cut short, if one was. */
export function restoreTrial(root: string): Restored[] {
  return restore(root, { keepOthers: true });
}

function restore(root: string, { keepOthers }: { keepOthers: boolean }): Restored[] {
  const manifestPath = join(root, '.runbook', MANIFEST);
  if (!existsSync(manifestPath)) return [];
  const { taskId, files } = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  const restored = files.map(({ path, old, trial }): Restored => {
    const file = join(root, path);
    const found = bytesOf(file);
    const isOthers = found !== null && found !== old && sha256(Buffer.from(found, 'base64').toString()) !== trial;
    if (keepOthers && isOthers) copyFileSync(file, `${file}.orig`);
    if (old === null) rmSync(file, { force: true });
    else if (found !== old) writeDurably(file, Buffer.from(old, 'base64'));
    return { taskId, path, kept: keepOthers && isOthers ? `${path}.orig` : undefined };
  });
  for (const folder of files.flatMap(({ folders }) => folders)) removeIfEmpty(join(root, folder));
  rmSync(manifestPath, { force: true });
  return restored;
}

function missingFolders(root: string, path: string): string[] {
  const missing: string[] = [];
  for (let folder = dirname(path); !existsSync(join(root, folder)); folder = dirname(folder)) missing.push(folder);
  return missing;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function bytesOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path).toString('base64') : null;
}
