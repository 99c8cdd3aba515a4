// How long a model may take: for the whole reply, and for the next piece of one that has begun.
import type { ModelSettings } from '../runbook/task.ts';

/** A server of one's own may read a long prompt for minutes before it says its first word. */
const FIRST_MS = 10 * 60_000;
/** Who has begun to speak does not think for longer than this between two words. */
const STALL_MS = 90_000;

export interface Limits {
  /** Aborted when the person wants out, and when any limit is reached. */
  readonly signal: AbortSignal;
  /** A request goes out. */
  readonly begin: () => void;
  /** A piece of the reply has come. */
  readonly touch: () => void;
  /** Nothing is waited for. */
  readonly pause: () => void;
  readonly isInterrupted: () => boolean;
  /** Which limit was reached, in words that go behind the name of the server. */
  readonly overdue: () => { readonly message: string; readonly hint: string } | undefined;
}

/** For one reply, with all the times that it is asked for again. */
export function limitsFor({ timeoutMs, stallMs = STALL_MS }: ModelSettings, interruption: AbortSignal): Limits {
  const whole = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let hasBegun = false;
  const wait = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), ms).unref();
  };
  return {
    signal: AbortSignal.any([interruption, silence.signal, ...(whole ? [whole] : [])]),
    begin() {
      hasBegun = false;
      if (timeoutMs === undefined) wait(FIRST_MS);
    },
    touch() {
      hasBegun = true;
      wait(stallMs);
    },
    pause: () => clearTimeout(timer),
    isInterrupted: () => interruption.aborted,
    overdue() {
      if (!whole?.aborted && !silence.signal.aborted) return undefined;
      if (hasBegun && !whole?.aborted)
        return {
          message: `began its reply, and then was silent for ${seconds(stallMs)}`,
          hint: 'Retry, or set a longer `stall_timeout`.',
        };
      return { message: 'did not answer in time', hint: 'Retry, or set a longer `timeout`.' };
    },
  };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
