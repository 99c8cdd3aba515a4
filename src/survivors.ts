// What a killed runner left running: known by the environment that its scripts and checks got, which their children inherit.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Survivor } from './events.ts';
import { GRACE_MS } from './starting.ts';

/** The variables by which a process is known again. */
export function marksOf(runId: string, taskId: string): Record<string, string> {
  return { RUNBOOK_RUN_ID: runId, RUNBOOK_TASK_ID: taskId };
}

/**
 * The living processes that a run started for a task, without those that one of them has started. Windows tells nobody's
 * environment: none are found there.
 */
export function survivorsOf(runId: string, taskId: string): Survivor[] {
  const living = livingOf(runId, taskId);
  const pids = new Set(living.map(({ pid }) => pid));
  return living.filter(({ parent }) => !pids.has(parent)).map(({ pid, command }) => ({ pid, command: command() }));
}

/** Ends them and all that they started, first by asking, and returns when none is left. */
export async function endSurvivors(runId: string, taskId: string): Promise<void> {
  const started = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const living = livingOf(runId, taskId);
    if (living.length === 0) return;
    const force = performance.now() - started > GRACE_MS;
    for (const { pid } of living) {
      if (force || !asked.has(pid)) send(pid, force ? 'SIGKILL' : 'SIGTERM');
      asked.add(pid);
    }
    await sleep(50);
  }
}

/** Ends at once what was started with these variables, if they have such marks. */
export function endMarked(variables: Readonly<Record<string, string>>): void {
  const { RUNBOOK_RUN_ID: runId, RUNBOOK_TASK_ID: taskId } = variables;
  if (runId !== undefined && taskId !== undefined) for (const { pid } of livingOf(runId, taskId)) send(pid, 'SIGKILL');
}

function livingOf(runId: string, taskId: string): Process[] {
  const marks = Object.entries(marksOf(runId, taskId)).map(([name, value]) => `${name}=${value}`);
  return processes().filter(({ pid, environment }) => {
    // What `ps` prints has no marks between the variables.
    const has = (mark: string) => `\0${environment}\0`.includes(process.platform === 'linux' ? `\0${mark}\0` : mark);
    return pid !== process.pid && marks.every(has);
  });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly environment: string;
  readonly command: () => string;
}

function processes(): Process[] {
  if (process.platform === 'win32') return [];
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc(): Process[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map((id) => ({
    pid: Number(id),
    // The second field is the program's name in parentheses, the fourth the parent (proc(5)).
    parent: Number(/\) \S (\d+) [^)]*$/.exec(readOrEmpty(`/proc/${id}/stat`))?.[1]),
    environment: readOrEmpty(`/proc/${id}/environ`),
    command: () => readOrEmpty(`/proc/${id}/cmdline`).split('\0').join(' ').trim(),
  }));
}

/** `-E` puts the environment behind the command. */
function fromPs(): Process[] {
  const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,ppid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return lines.split('\n').flatMap((line) => {
    const [, pid, parent, environment = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    const command = () => environment.replace(/ \w+=.*$/, '');
    return [{ pid: Number(pid), parent: Number(parent), environment, command }];
  });
}

/** Empty when the process has ended meanwhile, or belongs to somebody else. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
