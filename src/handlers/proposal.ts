// What a reply would change on disk: each file beside what stands there now, and the one place that writes it on accept.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { errnoOf, type Place, RunbookError } from '../errors.ts';
import type { DecidedBy, Proposal } from '../events.ts';
import { insideProject, reasonOf } from '../paths.ts';
import { NotPlain, readPlain } from '../plainFile.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { replaceUnchanged } from '../runbook/write.ts';
import { holdsKeys } from '../secretFiles.ts';
import type { Session } from '../session.ts';
import { sha256 } from '../sha256.ts';
import { whileNoted } from './accepting.ts';
import type { ProposedFile } from './reply.ts';

/** Each file of a proposal with what stands on disk, or why one of them is refused. */
export function placed(
  runbook: Runbook,
  task: Task,
  proposed: readonly ProposedFile[],
): Proposal[] | { refused: string } {
  const { root } = runbook;
  const files: Proposal[] = [];
  for (const { path: named, text, removes } of proposed) {
    const path = named ?? fromRoot(root, task.outputArtifact);
    if (path === undefined) files.push({ path, before: undefined, after: text, binaryBytes: undefined });
    else {
      try {
        requireHarmless(runbook, path);
        const current = existsSync(join(root, path)) ? readPlain(join(root, path)) : undefined;
        const binaryBytes = current && !isText(current) ? current.length : undefined;
        files.push({ path, before: current?.toString(), after: text, binaryBytes, removes });
      } catch (error) {
        if (error instanceof RunbookError) return { refused: error.message };
        if (error instanceof NotPlain) return { refused: `\`${path}\` can't be compared: ${error.message}` };
        throw error;
      }
    }
  }
  return files;
}

function isText(bytes: Buffer): boolean {
  return !bytes.includes(0) && Buffer.from(bytes.toString()).equals(bytes);
}

function fromRoot(root: string, path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? relative(root, path) : path;
}

/**
 * A reply names paths too: they stay inside the project, and out of what git or the tool would run or believe, wherever
 * symlinks lead. To write into the plan itself would be to run what it says there.
 */
export function requireHarmless({ root, source, tasks }: Runbook, path: string, at?: Place): void {
  const real = insideProject(root, path, at);
  const ofThePlan = real === source.path || tasks.some(({ homes }) => homes.some((home) => home.source.path === real));
  const steps = relative(root, real)
    .split(sep)
    .map((step) => step.toLowerCase().replace(/[. ]+$/, ''));
  const [top = ''] = steps;
  // `git~1` is the short name of `.git` on Windows.
  const ofGit = steps.some((step) => step === '.git' || /^git~\d$/.test(step));
  if (ofGit || ['.runbook', 'logs'].includes(top) || ofThePlan || [path, real].some(holdsKeys))
    throw new RunbookError({ code: 'PATH_OUTSIDE', message: `\`${path}\` is not for a reply to write`, at });
}

function currentText(path: string): string | undefined {
  return existsSync(path) ? readPlain(path).toString() : undefined;
}

/**
 * The artifact reaches its place: each file in one atomic write, journaled with its hash. What a hand has changed since it was
 * compared stays as it is; the paths of those files are returned, and then none of them is written that was not before.
 * Undefined if the system refuses it and a person is there who can make room: a reply is not lost for that.
 */
export function writeProposal(
  session: Session,
  task: Task,
  files: readonly Proposal[],
  by: DecidedBy,
): string[] | undefined {
  try {
    return writeAll(session, task, files);
  } catch (error) {
    const why = error instanceof RunbookError ? error.message : reasonOf(errnoOf(error) ?? '');
    const isRefused =
      errnoOf(error) !== undefined || (error instanceof RunbookError && error.code === 'FILE_UNWRITABLE');
    if (by !== 'person' || !isRefused) throw error;
    session.world.emit({ kind: 'note', text: `It is not accepted yet: ${why}. The reply is still here.` });
    return undefined;
  }
}

function writeAll({ root, report }: Session, task: Task, files: readonly Proposal[]): string[] {
  const changed = files.flatMap(({ path, before }) =>
    path === undefined || currentText(join(root, path)) === before ? [] : [path],
  );
  if (changed.length > 0) return changed;
  const toWrite = files.flatMap(({ path, before, after, removes }) =>
    path === undefined || (before === after && !removes) ? [] : [{ path, before, after, removes }],
  );
  if (toWrite.length === 0) return [];
  const paths = toWrite.map(({ path }) => path);
  return whileNoted(root, paths, () => {
    for (const { path, before, after, removes } of toWrite) {
      if (removes) {
        rmSync(join(root, path), { force: true });
        report({ kind: 'fileRemoved', taskId: task.id, path });
        continue;
      }
      mkdirSync(dirname(join(root, path)), { recursive: true });
      if (!replaceUnchanged(join(root, path), before, after)) return [path];
      report({ kind: 'fileWritten', taskId: task.id, path, bytes: Buffer.byteLength(after), sha256: sha256(after) });
    }
    return [];
  });
}
