// Paths named by a runbook, a template or a reply stay inside the project, also through symlinks and `..`.
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errnoOf, type Place, RunbookError } from './errors.ts';

/**
 * The absolute real path of `path`, read relative to `root`. The last parts need not exist yet.
 * Throws `PATH_OUTSIDE` if it lies outside `root` once symlinks are followed.
 */
export function insideProject(root: string, path: string, at?: Place): string {
  const absolute = isAbsolute(path) ? path : join(root, path);
  const real = realPathOfWhatExists(resolve(absolute));
  const realRoot = realpathSync(root);
  if (real !== realRoot && !real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)) {
    throw new RunbookError({
      code: 'PATH_OUTSIDE',
      message: `\`${path}\` lies outside the project folder`,
      at,
      hint: 'Paths in a runbook, a template or a reply stay inside the folder of `runbook.yaml`, also through symlinks.',
    });
  }
  return real;
}

/** How a path is shown: relative to `root` with `/`, or as it is when it lies elsewhere. */
export function shownPath(root: string, path: string): string {
  const short = relative(root, path);
  if (short === '') return '.';
  return (short.startsWith('..') ? path : short).replaceAll(sep, '/');
}

/** Follows symlinks as far as the path exists; a dangling link counts as what it points at. */
function realPathOfWhatExists(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    const parent = dirname(path);
    return parent === path ? path : join(realPathOfWhatExists(parent), basename(path));
  }
}
