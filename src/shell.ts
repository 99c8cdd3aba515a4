// Runs commands: output as it comes, its secrets taken out; the whole tree ends when the time is over, or the person wants out.
import { errnoOf } from './errors.ts';
import type { ShellResult } from './events.ts';
import { statOf } from './paths.ts';
import type { Command } from './runbook/task.ts';
import type { Environment, Redactor } from './secrets.ts';
import { openSpawner } from './spawner.ts';
import { type Ended, endTree, GRACE_MS, type Run, runByNode } from './starting.ts';
import type { Shell, World } from './world.ts';

const running = new Set<number>();

/** Ends all that still runs, at once and without asking it. For the second Ctrl-C. */
export function killAllNow(): void {
  for (const pid of running) endTree(pid, 'SIGKILL');
}

export function makeShell(
  signalOf: () => AbortSignal,
  redactor: Redactor,
  environment: Environment,
): Pick<World, 'shell' | 'getShellReady'> {
  let defined: ReturnType<typeof definedOnly> | undefined;
  let spawner: Promise<Run | undefined> | undefined;
  const env = () => {
    defined ??= definedOnly(environment);
    return defined;
  };
  const opened = () => {
    spawner ??= openSpawner(env());
    return spawner;
  };
  const shell: Shell = async (command, options) => {
    const started = performance.now();
    const result = (end: ShellResult['end'], more: Partial<ShellResult>): ShellResult => ({
      exitCode: undefined,
      signal: undefined,
      problem: undefined,
      ...more,
      end,
      ms: Math.round(performance.now() - started),
    });
    const signal = signalOf();
    if (signal.aborted) return result('aborted', {});
    const output = redactor.stream();
    let watch: ReturnType<typeof watchOver> | undefined;
    let ended: Ended;
    try {
      const { cwd, env: ownEnv, input, onStdout } = options;
      // What it reads is written by Node.
      const run = (input === undefined ? await opened() : undefined) ?? runByNode;
      const onStart = (pid: number) => {
        watch = watchOver(pid, signal, options.timeoutMs);
        options.onStart?.();
      };
      const onOutput = (piece: string) => tellIfAny(options.onOutput, output.push(piece));
      ended = await run({ command, cwd, env: env(), ownEnv, input, onStart, onOutput, onStdout });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return result('notStarted', { problem: redactor.text(startProblem(command, options.cwd, error)) });
    } finally {
      watch?.stop();
    }
    tellIfAny(options.onOutput, output.end());
    if (watch?.cause) return result(watch.cause, { signal: ended.signal });
    return result('exited', ended);
  };
  return { shell, getShellReady: () => void opened().catch(() => {}) };
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
function watchOver(pid: number, signal: AbortSignal, timeoutMs: number | undefined) {
  const watch: { cause: 'timedOut' | 'aborted' | undefined; stop: () => void } = { cause: undefined, stop: () => {} };
  running.add(pid);
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
  // While it was started.
  if (signal.aborted) onAbort();
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

function startProblem(command: Command, cwd: string, error: unknown): string {
  const name = command.kind === 'program' ? command.file : (command.shell ?? 'the shell');
  const errno = errnoOf(error);
  if (errno === 'ENOENT' && !statOf(cwd)?.isDirectory()) return `the folder \`${cwd}\` is gone`;
  if (errno === 'ENOENT') return `\`${name}\` was not found`;
  if (errno === 'EACCES') return `\`${name}\` may not be executed (chmod +x makes it so)`;
  return error instanceof Error ? error.message : 'it could not be started';
}
