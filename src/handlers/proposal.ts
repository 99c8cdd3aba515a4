// What a reply would change on disk: each file beside what stands there now, and the one place that writes it on accept.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RunbookError } from '../errors.ts';
import type { Proposal } from '../events.ts';
import { sha256 } from '../journal.ts';
import { insideProject } from '../paths.ts';
import type { Task } from '../runbook/task.ts';
import { replaceUnchanged } from '../runbook/write.ts';
import type { Session } from '../session.ts';
import type { ProposedFile } from './reply.ts';

/** Each file of a proposal with what stands on disk, or why one of them is refused. */
export function placed(root: string, task: Task, proposed: readonly ProposedFile[]): Proposal[] | { refused: string } {
  const files: Proposal[] = [];
  for (const { path = task.outputArtifact, text } of proposed) {
    const refused = path === undefined ? undefined : refusal(root, path);
    if (refused) return { refused };
    files.push({ path, before: path === undefined ? undefined : currentText(join(root, path)), after: text });
  }
  return files;
}

/** A reply names paths too: they stay inside the project, and out of what git or the tool would run or believe. */
function refusal(root: string, path: string): string | undefined {
  try {
    insideProject(root, path);
  } catch (error) {
    if (error instanceof RunbookError) return error.message;
    throw error;
  }
  const [top = ''] = path.replace(/^\.\//, '').split(/[\\/]/);
  return ['.git', '.runbook', '.env'].includes(top.toLowerCase())
    ? `\`${path}\` is not for a reply to write`
    : undefined;
}

function currentText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * The artifact reaches its place: each file in one atomic write, journaled with its hash. What a hand has changed since it was
 * compared stays as it is; the paths of those files are returned, and then none of them is written that was not before.
 */
export function writeProposal({ root, report }: Session, task: Task, files: readonly Proposal[]): string[] {
  const changed = files.flatMap(({ path, before }) =>
    path === undefined || currentText(join(root, path)) === before ? [] : [path],
  );
  if (changed.length > 0) return changed;
  for (const { path, before, after } of files) {
    if (path === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (before === after) continue;
    if (!replaceUnchanged(join(root, path), before, after)) return [path];
    report({ kind: 'fileWritten', taskId: task.id, path, bytes: Buffer.byteLength(after), sha256: sha256(after) });
  }
  return [];
}
