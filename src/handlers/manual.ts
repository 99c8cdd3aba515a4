// MANUAL: shows the instructions, step by step if they are a list, and asks how it went.
import { RunbookError, unreachable } from '../errors.ts';
import { openTaskLog } from '../logs.ts';
import { insideProject } from '../paths.ts';
import { readText } from '../runbook/source.ts';
import type { Task } from '../runbook/task.ts';
import { runChecks } from './checks.ts';
import type { Job, Outcome, Step } from './outcome.ts';
import { requirePerson } from './person.ts';
import { requireFolder } from './script.ts';

export async function prepareManual(job: Job): Promise<Step> {
  const { task, session } = job;
  const { instructions, steps } = requireManual(session.root, task);
  requirePerson(job, 'manual');
  return { plan: { kind: 'manual', instructions, steps }, carryOut: () => carryOut(job, steps) };
}

/** The task's instructions, read from their file if they have one. Throws what is wrong with the task. */
export function requireManual(root: string, task: Task): { instructions: string; steps: readonly string[] } {
  if (task.checks.length > 0) requireFolder(root, task, task.cwd);
  return readInstructions(root, task);
}

function readInstructions(root: string, task: Task): { instructions: string; steps: readonly string[] } {
  const { instructions } = task;
  if (instructions === undefined) return { instructions: task.description ?? '', steps: [] };
  if (typeof instructions !== 'string') return { instructions: '', steps: instructions };
  if (!/^[^\n]+\.(?:md|markdown)$/i.test(instructions.trim())) return { instructions, steps: [] };
  const path = instructions.trim();
  const at = task.place('manual_instructions');
  return { instructions: readText(insideProject(root, path, at), path, at), steps: [] };
}

async function carryOut(job: Job, steps: readonly string[]): Promise<Outcome> {
  const started = job.session.world.now().getTime();
  const messages = steps.length > 1 ? steps.map((_step, i) => `Step ${i + 1} of ${steps.length} done?`) : ['Done?'];
  for (const [i, message] of messages.entries()) {
    const last = i === messages.length - 1;
    const { answer, by } = await ask(job, message, last ? 'done' : 'next');
    if (answer !== 'accept') return settle(job, answer, by, started);
    // A flag that says accept speaks for all the steps at once.
    if (last || by !== 'person') return accepted(job, by, started);
  }
  throw new Error('a list of steps had no last one');
}

function ask({ session }: Job, message: string, yes: string) {
  return session.world.ask.choose({
    topic: 'manual',
    message,
    choices: [
      { key: 'y', answer: 'accept', label: yes },
      { key: 'e', answer: 'error', label: 'error' },
      { key: 's', answer: 'skip', label: 'skip' },
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
}

type By = Awaited<ReturnType<typeof ask>>['by'];

async function accepted(job: Job, by: By, started: number): Promise<Outcome> {
  const { task, session } = job;
  session.report({ kind: 'decided', taskId: task.id, decision: 'accept', by });
  if (task.checks.length === 0) return done(job, started, undefined);
  const log = openTaskLog(session, task.id);
  for (;;) {
    const checked = await runChecks(job, log);
    if (checked.kind === 'aborted') throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
    if (checked.kind !== 'failed') return done(job, started, log.file);
    if (by !== 'person') return failed(job, 'VALIDATION_FAIL', checked.detail, started);
    const next = await session.world.ask.choose({
      topic: 'manual',
      message: 'A check failed. What now?',
      choices: [
        { key: 'y', answer: 'accept', label: 'mended, check again' },
        { key: 'e', answer: 'error', label: 'error' },
        { key: 's', answer: 'skip', label: 'skip' },
        { key: 'q', answer: 'quit', label: 'leave' },
      ],
    });
    if (next.answer === 'error') return failed(job, 'VALIDATION_FAIL', checked.detail, started);
    if (next.answer !== 'accept') return settle(job, next.answer, next.by, started);
  }
}

async function settle(job: Job, answer: 'error' | 'skip' | 'quit', by: By, started: number): Promise<Outcome> {
  const { task, session } = job;
  switch (answer) {
    case 'quit':
      return { kind: 'left', why: 'left' };
    case 'skip':
      session.report({ kind: 'decided', taskId: task.id, decision: 'skip', by });
      return { kind: 'skipped', record: { ms: undefined, issues: [] } };
    case 'error': {
      const detail = await session.world.ask.line('What is wrong?');
      session.report({ kind: 'decided', taskId: task.id, decision: 'error', by, detail });
      return failed(job, 'MANUAL_BLOCKER', detail || 'marked as error by hand', started);
    }
    default:
      return unreachable(answer);
  }
}

function done({ session }: Job, started: number, log: string | undefined): Outcome {
  const now = session.world.now();
  return {
    kind: 'done',
    record: {
      ms: now.getTime() - started,
      log,
      issues: [],
      lastRun: { timestamp: now.toISOString(), outcome: 'SUCCESS' },
    },
  };
}

function failed({ session }: Job, type: string, detail: string, started: number): Outcome {
  const now = session.world.now();
  const timestamp = now.toISOString();
  return {
    kind: 'error',
    record: {
      ms: now.getTime() - started,
      issues: [{ timestamp, type, detail }],
      lastRun: { timestamp, outcome: 'FAILURE' },
    },
  };
}
