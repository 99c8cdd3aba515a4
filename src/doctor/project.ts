// What `doctor` says of the runbook and of what stands beside it: mistakes, who holds it, what a kill left, the journal. It only
// looks: what is to be put in order is so by the code with which `next` begins.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { wouldBeCommitted } from '../git.ts';
import { journalFile, walkJournal } from '../journal.ts';
import { statOf } from '../paths.ts';
import { COPY, FOLDER } from '../runbook/folder.ts';
import { leaseHolder } from '../runbook/lease.ts';
import { wasCutOff } from '../runbook/lock.ts';
import { inspectRunbook } from '../runbook/read.ts';
import type { Runbook } from '../runbook/task.ts';
import { isTemporary } from '../runbook/write.ts';
import { lookAt } from '../standing.ts';
import { plural } from '../terminal/words.ts';
import type { Shell } from '../world.ts';
import { type Finding, type Found, tried } from './finding.ts';

export async function projectFindings(path: string, root: string, shell: Shell): Promise<Finding[]> {
  const { readable: runbook, mistakes } = inspectRunbook(path);
  const whole = runbook && mistakes.length === 0 ? runbook : undefined;
  const found: Found[] = [
    mistakes.length === 0
      ? { level: 'well', text: `the runbook: ${plural(runbook?.tasks.length ?? 0, 'task')}` }
      : {
          level: 'wrong',
          text: `the runbook has ${plural(mistakes.length, 'mistake')}`,
          hint: 'runbook validate  names them',
        },
    ...holders(root),
    ...(whole ? standing(path) : []),
    ...leftovers(root, runbook),
    ...journal(root),
    ...(await keys(root, shell)),
  ];
  return found.map((finding) => ({ area: 'runbook', ...finding }));
}

function holders(root: string): Found[] {
  const lease = tried(() => leaseHolder(root));
  if ('trouble' in lease) return [lease.trouble];
  const cut: Found[] = wasCutOff(root)
    ? [{ level: 'wrong', text: 'a process was killed while it wrote the runbook’s files', fixable: true }]
    : [];
  if (!lease.value) return cut;
  const { holder, alive } = lease.value;
  const task = holder.taskId === undefined ? '' : ` for \`${holder.taskId}\``;
  const who = `pid ${holder.pid} on \`${holder.host}\`, since ${holder.since}${task}`;
  if (!alive) return [...cut, { level: 'wrong', text: `a lease of a runner that is gone: ${who}`, fixable: true }];
  const hint = 'If that machine or that process is gone for good, delete .runbook/lease.json.';
  return [...cut, { level: 'note', text: `a runner is at work: ${who}`, hint }];
}

/** What the next start would write or ask. */
function standing(path: string): Found[] {
  const looked = tried(() => lookAt(path));
  if ('trouble' in looked) return [looked.trouble];
  const { changes, interrupted, endedWell } = looked.value;
  const due = changes.map(({ task, kind, from, to, at, mend }): Found => {
    if (kind === 'readied') return { level: 'note', text: `\`${task.id}\` can be READY`, fixable: true };
    const differs = mend.length === 0 ? '' : `; ${mend.join(' and ')} says otherwise`;
    const text = `\`${task.id}\`: ${from} → ${to} (${at}) is not in the journal yet${differs}`;
    return { level: mend.length === 0 ? 'note' : 'wrong', text, fixable: true };
  });
  const asked = interrupted.map(({ id }): Found => {
    const text = `\`${id}\` is RUNNING, and its runner is gone`;
    return endedWell.includes(id)
      ? { level: 'wrong', text: `${text}; the journal has how it ended`, hint: 'runbook next  writes that' }
      : { level: 'wrong', text, hint: 'runbook next  asks what became of it' };
  });
  return [...due, ...asked];
}

function leftovers(root: string, runbook: Runbook | undefined): Found[] {
  const named: [string, string][] = [
    ['trial.json', 'files are as checks tried them, not as they were'],
    ['accept.json', 'accepting a reply was cut short'],
    [COPY, 'the copy in which an agent worked'],
  ];
  const inFolder = named.filter(([name]) => existsSync(join(root, FOLDER, name)));
  return [
    ...inFolder.map(([name, what]): Found => ({ level: 'wrong', text: `${FOLDER}/${name}: ${what}`, fixable: true })),
    ...leftOfWrites(root, runbook).map(
      (path): Found => ({ level: 'wrong', text: `${path}: what a kill left of a write`, fixable: true }),
    ),
  ];
}

/** Temporary files beside what the tool writes, by their paths from the root; while somebody writes, one is there for an instant. */
export function leftOfWrites(root: string, runbook: Runbook | undefined): string[] {
  const written = runbook?.tasks.flatMap(({ homes, outputArtifact }) => [
    ...homes.map(({ source }) => source.path),
    // Where one would be refused, none was written.
    ...(outputArtifact === undefined || isOutside(root, outputArtifact) ? [] : [resolve(root, outputArtifact)]),
  ]);
  const folders = new Set([root, join(root, FOLDER), ...(written ?? []).map((path) => dirname(path))]);
  return [...folders].flatMap((folder) =>
    (statOf(folder)?.isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [])
      .filter((entry) => entry.isFile() && isTemporary(entry.name))
      .map(({ name }) => relative(root, join(folder, name))),
  );
}

function isOutside(root: string, path: string): boolean {
  return relative(root, resolve(root, path)).split(sep)[0] === '..';
}

function journal(root: string): Found[] {
  if (!existsSync(join(root, journalFile(root)))) return [{ level: 'note', text: 'no journal yet' }];
  const read = tried(() => {
    let lines = 0;
    const unreadable = walkJournal(root, () => lines++);
    return { lines, unreadable };
  });
  if ('trouble' in read) return [read.trouble];
  const { lines, unreadable } = read.value;
  const text = `the journal: ${plural(lines, 'line')}`;
  if (unreadable === 0) return [{ level: 'well', text }];
  const bad = `${plural(unreadable, 'line')} can’t be read`;
  return [
    {
      level: 'note',
      text: `${text}; ${bad}`,
      hint: 'A kill tears the last one. They are stepped over, and nothing is lost but what they said.',
    },
  ];
}

async function keys(root: string, shell: Shell): Promise<Found[]> {
  if (!existsSync(join(root, '.env')) || !(await wouldBeCommitted(shell, root, '.env'))) return [];
  return [{ level: 'wrong', text: 'git does not ignore .env, which holds keys', hint: 'echo .env >> .gitignore' }];
}
