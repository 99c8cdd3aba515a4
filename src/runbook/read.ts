// From the files to a `Runbook`: reads them, and says what is wrong in them.
import { basename, dirname, join } from 'node:path';
import { type Place, RunbookError, type Trouble } from '../errors.ts';
import { allowOutside, insideProject, realPath } from '../paths.ts';
import { brief } from './brief.ts';
import { detailOf, type Parts, partsOf, warnOfEntry } from './formBySchema.ts';
import { isPlainRunbook } from './keptReading.ts';
import { amount, type Detail, type Making, makeModel, makeOutlined, makeTask } from './make.ts';
import type { Report } from './mistakes.ts';
import type { Outline } from './outline.ts';
import { ENTRY_FIELDS, isPlainDetail } from './plainForm.ts';
import { referenceMistakes, taskMistakes } from './ready.ts';
import type { RawEntry, RawModel, RawRunbook } from './schema.ts';
import { readYaml, type YamlSource } from './source.ts';
import type { Runbook, Task } from './task.ts';

export interface Inspection {
  /** Undefined if there are mistakes. */
  readonly runbook: Runbook | undefined;
  /** The runbook as far as it can be read, also beside mistakes: to be looked at for more of them, and for nothing else. */
  readonly readable: Runbook | undefined;
  /** What keeps the runbook from being used, in the order of the files. */
  readonly mistakes: readonly Trouble[];
  /** What is allowed, but looks unmeant. */
  readonly warnings: readonly Trouble[];
}

/** Reads a runbook and its detail files. Throws the first mistake in them. Where no file has changed, it is the same as before. */
export function readRunbook(path: string): Runbook {
  if (made && isUnchanged(path, made)) return made;
  const { runbook, mistakes } = inspectRunbook(path);
  const [first, ...others] = mistakes;
  if (first) {
    const more = others.length === 0 ? undefined : `${others.length} more of the kind: \`runbook validate\` shows all.`;
    // Field by field: of a mistake that was thrown, `...first` would leave out the message.
    const { code, message, at } = first;
    throw new RunbookError({ code, message, at, hint: [first.hint, more].filter(Boolean).join('\n') || undefined });
  }
  if (!runbook) throw new Error('a runbook without mistakes was not made');
  made = runbook;
  return runbook;
}

/** The runbook that was read last. */
let made: Runbook | undefined;

/** Whether all that a runbook was made of is still what its files say. The files are read again, and not parsed if they are. */
function isUnchanged(path: string, { root, source, tasks }: Runbook): boolean {
  try {
    if (realPath(dirname(path)) !== root || readYaml(root, join(root, basename(path))) !== source) return false;
    return tasks.every(({ detailFile }, i) => {
      if (!detailFile) return true;
      const { task_detail_file: named } = source.entry(i) as RawEntry;
      return readYaml(root, insideProject(root, named ?? '')) === detailFile;
    });
  } catch (error) {
    // It is met again, and told with its place.
    if (error instanceof RunbookError) return false;
    throw error;
  }
}

/** Reads a runbook and its detail files, and finds all that is wrong in them. */
export function inspectRunbook(path: string): Inspection {
  const mistakes: Trouble[] = [];
  const warnings: Trouble[] = [];
  const readable = assemble(path, collector(mistakes), collector(warnings));
  return { runbook: mistakes.length === 0 ? readable : undefined, readable, mistakes, warnings };
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
  const root = realPath(dirname(path));
  const source = attempt(report, () => readYaml(root, join(root, basename(path))));
  if (!source) return undefined;
  if (source.value === null) {
    report({
      code: 'RUNBOOK_INVALID',
      message: `\`${source.file}\` is empty`,
      at: source.place([]),
      hint: 'It needs a list of `tasks`. `runbook init` writes an example.',
    });
    return undefined;
  }
  const { outline } = source;
  const isPlain = outline !== undefined || isPlainRunbook(source.value);
  const parts = isPlain ? plainParts(source.value as RawRunbook) : partsOf(source, report, warn);
  if (!parts) return undefined;
  const { top: raw } = parts;
  allowOutside(root, raw.allow_outside ?? []);
  const context: Context = { root, source, defaults: raw.defaults ?? {}, report, warn, isPlain };
  const read = outline
    ? outlined(context, outline)
    : parts.entries.map((entry, index) => entry && readEntry(context, entry, index));
  if (read.length === 0)
    warn({ code: 'RUNBOOK_INVALID', message: '`tasks` is empty: there is nothing to do', at: source.place(['tasks']) });
  const tasks = read.filter((task) => task !== undefined);
  const isWhole = tasks.length === read.length;
  const isInOrder = outline?.isInOrder ? (index: number) => !outline.entries.get(index) : undefined;
  for (const mistake of [
    ...(isWhole
      ? taskMistakes(tasks, isInOrder)
      : referenceMistakes(read.map((task, index) => task ?? nodeOf(source, index)))),
    ...sharedDetails(tasks),
    ...toolMistakes(source, raw.models ?? {}),
  ])
    report(mistake);
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

/** Read are the entries that have changed since the outline was kept, and those that have a file of their own. */
function outlined(context: Context, outline: Outline): (Task | undefined)[] {
  const tasks = new Array<Task | undefined>(outline.count);
  outline.forEachKept((index, id, status) => {
    tasks[index] = makeOutlined(context, index, id, status);
  });
  // In their order, as their mistakes are told.
  const entries = [...outline.entries].sort(([one], [other]) => one - other);
  for (const [index, entry] of entries) tasks[index] = readEntry(context, entry, index);
  return tasks;
}

/** The list itself is made if it is asked for. */
function plainParts(top: RawRunbook): Parts {
  return {
    top,
    get entries() {
      return top.tasks;
    },
  };
}

/** A task that could not be read, as far as others may name it. */
function nodeOf(source: YamlSource, index: number): Parameters<typeof referenceMistakes>[0][number] {
  const { tasks } = source.value as { tasks: unknown[] };
  const entry = tasks[index];
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
  return {
    id: typeof id === 'string' ? id : undefined,
    dependsOn: [],
    place: () => source.place(['tasks', index, 'id']),
  };
}

/** What an entry is read with. */
export interface Context extends Making {
  readonly root: string;
  readonly warn: Report;
  /** Whether no entry has a key that is not known. */
  readonly isPlain: boolean;
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

export function readEntry(context: Context, entry: RawEntry, index: number): Task | undefined {
  const { source, report, warn, isPlain } = context;
  if (!isPlain) warnOfEntry(entry, source, ['tasks', index], warn);
  if (!entry.task_detail_file) return makeTask(context, entry, index, undefined);
  const place = (field: string) => source.place(['tasks', index, field]);
  const detail = readDetail(context, entry, place);
  if (!detail) return undefined;
  if (detail.source.path === source.path) {
    const hint = 'Take `task_detail_file` out: all fields may stand here.';
    const message = `the runbook can't be the detail file of \`${entry.id}\``;
    report({ code: 'RUNBOOK_INVALID', message, at: place('task_detail_file'), hint });
    return undefined;
  }
  const found = conflicts(entry, place, detail);
  for (const conflict of found) report(conflict);
  return found.length > 0 ? undefined : makeTask(context, entry, index, detail);
}

type PlaceOf = (field: string) => Place;

function readDetail({ root, report, warn }: Context, entry: RawEntry, place: PlaceOf): Detail | undefined {
  const at = () => place('task_detail_file');
  const source = attempt(report, () => readYaml(root, insideProject(root, entry.task_detail_file ?? '', at), at));
  if (!source) return undefined;
  const value = source.value ?? {};
  const raw = isPlainDetail(value) ? value : detailOf(source, report, warn);
  return raw && { source, raw };
}

/** Two tasks in one file would overwrite each other's status. */
function sharedDetails(tasks: readonly Task[]): Trouble[] {
  const owners = new Map<string, string>();
  const found: Trouble[] = [];
  // Most have none, and a loop over many thousand that is run once takes longer than this.
  for (const task of tasks.filter(({ detailFile }) => detailFile)) {
    const { detailFile } = task;
    if (!detailFile) continue;
    const owner = owners.get(detailFile.path);
    if (owner === undefined) owners.set(detailFile.path, task.id);
    else if (owner !== task.id)
      found.push({
        code: 'RUNBOOK_INVALID',
        message: `\`${detailFile.file}\` is the detail file of \`${owner}\` already`,
        at: task.place('task_detail_file'),
        hint: `Give \`${task.id}\` a file of its own.`,
      });
  }
  return found;
}

function toolMistakes(source: YamlSource, models: Readonly<Record<string, RawModel>>): Trouble[] {
  return Object.entries(models).flatMap(([name, { provider, tools }]) =>
    !tools || ['claude', 'codex', 'gemini'].includes(provider)
      ? []
      : [
          {
            code: 'RUNBOOK_INVALID',
            message: `\`tools\` is for claude, codex and gemini; the model \`${name}\` is of \`${provider}\``,
            at: source.place(['models', name, 'tools'], 'key'),
            hint: 'Take it out, or let one of these answer.',
          } as const,
        ],
  );
}

/** What both files may say differently: the runbook's `name` is the longer one, and the rest is settled or kept by the tool. */
const MAY_DIFFER = ['name', 'status', 'last_run', 'issues', 'description'];

function conflicts(entry: RawEntry, place: PlaceOf, { source, raw }: Detail): Trouble[] {
  return ENTRY_FIELDS.filter((key) => !MAY_DIFFER.includes(key)).flatMap((key) => {
    const [ours, theirs] = [(entry as Record<string, unknown>)[key], (raw as Record<string, unknown>)[key]];
    if (ours == null || theirs == null || JSON.stringify(ours) === JSON.stringify(theirs)) return [];
    const there = source.place([key]);
    return [
      {
        code: 'FIELD_CONFLICT',
        message: `task \`${entry.id}\` has two different \`${key}\`: \`${brief(ours)}\` here, \`${brief(theirs)}\` at ${there.file}:${there.line}`,
        at: place(key),
        hint: `Make them the same, or take one of them out.`,
      } as const,
    ];
  });
}
