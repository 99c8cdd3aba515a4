// Waiting for what a child process does: by events, never by sleeping. The bound is there to end a test that hangs, with a
// message that shows what was there instead; it is far beyond what a slow machine needs.

const boundSeconds = 30;

/** A part of the text, or a rule for it. */
export type Wanted = string | RegExp | ((text: string) => boolean);

export interface Waiting {
  /** Resolves as soon as `text()` has it. Rejects, showing what is there, when the process has ended or after the bound. */
  until(wanted: Wanted, where: string, text: () => string): Promise<void>;
  /** To be called whenever something may have changed. */
  look(): void;
  /** To be called when nothing will change any more. */
  end(): void;
}

/** `show` tells what is there at this moment, for the message. */
export function makeWaiting(show: () => string): Waiting {
  const checks = new Set<() => void>();
  let ended = false;
  const look = () => {
    for (const check of checks) check();
  };
  return {
    look,
    end() {
      ended = true;
      look();
    },
    until(wanted, where, text) {
      const what = `${typeof wanted === 'string' ? `\`${wanted}\`` : wanted} ${where}`;
      // Made here, so that the stack names the line of the test.
      const failure = new Error();
      return new Promise((resolve, reject) => {
        const finish = (problem?: string) => {
          clearTimeout(timer);
          checks.delete(check);
          if (problem === undefined) return resolve();
          failure.message = `${problem}\n${show()}`;
          reject(failure);
        };
        const check = () => {
          if (matches(wanted, text())) finish();
          else if (ended) finish(`the process has ended without ${what}`);
        };
        const timer = setTimeout(() => finish(`waited ${boundSeconds} s for ${what}`), boundSeconds * 1000);
        checks.add(check);
        check();
      });
    },
  };
}

function matches(wanted: Wanted, text: string): boolean {
  if (typeof wanted === 'function') return wanted(text);
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}
