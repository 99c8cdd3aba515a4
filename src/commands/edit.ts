// `edit`: opens a task in the person's editor, at its line, and looks at what came back.
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { EXIT, type Place, type Trouble } from '../errors.ts';
import { inspectRunbook } from '../runbook/read.ts';
import { openSession } from '../session.ts';
import { say } from '../terminal/streams.ts';
import { sayTroubles } from '../terminal/trouble.ts';
import { oneLine } from '../terminal/words.ts';
import { bringUpToDate } from '../upToDate.ts';
import type { World } from '../world.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';

interface EditFlags {
  readonly runbook?: boolean;
}

interface Spot {
  readonly path: string;
  readonly at: Place;
}

export function define(command: Command, action: Action): void {
  command
    .argument('[id]', 'the task; the runbook itself, if not said')
    .option('--runbook', 'its entry in the runbook, and not its own file')
    .addHelpText(
      'before',
      'Examples:\n  runbook edit run_tests              in VISUAL, or EDITOR\n  runbook edit run_tests --runbook    its entry in runbook.yaml\n',
    )
    .action(action(edit));
}

async function edit(context: Context, id: string | undefined, flags: EditFlags): Promise<number> {
  const path = context.runbookPath();
  const spot = spotOf(path, id, flags);
  const world = await context.world(dirname(path));
  const { file, line } = spot.at;
  if (context.flags.dryRun || world.ask.lacks('plan')) {
    context.print('edited', { file, line, opened: false, valid: mistakesIn(path).length === 0 }, () => [
      `${oneLine(file)}:${line}`,
    ]);
    return shown(context, mistakesIn(path));
  }
  for (let next: Spot = spot; ; ) {
    await world.ask.open(next.path, next.at.line);
    const mistakes = mistakesIn(path);
    const [first] = mistakes;
    if (!first) break;
    shown(context, mistakes);
    if (!(await again(world))) {
      say('It stays as you left it. Nothing runs before that is mended: `runbook validate`.');
      return EXIT.mistake;
    }
    next = { path: pathOf(path, first) ?? next.path, at: first.at ?? next.at };
  }
  bringUpToDate(openSession(path, world));
  context.print('edited', { file, line, opened: true, valid: true }, () => []);
  return EXIT.ok;
}

/** Where the task is written; of a file that can't be read, where the first mistake in it is. */
function spotOf(path: string, id: string | undefined, { runbook: inRunbook }: EditFlags): Spot {
  const { readable, mistakes } = inspectRunbook(path);
  const [first] = mistakes;
  const top: Place = { file: 'runbook.yaml', line: 1, column: 1, length: 1, text: '' };
  if (!readable) return { path: first ? (pathOf(path, first) ?? path) : path, at: first?.at ?? top };
  const { source } = readable;
  if (id === undefined) return { path: source.path, at: { ...top, file: source.file } };
  const task = readable.tasks.find((candidate) => candidate.id === id);
  if (!task) {
    if (mistakes.length === 0) requireTask(readable, 'edit', id);
    return { path: first ? (pathOf(path, first) ?? path) : path, at: first?.at ?? { ...top, file: source.file } };
  }
  const [entry, detail] = task.homes;
  const home = inRunbook ? entry : (detail ?? entry);
  return { path: home.source.path, at: home.source.place([...home.path, 'id']) };
}

/** The file of a mistake: its place names it from the folder of the runbook. */
function pathOf(path: string, { at }: Trouble): string | undefined {
  if (!at) return undefined;
  return at.file.startsWith('/') ? at.file : path.replace(/[^\\/]*$/, at.file);
}

function mistakesIn(path: string): readonly Trouble[] {
  return inspectRunbook(path).mistakes;
}

function shown(context: Context, mistakes: readonly Trouble[]): number {
  if (!context.flags.json) sayTroubles(mistakes, context.manner());
  return mistakes.length === 0 ? EXIT.ok : EXIT.mistake;
}

async function again({ ask }: World): Promise<boolean> {
  const { answer } = await ask.choose({
    topic: 'plan',
    message: 'Open it again?',
    choices: [
      { key: 'e', answer: 'edit', label: 'edit' },
      { key: 'q', answer: 'quit', label: 'leave it so' },
    ],
  });
  return answer === 'edit';
}
