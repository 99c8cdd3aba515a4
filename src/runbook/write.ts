// Writes a whole file so that it is, at any moment and after any crash, either the old one or the new one.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, RunbookError } from '../errors.ts';

/**
 * Replaces the file at `path`: a temporary file beside it, synced, then renamed. Mode and owner are kept; a symlink stays
 * one, and what it points at is replaced. Throws FILE_UNWRITABLE with the old file as it was.
 */
export function writeDurably(path: string, content: string | Buffer): void {
  const target = realTarget(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeSynced(temporary, content, existing(target));
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    rmSync(temporary, { force: true });
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new RunbookError(
      {
        code: 'FILE_UNWRITABLE',
        message: `\`${path}\` can't be written: ${errno}`,
        hint: 'Nothing of it was changed.',
      },
      { cause: error },
    );
  }
}

function realTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return path;
    throw error;
  }
}

function existing(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function writeSynced(path: string, content: string | Buffer, like: Stats | undefined): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = openSync(path, 'wx', like?.mode ?? 0o666);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (!like) return;
  chmodSync(path, like.mode);
  const ours = statSync(path);
  if (ours.uid !== like.uid || ours.gid !== like.gid) chownSync(path, like.uid, like.gid);
}

/** Makes the rename itself durable. Windows can't open a folder, and needs no such thing. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
