// Runs commands: output as it comes, one process group each, so that its whole tree can be ended.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errnoOf } from './errors.ts';
import type { ShellResult } from './events.ts';
import { statOf } from './paths.ts';
import type { Command } from './runbook/task.ts';
import type { Environment, Redactor } from './secrets.ts';
import type { Shell, ShellOptions } from './world.ts';

/** How long a process tree has to end by itself after SIGTERM, in milliseconds. */
export const GRACE_MS = 3000;
/** How long to wait for more output once the program itself has ended, in milliseconds: a child it left may keep the pipe. */
const DRAIN_MS = 500;

const running = new Set<number>();

/** Ends all that still runs, at once and without asking it. For the second Ctrl-C. */
export function killAllNow(): void {
  for (const pid of running) endTree(pid, 'SIGKILL');
}

export function makeShell(signal: AbortSignal, redactor: Redactor, environment: Environment): Shell {
  const env = definedOnly(environment);
  return async (command, options) => {
    const started = performance.now();
    const result = (end: ShellResult['end'], more: Partial<ShellResult>): ShellResult => ({
      exitCode: undefined,
      signal: undefined,
      problem: undefined,
      ...more,
      end,
      ms: Math.round(performance.now() - started),
    });
    if (signal.aborted) return result('aborted', {});
    const output = redactor.stream();
    let watch: ReturnType<typeof watchOver> | undefined;
    let ended: Ended;
    try {
      const child = await launch(command, options, { ...env, ...options.env });
      listen(child.stderr, (piece) => tellIfAny(options.onOutput, output.push(piece)));
      listen(child.stdout, options.onStdout ?? ((piece) => tellIfAny(options.onOutput, output.push(piece))));
      watch = watchOver(child.pid, signal, options.timeoutMs);
      ended = await endOf(child);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return result('notStarted', { problem: redactor.text(startProblem(command, options.cwd, error)) });
    } finally {
      watch?.stop();
    }
    tellIfAny(options.onOutput, output.end());
    if (watch.cause) return result(watch.cause, { signal: ended.signal });
    return result('exited', ended);
  };
}

async function launch(command: Command, options: ShellOptions, env: Record<string, string>): Promise<ChildProcess> {
  const windows = process.platform === 'win32';
  const settings = {
    cwd: options.cwd,
    env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as ('ignore' | 'pipe')[],
    detached: !windows,
    shell: command.kind === 'shell' ? (command.shell ?? true) : false,
  };
  const [file, args] = command.kind === 'shell' ? [command.line, []] : [command.file, [...command.args]];
  // What Windows calls a program may be a script that only its shell can start.
  const start = windows && command.kind === 'program' ? (await import('cross-spawn')).default : spawn;
  const child = start(file, args, settings);
  // A program need not read what it is given.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);
  if (child.pid !== undefined) running.add(child.pid);
  return child;
}

function listen(stream: Readable | null, tell: (piece: string) => void): void {
  stream?.setEncoding('utf8').on('data', tell);
}

interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** When it has ended and all that it printed is there. Throws why it could not be started. */
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

function definedOnly(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function tellIfAny(tell: (text: string) => void, text: string): void {
  if (text !== '') tell(text);
}

/** Ends the tree when the time is over or the person wants out, and remembers which of the two it was. */
function watchOver(pid: number | undefined, signal: AbortSignal, timeoutMs: number | undefined) {
  const watch: { cause: 'timedOut' | 'aborted' | undefined; stop: () => void } = { cause: undefined, stop: () => {} };
  if (pid === undefined) return watch;
  let force: NodeJS.Timeout | undefined;
  const end = (cause: 'timedOut' | 'aborted') => {
    if (watch.cause) return;
    watch.cause = cause;
    endTree(pid, 'SIGTERM');
    force = setTimeout(() => endTree(pid, 'SIGKILL'), GRACE_MS);
  };
  const onAbort = () => end('aborted');
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => end('timedOut'), timeoutMs);
  signal.addEventListener('abort', onAbort);
  watch.stop = () => {
    clearTimeout(timer);
    clearTimeout(force);
    signal.removeEventListener('abort', onAbort);
    // The program has ended; whatever it started in its group ends with it when it was told to end.
    if (watch.cause) endTree(pid, 'SIGKILL');
    running.delete(pid);
  };
  return watch;
}

function endTree(pid: number, signal: NodeJS.Signals): void {
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

function startProblem(command: Command, cwd: string, error: unknown): string {
  const name = command.kind === 'program' ? command.file : (command.shell ?? 'the shell');
  const errno = errnoOf(error);
  if (errno === 'ENOENT' && !statOf(cwd)?.isDirectory()) return `the folder \`${cwd}\` is gone`;
  if (errno === 'ENOENT') return `\`${name}\` was not found`;
  if (errno === 'EACCES') return `\`${name}\` may not be executed (chmod +x makes it so)`;
  return error instanceof Error ? error.message : 'it could not be started';
}
