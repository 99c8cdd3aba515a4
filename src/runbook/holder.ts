// Who holds a lock or a lease: enough to name a process, and to tell whether it still lives.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../errors.ts';
import type { Holder } from '../events.ts';

/** What this machine is called. On Linux a file says so, and the module that asks the system takes a millisecond to load. */
export function thisHost(): string {
  host ??= readSystemFile('/proc/sys/kernel/hostname')?.trim() || hostname();
  return host;
}

let host: string | undefined;

/** This process. */
export function self(runId: string, now: Date): Holder {
  return {
    pid: process.pid,
    host: thisHost(),
    bootId: bootId(),
    startTime: startTimeOf(process.pid),
    since: now.toISOString(),
    runId,
  };
}

/** False once the process is gone, also after a reboot or with its pid reused. One on another machine counts as alive. */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== thisHost()) return true;
  if (holder.bootId !== undefined && holder.bootId !== bootId()) return false;
  if (!processExists(holder.pid)) return false;
  return holder.startTime === undefined || holder.startTime === startTimeOf(holder.pid);
}

/** What a holder's file says, or undefined if it names nobody. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? (JSON.parse(text) as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Changes with each start of the machine. Only Linux tells it without another process. */
function bootId(): string | undefined {
  return readSystemFile('/proc/sys/kernel/random/boot_id')?.trim();
}

/** When the process started, in clock ticks since boot (proc(5), field 22); undefined for one that is only waiting to be buried. */
function startTimeOf(pid: number): string | undefined {
  const stat = readSystemFile(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}

function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
