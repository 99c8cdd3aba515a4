// Which files hold keys by their name: `.env` and its kin. They reach no prompt, and no reply writes them. The ones that show
// how they are filled in hold none.
import { basename } from 'node:path';
import { type Place, RunbookError } from './errors.ts';

/** Asked of a path as it is named, and of what its symlinks lead to. Capitals are the same file on some systems. */
export function holdsKeys(path: string): boolean {
  const name = basename(path)
    .toLowerCase()
    .replace(/[. ]+$/, '');
  return /^\.env(?:\..+)?$/.test(name) && !/\.(?:example|sample|template)$/.test(name);
}

/** Throws PATH_OUTSIDE if the file `real`, which somebody calls `path`, is not for a prompt. */
export function requireNoKeys(real: string, path: string, at?: Place): void {
  if (!holdsKeys(real) && !holdsKeys(path)) return;
  throw new RunbookError({ code: 'PATH_OUTSIDE', message: `\`${path}\` holds keys, which are not for a prompt`, at });
}
