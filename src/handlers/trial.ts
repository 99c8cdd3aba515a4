// Lets checks see a proposal in its place while the old file is safe in .runbook/, and puts the old one back afterwards.
// The old bytes and a note of what to put back are on disk before the first byte changes, so a kill loses nothing.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderFor } from '../runbook/lock.ts';
import { writeDurably } from '../runbook/write.ts';

const MANIFEST = 'trial.json';

interface Manifest {
  readonly taskId: string;
  readonly files: readonly {
    readonly path: string /** Base64; null if there was no file. */;
    readonly old: string | null;
  }[];
}

/** Runs `work` with the new texts in place. Paths are relative to the root. Whatever happens, the old files are back after it. */
export async function onTrial<T>(
  root: string,
  taskId: string,
  files: readonly { readonly path: string; readonly text: string }[],
  work: () => Promise<T>,
): Promise<T> {
  const manifest: Manifest = { taskId, files: files.map(({ path }) => ({ path, old: oldBytes(join(root, path)) })) };
  writeDurably(join(folderFor(root), MANIFEST), JSON.stringify(manifest));
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return await work();
  } finally {
    restoreTrial(root);
  }
}

/** Puts back what a trial changed, if one was under way. Returns what was put back. */
export function restoreTrial(root: string): { taskId: string; path: string }[] {
  const manifestPath = join(root, '.runbook', MANIFEST);
  if (!existsSync(manifestPath)) return [];
  const { taskId, files } = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  for (const { path, old } of files) {
    if (old === null) rmSync(join(root, path), { force: true });
    else if (oldBytes(join(root, path)) !== old) writeDurably(join(root, path), Buffer.from(old, 'base64'));
  }
  rmSync(manifestPath, { force: true });
  return files.map(({ path }) => ({ taskId, path }));
}

function oldBytes(path: string): string | null {
  return existsSync(path) ? readFileSync(path).toString('base64') : null;
}
