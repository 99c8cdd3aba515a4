// What the rest of the program knows of a runbook: plain camelCase records, made by read.ts.
import type { Place } from '../errors.ts';
import { valueAt } from './patch/value.ts';
import type { YamlPath, YamlSource } from './source.ts';
import type { Provider, Status, TaskType } from './vocabulary.ts';

export type { Provider, Status, TaskType } from './vocabulary.ts';

export interface Runbook {
  /** The real path of the folder of `runbook.yaml`: all other paths are relative to it. */
  readonly root: string;
  readonly source: YamlSource;
  readonly name: string;
  readonly description: string | undefined;
  readonly tasks: readonly Task[];
  readonly models: ReadonlyMap<string, ModelSettings>;
  /** The model of the tasks that name none. */
  readonly defaultModel: string | undefined;
  readonly skippedSatisfies: boolean;
  /** The most a run may cost, in US dollars. */
  readonly budget: number | undefined;
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly type: TaskType;
  readonly status: Status;
  readonly dependsOn: readonly string[];
  readonly tags: readonly string[];
  /** The entry in the runbook, and the detail file where there is one. */
  readonly homes: readonly [Home, ...Home[]];
  readonly detailFile: YamlSource | undefined;
  /** Markdown, or steps, or undefined if nothing is said. */
  readonly instructions: string | readonly string[] | undefined;
  readonly ai: AiDetails | undefined;
  readonly script: ScriptDetails | undefined;
  readonly outputArtifact: string | undefined;
  readonly checks: readonly Check[];
  readonly timeoutMs: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly retries: number;
  /** `true`, or the commit's message. */
  readonly commit: boolean | string;
  /** The most that its replies may cost in a run, in US dollars. */
  readonly budget: number | undefined;
  readonly lastRun: Readonly<Record<string, unknown>> | undefined;
  readonly issues: readonly Issue[];
  /** Whether each of its homes says this status. */
  isWrittenAs(status: Status): boolean;
  /** The same task with another status. */
  withStatus(status: Status): Task;
  /** Where a field (in its YAML spelling, `ai_details.prompt_template`) is written, or the task if it is not. */
  place(field: string, part?: 'key' | 'value'): Place;
}

/** A place in which a task's status stands. */
export interface Home {
  readonly source: YamlSource;
  /** The path of the task's map in that file. */
  readonly path: YamlPath;
  /** The status written there, or undefined if none is. */
  readonly status: Status | undefined;
}

export interface AiDetails {
  readonly model: string | undefined;
  readonly promptTemplate: string | undefined;
  readonly inputContext: Readonly<Record<string, unknown>>;
  readonly outputParser: string | undefined;
  readonly outputSchema: unknown;
  readonly reviewPoints: readonly string[];
  readonly fallbackPromptTemplate: string | undefined;
  /** How often a reply that fails its checks, or can't be used, is retried without a key press. */
  readonly autoRetry: number;
}

export type Command =
  | { readonly kind: 'shell'; readonly line: string; readonly shell: string | undefined }
  | { readonly kind: 'program'; readonly file: string; readonly args: readonly string[] };

export interface ScriptDetails {
  readonly command: Command;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly okExitCodes: readonly number[];
}

export interface Check {
  readonly name: string | undefined;
  readonly command: Command;
}

export interface Issue {
  readonly timestamp: string | undefined;
  readonly type: string | undefined;
  readonly detail: string | undefined;
  readonly resolution: string | undefined;
}

export interface ModelSettings {
  readonly provider: Provider;
  readonly model: string | undefined;
  readonly baseUrl: string | undefined;
  readonly apiKeyEnv: string | undefined;
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
  readonly timeoutMs: number | undefined;
  /** The longest silence in the middle of a reply; some default if undefined. */
  readonly stallMs: number | undefined;
  /** US dollars for a million tokens. */
  readonly price: { readonly input: number; readonly output: number } | undefined;
  readonly contextWindow: number | undefined;
  readonly replies: string | undefined;
  /** For `openai`; `chat` if undefined, until the server says that it wants the other. */
  readonly api: 'chat' | 'responses' | undefined;
  /** Whether an agent CLI may work on a copy of the project. */
  readonly tools: boolean;
}

/** How a command is shown to a person. */
export function commandLine(command: Command): string {
  if (command.kind === 'shell') return command.line;
  return [command.file, ...command.args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
}

/** The latest issue, if nothing has been said of how it was settled. */
export function openIssue(task: Task): Issue | undefined {
  const last = task.issues.at(-1);
  return last && !last.resolution ? last : undefined;
}

/** The map that stands there. */
export function mapOfHome({ source, path }: Home): unknown {
  const [list, index] = path;
  if (list === 'tasks' && typeof index === 'number' && path.length === 2) return source.entry(index);
  return valueAt(source.value, path);
}

/** Where a home's status stands, as it is shown: `tasks/pack.yaml:4`. */
export function homeLine(home: Home): string {
  return `${home.source.file}:${home.source.place([...home.path, 'status']).line}`;
}

/** Where the status that counts is written. */
export function statusLine({ homes, status }: Task): string {
  return homeLine(homes.find((home) => home.status === status) ?? homes[0]);
}
