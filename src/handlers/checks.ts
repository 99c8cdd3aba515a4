// The commands that must pass before a task may be DONE.
import { resolve } from 'node:path';
import type { RunLog } from '../logs.ts';
import { commandLine } from '../runbook/task.ts';
import type { Job } from './outcome.ts';
import { tailOf } from './tail.ts';
import { taskShell } from './taskShell.ts';

export type Checked =
  | { readonly kind: 'passed' }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed' /** What failed and how it ended, with its last lines. */; readonly detail: string }
  | { readonly kind: 'aborted' };

/** Runs the task's checks in order, all of them, each seen and journaled. */
export async function runChecks(
  { task, session }: Pick<Job, 'task' | 'session'>,
  log: Pick<RunLog, 'follow'>,
): Promise<Checked> {
  if (task.checks.length === 0) return { kind: 'none' };
  const failures: string[] = [];
  for (const check of task.checks) {
    const command = commandLine(check.command);
    const name = check.name ?? command;
    const tail = tailOf();
    session.world.emit({ kind: 'checkStarted', taskId: task.id, name });
    log.follow(session.world.redact(`$ ${command}\n`));
    const onOutput = (text: string) => {
      log.follow(text);
      tail.push(text);
    };
    const cwd = resolve(session.root, task.cwd);
    const result = await taskShell({ task, session })(check.command, {
      cwd,
      env: task.env,
      timeoutMs: task.timeoutMs,
      onOutput,
    });
    if (result.end === 'aborted') return { kind: 'aborted' };
    const ok = result.end === 'exited' && result.exitCode === 0;
    session.report({ kind: 'checkEnded', taskId: task.id, name, command, ok, result, tail: tail.text() });
    if (!ok) failures.push(`check \`${name}\` ${howItEnded(result)}${tail.text() ? `:\n${tail.text()}` : ''}`);
  }
  return failures.length === 0 ? { kind: 'passed' } : { kind: 'failed', detail: failures.join('\n') };
}

type Ending = {
  readonly end: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly problem: string | undefined;
  readonly ms: number;
};

/** `exit 1`, `took longer than …`, `was ended by SIGKILL`, `could not be started: …` */
export function howItEnded(result: Ending): string {
  if (result.end === 'timedOut') return `was ended after ${Math.round(result.ms / 100) / 10} s, its timeout`;
  if (result.end === 'notStarted') return `could not be started: ${result.problem}`;
  return result.exitCode === undefined ? `was ended by ${result.signal}` : `exit ${result.exitCode}`;
}
