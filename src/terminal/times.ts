// Times that are said of what is still to come: how long something may take, and when it is tried again.
import { duration } from './words.ts';

/** `10 min`, `1 min 30 s`, `20 ms`: a limit is said as it was given, to the second. */
export function limit(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1000} s`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  return parts.flatMap(([n, unit]) => (n === 0 ? [] : [`${n} ${unit}`])).join(' ');
}

/** `at once`, `in 2.0 s`: what is waited before something is tried again. */
export function whenAgain(ms: number): string {
  return ms < 50 ? 'at once' : `in ${duration(ms)}`;
}
