// What one request came to, and what is asked about it.
import type { Proposal } from '../events.ts';
import type { Decision, Question } from '../world.ts';
import type { Checked } from './checks.ts';

/** Something to decide on, or nothing that can be used. */
export type Attempt =
  | {
      readonly kind: 'proposal';
      readonly files: readonly Proposal[];
      readonly checked: Checked;
      readonly response: string;
    }
  | {
      readonly kind: 'unusable';
      readonly issueType: string;
      readonly detail: string;
      readonly response: string;
      /** A reply that was cut at its token limit, as far as it came. */
      readonly cut?: string | undefined;
    };

export type Review = Decision | 'diff' | 'continue' | 'each';

export function questionOf(attempt: Attempt, hasFallback: boolean): Question<Review> {
  const retry = { key: 'r', answer: 'retry', label: hasFallback ? 'retry with the fallback' : 'retry' } as const;
  const rest = [
    { key: 'm', answer: 'edit', label: 'edit' },
    { key: 'e', answer: 'error', label: 'error' },
    { key: 's', answer: 'skip', label: 'skip' },
  ] as const;
  const leave = { key: 'q', answer: 'quit', label: 'leave' } as const;
  if (attempt.kind === 'unusable') {
    const goOn = attempt.cut ? [{ key: 'c', answer: 'continue', label: 'continue' } as const] : [];
    const message = 'This reply can’t be used. What now?';
    return { topic: 'review', message, choices: [...goOn, retry, ...rest, leave], checks: 'failed' };
  }
  const checks = attempt.checked.kind === 'aborted' ? 'failed' : attempt.checked.kind;
  const each = attempt.files.length < 2 ? [] : [{ key: 'f', answer: 'each', label: 'file by file' } as const];
  const diff = { key: 'd', answer: 'diff', label: 'diff' } as const;
  if (checks === 'failed') {
    const choices = [...each, retry, ...rest, diff, leave];
    return { topic: 'review', message: 'A check failed. What now?', choices, checks };
  }
  const accept = { key: 'y', answer: 'accept', label: 'accept' } as const;
  return { topic: 'review', message: 'Accept?', choices: [accept, ...each, retry, ...rest, diff, leave], checks };
}

/** Whether a model that is told what was wrong may do better: not where it could not answer, or was cut off. */
export function isForTheModel(attempt: Attempt): boolean {
  if (attempt.kind === 'proposal') return attempt.checked.kind === 'failed';
  return attempt.response !== '' && attempt.cut === undefined;
}

/** What a hand has changed on disk between two looks at it: the person has seen the diff with the older one only. */
export function movedUnder(earlier: Attempt, later: Attempt): string[] {
  if (earlier.kind !== 'proposal' || later.kind !== 'proposal') return [];
  return later.files.flatMap(({ path, before }, i) =>
    path === undefined || earlier.files[i]?.before === before ? [] : [path],
  );
}

export function whatWasWrong(attempt: Attempt): string {
  if (attempt.kind === 'unusable') return attempt.detail;
  return attempt.checked.kind === 'failed' ? attempt.checked.detail : '';
}
