// From checked YAML maps to the camelCase records of task.ts: defaults applied, short forms made long.
import type { Place } from '../errors.ts';
import { brief } from './brief.ts';
import type { Report } from './mistakes.ts';
import type { EntryField } from './outline.ts';
import { valueAt } from './patch/value.ts';
import type { RawAi, RawCheck, RawDetail, RawEntry, RawIssue, RawModel, RawRunbook, RawScript } from './schema.ts';
import type { YamlPath, YamlSource } from './source.ts';
import {
  type AiDetails,
  type Check,
  type Command,
  type Home,
  type Issue,
  type ModelSettings,
  mapOfHome,
  type ScriptDetails,
  type Status,
  type Task,
} from './task.ts';
import { milliseconds } from './vocabulary.ts';

/** What all tasks of a runbook are made with. */
export interface Making {
  readonly source: YamlSource;
  readonly defaults: NonNullable<RawRunbook['defaults']>;
  readonly report: Report;
}

/** What a detail file says, and where it says it. */
export interface Detail {
  readonly source: YamlSource;
  readonly raw: RawDetail;
}

/** One task from what its entry, the one at `index`, and its detail file say, and the defaults behind them. */
export function makeTask(making: Making, entry: RawEntry, index: number, detail: Detail | undefined): Task {
  const written = entry.status ?? undefined;
  const status = written ?? detail?.raw.status ?? 'PENDING';
  const task = new MadeTask(making, entry.id, index, written, entry, detail, status);
  task.reportMistakes();
  return task;
}

/** One task of which nothing but the outline is known, and nothing else is to be said. Its entry is read if more is asked for. */
export function makeOutlined(making: Making, index: number, id: string, written: Status | undefined): Task {
  return new MadeTask(making, id, index, written, undefined, undefined, written ?? 'PENDING');
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** What a task says is made of its maps where it is asked for: of many thousand tasks, a command asks for little. */
class MadeTask implements Task {
  // Declared only: to define each and then to set it would take twice as long.
  declare readonly id: string;
  declare readonly status: Status;
  declare private readonly making: Making;
  declare private readonly index: number;
  /** In its entry. */
  declare private readonly written: Status | undefined;
  /** Undefined as long as nothing of it is asked for. */
  declare private entryRead: RawEntry | undefined;
  declare private readonly detailed: Detail | undefined;
  declare private dependencies: readonly string[] | undefined;
  declare private homesMade: Task['homes'] | undefined;

  constructor(
    making: Making,
    id: string,
    index: number,
    written: Status | undefined,
    entry: RawEntry | undefined,
    detail: Detail | undefined,
    status: Status,
  ) {
    this.id = id;
    this.status = status;
    this.making = making;
    this.index = index;
    this.written = written;
    this.entryRead = entry;
    this.detailed = detail;
    this.dependencies = undefined;
    this.homesMade = undefined;
  }

  private get entry(): RawEntry {
    this.entryRead ??= this.making.source.entry(this.index) as RawEntry;
    return this.entryRead;
  }

  /** What the entry says, which is read only if it says anything. */
  private entryField<K extends EntryField>(name: K): RawEntry[K] | undefined {
    if (!this.entryRead && !this.making.source.outline?.has(this.index, name)) return undefined;
    return this.entry[name];
  }

  get dependsOn() {
    this.dependencies ??= this.detailed?.raw.depends_on ?? this.entryDependsOn() ?? NOTHING;
    return this.dependencies;
  }

  private entryDependsOn(): readonly string[] | null | undefined {
    return this.entryRead ? this.entryRead.depends_on : this.making.source.outline?.dependsOn(this.index);
  }

  withStatus(status: Status): Task {
    if (status === this.status) return this;
    const { making, id, index, written, entryRead, detailed } = this;
    return new MadeTask(making, id, index, written, entryRead, detailed, status);
  }

  get homes() {
    this.homesMade ??= this.makeHomes();
    return this.homesMade;
  }

  private makeHomes(): Task['homes'] {
    const { written, index, detailed } = this;
    const home = { source: this.making.source, path: ['tasks', index], status: written };
    if (!detailed) return [home];
    return [home, { source: detailed.source, path: [], status: detailed.raw.status ?? undefined }];
  }

  get detailFile() {
    return this.detailed?.source;
  }

  isWrittenAs(status: Status): boolean {
    return this.written === status && (!this.detailed || this.detailed.raw.status === status);
  }

  private get detail(): RawDetail | undefined {
    return this.detailed?.raw;
  }

  /** Tells what is wrong in the fields whose form alone does not say it. */
  reportMistakes(): void {
    const { entry, detail } = this;
    const { defaults } = this.making;
    if (isMap(entry.script_details) || isMap(detail?.script_details) || defaults.script_details) void this.script;
    if ((entry.budget ?? detail?.budget ?? defaults.budget) != null) void this.budget;
  }

  /** Where both files say something, the detail file is the fuller one; conflicts were reported before. */
  private field<K extends keyof Fields>(name: K): Fields[K] | undefined {
    return (
      (this.detail as Partial<Fields> | undefined)?.[name] ??
      (this.entryField(name as EntryField) as Fields[K] | null | undefined) ??
      (this.making.defaults as Partial<Fields>)[name] ??
      undefined
    );
  }

  get name() {
    return this.entryField('name') ?? this.detail?.name ?? this.id;
  }

  get description() {
    return this.detail?.description ?? this.entryField('description') ?? undefined;
  }

  get type() {
    return this.field('type') ?? 'MANUAL';
  }

  get tags() {
    return this.field('tags') ?? NOTHING;
  }

  get instructions() {
    return this.field('manual_instructions');
  }

  get ai() {
    const ai = this.field('ai_details');
    return ai && makeAi({ ...present(this.making.defaults.ai_details ?? {}), ...present(ai) });
  }

  get script() {
    const script = this.field('script_details');
    return script ? makeScript(script, this, this.place, this.making.report) : undefined;
  }

  get outputArtifact() {
    return this.field('output_artifact');
  }

  get checks() {
    return this.field('checks')?.map(makeCheck) ?? NOTHING;
  }

  get cwd() {
    return this.field('cwd') ?? '.';
  }

  get env() {
    return variables(this.making.defaults.env, this.field('env'));
  }

  get timeoutMs() {
    const timeout = this.field('timeout');
    return timeout === undefined ? undefined : milliseconds(timeout);
  }

  get retries() {
    return this.field('retries') ?? 0;
  }

  get commit() {
    return this.field('commit') ?? false;
  }

  get budget() {
    const budget = this.field('budget');
    return budget === undefined ? undefined : amount(budget, () => this.place('budget'), this.making.report);
  }

  get lastRun() {
    return (this.detail ? this.detail.last_run : this.entryField('last_run')) ?? undefined;
  }

  get issues() {
    return (this.detail ? this.detail.issues : this.entryField('issues'))?.map(makeIssue) ?? NOTHING;
  }

  get place() {
    return placer(this.homes, this.making.source);
  }
}

/** What a task's two files and the defaults may say. */
type Fields = { readonly [K in keyof RawDetail as string extends K ? never : K]: NonNullable<RawDetail[K]> };

/** Most tasks have no tags, no checks, no issues, no variables: they share it. */
const NOTHING: never[] = [];
const NO_VARIABLES: Readonly<Record<string, string>> = {};

function variables(inherited: RawEntry['env'], own: RawEntry['env']): Readonly<Record<string, string>> {
  return inherited || own ? { ...asText(inherited), ...asText(own) } : NO_VARIABLES;
}

function present(map: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value != null));
}

function placer([entry, detail]: Task['homes'], runbook: YamlSource): Task['place'] {
  const defaults: Home = { source: runbook, path: ['defaults'], status: undefined };
  const homes = [...(detail ? [detail] : []), entry, defaults];
  return (field, part) => {
    const path = field.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const home = homes.find((one) => has(one, path)) ?? homes.find((one) => has(one, path.slice(0, 1)));
    return home ? home.source.place([...home.path, ...path], part) : entry.source.place([...entry.path, 'id'], part);
  };
}

function has(home: Home, path: YamlPath): boolean {
  return valueAt(mapOfHome(home), path) != null;
}

function asText(variables: RawEntry['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(variables ?? {}).map(([name, value]) => [name, String(value)]));
}

function makeAi(raw: RawAi): AiDetails {
  return {
    model: raw.model ?? undefined,
    promptTemplate: raw.prompt_template ?? undefined,
    inputContext: raw.input_context ?? {},
    outputParser: raw.output_parser ?? undefined,
    outputSchema: raw.output_schema ?? undefined,
    reviewPoints: raw.review_points ?? [],
    fallbackPromptTemplate: raw.fallback_prompt_template ?? undefined,
    autoRetry: raw.auto_retry ?? 0,
  };
}

/** `5`, `$5`, `0.50 USD` → 5, 5, 0.5 */
export function amount(value: string | number, at: () => Place, report: Report): number | undefined {
  const parsed =
    typeof value === 'number'
      ? value
      : Number(/^\$?\s*(\d+(?:\.\d+)?)\s*(?:USD|\$)?$/.exec(value.trim())?.[1] ?? Number.NaN);
  if (parsed >= 0) return parsed;
  report({
    code: 'RUNBOOK_INVALID',
    message: `\`budget\` must be an amount of US dollars, not \`${brief(value)}\``,
    at: at(),
    hint: 'For example: budget: 0.50',
  });
  return undefined;
}

const SUCCESS = [0];

type Base = Pick<Task, 'cwd' | 'env' | 'timeoutMs'>;

function makeScript(raw: RawScript, base: Base, place: Task['place'], report: Report): ScriptDetails | undefined {
  if (typeof raw === 'string' || Array.isArray(raw))
    return { cwd: base.cwd, env: base.env, timeoutMs: base.timeoutMs, command: makeCommand(raw), okExitCodes: SUCCESS };
  const { command, args, path, shell } = raw as Exclude<RawScript, string | string[]>;
  if ((command == null) === (path == null)) {
    report({
      code: 'RUNBOOK_INVALID',
      message: '`script_details` needs a `command` or a `path`, one of the two',
      at: place('script_details'),
      hint: command == null ? 'Write `command: …`, or `path: …` for a script file.' : 'Take one of them out.',
    });
    return undefined;
  }
  return {
    cwd: raw.cwd ?? base.cwd,
    env: raw.env ? { ...base.env, ...asText(raw.env) } : base.env,
    timeoutMs: raw.timeout == null ? base.timeoutMs : milliseconds(raw.timeout),
    okExitCodes: raw.ok_exit_codes ?? SUCCESS,
    command:
      path != null
        ? // With a slash, so that it is looked up in the folder and not in the PATH.
          { kind: 'program', file: path.includes('/') ? path : `./${path}`, args: args ?? [] }
        : makeCommand(command ?? '', args ?? [], shell ?? true),
  };
}

function makeCommand(raw: string | string[], more: readonly string[] = [], shell: boolean | string = true): Command {
  const words = typeof raw === 'string' ? undefined : raw;
  const [file, ...args] = words ?? (shell === false ? (raw as string).trim().split(/\s+/) : []);
  if (file !== undefined) return { kind: 'program', file, args: [...args, ...more] };
  const line = more.length === 0 ? (raw as string) : [raw as string, ...more.map(quoted)].join(' ');
  return { kind: 'shell', line, shell: typeof shell === 'string' ? shell : undefined };
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function makeCheck(raw: RawCheck): Check {
  if (typeof raw === 'string' || Array.isArray(raw)) return { name: undefined, command: makeCommand(raw) };
  const { name, command } = raw as Exclude<RawCheck, string | string[]>;
  return { name: name ?? undefined, command: makeCommand(command) };
}

function makeIssue(raw: RawIssue): Issue {
  const { timestamp } = raw as { timestamp?: unknown };
  return {
    timestamp: timestamp == null ? undefined : String(timestamp),
    type: raw.type ?? undefined,
    detail: raw.detail == null ? undefined : typeof raw.detail === 'string' ? raw.detail : JSON.stringify(raw.detail),
    resolution: raw.resolution ?? undefined,
  };
}

export function makeModel(raw: RawModel): ModelSettings {
  return {
    provider: raw.provider,
    model: raw.model ?? undefined,
    baseUrl: raw.base_url ?? undefined,
    apiKeyEnv: raw.api_key_env ?? undefined,
    temperature: raw.temperature ?? undefined,
    maxTokens: raw.max_tokens ?? undefined,
    timeoutMs: raw.timeout == null ? undefined : milliseconds(raw.timeout),
    stallMs: raw.stall_timeout == null ? undefined : milliseconds(raw.stall_timeout),
    price: raw.price ?? undefined,
    contextWindow: raw.context_window ?? undefined,
    replies: raw.replies ?? undefined,
    api: raw.api ?? undefined,
    tools: raw.tools ?? false,
  };
}
