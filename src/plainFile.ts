// Reads a file that must be a plain one and of bounded size: a pipe would keep the tool waiting, a device would fill it.
import { isAscii } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { statOf } from './paths.ts';

/** Why a file that is there is not read, in words that stand behind "`x` can't be read: ". */
export class NotPlain extends Error {}

/** At most so many bytes of a template, of a text that goes into a prompt, of an artifact. */
export const MOST_TEXT = 20_000_000;

/** All bytes of a file. Throws NotPlain, or what the system throws. */
export function readPlain(path: string, most = MOST_TEXT): Buffer {
  // Looked at twice: to open a device may do something already, and what is opened may not be what was looked at.
  requirePlain(path, most);
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const entry = fstatSync(file);
    refuseIfNotPlain(entry, most);
    return bytesOf(file, entry.size, most);
  } finally {
    closeSync(file);
  }
}

/**
 * The text of bytes that are UTF-8. Most files are ASCII, and need no decoding; a long one is then also kept outside of V8's heap,
 * where it makes nothing be cleared away.
 */
export function decoded(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1') : bytes.toString();
}

/** Where the line ends that begins here; where no line end follows, all bytes do. V8's own: a `Buffer` looks for more than a byte. */
export function lineEnd(bytes: Uint8Array, start = 0): number {
  const end = Uint8Array.prototype.indexOf.call(bytes, LINE_END, start);
  return end < 0 ? bytes.length : end;
}

/** Where the last whole line ends; -1 if there is none. */
export function lastLineEnd(bytes: Uint8Array): number {
  return Uint8Array.prototype.lastIndexOf.call(bytes, LINE_END);
}

const LINE_END = 0x0a;

/** What keeps a file from being read by `readPlain`, as far as it can be seen from outside. */
export function notPlain(entry: Stats, most = MOST_TEXT): string | undefined {
  if (entry.isFile()) return entry.size > most ? tooLarge(entry.size, most) : undefined;
  if (entry.isFIFO()) return 'it is a pipe';
  if (entry.isSocket()) return 'it is a socket';
  return entry.isDirectory() ? 'it is a folder' : 'it is a device';
}

/** Throws NotPlain for what is there, and no plain file. A folder is left to the system to refuse. */
export function requirePlain(path: string, most = Number.POSITIVE_INFINITY): void {
  const found = statOf(path);
  if (found) refuseIfNotPlain(found, most);
}

function refuseIfNotPlain(entry: Stats, most: number): void {
  const why = entry.isDirectory() ? undefined : notPlain(entry, most);
  if (why !== undefined) throw new NotPlain(why);
}

/** The size that the system tells may be wrong: it may grow meanwhile, and some files of the system say 0. */
function bytesOf(file: number, size: number, most: number): Buffer {
  // With room for one more, the next reading finds the end.
  let bytes = Buffer.allocUnsafe(size === 0 ? 65_536 : size + 1);
  for (let total = 0; ; ) {
    if (total === bytes.length) bytes = Buffer.concat([bytes], 2 * total);
    const length = readSync(file, bytes, total, bytes.length - total, null);
    if (length === 0) return bytes.subarray(0, total);
    total += length;
    if (total > most) throw new NotPlain(tooLarge(total, most));
  }
}

function tooLarge(size: number, most: number): string {
  return `it has ${megabytes(size)} MB, and more than ${megabytes(most)} are not read`;
}

function megabytes(bytes: number): string {
  return String(Math.ceil(bytes / 100_000) / 10);
}
