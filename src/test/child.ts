// A child process without a terminal, as a remote control.
import { spawn } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { vi } from 'vitest';
import { makeWaiting, type Wanted } from './waiting.ts';

/** `null`: /dev/null. `closed`: no descriptor 0 at all. `open`: a pipe without an end. `{ text }`: a pipe with that in it, then its end. */
export type Stdin = 'null' | 'closed' | 'open' | { text: string };

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export type Child = ReturnType<typeof startChild>;

/** In a session of its own, so that it finds no /dev/tty either. */
export function startChild(
  argv: string[],
  { stdin = 'null', cwd, env }: { stdin?: Stdin | undefined; cwd: string; env: Record<string, string> },
) {
  const piped = stdin === 'open' || typeof stdin === 'object';
  const [file = '', ...args] = stdin === 'closed' ? ['sh', '-c', 'exec "$@" <&-', 'sh', ...argv] : argv;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: [piped ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '', both: '' };
  const waiting = makeWaiting(() => said.both);

  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
      said.both += text;
      waiting.look();
    });
  }
  const exit = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      waiting.end();
      resolve({ code, signal, stdout: said.stdout, stderr: said.stderr });
    });
  });
  // `close` comes with the last byte. A grandchild that lives on with the same pipes must not keep us waiting for it: what
  // the child itself has written is in the pipes when it ends, and is read within one turn of the event loop.
  child.once('exit', async () => {
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  // It may end before it has read everything.
  child.stdin?.on('error', () => {});
  if (typeof stdin === 'object') child.stdin?.end(stdin.text);

  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    exit,
    /** What it has written until now, stdout and stderr as they came. */
    output: () => said.both,
    waitForOutput: vi.defineHelper((wanted: Wanted) => waiting.until(wanted, 'in its output', () => said.both)),
    /** To this process alone. */
    kill: (signal: NodeJS.Signals = 'SIGKILL') => child.kill(signal),
  };
}
