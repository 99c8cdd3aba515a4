// `add`: a new task at its place in the runbook, by flags, or by questions where there is someone to ask.
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { amend } from '../amend.ts';
import { EXIT, RunbookError } from '../errors.ts';
import { statOf } from '../paths.ts';
import { type Amendment, blankRunbook } from '../runbook/amend.ts';
import { detailPath, firstStatus, idFrom, type NewTask, toEntry, toTwoFiles, usesDetails } from '../runbook/newTask.ts';
import type { Runbook, TaskType } from '../runbook/task.ts';
import { TASK_TYPES } from '../runbook/vocabulary.ts';
import { openSession } from '../session.ts';
import { lookAt } from '../standing.ts';
import { say } from '../terminal/streams.ts';
import { asCommand, flow, oneLine } from '../terminal/words.ts';
import type { World } from '../world.ts';
import { confirmed, printDraft, withSchemas } from './amending.ts';
import { type AddFlags, askForTask } from './askForTask.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('[name]', 'what people call it')
    .option('--id <id>', 'what other tasks call it; made from the name, if not said')
    .addOption(
      new Option('--type <type>', 'who does it; seen from the other flags, if not said').choices([...TASK_TYPES]),
    )
    .option('--depends-on <id...>', 'what must be DONE before')
    .option('--script <command>', 'the command that does it')
    .option('--instructions <text>', 'what is to be done by hand, in Markdown')
    .option('--prompt-template <path>', 'the template of the prompt, for a model')
    .option('--model <name>', 'the model that answers it')
    .option('--output-artifact <path>', 'the file that it produces')
    .option('--check <command...>', 'what must pass before it may be DONE')
    .option('--description <text>', 'what it is about')
    .option('--tag <word...>', 'words to find it by')
    .option('--after <id>', 'put it behind this task; at the end, if not said')
    .option('--before <id>', 'put it before this task')
    .option('--detail', 'give it a file of its own; so it is if most tasks have one')
    .option('--no-detail', 'keep all of it in the runbook')
    .addHelpText(
      'before',
      'Examples:\n  runbook add                                  asks\n  runbook add "Run the tests" --script "npm test"\n  runbook add "Read the notes" --after draft_notes --depends-on draft_notes\n  runbook add "Pack it" --script "npm pack" --dry-run\n',
    )
    .action(action(add));
}

async function add(context: Context, name: string | undefined, flags: AddFlags): Promise<number> {
  const path = context.runbookPath();
  const runbook = blankRunbook(path) ?? lookAt(path).runbook;
  const world = await context.world(runbook.root);
  const wanted = await complete(world, runbook, { ...flags, ...(name === undefined ? {} : { name }) });
  const planned = plannedTask(runbook, wanted);
  const draft = (now: Runbook) => withSchemas(now, drafted(now, wanted, planned.id));
  // What is wrong with it is found before anything at all is written.
  const first = draft(runbook);
  if (context.flags.dryRun) return printDraft(context, runbook, first);
  if (wanted.asked && !(await confirmed(context, world, runbook, first))) return EXIT.needsPerson;
  const files = amend(openSession(path, world), 'add', draft);
  return tellAdded(
    context,
    path,
    planned.id,
    files.map(({ file }) => file),
  );
}

interface Wanted extends AddFlags {
  readonly name: string;
  /** Whether it was found out by questions. */
  readonly asked: boolean;
}

/** Asks for what the flags don't say, where only its name is missing; throws where nobody can be asked. */
async function complete(world: World, runbook: Runbook, flags: AddFlags): Promise<Wanted> {
  const { name } = flags;
  if (name !== undefined && name.trim() !== '') return { ...flags, name: name.trim(), asked: false };
  if (name !== undefined) throw usage('the name is empty', 'runbook add "Run the tests"');
  if (world.ask.lacks('plan'))
    throw new RunbookError({
      code: 'NEEDS_PERSON',
      message: 'a task needs a name, and there is no terminal to ask in',
      hint: 'runbook add "Run the tests" --script "npm test"',
    });
  return { ...(await askForTask(world.ask, runbook, flags)), asked: true };
}

/** The task as it would be added to this runbook. Throws what is wrong with it. */
function plannedTask(runbook: Runbook, flags: Wanted, id?: string): NewTask {
  for (const other of flags.dependsOn ?? []) requireTask(runbook, '--depends-on', other);
  const dependsOn = [...new Set(flags.dependsOn)];
  const type = typeOf(flags);
  const { name, description, script, instructions, promptTemplate, model, outputArtifact, check, tag } = flags;
  return {
    id: id ?? newId(runbook, flags),
    name,
    type,
    status: firstStatus(runbook, dependsOn),
    dependsOn,
    description,
    tags: tag,
    instructions,
    script: script === undefined ? undefined : { command: script },
    promptTemplate,
    model,
    outputArtifact,
    checks: check,
  };
}

function newId(runbook: Runbook, { id, name }: Wanted): string {
  const { tasks } = runbook;
  const same = tasks.find((task) =>
    id === undefined ? task.name.toLowerCase() === name.toLowerCase() : task.id === id,
  );
  if (id?.trim() === '') throw usage('the id is empty', 'Leave `--id` out: it is made from the name.');
  if (same)
    throw new RunbookError({
      code: 'DUPLICATE_ID',
      message:
        id === undefined
          ? `there is a task with this name already: \`${same.id}\``
          : `there is a task \`${id}\` already`,
      at: same.place('id'),
      hint:
        id === undefined
          ? `runbook edit ${same.id}  opens it. If another is meant, give it an id with \`--id\`.`
          : `runbook edit ${same.id}  opens it. Without \`--id\`, one is made from the name.`,
    });
  return id ?? idFrom(name, new Set(tasks.map((task) => task.id)));
}

function typeOf({ type, script, promptTemplate, model, instructions }: Wanted): TaskType {
  const seen =
    script !== undefined
      ? 'AUTOMATED_SCRIPT'
      : promptTemplate !== undefined || model !== undefined
        ? 'AI_ASSISTED'
        : 'MANUAL';
  const wanted = type ?? seen;
  if (wanted === 'AUTOMATED_SCRIPT' && !script?.trim())
    throw usage('a script needs its command', 'Add `--script "npm test"`.');
  if (wanted === 'AI_ASSISTED' && !promptTemplate?.trim())
    throw usage('a task for a model needs its template', 'Add `--prompt-template prompt_templates/notes.md`.');
  const unused = [
    wanted !== 'AUTOMATED_SCRIPT' && script !== undefined && '--script',
    wanted !== 'AI_ASSISTED' && promptTemplate !== undefined && '--prompt-template',
    wanted !== 'AI_ASSISTED' && model !== undefined && '--model',
    wanted !== 'MANUAL' && instructions !== undefined && '--instructions',
  ].filter(Boolean);
  if (unused.length > 0)
    throw usage(
      `nothing uses \`${unused.join('` and `')}\` in a task of the type ${wanted}`,
      'Leave it out, or give another `--type`.',
    );
  return wanted;
}

function drafted(runbook: Runbook, flags: Wanted, id: string): Amendment {
  if (runbook.tasks.some((task) => task.id === id)) newId(runbook, { ...flags, id });
  const task = plannedTask(runbook, flags, id);
  const index = placeOf(runbook, flags);
  const nothing = { edits: [], statuses: [] };
  if (!(flags.detail ?? usesDetails(runbook)))
    return { ...nothing, inserts: [{ index, value: toEntry(task) }], newFiles: [] };
  const path = detailPath(runbook, id);
  if (statOf(join(runbook.root, path)))
    throw usage(
      `\`${path}\` is there already; nothing was written`,
      'Give another `--id`, or keep the task in the runbook with `--no-detail`.',
    );
  const { entry, text } = toTwoFiles(task, path, runbook.source.text.includes('\r\n') ? '\r\n' : '\n');
  return { ...nothing, inserts: [{ index, value: entry }], newFiles: [{ path, text }] };
}

function placeOf({ tasks, ...runbook }: Runbook, { after, before }: Wanted): number {
  if (after !== undefined && before !== undefined)
    throw usage('`--after` and `--before` can’t both be said', 'Leave one of them out.');
  requireTask({ tasks, ...runbook }, '--after', after);
  requireTask({ tasks, ...runbook }, '--before', before);
  if (after !== undefined) return tasks.findIndex((task) => task.id === after) + 1;
  return before === undefined ? tasks.length : tasks.findIndex((task) => task.id === before);
}

function tellAdded(context: Context, path: string, id: string, files: readonly string[]): number {
  const { runbook } = lookAt(path);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  const [home] = task?.homes ?? [];
  const { file, line } = home?.source.place([...home.path, 'id']) ?? { file: 'runbook.yaml', line: 1 };
  const status = task?.status ?? 'PENDING';
  const columns = context.columns();
  const data = { id, status, at: `${file}:${line}`, files: [...files] };
  const next = ['show', 'edit'].map((command) => asCommand(command, oneLine(id)));
  if (context.flags.plain) {
    context.print('added', data, () => [['added', [oneLine(id), status, ...files.map(oneLine)].join('; ')].join(': ')]);
    if (!context.flags.quiet) say(`to go on: ${next.join('; ')}`);
    return EXIT.ok;
  }
  context.print('added', data, () =>
    context.within(
      `added ${oneLine(id)}  ${context.palette.status(status)}`,
      ...flow(files.map(oneLine), ' · ', columns - 2).map((row) => `  ${row}`),
    ),
  );
  if (!context.flags.quiet && !context.flags.json) for (const row of flow(next, ' · ', columns - 2)) say(`  ${row}`);
  return EXIT.ok;
}

function usage(message: string, hint: string): RunbookError {
  return new RunbookError({ code: 'USAGE', message, hint });
}
