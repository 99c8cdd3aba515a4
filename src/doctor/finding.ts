// What `doctor` says of one thing: it is well, worth knowing, or wrong.
import { RunbookError } from '../errors.ts';

export interface Finding {
  readonly area: 'machine' | 'runbook' | 'models';
  readonly level: 'well' | 'note' | 'wrong';
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** `--fix` puts it in order. */
  readonly fixable?: boolean;
}

export type Found = Omit<Finding, 'area'>;

/** What a look comes to, or a person's mistake as a finding. */
export function tried<T>(work: () => T): { readonly value: T } | { readonly trouble: Found } {
  try {
    return { value: work() };
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    return { trouble: { level: 'wrong', text: error.message, hint: error.hint } };
  }
}
