// What `doctor` says of one thing: it is well, worth knowing, or wrong.

export interface Finding {
  readonly area: 'machine' | 'runbook' | 'models';
  readonly level: 'well' | 'note' | 'wrong';
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** `--fix` puts it in order. */
  readonly fixable?: boolean;
}
