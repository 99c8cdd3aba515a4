// Which processes are ours: those whose environment names a folder of the test run. A child inherits it, so a grandchild
// whose parents are dead is found too, and what somebody else started never is.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ids of the living processes (zombies left out) that have `folder` somewhere in their environment. */
export function processesOf(folder: string): number[] {
  const all = process.platform === 'linux' ? environmentsInProc() : environmentsFromPs();
  return all
    .filter(({ pid, environment }) => pid !== process.pid && environment.includes(folder))
    .map(({ pid }) => pid);
}

/** Ends them, each by its id, and returns when none is left. */
export async function endProcessesOf(folder: string): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    const living = processesOf(folder);
    if (living.length === 0) return;
    for (const pid of living) sendKill(pid);
    await sleep(10);
  }
  throw new Error(`these do not end, even when killed: ${processesOf(folder).join(', ')}`);
}

function environmentsInProc() {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map((id) => ({ pid: Number(id), environment: readOrEmpty(`/proc/${id}/environ`) }));
}

/** macOS: `-E` puts the environment behind the command. */
function environmentsFromPs() {
  const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 28 }).split(
    '\n',
  );
  return lines.map((line) => ({ pid: Number.parseInt(line, 10), environment: line }));
}

/** Empty when the process has ended meanwhile, or belongs to somebody else. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
