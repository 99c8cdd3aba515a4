// Temporary folders of our own, in the system's: their names say whose they are, so that those which a killed runner left are
// known, and taken away by the next.
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { isAlive, self } from './runbook/holder.ts';
import { sha256 } from './sha256.ts';

/** A new one, empty. Whoever makes it removes it. */
export function makeOwnFolder(): string {
  sweepOwnFolders();
  const { pid, startTime = '0' } = self('', new Date());
  return mkdtempSync(join(tmpdir(), ['runbook', ...here(), pid, startTime, ''].join('-')));
}

/** Removes those whose owner is gone, but not what somebody still works in: an editor goes on when its runner is killed. */
export function sweepOwnFolders(): void {
  const us = self('', new Date());
  const [ourPlace, ourBoot] = here();
  for (const name of namesIn(tmpdir())) {
    const [, place, boot, pid, startTime] = NAME.exec(name) ?? [];
    if (pid === undefined || place !== ourPlace) continue;
    const owner = { ...us, pid: Number(pid), startTime: startTime === '0' ? undefined : startTime };
    if (boot === ourBoot && isAlive(owner)) continue;
    const folder = join(tmpdir(), name);
    if (isOurs(folder) && !isUsed(folder)) remove(folder);
  }
}

const NAME = /^runbook-([0-9a-f]{6})-([0-9a-f]{6})-(\d+)-(\d+)-/;

/** Where pids mean the same, and since when: containers may share a folder. */
function here(): readonly [place: string, boot: string] {
  const { host, bootId = '' } = self('', new Date());
  return [sha256(`${host} ${linkAt('/proc/self/ns/pid')}`).slice(0, 6), sha256(bootId).slice(0, 6)];
}

function isOurs(folder: string): boolean {
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  return entry?.isDirectory() === true && (process.getuid === undefined || entry.uid === process.getuid());
}

/** Whether a process stands in it, or was called with a path in it. Where that can't be told, for a day. */
function isUsed(folder: string): boolean {
  if (process.platform !== 'linux') return Date.now() - lstatSync(folder).mtimeMs < 86_400_000;
  return namesIn('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    return `${linkAt(`/proc/${pid}/cwd`)}${sep}`.startsWith(folder + sep) || argumentsOf(pid).includes(folder + sep);
  });
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** If it can't be, it stays for another time: nothing depends on it. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Said above.
  }
}
