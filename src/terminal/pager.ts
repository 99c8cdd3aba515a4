// A long text in the person's pager, which has the terminal to itself while it is open.
import { spawn } from 'node:child_process';
import { ended } from './theirs.ts';

/** False if the pager could not be started: then nothing was shown. */
export async function page(text: string): Promise<boolean> {
  const pager = spawn(process.env['PAGER'] || 'less', {
    shell: true,
    // Its keys come from the terminal itself; its screen is where ours is, since stdout is for data.
    stdio: ['pipe', 2, 'inherit'],
    env: { ...process.env, LESS: process.env['LESS'] ?? '-R' },
  });
  // Who has seen enough closes it before all is written.
  pager.stdin?.on('error', () => {}).end(text);
  const { code, problem } = await ended(pager);
  // 127: the shell has not found it.
  return problem === undefined && code !== 127;
}
