// A task that is to be added: its id, and how it is written, as an entry of the runbook or in a file of its own.
import { dirname, posix } from 'node:path';
import { type Edit, patch } from './patch.ts';
import { satisfies } from './ready.ts';
import type { Runbook, Status, TaskType } from './task.ts';

export interface NewTask {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly type: TaskType;
  readonly dependsOn: readonly string[];
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly instructions?: string | readonly string[] | undefined;
  readonly script?: NewScript | undefined;
  readonly model?: string | undefined;
  readonly promptTemplate?: string | undefined;
  readonly outputArtifact?: string | undefined;
  readonly checks?: readonly string[] | undefined;
}

export interface NewScript {
  readonly command: string;
  /** Undefined for the usual one. */
  readonly shell?: string | undefined;
}

/** The whole task as an entry, in YAML's spelling and in the order in which people write it. */
export function toEntry(task: NewTask): Record<string, unknown> {
  return definedOnly({ ...head(task), type: task.type, ...work(task) });
}

/** Its entry and its file, where it has one. `to` is the file's path, and `schema` the path of its schema from there. */
export function toTwoFiles(task: NewTask, to: string, eol: string): { entry: Record<string, unknown>; text: string } {
  const { id, status, type } = task;
  const start = `# yaml-language-server: $schema=${posix.relative(dirname(to), `${SCHEMA_FOLDER}/task.json`)}${eol}`;
  const edits = Object.entries(definedOnly({ id, status, ...work(task) })).map(
    ([key, value]): Edit => ({ op: 'set', path: [key], value }),
  );
  return { entry: definedOnly({ ...head(task), task_detail_file: to, type }), text: patch(start, edits, to) };
}

/** Where `init` puts the schemas of the files. */
export const SCHEMA_FOLDER = '.runbook/schemas';

/** The value of a script, as the YAML has it. */
export function toScript({ command, shell }: NewScript): unknown {
  return shell === undefined ? command : { command, shell };
}

/** READY if all that it depends on is satisfied. */
export function firstStatus(
  runbook: Pick<Runbook, 'tasks' | 'skippedSatisfies'>,
  dependsOn: readonly string[],
): Status {
  const waits = runbook.tasks.some((task) => dependsOn.includes(task.id) && !satisfies(runbook, task));
  return waits ? 'PENDING' : 'READY';
}

const LONGEST = 48;

/** An id from a text: `Publish the package!` → `publish_the_package`. Not one of `taken`. */
export function idFrom(text: string, taken: ReadonlySet<string>): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').normalize('NFC').toLowerCase();
  const words = plain
    .replaceAll(/['’]/g, '')
    .split(/[^\p{L}\p{N}.]+|\.(?!\p{N})/u)
    .filter((word) => word !== '');
  let id = '';
  for (const word of words) {
    const longer = id === '' ? word : `${id}_${word}`;
    if (longer.length > LONGEST && id !== '') break;
    id = longer;
  }
  id =
    [...id]
      .slice(0, LONGEST)
      .join('')
      .replaceAll(/^[._]+|[._]+$/g, '') || 'task';
  if (!taken.has(id)) return id;
  for (let n = 2; ; n++) if (!taken.has(`${id}_${n}`)) return `${id}_${n}`;
}

/** The file of a task, where those of the others are. */
export function detailPath({ tasks }: Pick<Runbook, 'tasks'>, id: string): string {
  const other = tasks.findLast(({ detailFile }) => detailFile)?.detailFile?.file;
  const name = id.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '_');
  return posix.join(other === undefined || other.startsWith('/') ? 'tasks' : dirname(other), `${name}.yaml`);
}

/** Whether most tasks have a file of their own. */
export function usesDetails({ tasks }: Pick<Runbook, 'tasks'>): boolean {
  return tasks.filter(({ homes }) => homes.length > 1).length * 2 > tasks.length;
}

function head({ id, name, status, dependsOn }: NewTask) {
  return { id, name: name === id ? undefined : name, status, depends_on: dependsOn.length > 0 ? dependsOn : undefined };
}

function work(task: NewTask) {
  const { description, tags, instructions, script, model, promptTemplate, outputArtifact, checks } = task;
  const ai = definedOnly({ model, prompt_template: promptTemplate });
  return {
    description,
    tags: tags && tags.length > 0 ? tags : undefined,
    manual_instructions: instructions,
    script_details: script && toScript(script),
    ai_details: Object.keys(ai).length > 0 ? ai : undefined,
    output_artifact: outputArtifact,
    checks: checks && checks.length > 0 ? checks : undefined,
  };
}

function definedOnly(map: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
