// Copies of the project in which an agent CLI may work, and what it made of them. It never works in the project itself: so there
// is nothing to put back, whatever it or a kill does. Git is asked what belongs to the project, and is not needed for more.
import {
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errnoOf } from '../errors.ts';
import { ignoredOf, listedFiles, startRepository } from '../git.ts';
import { reasonOf } from '../paths.ts';
import { COPY, FOLDER, folderFor, removeCopy } from '../runbook/folder.ts';
import { holdsKeys } from '../secretFiles.ts';
import { sha256 } from '../sha256.ts';
import type { Shell, Work } from '../world.ts';
import { failed } from './faults.ts';

const MOST_FILES = 50_000;
const MOST_BYTES = 1_000_000_000;
const MOST_OF_ONE = 20_000_000;

interface Copy {
  readonly folder: string;
  readonly work: () => Promise<Work>;
}

/** The copies of one start of a task: each begins with the project as it is then, and with what came of the one before. */
export function copiesOf(root: string, shell: Shell) {
  let before: readonly {
    readonly path: string;
    readonly text: string | undefined;
    readonly base: string | undefined;
  }[] = [];
  return {
    async make(): Promise<Copy> {
      const folder = join(folderFor(root), COPY);
      removeCopy(root);
      const listed = await listedFiles(shell, root);
      const base = copied(root, folder, listed ?? everythingIn(root, ''));
      if (listed) await startRepository(shell, folder);
      for (const file of before) if (base.get(file.path) === file.base) carryOver(folder, file);
      return {
        folder,
        async work() {
          const work = await workIn(shell, root, folder, base);
          before = work.files.map((file) => ({ ...file, base: base.get(file.path) }));
          return work;
        },
      };
    },
    remove: () => removeCopy(root),
  };
}

/** Copies them, and returns the hash of each. Links are left out: through one, the agent would write into the project. */
function copied(root: string, folder: string, paths: readonly string[]): Map<string, string> {
  const files = paths.flatMap((path) => {
    const entry = mayBeSeen(path) ? entryAt(join(root, path)) : undefined;
    return entry?.isFile() ? [{ path, bytes: entry.size }] : [];
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > MOST_FILES || bytes > MOST_BYTES) {
    const size = `${files.length.toLocaleString('en')} files, ${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
    throw failed(
      `the project is too large to be copied for an agent: ${size}`,
      'Let git ignore what need not be there.',
    );
  }
  try {
    mkdirSync(folder, { recursive: true });
    return new Map(
      files.map(({ path }) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        copyFileSync(join(root, path), join(folder, path), constants.COPYFILE_FICLONE);
        return [path, sha256(readFileSync(join(folder, path)))];
      }),
    );
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw failed(
      `the project can’t be copied for an agent: ${reasonOf(errno)}`,
      'Make that possible, then retry.',
      error,
    );
  }
}

/** No keys, nothing of git’s, and nothing of ours. */
function mayBeSeen(path: string): boolean {
  const steps = path.split('/');
  return !steps.includes('.git') && ![FOLDER, 'logs'].includes(steps[0] ?? '') && !holdsKeys(path);
}

function carryOver(folder: string, { path, text }: { readonly path: string; readonly text: string | undefined }): void {
  if (text === undefined) {
    rmSync(join(folder, path), { force: true });
    return;
  }
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Git is not asked in the copy: the agent may have told it what to run there. */
async function workIn(shell: Shell, root: string, folder: string, base: ReadonlyMap<string, string>): Promise<Work> {
  const there = new Set(everythingIn(folder, ''));
  const added = [...there].filter((path) => !base.has(path));
  const ignored = await ignoredOf(shell, root, added);
  const changed = [...there].filter((path) => !ignored.has(path) && hashAt(join(folder, path)) !== base.get(path));
  const deleted = [...base.keys()].filter((path) => !there.has(path));
  const work = {
    files: [] as Work['files'][number][],
    leftOut: [] as Work['leftOut'][number][],
    moved: [] as string[],
  };
  for (const path of [...changed, ...deleted].sort()) {
    const found = there.has(path) ? textAt(join(folder, path)) : {};
    if ('why' in found) work.leftOut.push({ path, why: found.why });
    else if (hashAt(join(root, path)) !== base.get(path)) work.moved.push(path);
    else work.files.push({ path, text: found.text });
  }
  return work;
}

function textAt(path: string): { readonly why: string } | { readonly text?: string } {
  const entry = entryAt(path);
  if (!entry?.isFile()) return { why: 'no plain file' };
  if (entry.size > MOST_OF_ONE) return { why: 'too large' };
  const bytes = readFileSync(path);
  const text = bytes.toString();
  return bytes.includes(0) || !Buffer.from(text).equals(bytes) ? { why: 'binary' } : { text };
}

/** Undefined if nothing is there; of what is no plain file, what it is. */
function hashAt(path: string): string | undefined {
  const entry = entryAt(path);
  if (!entry) return undefined;
  return entry.isFile() ? sha256(readFileSync(path)) : 'no plain file';
}

function entryAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Paths with `/`, from the folder; without git’s, the tool’s and installed files. */
function everythingIn(top: string, under: string): string[] {
  return readdirSync(join(top, under), { withFileTypes: true }).flatMap((entry) => {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (['.git', 'node_modules'].includes(entry.name) || path === FOLDER || path === 'logs') return [];
    return entry.isDirectory() ? everythingIn(top, path.split(sep).join('/')) : [path];
  });
}
