// `report`: what happened, how long it took, how often it was tried again and what it cost, to be sent to somebody.
import { type Command, Option } from 'commander';
import { EXIT, RunbookError, unreachable } from '../errors.ts';
import { type Report, reportOf } from '../report/report.ts';
import { makeRedactor, readDotEnv } from '../secrets.ts';
import { lookAt } from '../standing.ts';
import { readStory } from '../story.ts';
import { say } from '../terminal/streams.ts';
import type { Action, Context } from './context.ts';
import { formatFor, orStdout, writeFile } from './file.ts';
import { momentData, unreadableWords } from './telling.ts';

const FORMATS = ['markdown', 'html'] as const;
type Format = (typeof FORMATS)[number];

const NAMES: Readonly<Record<string, Format>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
};

/** More is no report; a program gets all. */
const MOST_MOMENTS = 1000;

interface ReportFlags {
  readonly format?: Format;
  readonly output?: string | undefined;
}

export function define(command: Command, action: Action): void {
  command
    .addOption(new Option('--format <format>', 'markdown, if not said').choices([...FORMATS]))
    .option('-o, --output <file>', 'write it into this file; the name tells the format (.md .html); - is stdout')
    .addHelpText(
      'before',
      'Examples:\n  runbook report -o report.html      one file to send, with all in it\n  runbook report > REPORT.md         the same as Markdown, for GitHub\n  runbook report --json              for a program\n',
    )
    .addHelpText('after', '\nThe values of secrets are left out. The HTML has no script, and fetches nothing.')
    .action(action(report));
}

async function report(context: Context, given: ReportFlags): Promise<number> {
  const flags = orStdout(given);
  if (context.flags.json && (flags.format !== undefined || flags.output !== undefined))
    throw new RunbookError({
      code: 'USAGE',
      message: `\`--json\` and \`${flags.format === undefined ? '--output' : '--format'}\` are two forms at once`,
      hint: 'runbook report --json > report.json  keeps the data in a file',
    });
  const format = formatFor(flags, NAMES, 'markdown');
  const standing = lookAt(context.runbookPath());
  const { root } = standing.runbook;
  const redactor = makeRedactor(process.env, readDotEnv(root));
  const told = reportOf(standing, readStory(root), {
    redact: redactor.text,
    at: new Date(),
    latest: context.flags.json ? Number.POSITIVE_INFINITY : MOST_MOMENTS,
  });
  const text = context.flags.json ? '' : await textIn(format, told);
  if (flags.output === undefined) context.print('report', toData(told), () => text.split('\n'));
  else writeFile(context, flags.output, text);
  if (told.unreadable > 0 && !context.flags.json) say(unreadableWords(told.unreadable, told.journal));
  return EXIT.ok;
}

async function textIn(format: Format, told: Report): Promise<string> {
  switch (format) {
    case 'markdown':
      return (await import('../report/markdown.ts')).markdownOf(told);
    case 'html':
      return (await import('../report/html.ts')).htmlOf(told);
    default:
      return unreachable(format);
  }
}

function toData({ name, description, at, finished, totals, tasks, moments, unreadable }: Report) {
  const { runs, starts, retries, ms, cost } = totals;
  return {
    name,
    description: description ?? null,
    at: at.toISOString(),
    finished,
    totals: { runs, starts, retries, ms, cost_usd: cost },
    tasks: tasks.map(({ cost: own, issue, ...task }) => ({ ...task, cost_usd: own, issue: issue ?? null })),
    moments: moments.map(momentData),
    unreadable_lines: unreadable,
  };
}
