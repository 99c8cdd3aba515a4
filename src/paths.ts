// Paths named by a runbook, a template or a reply stay inside the project, also through symlinks and `..`.
import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { errnoOf, placeOf, RunbookError, type Where } from './errors.ts';

/**
 * The absolute real path of `path`, read relative to `root`. The last parts need not exist yet.
 * Throws `PATH_OUTSIDE` if it lies outside `root`, and outside the folders that the person allows, once symlinks are followed.
 */
export function insideProject(root: string, path: string, where?: Where): string {
  if (FOREIGN.test(path)) {
    const message = `\`${path}\` is a path of another form than those here`;
    const hint = 'Paths are written with `/`, from the folder of `runbook.yaml`; `~` is not followed.';
    throw new RunbookError({ code: 'PATH_OUTSIDE', message, at: placeOf(where), hint });
  }
  const real = followed(resolve(root, path), path, where);
  if ([realPath(root), ...(allowedBeside.get(root) ?? [])].some((folder) => isWithin(folder, real))) return real;
  throw new RunbookError({
    code: 'PATH_OUTSIDE',
    message: `\`${path}\` lies outside the project folder`,
    at: placeOf(where),
    hint: 'Paths in a runbook, a template or a reply stay inside the folder of `runbook.yaml`, also through symlinks.\nIf it is meant, name its folder under `allow_outside` at the top of `runbook.yaml`.',
  });
}

/** `~`, `~ada/x`, `C:\x`, `\\server\x`, `..\x`: followed by a shell or on Windows, and a strange name of a file elsewhere. */
const FOREIGN = sep === '/' ? /^~|^[a-z]:[\\/]|^\\|(?:^|\\)\.\.\\/i : /^~/;

/** By root, as its runbook was read last. Here, since every reader of paths would else hand the list on to the next. */
const allowedBeside = new Map<string, readonly string[]>();

/** The folders outside of `root` that the person allows, from the root or absolute. What is not there yet is allowed too. */
export function allowOutside(root: string, folders: readonly string[]): void {
  allowedBeside.set(
    root,
    folders.map((folder) => followed(resolve(root, folder), folder, undefined)),
  );
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** How a path is shown: relative to `root` with `/`, or as it is when it lies elsewhere. */
export function shownPath(root: string, path: string): string {
  const short = relative(root, path);
  if (short === '') return '.';
  return (short.startsWith('..') ? path : short).replaceAll(sep, '/');
}

/** Why the system refuses a path, in words. */
export function reasonOf(errno: string): string {
  const reasons: Partial<Record<string, string>> = {
    EISDIR: 'it is a folder',
    ENOTDIR: 'a file stands where a folder must be',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EIO: 'the disk fails to read or write it',
    EMFILE: 'too many files are open',
    ENFILE: 'too many files are open',
    ELOOP: 'its symlinks lead in a circle',
    ENAMETOOLONG: 'the name is too long',
    EEXIST: 'something else stands there',
    ERR_INVALID_ARG_VALUE: 'there is a NUL character in it',
  };
  return reasons[errno] ?? errno;
}

/** What the system refuses inside of `work` says which file it was about: a write to an open file names none by itself. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) !== undefined && error instanceof Error && !('path' in error)) Object.assign(error, { path });
    throw error;
  }
}

/** What stands at a path, followed through symlinks; undefined if there is nothing, or no way to it. */
export function statOf(path: string): Stats | undefined {
  try {
    // An error takes longer to make than to look.
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether there is nothing at a path, for sure: where it can't be looked at, there may be something. */
export function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function followed(absolute: string, path: string, where: Where): string {
  try {
    return realPathOfWhatExists(absolute);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const message = `the path \`${path.length > 60 ? `${path.slice(0, 59)}…` : path}\` can't be used: ${reasonOf(errno)}`;
    throw new RunbookError(
      { code: 'FILE_UNREADABLE', message, at: placeOf(where), hint: 'Mend the path.' },
      { cause: error },
    );
  }
}

/** The path without symlinks. Of the system, which is asked once: Node's own way asks it of each folder on the way. */
export function realPath(path: string): string {
  return sep === '/' ? realpathSync.native(path) : realpathSync(path);
}

/** Follows symlinks as far as the path exists; a dangling link counts as what it points at. */
function realPathOfWhatExists(path: string): string {
  try {
    return realPath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    const parent = dirname(path);
    return parent === path ? path : join(realPathOfWhatExists(parent), basename(path));
  }
}
