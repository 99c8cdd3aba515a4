// A program of the person's that has the terminal to itself while it is open: their editor, their pager.
import type { ChildProcess } from 'node:child_process';

export interface TheirEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly problem?: string;
}

/** Until it has ended. Ctrl-C is its own while it is open, and no wish to leave the task; what asks us to end, ends it first. */
export async function ended(child: ChildProcess): Promise<TheirEnd> {
  const listeners = process.rawListeners('SIGINT') as NodeJS.SignalsListener[];
  process.removeAllListeners('SIGINT').on('SIGINT', ignore);
  const end = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', end).on('SIGHUP', end);
  try {
    return await new Promise((resolve) => {
      child.on('error', ({ message }) => resolve({ code: null, signal: null, problem: message }));
      child.on('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    process.off('SIGTERM', end).off('SIGHUP', end);
    process.removeAllListeners('SIGINT');
    for (const listener of listeners) process.on('SIGINT', listener);
  }
}

function ignore(): void {}
