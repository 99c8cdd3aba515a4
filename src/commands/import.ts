// `import`: a plan in Markdown becomes a runbook; a plan that has changed is merged into it. Shown first, and asked.
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { amend } from '../amend.ts';
import { readKnown, writeKnown } from '../checklist/known.ts';
import { type Outline, readOutline } from '../checklist/markdown.ts';
import { type Merge, merge, type Note } from '../checklist/merge.ts';
import { type Step, stepsOf } from '../checklist/steps.ts';
import { EXIT, RunbookError } from '../errors.ts';
import { shownPath, statOf } from '../paths.ts';
import { type AmendedFile, type Amendment, amendedFiles, blankRunbook } from '../runbook/amend.ts';
import { keepApart, RUNBOOK_FILE } from '../runbook/find.ts';
import { SCHEMA_FOLDER } from '../runbook/newTask.ts';
import { patch } from '../runbook/patch.ts';
import { readText } from '../runbook/source.ts';
import type { Runbook } from '../runbook/task.ts';
import { openSession } from '../session.ts';
import { lookAt } from '../standing.ts';
import { say } from '../terminal/streams.ts';
import { oneLine, plural, wrap } from '../terminal/words.ts';
import { confirmed, diffs, isPersons, withSchemas } from './amending.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('<plan>', 'the Markdown file')
    .addHelpText(
      'before',
      'Examples:\n  runbook import PLAN.md              shows what it would write, and asks\n  runbook import PLAN.md --yes        writes it\n  runbook import PLAN.md --dry-run    only shows it\n',
    )
    .addHelpText(
      'after',
      '\nA step is a numbered item, an item with a box, or a heading with nothing but\ntext or a script below it. What is numbered waits for the one before, and a\nstep for what is nested in it. `[x]` is DONE. Blocks of `sh`, `bash`, `zsh` or\n`console` are scripts; other text is what you do by hand. Importing again\nmerges: statuses, and what you have changed in the runbook, stay.',
    )
    .action(action(importPlan));
}

async function importPlan(context: Context, named: string): Promise<number> {
  const { steps, path, start, plan } = readPlan(context, named);
  const draft = (runbook: Runbook) => merge(runbook, steps, readKnown(runbook.root, plan), plan);
  const amendment = (runbook: Runbook): Amendment => withSchemas(runbook, draft(runbook).amendment);
  const runbook = blankRunbook(path, start) ?? lookAt(path).runbook;
  const first = draft(runbook);
  const planned = amendedFiles(runbook, amendment(runbook)).filter(isPersons);
  if (context.flags.dryRun) return tell(context, plan, first, planned);
  const world = await context.world(runbook.root);
  if (planned.length > 0) {
    const lacking = world.ask.lacks('plan');
    if (lacking && !context.flags.yes && !context.flags.yesUnchecked) throw lacking;
    tellNotes(context, first.notes);
    if (!(await confirmed(context, world, runbook, amendment(runbook)))) return EXIT.needsPerson;
  }
  let merged = first;
  const files = amend(
    openSession(path, world),
    'import',
    (now) => {
      merged = draft(now);
      return withSchemas(now, merged.amendment);
    },
    start,
  );
  writeKnown(runbook.root, plan, merged.known);
  if (planned.length === 0) tellNotes(context, merged.notes);
  return tell(context, plan, merged, files.filter(isPersons));
}

interface Plan {
  readonly steps: readonly Step[];
  /** Of the runbook, which may not be there yet. */
  readonly path: string;
  /** With what a new one begins. */
  readonly start: string;
  /** As it is shown, and known by. */
  readonly plan: string;
}

function readPlan(context: Context, named: string): Plan {
  const file = resolve(context.cwd, named);
  const path = runbookPath(context);
  const plan = shownPath(dirname(path), file);
  const outline = readOutline(readText(file, named, undefined, MOST_BYTES), named);
  const steps = stepsOf(outline);
  if (steps.length === 0)
    throw new RunbookError({
      code: 'RUNBOOK_INVALID',
      message: `there is no step in \`${named}\``,
      hint: 'A step is `1. …`, `- [ ] …`, or a heading: see `runbook import --help`.',
    });
  return { steps, path, plan, start: statOf(path) ? '' : startOf(outline, basename(dirname(path))) };
}

/** As large as a YAML file may be. */
const MOST_BYTES = 4_000_000;

/** The runbook, or where it will be. */
function runbookPath(context: Context): string {
  try {
    return context.runbookPath();
  } catch (error) {
    if (!(error instanceof RunbookError) || error.code !== 'RUNBOOK_NOT_FOUND') throw error;
    const path = resolve(context.cwd, context.flags.file ?? process.env['RUNBOOK_FILE'] ?? RUNBOOK_FILE);
    if (statOf(dirname(path))?.isDirectory()) {
      keepApart(path);
      return path;
    }
    throw error;
  }
}

function startOf({ title, about }: Outline, folder: string): string {
  const head = `# yaml-language-server: $schema=${SCHEMA_FOLDER}/runbook.json\n`;
  const name = { op: 'set', path: ['name'], value: title || folder } as const;
  const description = { op: 'set', path: ['description'], value: about } as const;
  return `${patch(head, about === '' ? [name] : [name, description], RUNBOOK_FILE)}\ntasks:\n`;
}

/** What became of it: a line for each thing that a person must know, and the sum. */
function tell(context: Context, plan: string, { notes }: Merge, files: readonly AmendedFile[]): number {
  const dry = context.flags.dryRun === true;
  const data = files.map(({ file, before, after }) => ({ file, before: before ?? '', after }));
  if (dry) tellNotes(context, notes);
  context.print('imported', { plan, dry_run: dry, notes, files: data }, () => [
    ...(dry ? diffs(files, context.palette) : []),
    files.length === 0
      ? `${oneLine(plan)} brings nothing new`
      : `${dry ? 'would take' : 'took'} ${sumOf(notes)} from ${oneLine(plan)}`,
  ]);
  if (dry && !context.flags.quiet && !context.flags.json) say('Nothing was changed.');
  return EXIT.ok;
}

/** What is written is seen in the diff; what is not has to be said. */
function tellNotes(context: Context, notes: readonly Note[]): void {
  if (context.flags.json) return;
  for (const { kind, id, text } of notes)
    if (['kept', 'gone', 'left_out', 'renamed'].includes(kind))
      for (const line of wrap(`${oneLine(id)}: ${oneLine(text)}`, context.columns(), '  ')) say(line);
}

function sumOf(notes: readonly Note[]): string {
  const count = (kind: Note['kind']) => notes.filter((note) => note.kind === kind).length;
  const parts = [
    [count('added'), 'new task'],
    [count('changed'), 'change'],
    [count('done'), 'tick'],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, noun]) => plural(n, noun))
      .join(', ') || 'nothing'
  );
}
