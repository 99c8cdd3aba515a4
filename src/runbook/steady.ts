// A hand may be in the middle of saving: for an instant a file is empty, or ends in the middle of a line.
import { RunbookError } from '../errors.ts';

/** How long an editor may take from emptying a file to filling it, in milliseconds. */
export const WHILE_SAVING_MS = 30;

/**
 * What `read` returns. Where it finds a mistake, or nothing, it is called again after a moment, until it says the same twice.
 * Contract: `read` changes nothing.
 */
export function steadily<T>(read: () => T): T {
  for (let before: string | undefined; ; pause(WHILE_SAVING_MS)) {
    let found: T | undefined;
    let mistake: RunbookError | undefined;
    try {
      found = read();
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      mistake = error;
    }
    const said = mistake ? `${mistake.message}\n${mistake.at?.line}:${mistake.at?.column}` : '';
    if (said !== before) before = said;
    else if (mistake) throw mistake;
    else return found as T;
  }
}

/** Nothing else goes on meanwhile: for moments only. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
