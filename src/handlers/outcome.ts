// What a handler gets and what it gives back: the words between the loop and the task types.
import type { EndRecord, StepPlan } from '../events.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import type { Session } from '../session.ts';

export interface Job {
  readonly runbook: Runbook;
  readonly task: Task;
  readonly session: Session;
  readonly options: {
    readonly review: boolean;
    readonly model: string | undefined;
    readonly userModel: string | undefined;
  };
}

/**
 * A task that is ready to go: all that could be found wrong without doing anything was found.
 * Contract of `carryOut`: called once, after the task was marked RUNNING. A bad ending is an outcome, not an error.
 */
export interface Step {
  readonly plan: StepPlan;
  readonly carryOut: () => Promise<Outcome>;
}

export type Outcome =
  | { readonly kind: 'done' | 'error' | 'skipped'; readonly record: EndRecord }
  /** As if it had never been started. */
  | { readonly kind: 'left'; readonly why: 'left' | 'interrupted' | 'failed' }
  /** Ended from outside while it was at work: it may have done a part, so it stays RUNNING and is asked about. */
  | { readonly kind: 'cutOff' };
