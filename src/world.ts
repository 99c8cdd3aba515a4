// What the loop needs from outside. The terminal, a test and later front ends each bring their own.
import type { RunbookError } from './errors.ts';
import type { DecidedBy, Event, Proposal, ShellResult, Survivor, Usage } from './events.ts';
import type { Command, ModelSettings } from './runbook/task.ts';

export interface World {
  readonly ask: Ask;
  /** Contract: throws MODEL_NO_KEY or MODEL_UNKNOWN before anything is sent; the model itself then never throws these. */
  readonly model: (choice: ModelChoice) => Promise<Model>;
  readonly shell: Shell;
  /** `shell` is about to be called: what takes its time before that is begun. Contract: never throws; what fails, `shell` tells. */
  readonly getShellReady: () => void;
  readonly survivors: Survivors;
  /** Contract: never throws, returns at once. */
  readonly emit: (event: Event) => void;
  readonly now: () => Date;
  /** Aborted when the person wants out (Ctrl-C) or the system does (SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the values of secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** What of the world a model needs. */
export type Surroundings = Pick<World, 'ask' | 'env' | 'signal' | 'shell'>;

/** What a person, or a flag that speaks for them, answers. */
export type Decision = 'accept' | 'retry' | 'edit' | 'error' | 'skip' | 'quit';
export type Answer = Decision | 'goOn' | 'diff' | 'continue' | 'each' | 'take' | 'leave' | 'send' | `pick:${string}`;
export type Topic =
  | 'manual'
  | 'review'
  | 'prompt'
  | 'interrupted'
  | 'stopped'
  | 'model'
  | 'block'
  | 'file'
  | 'paste'
  | 'plan';

export interface Question<A extends Answer> {
  readonly topic: Topic;
  readonly message: string;
  readonly choices: readonly { readonly key: string; readonly answer: A; readonly label: string }[];
  /** How the checks on a proposal went: what `--yes` goes by. */
  readonly checks?: 'passed' | 'failed' | 'none';
}

export interface Ask {
  /** Undefined if this topic will find an answer, or the error that says whose and which flag would give it. */
  readonly lacks: (topic: Topic, checks?: 'some' | 'none') => RunbookError | undefined;
  /** While something is waited for: loads what the next question takes, so that it then stands on the screen at once. */
  readonly getReady: () => void;
  /** Contract: answers with one of the choices, or throws INTERRUPTED or NEEDS_PERSON. Nothing was changed then. */
  readonly choose: <A extends Answer>(question: Question<A>) => Promise<{ readonly answer: A; readonly by: DecidedBy }>;
  /** A line of text; empty if nothing is said. */
  readonly line: (message: string) => Promise<string>;
  /** The text as it comes back from the person's editor, whose language is known by the ending of `name`. Throws EDITOR_FAILED. */
  readonly edit: (name: string, text: string) => Promise<string>;
  /** Shows them whole in the person's pager; false if it finds room on the screen, or there is no pager. */
  readonly page: (files: readonly Proposal[]) => Promise<boolean>;
  /** Opens a file of the person's in their editor, at a line. */
  readonly open: (path: string, line: number) => Promise<void>;
  /** A text of many lines: the reply of a model that the person asked elsewhere. */
  readonly paste: (offer: {
    readonly promptFile: string;
    readonly replyFile: string;
    readonly prompt: string;
  }) => Promise<string>;
}

export interface ShellOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  /** Called once it runs, before any of its output: the time for what need not be done before. Not if it can't be started. */
  readonly onStart?: () => void;
  /** Contract: gets all that the program prints, in order, with secrets taken out. */
  readonly onOutput: (text: string) => void;
  /** What it reads; nothing if undefined. */
  readonly input?: string;
  /** Contract: gets what it prints on stdout, as it is; `onOutput` gets the rest. For what is read, and not shown. */
  readonly onStdout?: (text: string) => void;
}

/** Contract: never throws; ends the whole process tree on timeout and when the world's signal is aborted. */
export type Shell = (command: Command, options: ShellOptions) => Promise<ShellResult>;

/** What a run that is over has left running for a task. */
export interface Survivors {
  readonly of: (runId: string, taskId: string) => readonly Survivor[];
  /** Returns when none is left. */
  readonly end: (runId: string, taskId: string) => Promise<void>;
}

/** A model as a task names it, resolved against the runbook's `models`. */
export interface ModelChoice {
  /** As the person wrote it. */
  readonly name: string;
  readonly settings: ModelSettings;
  readonly root: string;
}

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface ModelRequest {
  readonly taskId: string;
  /** The prompt; and where a reply was cut at its token limit, that reply, and the wish that it goes on. */
  readonly turns: readonly Turn[];
  /** Counted from 1 within one start of the task. */
  readonly attempt: number;
  /** For the environment of a program that answers: by them it is known again, should its runner be killed. */
  readonly marks: Readonly<Record<string, string>>;
  /** Called with each piece of the reply as it comes. */
  readonly onText: (piece: string) => void;
  /** The same for what the model thinks before it, where the server tells that apart: it is no part of the reply. */
  readonly onThought: (piece: string) => void;
  /** Called with what an agent has done, or was refused, on the way to its reply. */
  readonly onDid: (what: string) => void;
  /** Called before it is asked once more, with why and after how many milliseconds: nothing is retried silently. */
  readonly onRetry: (why: string, waitMs: number) => void;
}

export interface Reply {
  readonly text: string;
  readonly usage: Usage;
  /** True if it stopped at its token limit. */
  readonly cut: boolean;
  /** Of an agent that worked on a copy of the project: what it made of it. */
  readonly work?: Work;
}

export interface Work {
  /** Paths from the root. Without a text, the file is deleted. */
  readonly files: readonly { readonly path: string; readonly text: string | undefined }[];
  /** What was changed too, and can be no part of a proposal. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
  /** Files that it changed, and someone else in the project meanwhile. */
  readonly moved: readonly string[];
}

export interface Model {
  /** As it is shown: `gpt-4o-mini`, `scripted replies (no model)`. */
  readonly label: string;
  readonly provider: string;
  /** Whether it works on a copy of the project, so that what it changed there is what is reviewed. */
  readonly works?: boolean;
  /** US dollars for a prompt of so many tokens; undefined if the price is not known. */
  readonly price: (inputTokens: number, outputTokens: number) => number | undefined;
  /** How many tokens it takes, prompt and reply together; undefined if that is not known. */
  readonly contextWindow: number | undefined;
  /** Contract: throws MODEL_FAILED with what went wrong, or INTERRUPTED; never anything else. */
  readonly reply: (request: ModelRequest) => Promise<Reply>;
}
