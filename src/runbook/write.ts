// Writes a whole file so that it is, at any moment and after any crash, either the old one or the new one.
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, RunbookError } from '../errors.ts';
import { realPath, reasonOf } from '../paths.ts';
import { encoded, isLarge } from './memory.ts';
import { pause } from './steady.ts';

/**
 * Replaces the file at `path`: a temporary file beside it, synced, then renamed. Mode and owner are kept; a symlink stays
 * one, and what it points at is replaced. Throws FILE_UNWRITABLE with the old file as it was.
 */
export function writeDurably(path: string, content: string | Buffer): void {
  throughTemporary(path, content, (temporary, target) => {
    renameSync(temporary, target);
    return true;
  });
}

/**
 * The same, but only if the file still holds the text `before` (undefined: if there still is none). False if a hand was
 * quicker: the file is then as the hand left it.
 */
export function replaceUnchanged(
  path: string,
  before: string | undefined,
  after: string,
  unsynced?: Unsynced,
): boolean {
  const put = (temporary: string, target: string) =>
    before === undefined ? putWhereNothingIs(temporary, target) : putInPlaceOf(before, temporary, target);
  return throughTemporary(path, after, put, unsynced);
}

/** Folders in which files were replaced, each with the last of these; a crash of the machine may undo that until `syncFolders`. */
export type Unsynced = Map<string, string>;

/** Makes durable what was replaced in these folders, once for all that stand in the same one. Throws FILE_UNWRITABLE. */
export function syncFolders(unsynced: Unsynced): void {
  for (const [folder, file] of unsynced) {
    try {
      syncFolder(folder);
    } catch (error) {
      throw unwritable(error, file);
    }
  }
}

/** Removes what a crash in the middle of a write left beside the file. */
export function removeTemporary(path: string): void {
  rmSync(temporaryFor(realTarget(path)), { force: true });
}

/** One name for each file: only one process writes it at a time, and what a crash left is overwritten by the next. */
function temporaryFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.runbook-tmp`);
}

/** By its name, whether a file is one of those: that is how `doctor` finds what nothing else tells of. */
export function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.runbook-tmp');
}

function throughTemporary(
  path: string,
  content: string | Buffer,
  put: (temporary: string, target: string) => boolean,
  unsynced?: Unsynced,
): boolean {
  const target = realTarget(path);
  const temporary = temporaryFor(target);
  try {
    const old = statSync(target, { throwIfNoEntry: false });
    // A rename asks nobody; whoever took the permission away has meant it.
    if (old) accessSync(target, constants.W_OK);
    writeSynced(temporary, content, old);
    const done = put(temporary, target);
    if (!done) rmSync(temporary, { force: true });
    if (unsynced) unsynced.set(dirname(target), path);
    else syncFolder(dirname(target));
    return done;
  } catch (error) {
    removeIfThere(temporary);
    throw unwritable(error, path, isOf(error, target) ? path : dirname(path));
  }
}

function isOf(error: unknown, path: string): boolean {
  return error instanceof Error && 'path' in error && error.path === path;
}

/** What the system refused, if it was that; `forbidden` is what it does not let be written to. */
function unwritable(error: unknown, path: string, forbidden = path): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const remedy = errno === 'EACCES' ? ` \`chmod u+w ${forbidden}\` allows it.` : '';
  const message = `\`${path}\` can't be written: ${reasonOf(errno)}`;
  return new RunbookError(
    { code: 'FILE_UNWRITABLE', message, hint: `Nothing of it was changed.${remedy}` },
    { cause: error },
  );
}

/**
 * Between the last look and the rename there is an instant in which an editor may save. One that writes into the old file is
 * found out by a second look at that file, which is kept open; then its text is put back, and wins. One that itself renames
 * within those few microseconds is not: the system has no rename that compares.
 */
function putInPlaceOf(before: string, temporary: string, target: string): boolean {
  let old: number;
  try {
    old = openSync(target, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const isAsBefore = comparing(before);
    if (!isAsBefore(old) || !isStillAt(target, old)) return false;
    renameSync(temporary, target);
    if (isAsBefore(old)) return true;
    writeDurably(target, onceSaved(old));
    return false;
  } finally {
    closeSync(old);
  }
}

/** Whether no other file has taken the place of the open one. */
function isStillAt(path: string, file: number): boolean {
  const { dev, ino } = fstatSync(file);
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.dev === dev && there.ino === ino;
}

function putWhereNothingIs(temporary: string, target: string): boolean {
  try {
    linkSync(temporary, target);
    rmSync(temporary, { force: true });
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return false;
    // File systems without hard links.
    if (errno !== 'EPERM' && errno !== 'ENOTSUP' && errno !== 'ENOSYS') throw error;
    if (statSync(target, { throwIfNoEntry: false })) return false;
    renameSync(temporary, target);
    return true;
  }
}

/** What an editor that is at it writes into an open file, once it has stopped; it begins by emptying the file. */
function onceSaved(file: number): Buffer {
  let text = bytesOf(file);
  for (let tries = 0; tries < 100; tries++) {
    pause(10);
    const again = bytesOf(file);
    if (again.length > 0 && again.equals(text)) break;
    text = again;
  }
  return text;
}

/** Tells whether an open file holds this text; asked twice. Compared as bytes; of a large text, not all are held at once. */
function comparing(text: string): (file: number) => boolean {
  if (isLarge(text)) return (file) => holds(file, encoded(text));
  const wanted = Buffer.from(text);
  // With room for one more: a file that says more is another.
  const found = Buffer.allocUnsafe(wanted.length + 1);
  return (file) => {
    const length = readSync(file, found, 0, found.length, 0);
    return length === wanted.length && found.subarray(0, length).equals(wanted);
  };
}

function holds(file: number, pieces: Iterable<Buffer>): boolean {
  let size = 0;
  for (const wanted of pieces) {
    const found = Buffer.allocUnsafe(wanted.length);
    if (readSync(file, found, 0, found.length, size) < found.length || !found.equals(wanted)) return false;
    size += found.length;
  }
  return fstatSync(file).size === size;
}

function bytesOf(file: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(file).size);
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
}

function realTarget(path: string): string {
  try {
    return realPath(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return path;
    throw error;
  }
}

function writeSynced(path: string, content: string | Buffer, like: Stats | undefined): void {
  const file = openSync(path, 'w', like?.mode ?? 0o666);
  try {
    for (const bytes of typeof content === 'string' ? encoded(content) : [content]) writeWhole(file, bytes);
    if (like) {
      const ours = fstatSync(file);
      if (ours.mode !== like.mode) fchmodSync(file, like.mode);
      if (ours.uid !== like.uid || ours.gid !== like.gid) chownSync(path, like.uid, like.gid);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function writeWhole(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What made the write fail may keep this from working too; the next write of the file takes it over.
  }
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
