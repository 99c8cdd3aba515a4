// What must hold after any fault, and what must hold once the next start has been: said as problems, of which there must be none.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lastChanges } from '../../journal.ts';
import { journaledEnd } from '../../journaledEnd.ts';
import { inspectRunbook } from '../../runbook/read.ts';
import type { Home, Runbook, Task } from '../../runbook/task.ts';
import { lookAt } from '../../standing.ts';
import type { Rig } from '../rig.ts';
import { NEW_ARTIFACT, OLD_ARTIFACT, ranCounts } from './project.ts';

/** How a project stands, as far as a later look is compared with it. */
export interface Seen {
  readonly journal: string;
  /** The tasks of which the journal or a file says DONE, as long as nothing later says otherwise. */
  readonly done: ReadonlySet<string>;
  readonly interrupted: readonly string[];
  /** Those of them of which a person is asked: what the journal knows to have ended well is not asked about. */
  readonly asked: readonly string[];
  readonly ran: ReadonlyMap<string, number>;
}

export function see(rig: Rig): Seen {
  const { interrupted } = lookAt(runbookOf(rig));
  const journaled = [...lastChanges(rig.dir)].filter(([, { to }]) => to === 'DONE').map(([id]) => id);
  const written = readable(rig).tasks.filter(({ homes }) => homes.some(({ status }) => status === 'DONE'));
  return {
    journal: journalText(rig),
    done: new Set([...journaled, ...written.map(({ id }) => id)]),
    interrupted: interrupted.map(({ id }) => id),
    asked: interrupted.filter((task) => !journaledEnd(rig.dir, task)).map(({ id }) => id),
    ran: ranCounts(rig),
  };
}

/** What is wrong at any moment, also while a runner is at work or just after it was killed. */
export function problemsAtAnyMoment(rig: Rig, files: Readonly<Record<string, string>>): string[] {
  const { mistakes } = inspectRunbook(runbookOf(rig));
  return [
    ...mistakes.map(({ code, message }) => `mistake ${code}: ${message}`),
    ...changedBytes(rig, files),
    ...tornLines(rig).map((line) => `a line of the journal, not the last of its process, is torn: ${line}`),
    ...brokenChain(rig),
  ];
}

/** What is wrong after a start that came to its end: nothing is left to be put right. */
export function problemsAfterStart(rig: Rig, files: Readonly<Record<string, string>>, before: Seen): string[] {
  const { tasks } = readable(rig);
  const statusOf = (id: string) => tasks.find((task) => task.id === id)?.status;
  const lost = [...before.done].filter((id) => statusOf(id) !== 'DONE');
  const unnamed = before.interrupted.filter((id) => !['ERROR', 'DONE'].includes(statusOf(id) ?? ''));
  return [
    ...problemsAtAnyMoment(rig, files),
    ...tasks.filter(({ homes }) => !agree(homes)).map(({ id }) => `the two files of ${id} differ`),
    ...tasks.filter(({ status }) => status === 'RUNNING').map(({ id }) => `${id} is RUNNING, and nobody is at it`),
    ...[...lastChanges(rig.dir)]
      .filter(([id, { to }]) => statusOf(id) !== to)
      .map(([id, { to }]) => `${id} is ${to} in the journal, and ${statusOf(id)} in its files`),
    ...tasks.flatMap((task) => lostRecord(rig, task)),
    ...lost.map((id) => `${id} was DONE and is ${statusOf(id)}`),
    ...unnamed.map((id) => `${id} was interrupted and is ${statusOf(id)}`),
    ...ranAgain(rig, before),
    ...leftovers(rig).map((path) => `left over: ${path}`),
    ...(journalText(rig).startsWith(before.journal) ? [] : ['what stood in the journal was changed']),
    // To git, a line that has no end is one too.
    ...(rig.read('.runbook/.gitignore').trim() === '*' ? [] : ['.runbook/ does not ignore itself']),
    ...tasks.flatMap((task) => artifactProblems(rig, task)),
  ];
}

/** What the journal has of how a task ended, and its files have not. */
function lostRecord(rig: Rig, { id, lastRun, issues }: Task): string[] {
  const { record } = lastChanges(rig.dir).get(id) ?? {};
  const [wanted, written] = [record?.lastRun?.['timestamp'], lastRun?.['timestamp']];
  const missing = record?.issues?.filter(({ detail }) => !issues.some((issue) => issue.detail === detail)) ?? [];
  return [
    ...(wanted === undefined || wanted === written ? [] : [`the last_run of ${id} is not in its files`]),
    ...missing.map(({ type, detail }) => `the issue of ${id} is not in its files: ${type} ${detail}`),
  ];
}

function agree(homes: readonly Home[]): boolean {
  return new Set(homes.flatMap(({ status }) => status ?? [])).size <= 1;
}

function ranAgain(rig: Rig, { done, ran }: Seen): string[] {
  const now = ranCounts(rig);
  return [...done].filter((id) => now.get(id) !== ran.get(id)).map((id) => `${id} was DONE, and ran again`);
}

/** What had been begun before, and was begun again. */
export function repeated(rig: Rig, { ran }: Seen): string[] {
  return [...ranCounts(rig)].filter(([id, times]) => ran.has(id) && times !== ran.get(id)).map(([id]) => id);
}

/** On trial it may be anything, and is put back by the next start; an interrupted accept leaves the new one. */
function artifactProblems(rig: Rig, { id, status, outputArtifact }: Task): string[] {
  if (outputArtifact === undefined) return [];
  const text = rig.exists(outputArtifact) ? rig.read(outputArtifact) : undefined;
  const isStarted = parsedLines(rig).some(({ task_id: other }) => other === id);
  const allowed = status === 'DONE' && isStarted ? [NEW_ARTIFACT] : [OLD_ARTIFACT, NEW_ARTIFACT];
  return text !== undefined && allowed.includes(text) ? [] : [`${outputArtifact} is ${JSON.stringify(text)}`];
}

/** Beside what is meant to stay: temporary files, locks, leases, copies of what was on trial. */
export function leftovers(rig: Rig): string[] {
  const names = readdirSync(rig.dir, { recursive: true, encoding: 'utf8' });
  const own = names.filter((name) => name.startsWith(`.runbook/`) && !OURS.includes(name));
  return [...own, ...names.filter((name) => /runbook-tmp|\.orig(\.\d+)?$/.test(name))];
}

const OURS = [
  '.runbook/.gitignore',
  '.runbook/plan.json',
  '.runbook/reading.json',
  '.runbook/prompt.md',
  '.runbook/reply.md',
];

/** Bytes of the YAML files that are neither of a status, nor of `last_run` or `issues`, and are not as they were. */
function changedBytes(rig: Rig, files: Readonly<Record<string, string>>): string[] {
  const yaml = Object.entries(files).filter(([path]) => path === 'runbook.yaml' || path.startsWith('tasks/'));
  return yaml.filter(([path, text]) => bare(rig.read(path)) !== bare(text)).map(([path]) => `${path} was changed`);
}

/** Without what the tool may write. A status that was not there is a line that it may add. */
export function bare(text: string): string {
  return text
    .replaceAll(/^( *)(last_run|issues):(.*\n)(\1( +|- ).*\n)*/gm, '')
    .replaceAll(/^ *status: [A-Z]+\n/gm, '')
    .replaceAll(/(status: +)[A-Z]+/g, '$1');
}

/** A torn line is the last of a process that was killed; what comes after it is on a line of its own. */
function tornLines(rig: Rig): string[] {
  const lines = journalText(rig).split('\n').slice(0, -1);
  return lines.filter((line) => !isJson(line) && !isBeginning(line));
}

function isBeginning(line: string): boolean {
  return '{"timestamp":"'.startsWith(line.slice(0, 14)) && !line.slice(1).includes('{"timestamp":"');
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Each status follows from the one before; nobody's hand was in the files; what is done is not started again. */
function brokenChain(rig: Rig): string[] {
  const now = new Map<string, string>();
  return parsedLines(rig).flatMap(({ event_type: type, task_id: id = '', status_change: change }) => {
    if (type === 'HAND_EDIT') return [`the tool took its own work for a hand's: ${id} ${change}`];
    if (change === undefined) return [];
    const [from = '', to = ''] = change.split(' -> ');
    const known = now.get(id);
    now.set(id, to);
    return known === undefined || known === from ? [] : [`${id} was ${known}, and then ${change} (${type})`];
  });
}

export function parsedLines(rig: Rig) {
  type Line = ReturnType<Rig['journal']>[number];
  const lines = journalText(rig).split('\n').filter(isJson);
  return lines.map((line) => JSON.parse(line) as Line);
}

export function journalText(rig: Rig): string {
  return rig.exists('logs/run_log.jsonl') ? rig.read('logs/run_log.jsonl') : '';
}

function readable(rig: Rig): Runbook {
  const { runbook } = inspectRunbook(runbookOf(rig));
  if (!runbook) throw new Error('the runbook can not be read');
  return runbook;
}

function runbookOf(rig: Rig): string {
  return join(rig.dir, 'runbook.yaml');
}
