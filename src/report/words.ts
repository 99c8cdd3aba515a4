// How a report says its figures, the same in each of its forms.
import type { Moment } from '../story.ts';
import { count, duration, localMoment, money, plural } from '../terminal/words.ts';
import type { Report, TaskReport } from './report.ts';

export function figuresOf({ finished, tasks, totals }: Report): string[] {
  const { runs, starts, retries, ms, cost } = totals;
  const tries = retries === 1 ? '1 retry' : `${count(retries)} retries`;
  return [
    `${count(finished)} of ${count(tasks.length)} done`,
    ...(runs === 0 ? [] : [plural(runs, 'run'), plural(starts, 'start'), tries]),
    ms > 0 ? `${duration(ms)} of work` : '',
    cost > 0 ? money(cost) : '',
  ].filter(Boolean);
}

/** The cells of a task's row, behind its id and its name. */
export function taskFigures({ starts, retries, ms, cost }: TaskReport): string[] {
  return [String(starts || ''), String(retries || ''), starts > 0 ? duration(ms) : '', cost > 0 ? money(cost) : ''];
}

export function whenWords(time: Date | undefined): string {
  return time ? localMoment(time) : 'no time';
}

export function changeWords({ from, to }: Moment): string {
  if (to === undefined) return '';
  return from === undefined || from === to ? to : `${from} → ${to}`;
}

/** Where the times are. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
