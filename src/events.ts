// Everything that can happen, one line each. The loop tells them; the journal keeps some, a front end shows them.
import type { PlanEdit } from './runbook/plan.ts';
import type { Issue, Status, Task } from './runbook/task.ts';

export type Event =
  // Found on reading the files.
  | { kind: 'handEdit'; taskId: string; from: Status; to: Status; at: string; mended: readonly string[] }
  | { kind: 'recovered'; taskId: string; from: Status; to: Status; at: string; mended: readonly string[] }
  | { kind: 'planEdited'; taskId: string | undefined; edit: PlanEdit; at: string | undefined }
  /** By a command of ours. */
  | { kind: 'planChanged'; command: string; taskId: string | undefined; edit: PlanEdit; at: string | undefined }
  /** `from` and `to` are the sha256 of its text. */
  | { kind: 'templateEdited'; taskId: string | undefined; path: string; from: string; to: string }
  /** `inFiles`: what the files say until the next checkpoint, where the journal is written ahead of them. */
  | { kind: 'readied'; taskId: string; from: Status; to: 'READY'; inFiles?: Status }
  /** The files have all that the journal has; `tasks`: of how many that was written. */
  | { kind: 'checkpoint'; tasks: number }
  /** `cutShort`: a kill had left it on trial. */
  | { kind: 'artifactRestored'; taskId: string; path: string; kept: string | undefined; cutShort: boolean }
  | {
      kind: 'foundInterrupted';
      task: Task;
      holder: Holder | undefined;
      log: string | undefined;
      survivors: readonly Survivor[];
    }
  | { kind: 'foundError'; task: Task; issue: Issue | undefined }
  // One task, from its announcement to its end.
  | { kind: 'modelLacking'; task: Task; step: number; of: number; why: string }
  | { kind: 'announced'; task: Task; step: number; of: number; plan: StepPlan }
  /** `takenBy`: by whom it is carried out elsewhere, if not by this runner. */
  | { kind: 'started'; taskId: string; from: Status; to: 'RUNNING'; takenBy?: string; inFiles?: Status }
  | { kind: 'output'; taskId: string; text: string }
  | {
      kind: 'scriptEnded';
      taskId: string;
      command: string;
      result: ShellResult;
      /** Undefined if it could not be kept. */
      log: string | undefined;
      attempt: number;
      attempts: number;
      ok: boolean;
    }
  | { kind: 'checkStarted'; taskId: string; name: string }
  | {
      kind: 'checkEnded';
      taskId: string;
      name: string;
      command: string;
      ok: boolean;
      result: ShellResult;
      tail: string;
    }
  | {
      kind: 'promptSent';
      taskId: string;
      model: string;
      provider: string;
      template: string;
      tokens: number;
      attempt: number;
      log: string;
      sha256: string;
    }
  | { kind: 'promptShown'; text: string }
  /** `text` is empty while the model thinks. */
  | { kind: 'replyProgress'; tokens: number; cost: number | undefined; text: string }
  | { kind: 'replyDelayed'; taskId: string; why: string; waitMs: number }
  | {
      kind: 'replyReceived';
      taskId: string;
      model: string;
      provider: string;
      usage: Usage;
      ms: number;
      /** Undefined if it could not be kept. */
      log: string | undefined;
      sha256: string;
      snippet: string;
    }
  /** It began to come, and broke off: what is counted is the least that it cost. */
  | { kind: 'replyBroken'; taskId: string; model: string; provider: string; usage: Usage; ms: number }
  | { kind: 'replyFailed'; taskId: string; issueType: string; detail: string }
  | { kind: 'retried'; taskId: string; attempt: number; of: number }
  | { kind: 'uncommitted'; paths: readonly string[] }
  | { kind: 'proposed'; files: readonly Proposal[]; whole: boolean }
  | { kind: 'reviewPoints'; points: readonly string[] }
  | {
      kind: 'decided';
      taskId: string;
      decision: string;
      by: DecidedBy;
      detail?: string | undefined;
      manualEdit?: boolean;
      /** Both the same: the status before a hand may change it, for a journal that did not know it. */
      from?: Status;
      to?: Status;
    }
  | { kind: 'fileWritten'; taskId: string; path: string; bytes: number; sha256: string }
  | { kind: 'fileRemoved'; taskId: string; path: string }
  | { kind: 'artifactChanged'; taskId: string; paths: readonly string[] }
  | { kind: 'committed'; taskId: string; commit: string; message: string }
  | {
      kind: 'ended';
      taskId: string;
      name: string;
      from: Status;
      to: Status;
      record: EndRecord;
      /** The command by which it was told, if no runner came to it; and who had it until then. */
      command?: string | undefined;
      takenBy?: string | undefined;
      inFiles?: Status;
    }
  | { kind: 'handWon'; taskId: string; from: Status; ours: Status; theirs: Status; at: string }
  | { kind: 'notSaved'; taskId: string; to: Status }
  | {
      kind: 'putBack';
      taskId: string;
      from: Status;
      to: Status;
      why: 'left' | 'interrupted' | 'failed' | 'takenOver';
      takenBy?: string;
    }
  | { kind: 'leftRunning'; taskId: string }
  | { kind: 'upNext'; task: Task | undefined; remaining: number }
  | {
      kind: 'statusSet';
      taskId: string;
      from: Status;
      to: Status;
      command: string;
      reason: string | undefined;
      /** Who had it until now. */
      takenBy?: string | undefined;
    }
  | { kind: 'note'; text: string };

/** What will happen, said before it does. */
export type StepPlan =
  | { kind: 'manual'; instructions: string; steps: readonly string[] }
  | { kind: 'script'; command: string; cwd: string; timeoutMs: number | undefined; retries: number }
  | {
      kind: 'ai';
      model: string;
      provider: string;
      template: string;
      tokens: number;
      cost: number | undefined;
      /** What may still be spent on it in this run, in US dollars; undefined if there is no limit. */
      budgetLeft: number | undefined;
      writes: readonly string[];
      context: readonly { source: string; chars: number }[];
      /** Why the model may not take the prompt, if that is so. */
      doubt: string | undefined;
    };

/** Who holds a lease: enough to say so, and to tell a live holder from a dead one. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly bootId: string | undefined;
  /** The start of the process as the system counts it, so that a reused pid is not taken for it. */
  readonly startTime: string | undefined;
  readonly since: string;
  readonly runId: string;
  readonly taskId?: string | undefined;
  /** The name of its runbook, in its folder; not known of an older version. */
  readonly runbook?: string | undefined;
}

/** Who carries out a task elsewhere: no process holds it, and it stays so until it is given back. */
export interface Taken {
  readonly by: string;
  readonly since: string;
}

/** A process that outlived the runner that started it. */
export interface Survivor {
  readonly pid: number;
  readonly command: string;
}

export interface ShellResult {
  /** Undefined if the program never ran or was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly ms: number;
  readonly end: 'exited' | 'timedOut' | 'aborted' | 'notStarted';
  /** Why it could not be started. */
  readonly problem: string | undefined;
}

export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** US dollars; undefined if the price is not known. */
  readonly cost: number | undefined;
}

export interface Proposal {
  /** Relative to the root; undefined if the reply goes nowhere but the logs. */
  readonly path: string | undefined;
  /** What stands on disk: undefined if there is nothing yet. */
  readonly before: string | undefined;
  readonly after: string;
  /** Accepting takes the file away; `after` is empty then. */
  readonly removes?: boolean | undefined;
  /** How many bytes stand on disk, if they are no text. */
  readonly binaryBytes: number | undefined;
}

export type DecidedBy = 'person' | '--yes' | '--answer' | 'nobody';

/** What is kept of a task's end, in the YAML and in the journal. */
export interface EndRecord {
  readonly ms: number | undefined;
  readonly usage?: Usage | undefined;
  readonly log?: string | undefined;
  readonly lastRun?: Readonly<Record<string, unknown>> | undefined;
  readonly issues: readonly NewIssue[];
  /** How the issues of earlier attempts were settled. */
  readonly resolution?: string | undefined;
  readonly reason?: string | undefined;
}

export interface NewIssue {
  readonly timestamp: string;
  readonly type: string;
  readonly detail: string;
  readonly resolution?: string | undefined;
}
