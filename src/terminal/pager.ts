// A long text in the person's pager, which has the terminal to itself while it is open.
import { spawn } from 'node:child_process';

/** False if the pager could not be started: then nothing was shown. */
export async function page(text: string): Promise<boolean> {
  const command = process.env['PAGER'] || 'less';
  // Ctrl-C is the pager's while it is open, and not a wish to leave the task.
  const listeners = process.rawListeners('SIGINT') as NodeJS.SignalsListener[];
  process.removeAllListeners('SIGINT').on('SIGINT', ignore);
  try {
    return await shownBy(command, text);
  } finally {
    process.removeAllListeners('SIGINT');
    for (const listener of listeners) process.on('SIGINT', listener);
  }
}

function shownBy(command: string, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const pager = spawn(command, {
      shell: true,
      // Its keys come from the terminal itself; its screen is where ours is, since stdout is for data.
      stdio: ['pipe', 2, 'inherit'],
      env: { ...process.env, LESS: process.env['LESS'] ?? '-R' },
    });
    pager.on('error', () => resolve(false));
    // 127: the shell has not found it.
    pager.on('exit', (code) => resolve(code !== 127));
    // Who has seen enough closes it before all is written.
    pager.stdin?.on('error', ignore).end(text);
  });
}

function ignore(): void {}
