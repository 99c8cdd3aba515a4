// Runs commands: output as it comes, one process group each, so that its whole tree can be ended. The only importer of execa.
import { execFile } from 'node:child_process';
import { execa, type Options } from 'execa';
import type { ShellResult } from './events.ts';
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
    const child = launch(command, options, environment);
    const output = redactor.stream();
    const shown = options.onStdout ? child.stderr : child.all;
    shown.setEncoding('utf8');
    if (options.onStdout) child.stdout.setEncoding('utf8').on('data', options.onStdout);
    shown.on('data', (piece: string) => tellIfAny(options.onOutput, output.push(piece)));
    const watch = watchOver(child.pid, signal, options.timeoutMs);
    child.once('exit', () => {
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
      }, DRAIN_MS).unref();
    });
    const ended = await child;
    watch.stop();
    tellIfAny(options.onOutput, output.end());
    if (watch.cause) return result(watch.cause, { signal: ended.signal });
    if (ended.exitCode === undefined && ended.signal === undefined) {
      return result('notStarted', {
        problem: redactor.text(ended.failed ? startProblem(command, ended) : 'no exit code'),
      });
    }
    return result('exited', { exitCode: ended.exitCode, signal: ended.signal });
  };
}

function launch(command: Command, options: ShellOptions, environment: Environment) {
  const settings = {
    cwd: options.cwd,
    env: { ...definedOnly(environment), ...options.env },
    extendEnv: false,
    reject: false,
    buffer: false,
    all: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    cleanup: false,
    detached: process.platform !== 'win32',
  } as const satisfies Options;
  const child =
    command.kind === 'shell'
      ? execa(command.line, { ...settings, shell: command.shell ?? true })
      : execa(command.file, command.args, { ...settings, preferLocal: false });
  if (child.pid !== undefined) running.add(child.pid);
  return child;
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

function startProblem(
  command: Command,
  error: { code?: string | undefined; originalMessage?: string | undefined; shortMessage?: string | undefined },
): string {
  const name = command.kind === 'program' ? command.file : (command.shell ?? 'the shell');
  if (error.code === 'ENOENT') return `\`${name}\` was not found`;
  if (error.code === 'EACCES') return `\`${name}\` may not be executed (chmod +x makes it so)`;
  return error.originalMessage ?? error.shortMessage ?? 'it could not be started';
}
