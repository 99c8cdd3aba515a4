// Of a large file, the library makes hundreds of megabytes, which V8 would clear away only when twice as many are there. What is
// done with one is therefore cleared away at once: no file makes the tool grow past 500 MB.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In characters. Below it, memory is not worth the time. */
const LARGE = 200_000;

export function isLarge(text: string): boolean {
  return text.length > LARGE;
}

/** Clears away what nothing holds any more, if the text was a large one. */
export function cleared(text: string): void {
  if (isLarge(text)) clear();
}

/** The same, for who knows by himself that there is much. */
export function clear(): void {
  collect ??= collector();
  collect();
}

/** The bytes of a text, in pieces: a large one would be held a second time. Contract: each is good until the next is asked for. */
export function* encoded(text: string): Generator<Buffer> {
  const bytes = Buffer.allocUnsafe(3 * Math.min(text.length, LARGE));
  let start = 0;
  do {
    const end = Math.min(text.length, start + LARGE);
    // No piece ends in the middle of a character.
    const isSplit = end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1));
    const piece = text.slice(start, isSplit ? end - 1 : end);
    yield bytes.subarray(0, bytes.write(piece));
    start += piece.length;
  } while (start < text.length);
}

/**
 * V8 optimizes in the background what was called often, and takes its time from the scripts that run: a fourth of all that Node
 * takes over a thousand of them. Only what is called some six times as often is worth it. Of later versions, which have other names
 * for that and a compiler between, nothing is asked.
 */
export function optimizedLater(): void {
  if (!process.versions.v8.startsWith('11.')) return;
  setFlagsFromString('--interrupt-budget=400000');
  // Compiled code that is kept under other flags would not be taken at the next start (see keptCode.ts).
  process.prependOnceListener('exit', () => setFlagsFromString('--interrupt-budget=67584'));
}

let collect: (() => void) | undefined;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('gc') as () => void;
  // As above.
  setFlagsFromString('--no-expose-gc');
  return found;
}
