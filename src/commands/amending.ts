// What `add` and `import` share: how a change of the plan is shown before it is made, and what is asked then.
import { EXIT } from '../errors.ts';
import { statOf } from '../paths.ts';
import { type AmendedFile, type Amendment, amendedFiles } from '../runbook/amend.ts';
import { SCHEMA_FOLDER } from '../runbook/newTask.ts';
import type { Runbook } from '../runbook/task.ts';
import type { Palette } from '../terminal/colour.ts';
import { unifiedDiff } from '../terminal/diff.ts';
import { say, sayWhole } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import type { World } from '../world.ts';
import type { Context } from './context.ts';
import { jsonSchema } from './schema.ts';

/** With the schemas that new files name, where they are not there yet. */
export function withSchemas({ root, source }: Runbook, amendment: Amendment): Amendment {
  const named = [
    ...(amendment.newFiles.length > 0 ? (['task'] as const) : []),
    ...(statOf(source.path) ? [] : (['runbook'] as const)),
  ].map((which) => ({ which, path: `${SCHEMA_FOLDER}/${which}.json` }));
  const missing = named.filter(({ path }) => !statOf(`${root}/${path}`));
  const files = missing.map(({ which, path }) => ({ path, text: jsonSchema(which) }));
  return { ...amendment, newFiles: [...amendment.newFiles, ...files] };
}

/** A dry run: the exact changes, and nothing else. */
export function printDraft(context: Context, runbook: Runbook, amendment: Amendment): number {
  const files = amendedFiles(runbook, amendment).filter(isPersons);
  const data = files.map(({ file, before, after }) => ({ file, before: before ?? '', after }));
  context.print('dry_run', { files: data }, () => diffs(files, context.palette));
  if (!context.flags.quiet) say('Nothing was changed.');
  return EXIT.ok;
}

/** Shows what would be written, and asks whether it shall be. */
export async function confirmed(
  context: Context,
  world: World,
  runbook: Runbook,
  amendment: Amendment,
): Promise<boolean> {
  const { palette } = context.manner();
  if (!context.flags.json && !context.flags.quiet)
    for (const line of diffs(amendedFiles(runbook, amendment).filter(isPersons), palette)) sayWhole(line);
  const { answer } = await world.ask.choose({
    topic: 'plan',
    message: 'Write it?',
    choices: [
      { key: 'y', answer: 'accept', label: 'yes' },
      { key: 'q', answer: 'quit', label: 'leave all as it is' },
    ],
  });
  if (answer === 'quit') say('Nothing was changed.');
  return answer === 'accept';
}

/** What is ours, in `.runbook`, is nobody's plan. */
export function isPersons({ file }: AmendedFile): boolean {
  return !file.startsWith('.runbook/');
}

export function diffs(files: readonly AmendedFile[], palette: Palette): string[] {
  return files.flatMap(({ file, before, after }) => [
    `${palette.bold(oneLine(file))}${before === undefined ? ' (new)' : ''}`,
    ...unifiedDiff(before ?? '', after, palette),
  ]);
}
