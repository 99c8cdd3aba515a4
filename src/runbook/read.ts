// From the files to a `Runbook`: finds them, reads them, says what is wrong in them, and leaves YAML's spelling behind.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Place, RunbookError, type Trouble } from '../errors.ts';
import { insideProject, shownPath } from '../paths.ts';
import { checked, type Report, unknownKeys } from './mistakes.ts';
import { referenceMistakes } from './ready.ts';
import {
  detailSchema,
  entrySchema,
  milliseconds,
  type RawAi,
  type RawCheck,
  type RawDetail,
  type RawEntry,
  type RawIssue,
  type RawModel,
  type RawRunbook,
  type RawScript,
  runbookSchema,
} from './schema.ts';
import { readYaml, type YamlSource } from './source.ts';
import type { AiDetails, Check, Command, Home, Issue, ModelSettings, Runbook, ScriptDetails, Task } from './task.ts';

export const RUNBOOK_FILE = 'runbook.yaml';

export interface Inspection {
  /** Undefined if there are mistakes. */
  readonly runbook: Runbook | undefined;
  /** What keeps the runbook from being used, in the order of the files. */
  readonly mistakes: readonly Trouble[];
  /** What is allowed, but looks unmeant. */
  readonly warnings: readonly Trouble[];
}

/** The path of the runbook: `named`, or the first found from `cwd` upwards, to the root of the repository at most. */
export function findRunbook(cwd: string, named?: string): string {
  if (named !== undefined) return namedRunbook(resolve(cwd, named), named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const candidate = join(folder, RUNBOOK_FILE);
    if (existsSync(candidate)) return candidate;
    if (existsSync(join(folder, '.git')) || folder === dirname(folder)) break;
  }
  throw new RunbookError({
    code: 'RUNBOOK_NOT_FOUND',
    message: `there is no \`${RUNBOOK_FILE}\` in ${cwd} or in a folder above it`,
    hint: 'runbook init         writes a small one that runs at once\nrunbook -C DIR …     works in another folder',
  });
}

function namedRunbook(path: string, named: string): string {
  if (existsSync(path)) return statSync(path).isDirectory() ? namedRunbook(join(path, RUNBOOK_FILE), named) : path;
  throw new RunbookError({
    code: 'RUNBOOK_NOT_FOUND',
    message: `there is no runbook at \`${named}\``,
    hint: 'Mend the path given with --file.',
  });
}

/** Reads a runbook and its detail files. Throws the first mistake in them. */
export function readRunbook(path: string): Runbook {
  const { runbook, mistakes } = inspectRunbook(path);
  const [first, ...others] = mistakes;
  if (first) {
    const more = others.length === 0 ? undefined : `${others.length} more of the kind: \`runbook validate\` shows all.`;
    throw new RunbookError({ ...first, hint: [first.hint, more].filter(Boolean).join('\n') || undefined });
  }
  if (!runbook) throw new Error('a runbook without mistakes was not made');
  return runbook;
}

/**
 * One task as its files say it at this moment, or undefined if the runbook has none of that id. Much less is read and
 * checked than for the whole runbook: a mistake elsewhere in the file doesn't keep an outcome from being written.
 */
export function readTask(path: string, id: string): Task | undefined {
  const root = realpathSync(dirname(path));
  const source = readYaml(root, join(root, basename(path)));
  const throwIt: Report = (trouble) => {
    throw new RunbookError(trouble);
  };
  const { tasks, defaults } = (source.value ?? {}) as { tasks?: unknown; defaults?: RawRunbook['defaults'] };
  const entries: unknown[] = Array.isArray(tasks) ? tasks : [];
  const index = entries.findIndex(
    (entry) => typeof entry === 'object' && entry !== null && (entry as { id?: unknown }).id === id,
  );
  const entry = index < 0 ? undefined : checked(entrySchema, entries[index], source, ['tasks', index], throwIt);
  return entry && makeTask({ root, source, defaults: defaults ?? {}, report: throwIt, warn: () => {} }, entry, index);
}

/** Reads a runbook and its detail files, and finds all that is wrong in them. */
export function inspectRunbook(path: string): Inspection {
  const mistakes: Trouble[] = [];
  const warnings: Trouble[] = [];
  const runbook = assemble(path, collector(mistakes), collector(warnings));
  return { runbook: mistakes.length === 0 ? runbook : undefined, mistakes, warnings };
}

/** One mistake is said once, also where two readings of the file meet it. */
function collector(list: Trouble[]): Report {
  return (trouble) => {
    const same = (other: Trouble) =>
      other.message === trouble.message && other.at?.line === trouble.at?.line && other.at?.file === trouble.at?.file;
    if (!list.some(same)) list.push(trouble);
  };
}

function assemble(path: string, report: Report, warn: Report): Runbook | undefined {
  const root = realpathSync(dirname(path));
  const source = attempt(report, () => readYaml(root, join(root, basename(path))));
  if (!source) return undefined;
  if (source.value === null) {
    report({
      code: 'RUNBOOK_INVALID',
      message: `\`${source.file}\` is empty`,
      hint: 'It needs a list of `tasks`. `runbook init` writes an example.',
    });
    return undefined;
  }
  const raw = checked(runbookSchema, source.value, source, [], report);
  if (!raw) return undefined;
  unknownKeys(raw, Object.keys(runbookSchema.shape), source, [], warn);
  const context: Context = { root, source, defaults: raw.defaults ?? {}, report, warn };
  const tasks = raw.tasks.flatMap((entry, index) => makeTask(context, entry, index) ?? []);
  for (const mistake of referenceMistakes(tasks)) report(mistake);
  return {
    root,
    source,
    name: raw.name ?? basename(root),
    description: raw.description ?? undefined,
    tasks,
    models: new Map(Object.entries(raw.models ?? {}).map(([name, model]) => [name, makeModel(model)])),
    defaultModel: raw.defaults?.model ?? raw.defaults?.ai_details?.model ?? undefined,
    skippedSatisfies: raw.skipped_satisfies ?? false,
    budget: raw.budget == null ? undefined : amount(raw.budget, () => source.place(['budget']), report),
  };
}

interface Context {
  readonly root: string;
  readonly source: YamlSource;
  readonly defaults: NonNullable<RawRunbook['defaults']>;
  readonly report: Report;
  readonly warn: Report;
}

function attempt<T>(report: Report, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    report(error);
    return undefined;
  }
}

/** `5`, `$5`, `0.50 USD` → 5, 5, 0.5 */
function amount(value: string | number, at: () => Place, report: Report): number | undefined {
  const parsed =
    typeof value === 'number'
      ? value
      : Number(/^\$?\s*(\d+(?:\.\d+)?)\s*(?:USD|\$)?$/.exec(value.trim())?.[1] ?? Number.NaN);
  if (parsed >= 0) return parsed;
  report({
    code: 'RUNBOOK_INVALID',
    message: `\`budget\` must be an amount of US dollars, not \`${value}\``,
    at: at(),
    hint: 'For example: budget: 0.50',
  });
  return undefined;
}

function makeTask(context: Context, entry: RawEntry, index: number): Task | undefined {
  const { source, report, warn } = context;
  const entryHome: Home = { source, path: ['tasks', index], status: entry.status ?? undefined };
  unknownKeys(entry, Object.keys(entrySchema.shape), source, entryHome.path, warn);
  if (!entry.task_detail_file) return combine(context, entry, entryHome, undefined, undefined);
  const detail = readDetail(context, entry, entryHome);
  if (!detail) return undefined;
  if (detail.source.path === source.path) {
    const at = source.place([...entryHome.path, 'task_detail_file']);
    report({ code: 'RUNBOOK_INVALID', message: `the runbook can't be the detail file of \`${entry.id}\``, at });
    return undefined;
  }
  const home: Home = { source: detail.source, path: [], status: detail.raw.status ?? undefined };
  for (const conflict of conflicts(entry, entryHome, detail.raw, home)) report(conflict);
  return combine(context, entry, entryHome, detail.raw, home);
}

function readDetail(context: Context, entry: RawEntry, home: Home): { source: YamlSource; raw: RawDetail } | undefined {
  const { root, report, warn } = context;
  const at = home.source.place([...home.path, 'task_detail_file']);
  const source = attempt(report, () => readYaml(root, insideProject(root, entry.task_detail_file ?? '', at), at));
  if (!source) return undefined;
  const raw = checked(detailSchema, source.value ?? {}, source, [], report);
  if (!raw) return undefined;
  unknownKeys(raw, Object.keys(detailSchema.shape), source, [], warn);
  return { source, raw };
}

/** What both files may say differently: the runbook's `name` is the longer one, and the rest is settled or kept by the tool. */
const MAY_DIFFER = ['name', 'status', 'last_run', 'issues', 'description'];

function conflicts(entry: RawEntry, entryHome: Home, detail: RawDetail, detailHome: Home): Trouble[] {
  const both = Object.keys(entrySchema.shape).filter((key) => !MAY_DIFFER.includes(key));
  return both.flatMap((key) => {
    const [ours, theirs] = [(entry as Record<string, unknown>)[key], (detail as Record<string, unknown>)[key]];
    if (ours == null || theirs == null || JSON.stringify(ours) === JSON.stringify(theirs)) return [];
    const here = entryHome.source.place([...entryHome.path, key]);
    const there = detailHome.source.place([key]);
    return [
      {
        code: 'FIELD_CONFLICT',
        message: `task \`${entry.id}\` has two different \`${key}\`: ${brief(ours)} here, ${brief(theirs)} at ${there.file}:${there.line}`,
        at: here,
        hint: `Make them the same, or take one of them out.`,
      } as const,
    ];
  });
}

function brief(value: unknown): string {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return `\`${shown.length > 40 ? `${shown.slice(0, 39)}…` : shown}\``;
}

function combine(
  context: Context,
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

function placer(homes: readonly (Home | undefined)[], runbook: YamlSource): Task['place'] {
  return (field, part) => {
    const path = field.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const [top = ''] = path;
    for (const home of [...homes].reverse()) {
      if (home && has(home, String(top))) return home.source.place([...home.path, ...path], part);
    }
    const defaults: Home = { source: runbook, path: ['defaults'], status: undefined };
    if (has(defaults, String(top))) return runbook.place(['defaults', ...path], part);
    const [entry] = homes;
    return entry ? entry.source.place([...entry.path, 'id'], part) : runbook.place([]);
  };
}

function has(home: Home, key: string): boolean {
  let value: unknown = home.source.value;
  for (const step of home.path) value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[key] != null;
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
        ? { kind: 'program', file: path, args: args ?? [] }
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

function makeModel(raw: RawModel): ModelSettings {
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

/** The path of a home, as it is shown with a line: `tasks/pack.yaml:4`. */
export function homeLine(home: Home, root: string): string {
  const { line } = home.source.place([...home.path, 'status']);
  return `${shownPath(root, home.source.path)}:${line}`;
}
