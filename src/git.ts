// What git knows of the project, and the one commit that a task may ask for. Everything goes through the world's shell.
import { existsSync, lstatSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from './sha256.ts';
import type { Shell } from './world.ts';

interface Answer {
  readonly ok: boolean;
  /** What it printed, on either stream. */
  readonly text: string;
}

/** `paths` go to its standard input, each with a NUL behind it: there may be more of them than a command line takes. */
async function ask(shell: Shell, cwd: string, args: readonly string[], paths?: readonly string[]): Promise<Answer> {
  let text = '';
  const result = await shell(
    { kind: 'program', file: 'git', args },
    {
      cwd,
      env: { GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C.UTF-8' },
      timeoutMs: 60_000,
      ...(paths && { input: paths.map((path) => `${literal(path)}\0`).join('') }),
      onOutput: (piece) => {
        text += piece;
      },
    },
  );
  return { ok: result.exitCode === 0, text: text || (result.problem ?? '') };
}

/** `[id]` and `*` are names, too. Not by a setting for all of git, which its hooks would get as well. */
function literal(path: string): string {
  return `:(literal)${path}`;
}

/** Runs git in a folder; undefined if git or the repository is not there, or the command fails. */
async function git(shell: Shell, cwd: string, ...args: string[]): Promise<string | undefined> {
  const { ok, text } = await ask(shell, cwd, args);
  return ok ? text : undefined;
}

/** The subjects of the commits since the last tag (all, if there is none), newest first; empty outside a repository. */
export async function gitLog(shell: Shell, root: string): Promise<string> {
  const tag = (await git(shell, root, 'describe', '--tags', '--abbrev=0'))?.trim();
  return (await git(shell, root, 'log', '--no-decorate', '--pretty=%h %s', tag ? `${tag}..HEAD` : 'HEAD')) ?? '';
}

/** What was changed in the work tree since the last commit; empty outside a repository. */
export async function gitDiff(shell: Shell, root: string): Promise<string> {
  return (await git(shell, root, 'diff', 'HEAD', '--no-color', '--no-ext-diff')) ?? '';
}

/** Which of these paths (from `root`) differ from the last commit, or are in none; empty outside a repository. */
export async function uncommittedOf(shell: Shell, root: string, paths: readonly string[]): Promise<Set<string>> {
  const changed = new Set<string>();
  for (const path of paths) {
    const said = await git(shell, root, 'status', '--porcelain=v1', '--untracked-files=all', '--', literal(path));
    if (said !== undefined && said.trim() !== '') changed.add(path);
  }
  return changed;
}

/** Each path that differs from the last commit, with a fingerprint of how it stands now. */
export type WorkTree = ReadonlyMap<string, string>;

/** The uncommitted paths of the work tree at this moment, from the repository's top; undefined outside a repository. */
export async function workTree(shell: Shell, root: string): Promise<WorkTree | undefined> {
  const top = (await git(shell, root, 'rev-parse', '--show-toplevel'))?.trim();
  if (top === undefined) return undefined;
  const listed =
    (await git(shell, root, 'status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--', '.')) ??
    '';
  const rows = listed
    .split('\0')
    .filter(Boolean)
    .map((row) => ({ state: row.slice(0, 2), path: row.slice(3) }));
  return new Map(rows.map(({ state, path }) => [path, `${state} ${printOf(resolve(top, path))}`]));
}

/** Not by `git hash-object`, which gives no hash at all where one of the paths is a folder, or a link to one. */
function printOf(path: string): string {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry?.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!entry?.isFile()) return '';
  return entry.size > LARGE ? `${entry.size} ${entry.mtimeMs}` : sha256(readFileSync(path));
}

const LARGE = 100_000_000;

/** The paths that were changed between two looks at the work tree. */
export function changedSince(before: WorkTree, after: WorkTree): string[] {
  return [...after].filter(([path, print]) => before.get(path) !== print).map(([path]) => path);
}

/**
 * Commits these paths (from the repository's top) and nothing else: the commit's short hash, or why git refused. What is staged
 * is then as it was.
 */
export async function commitPaths(
  shell: Shell,
  root: string,
  paths: readonly string[],
  message: string,
): Promise<{ readonly hash: string } | { readonly refused: string }> {
  const top = (await git(shell, root, 'rev-parse', '--show-toplevel'))?.trim();
  if (top === undefined) return { refused: 'this is not a git repository' };
  const index = resolve(top, ((await git(shell, top, 'rev-parse', '--git-path', 'index')) ?? '').trim());
  const staged = existsSync(index) ? readFileSync(index) : undefined;
  for (const args of [
    // By force, since git refuses what it has if it stands in a folder that it ignores: a journal that somebody added, say.
    ['add', '--all', '--force'],
    ['commit', '--quiet', '--only', '-m', message],
  ]) {
    const { ok, text } = await ask(shell, top, [...args, '--pathspec-from-file=-', '--pathspec-file-nul'], paths);
    if (ok) continue;
    if (staged) writeFileSync(index, staged);
    else rmSync(index, { force: true });
    return { refused: text.trim() };
  }
  return { hash: ((await git(shell, root, 'rev-parse', '--short', 'HEAD')) ?? '').trim() };
}

/** What belongs to the project by git: tracked, or new and not ignored; undefined outside a repository. */
export async function listedFiles(shell: Shell, root: string): Promise<string[] | undefined> {
  const listed = await git(shell, root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  return listed === undefined ? undefined : [...new Set(listed.split('\0').filter(Boolean))];
}

/** Which of these paths (from `root`, they need not be there) git would ignore. */
export async function ignoredOf(shell: Shell, root: string, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  let text = '';
  await shell(
    { kind: 'program', file: 'git', args: ['check-ignore', '-z', '--stdin'] },
    {
      cwd: root,
      env: { GIT_OPTIONAL_LOCKS: '0' },
      timeoutMs: 60_000,
      input: paths.join('\0'),
      onOutput: () => {},
      onStdout: (piece) => {
        text += piece;
      },
    },
  );
  return new Set(text.split('\0').filter(Boolean));
}

/** Makes a folder a repository of its own with all its files in one commit. Where git will not, it is none. */
export async function startRepository(shell: Shell, folder: string): Promise<void> {
  // Without one of its own, what follows would be done to the person's.
  if ((await git(shell, folder, 'init', '--quiet', '--template=')) === undefined) return;
  const who = ['-c', 'user.name=runbook', '-c', 'user.email=runbook@localhost', '-c', 'commit.gpgsign=false'];
  await git(shell, folder, 'add', '--all');
  await git(
    shell,
    folder,
    ...who,
    '-c',
    'core.hooksPath=/dev/null',
    'commit',
    '--quiet',
    '--no-verify',
    '--allow-empty',
    '-m',
    'as it was',
  );
}

/** The first line that a program prints; undefined if it is not there, fails, or takes too long. */
export async function firstLine(
  shell: Shell,
  file: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  let text = '';
  const onOutput = (piece: string) => {
    text += piece;
  };
  const result = await shell({ kind: 'program', file, args }, { cwd: '.', env: {}, timeoutMs, onOutput });
  return result.exitCode === 0 ? text.trim().split('\n')[0] : undefined;
}

/** Whether git would take a file into a commit of everything; false outside a repository. */
export async function wouldBeCommitted(shell: Shell, root: string, path: string): Promise<boolean> {
  const listed = await git(shell, root, 'ls-files', '--cached', '--others', '--exclude-standard', '--', literal(path));
  return listed !== undefined && listed.trim() !== '';
}
