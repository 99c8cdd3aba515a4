// `export`: the runbook as a Markdown checklist, for people, and for `import` to read again.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { toMarkdown } from '../checklist/write.ts';
import { EXIT, RunbookError } from '../errors.ts';
import { shownPath, statOf } from '../paths.ts';
import { readText } from '../runbook/source.ts';
import { writeDurably } from '../runbook/write.ts';
import { lookAt } from '../standing.ts';
import { unifiedDiff } from '../terminal/diff.ts';
import { say } from '../terminal/streams.ts';
import { harmless, oneLine, plural } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { orStdout } from './file.ts';

export interface ExportFlags {
  readonly output?: string | undefined;
}

export function define(command: Command, action: Action): void {
  command
    .option(
      '-o, --output <file>',
      'write it there; one that says something else is only replaced with --yes; - is stdout',
    )
    .addHelpText('before', 'Examples:\n  runbook export                 prints it\n  runbook export -o CHECKLIST.md\n')
    .action(action(exportPlan));
}

function exportPlan(context: Context, flags: ExportFlags): number {
  const { output } = orStdout(flags);
  const { runbook } = lookAt(context.runbookPath());
  const text = toMarkdown(runbook);
  const tasks = runbook.tasks.length;
  if (output === undefined) {
    context.print('exported', { file: null, tasks, text }, () => [harmless(text).trimEnd()]);
    return EXIT.ok;
  }
  const path = resolve(context.cwd, output);
  const file = shownPath(context.cwd, path);
  const before = statOf(path) ? readText(path, file) : undefined;
  if (context.flags.dryRun) {
    const files = before === text ? [] : [{ file, before: before ?? '', after: text }];
    context.print('dry_run', { files }, () =>
      files.flatMap(() => [oneLine(file), ...unifiedDiff(before ?? '', text, context.palette)]),
    );
    say('Nothing was changed.');
    return EXIT.ok;
  }
  if (before !== undefined && before !== text && !context.flags.yes)
    throw new RunbookError({
      code: 'USAGE',
      message: `\`${file}\` is there already, and says something else; nothing was written`,
      hint: 'See the difference with `--dry-run`; `--yes` replaces it.',
    });
  if (before !== text) writeDurably(path, text);
  context.print('exported', { file, tasks, text }, () => [`wrote ${plural(tasks, 'task')} to ${oneLine(file)}`]);
  return EXIT.ok;
}
