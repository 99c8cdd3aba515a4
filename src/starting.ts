// How a program is started, and what is heard of it: each in a session of its own, so that its whole tree can be ended. Here by
// Node itself; spawner.ts does it sooner, where it can.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Command } from './runbook/task.ts';

export interface Program {
  readonly command: Command;
  readonly cwd: string;
  /** Its variables: those of every program, and its own. */
  readonly env: Readonly<Record<string, string>>;
  readonly ownEnv: Readonly<Record<string, string>>;
  /** What it reads; nothing if undefined. */
  readonly input: string | undefined;
  /** Called once it runs, before it is told what it prints. */
  readonly onStart: (pid: number) => void;
  readonly onOutput: (piece: string) => void;
  /** Gets what it prints on stdout; `onOutput` gets the rest. */
  readonly onStdout: ((piece: string) => void) | undefined;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** Comes back when it has ended, and all that it printed was told. Rejected with the system's error where it could not be started. */
export type Run = (program: Program) => Promise<Ended>;

/** How long a process tree has to end by itself after SIGTERM, in milliseconds. */
export const GRACE_MS = 3000;

/** How long to wait for more output once the program itself has ended, in milliseconds: a child it left may keep the pipe. */
export const DRAIN_MS = 500;

export const runByNode: Run = async ({ command, cwd, env, ownEnv, input, onStart, onOutput, onStdout }) => {
  const windows = process.platform === 'win32';
  const settings = {
    cwd,
    env: { ...env, ...ownEnv },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as ('ignore' | 'pipe')[],
    detached: !windows,
    shell: command.kind === 'shell' ? (command.shell ?? true) : false,
  };
  const [file, args] = command.kind === 'shell' ? [command.line, []] : [command.file, [...command.args]];
  // What Windows calls a program may be a script that only its shell can start.
  const start = windows && command.kind === 'program' ? (await import('cross-spawn')).default : spawn;
  const child = start(file, args, settings);
  // A program need not read what it is given.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  listen(child.stderr, onOutput);
  listen(child.stdout, onStdout ?? onOutput);
  const ended = endOf(child);
  if (child.pid !== undefined) onStart(child.pid);
  return ended;
};

function listen(stream: Readable | null, tell: (piece: string) => void): void {
  stream?.setEncoding('utf8').on('data', tell);
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      }, DRAIN_MS).unref();
    });
    child.once('close', (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
  });
}

export function endTree(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
