// From checked YAML maps to the camelCase records of task.ts: defaults applied, short forms made long.
import type { Report } from './mistakes.ts';
import {
  milliseconds,
  type RawAi,
  type RawCheck,
  type RawDetail,
  type RawEntry,
  type RawIssue,
  type RawModel,
  type RawRunbook,
  type RawScript,
} from './schema.ts';
import type { YamlPath, YamlSource } from './source.ts';
import type { AiDetails, Check, Command, Home, Issue, ModelSettings, ScriptDetails, Task } from './task.ts';

/** What all tasks of a runbook are made with. */
export interface Making {
  readonly source: YamlSource;
  readonly defaults: NonNullable<RawRunbook['defaults']>;
  readonly report: Report;
}

/** One task from what its entry and its detail file say, and the defaults behind them. */
export function makeTask(
  context: Making,
  entry: RawEntry,
  entryHome: Home,
  detail: RawDetail | undefined,
  detailHome: Home | undefined,
): Task {
  const fields = {
    ...present(context.defaults),
    ...present(detail ?? {}),
    ...present(without(entry, detail)),
  } as RawEntry;
  const record = detail ?? entry;
  const place = placer([entryHome, detailHome], context.source);
  const inherited = context.defaults.ai_details ?? {};
  const timeoutMs = fields.timeout == null ? undefined : milliseconds(fields.timeout);
  const base = { cwd: fields.cwd ?? '.', env: { ...asText(context.defaults.env), ...asText(fields.env) }, timeoutMs };
  return {
    id: entry.id,
    name: entry.name ?? detail?.name ?? entry.id,
    description: detail?.description ?? entry.description ?? undefined,
    type: fields.type ?? 'MANUAL',
    status: entryHome.status ?? detailHome?.status ?? 'PENDING',
    dependsOn: fields.depends_on ?? [],
    tags: fields.tags ?? [],
    homes: detailHome ? [entryHome, detailHome] : [entryHome],
    instructions: fields.manual_instructions ?? undefined,
    ai: fields.ai_details ? makeAi({ ...present(inherited), ...present(fields.ai_details) }) : undefined,
    script: fields.script_details ? makeScript(fields.script_details, base, place, context.report) : undefined,
    outputArtifact: fields.output_artifact ?? undefined,
    checks: (fields.checks ?? []).map(makeCheck),
    ...base,
    retries: fields.retries ?? 0,
    commit: fields.commit ?? false,
    lastRun: record.last_run ?? undefined,
    issues: (record.issues ?? []).map(makeIssue),
    place,
  };
}

/** Where both files say something, the detail file is the fuller one; conflicts were reported before. */
function without(entry: RawEntry, detail: RawDetail | undefined): object {
  if (!detail) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([key]) => (detail as Record<string, unknown>)[key] == null));
}

function present(map: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value != null));
}

function placer([entry, detail]: readonly [Home, Home | undefined], runbook: YamlSource): Task['place'] {
  const defaults: Home = { source: runbook, path: ['defaults'], status: undefined };
  const homes = [...(detail ? [detail] : []), entry, defaults];
  return (field, part) => {
    const path = field.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const home = homes.find((one) => has(one, path)) ?? homes.find((one) => has(one, path.slice(0, 1)));
    return home ? home.source.place([...home.path, ...path], part) : entry.source.place([...entry.path, 'id'], part);
  };
}

function has(home: Home, path: YamlPath): boolean {
  let value: unknown = home.source.value;
  for (const step of [...home.path, ...path])
    value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return value != null;
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
  };
}

type Base = Pick<Task, 'cwd' | 'env' | 'timeoutMs'>;

function makeScript(raw: RawScript, base: Base, place: Task['place'], report: Report): ScriptDetails | undefined {
  if (typeof raw === 'string' || Array.isArray(raw)) return { ...base, command: makeCommand(raw), okExitCodes: [0] };
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
    env: { ...base.env, ...asText(raw.env) },
    timeoutMs: raw.timeout == null ? base.timeoutMs : milliseconds(raw.timeout),
    okExitCodes: raw.ok_exit_codes ?? [0],
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
  const line = [raw as string, ...more.map(quoted)].join(' ');
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
    replies: raw.replies ?? undefined,
  };
}
