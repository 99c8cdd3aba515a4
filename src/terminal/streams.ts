// The three standard streams. Node's own objects for them take milliseconds to make, and are made only for a terminal.
import { fstatSync, statSync, writeSync } from 'node:fs';
import { EXIT, errnoOf } from '../errors.ts';
import { pause } from '../runbook/steady.ts';
import { onlyColours, within } from './words.ts';

const NUMBERS = { stdin: 0, stdout: 1, stderr: 2 } as const;

export function isTerminal(stream: keyof typeof NUMBERS): boolean {
  terminals[stream] ??= lookedAt(stream);
  return terminals[stream];
}

/** What they are does not change. */
const terminals: Partial<Record<keyof typeof NUMBERS, boolean>> = {};

function lookedAt(stream: keyof typeof NUMBERS): boolean {
  try {
    const found = fstatSync(NUMBERS[stream]);
    return found.isCharacterDevice() && found.rdev !== nowhere() && process[stream].isTTY === true;
  } catch {
    // It is closed.
    return false;
  }
}

/** What `/dev/null` is, where there is one: it is a device as terminals are, and what programs are given that have none. */
function nowhere(): number | undefined {
  nullDevice ??= statSync('/dev/null', { throwIfNoEntry: false })?.rdev;
  return nullDevice;
}

let nullDevice: number | undefined;

/** How wide the terminal is; undefined where there is none. */
export function columnsOf(stream: 'stdout' | 'stderr'): number | undefined {
  return (isTerminal(stream) && process[stream].columns) || undefined;
}

/**
 * Writes all of it before it returns, but for what `keepBack` keeps. A reader of stdout that has seen enough (`runbook list | head`)
 * ends the program.
 */
export function write(stream: 'stdout' | 'stderr', text: string): void {
  makeDue();
  if (stream === 'stderr' && isKeptBack && kept.length < MOST_KEPT) {
    kept += text;
    return;
  }
  const before = kept;
  kept = '';
  if (stream === 'stderr') writeNow(stream, before + text);
  else {
    writeNow('stderr', before);
    writeNow(stream, text);
  }
}

/**
 * What `make` writes on stderr is made, by this and not sooner, once nothing else is to be done; and it comes out with `letGo`, or
 * by itself: at once, or where much follows, when it is time for another look at the screen. To make a line takes time in which a
 * script could run already, and to write it wakes up whoever reads it.
 */
export function keepBack(make: () => void): void {
  if (due.push(make) === 1) setImmediate(makeDue);
  if (isKeptBack) return;
  isKeptBack = true;
  const wait = shownAt + LOOK_MS - performance.now();
  if (wait > 0) timer = setTimeout(letGo, wait);
  else setImmediate(letGo);
  if (!isSeenOff) process.once('exit', letGo);
  isSeenOff = true;
}

export function letGo(): void {
  makeDue();
  clearTimeout(timer);
  isKeptBack = false;
  if (kept === '') return;
  write('stderr', '');
  shownAt = performance.now();
}

function makeDue(): void {
  for (const make of due.splice(0)) make();
}

/** No screen shows more, and no eye sees more, than one picture in so many milliseconds. */
const LOOK_MS = 16;
let shownAt = Number.NEGATIVE_INFINITY;
let timer: NodeJS.Timeout | undefined;
const due: (() => void)[] = [];
let isKeptBack = false;
let isSeenOff = false;
let kept = '';
const MOST_KEPT = 1 << 16;

function writeNow(stream: 'stdout' | 'stderr', text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(NUMBERS[stream], bytes, at);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EAGAIN') pause(1);
      else if (stream === 'stderr') return;
      else if (errno === 'EPIPE') process.exit(EXIT.ok);
      else throw error;
    }
  }
}

/** Lines of data's company, for a person: on stderr, and not broken in a word by the edge of the terminal. */
export function say(...lines: readonly string[]): void {
  sayWhole(...lines.flatMap((line) => within(onlyColours(line), columnsOf('stderr'))));
}

/** Lines that are shown as they are, such as those of a diff. */
export function sayWhole(...lines: readonly string[]): void {
  write('stderr', lines.map((line) => `${onlyColours(line)}\n`).join(''));
}
