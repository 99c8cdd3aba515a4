// Why a task has the status it has, in words, and which commands move it on. Pure: it says what follows from how all stands.
import { unreachable } from './errors.ts';
import { chainOf, type Link, nextReady, waitsFor } from './runbook/ready.ts';
import { openIssue, type Task } from './runbook/task.ts';
import type { Standing } from './standing.ts';
import { issueInWords } from './storyWords.ts';

export interface Reason {
  /** Without its subject, which is the task: `is PENDING: it waits for pack, which is in ERROR`. */
  readonly text: string;
  /** All that it waits for, the first causes first. */
  readonly chain: readonly Link[];
  /** What to say to `runbook`, each with its arguments; the best one first. */
  readonly commands: readonly Words[];
}

export type Words = readonly string[];

export function reasonOf(standing: Standing, task: Task): Reason {
  const chain = mayWait(task) ? chainOf(standing.runbook, task) : [];
  const own = chain.length > 0 && task.status !== 'ERROR' ? [] : forTask(standing, task);
  const ofCauses = causesIn(chain).flatMap((link) => forTask(standing, link.task).slice(0, 1));
  return {
    text: `is ${task.status}${textOf(standing, task, chain)}`,
    chain,
    commands: unique([...own, ...ofCauses]),
  };
}

/** What is RUNNING, SKIPPED or DONE has its status whatever it depends on. */
function mayWait({ status }: Task): boolean {
  return status === 'PENDING' || status === 'READY' || status === 'ERROR';
}

/** Those of a chain that wait for nothing themselves. */
export function causesIn(chain: readonly Link[]): Link[] {
  return chain.filter((link) => link.waits.length === 0);
}

/** What keeps a first cause from being DONE, or what the others of a chain wait for. */
export function linkText(standing: Standing, { task, waits }: Link): string {
  if (waits.length > 0) return `waits for ${several(waits.map(({ id }) => id))}`;
  switch (task.status) {
    case 'ERROR':
      return errorText(task);
    case 'RUNNING':
      return atWork(standing, task);
    case 'SKIPPED':
      return 'that does not satisfy, unless the runbook says `skipped_satisfies: true`';
    case 'READY':
      return readyText(standing, task);
    case 'PENDING':
      return 'the runner at work makes it READY';
    case 'DONE':
      return '';
    default:
      return unreachable(task.status);
  }
}

/** The commands that move a task on which waits for nothing. */
export function forTask(standing: Standing, { id, status }: Task): Words[] {
  switch (status) {
    case 'ERROR':
      return [
        ['retry', id],
        ['skip', id],
      ];
    case 'RUNNING':
      if (standing.taken.has(id))
        return [
          ['done', id],
          ['reset', id],
        ];
      return standing.holder ? [] : [['next']];
    case 'DONE':
      return [['reset', id]];
    case 'SKIPPED':
      return [
        ['done', id],
        ['reset', id],
      ];
    case 'PENDING':
    case 'READY':
      return standing.holder ? [] : [toStart(standing, id)];
    default:
      return unreachable(status);
  }
}

function toStart(standing: Standing, id: string): Words {
  const { runbook, interrupted } = standing;
  const from = runbook.tasks.findIndex((task) => task.id === id);
  const inError = runbook.tasks.filter((task) => task.status === 'ERROR');
  if (interrupted.length > 0 || (inError.length === 0 && nextReady(runbook)?.id === id)) return ['next'];
  const stops = inError.some((task) => runbook.tasks.indexOf(task) >= from);
  return ['next', '--start-from', id, ...(stops ? ['--keep-going'] : [])];
}

function textOf(standing: Standing, task: Task, chain: readonly Link[]): string {
  const waits = chain.length > 0 ? waitText(standing, chain) : undefined;
  switch (task.status) {
    case 'RUNNING':
      return `: ${atWork(standing, task)}`;
    case 'ERROR':
      return `: ${errorText(task)}${waits === undefined ? '' : `; and ${waits}`}`;
    case 'READY':
      if (waits !== undefined) return `, but can’t start: ${waits}`;
      return `: nothing is left to wait for; ${readyText(standing, task)}`;
    case 'PENDING':
      return `: ${waits ?? 'nothing is left to wait for; the runner at work makes it READY'}`;
    case 'DONE':
      return '';
    case 'SKIPPED':
      return skippedText(standing, task);
    default:
      return unreachable(task.status);
  }
}

const CAUSES = 3;

/** `it waits for pack, which waits for tests, which is in ERROR; and for notes, which is SKIPPED` */
function waitText(standing: Standing, chain: readonly Link[]): string {
  const causes = causesIn(chain);
  const texts = causes
    .slice(0, CAUSES)
    .map((link) => `for ${pathText([...link.over, link.task])}${endText(standing, link.task)}`);
  const rest = causes.length - texts.length;
  return `it waits ${texts.join('; and ')}${rest > 0 ? `; and for ${rest} more` : ''}`;
}

/** `pack, which waits for tests`; of a long way, its two ends. */
function pathText(path: readonly Task[]): string {
  const ids = path.map(({ id }) => id);
  if (ids.length <= 4) return ids.join(', which waits for ');
  return `${ids[0]}, which waits, over ${(ids.length - 2).toLocaleString('en')} others, for ${ids.at(-1)}`;
}

function endText(standing: Standing, task: Task): string {
  if (task.status === 'ERROR') return ', which is in ERROR';
  if (task.status !== 'RUNNING') return `, which is ${task.status}`;
  const by = standing.taken.get(task.id)?.by;
  const who = by === undefined ? (standing.holder ? '' : ', with its runner gone') : `, taken by ${by}`;
  return `, which is ${task.status}${who}`;
}

function errorText(task: Task): string {
  const issue = openIssue(task);
  return issue ? issueInWords(issue.type, issue.detail) : 'no issue is written';
}

function atWork(standing: Standing, task: Task): string {
  const { holder } = standing;
  const taken = standing.taken.get(task.id);
  if (taken) return `${taken.by} has taken it, and gives it back`;
  if (!holder) return `its runner is gone; \`runbook next\` ${whatNextDoes(standing, task)}`;
  const who = `pid ${holder.pid} on ${holder.host}`;
  if (holder.taskId === task.id) return `${who} is at it`;
  return `nobody is at it; ${who} is at work${holder.taskId === undefined ? '' : ` on ${holder.taskId}`}`;
}

/** Said of a task that is RUNNING, and whose runner is gone. */
export function whatNextDoes({ endedWell }: Standing, { id }: Task): string {
  return endedWell.includes(id) ? 'makes it DONE: the journal has its good end' : 'asks what to do';
}

function aboutCutOff({ endedWell }: Standing, { id }: Task): string {
  return endedWell.includes(id) ? `makes ${id} DONE` : `asks about ${id}`;
}

/** What else there is to do before a task that could start. */
function readyText(standing: Standing, { id }: Task): string {
  const { runbook, holder, interrupted } = standing;
  if (holder) return `pid ${holder.pid} on ${holder.host} is at work${holder.taskId ? ` on ${holder.taskId}` : ''}`;
  const [cutOff] = interrupted;
  if (cutOff) return `\`runbook next\` ${aboutCutOff(standing, cutOff)} first, whose runner is gone`;
  const inError = runbook.tasks.find((task) => task.status === 'ERROR');
  if (inError) return `but ${inError.id} is in ERROR, which stops the line`;
  const next = nextReady(runbook);
  return next === undefined || next.id === id ? 'it is next' : `${next.id} comes before it`;
}

function skippedText({ runbook }: Standing, task: Task): string {
  const waiting = runbook.tasks.filter((other) => waitsFor(runbook, other).some(({ id }) => id === task.id));
  if (waiting.length === 0) return '';
  return `, and ${several(waiting.map(({ id }) => id))} ${waiting.length === 1 ? 'waits' : 'wait'} for it to be DONE`;
}

/** `a`, `a and b`, `a, b, c and 4 more` */
function several(ids: readonly string[]): string {
  const shown = ids.length > 4 ? [...ids.slice(0, 3), `${ids.length - 3} more`] : ids;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function unique(commands: readonly Words[]): Words[] {
  return [...new Map(commands.map((words) => [words.join('\0'), words])).values()];
}
