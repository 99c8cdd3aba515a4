// `history`: the journal told for people: what happened, run by run, the newest last.
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { EXIT, RunbookError } from '../errors.ts';
import { realPath } from '../paths.ts';
import { readRunbook } from '../runbook/read.ts';
import { type Moment, readStory, type Story, type Totals } from '../story.ts';
import { say } from '../terminal/streams.ts';
import {
  asCommand,
  count,
  duration,
  fit,
  localDate,
  localTime,
  money,
  oneLine,
  pad,
  plural,
  width,
  wrap,
} from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';
import { howWords, momentData, momentRows, unreadableWords } from './telling.ts';

interface HistoryFlags {
  readonly limit: number;
  readonly all?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .argument('[id]', 'only this task')
    .option('--limit <n>', 'the latest so many; `all` for all', limitOf, 50)
    .option('--all', 'also what led to it: prompts, replies, checks, files')
    .addHelpText(
      'before',
      'Examples:\n  runbook history                  the latest changes of all tasks\n  runbook history run_tests --all  all that was done for one task\n  runbook history --limit 5\n  runbook history --plain | cut -f3 | sort | uniq -c\n',
    )
    .action(action(history));
}

function limitOf(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a number from 1, or `all`.');
  return Number(text);
}

function history(context: Context, id: string | undefined, flags: HistoryFlags): number {
  const path = context.runbookPath();
  const story = readStory(realPath(dirname(path)), id === undefined ? undefined : new Set([id]));
  // The journal may tell of a task that the runbook has no more.
  if (id !== undefined && story.moments.length === 0) requireKnown(context, path, id);
  const told = flags.all ? story.moments : story.moments.filter((moment) => !moment.isDetail);
  const moments = told.slice(-flags.limit);
  const earlier = told.length - moments.length;
  const data = { moments: moments.map(momentData), earlier, totals: totalsData(story.totals) };
  context.print('history', { ...data, unreadable_lines: story.unreadable }, () =>
    context.flags.plain ? moments.map(plainLine) : toLines(context, story, moments, { id, earlier }),
  );
  if (!context.flags.json) remark(story, context.flags.plain ? earlier : 0);
  return EXIT.ok;
}

/** `history -n 20` is likely meant as elsewhere, where `-n` is a number. */
function requireKnown(context: Context, path: string, id: string): void {
  const runbook = readRunbook(path);
  if (context.flags.dryRun && /^\d+$/.test(id) && !runbook.tasks.some((task) => task.id === id))
    throw new RunbookError({
      code: 'USAGE',
      message: '`-n` is `--dry-run` here, as everywhere',
      hint: asCommand('history', '--limit', id),
    });
  requireTask(runbook, 'history', id);
}

function totalsData({ runs, starts, retries, ms, cost }: Totals) {
  return { runs, starts, retries, ms, cost_usd: cost };
}

/** Tab-separated, for other programs and for screen readers: time, run, task, from, to, how. */
function plainLine(moment: Moment): string {
  const { time, runId = '', taskId = '', from = '', to = '' } = moment;
  const change = moment.isDetail ? ['', ''] : [from, to];
  return [time?.toISOString() ?? '', oneLine(runId), oneLine(taskId), ...change, howWords(moment, '; ')].join('\t');
}

function toLines(
  context: Context,
  { totals, journal }: Story,
  moments: readonly Moment[],
  { id, earlier }: { id: string | undefined; earlier: number },
): string[] {
  const { palette } = context;
  if (moments.length === 0) return context.within(nothing(id, journal));
  const columns = context.columns();
  const ids = Math.min(28, Math.max(...moments.map(({ taskId = ALL }) => width(oneLine(taskId)))));
  const head = ({ time, taskId = ALL }: Moment) =>
    `  ${time ? localTime(time) : 'no time '}${id === undefined ? `  ${pad(fit(oneLine(taskId), ids), ids)}` : ''}`;
  const rows = momentRows(moments, head, columns, palette);
  const titles = titlesOf(moments);
  return [
    ...(earlier === 0
      ? []
      : [
          palette.dim(
            `${count(earlier)} earlier: ${asCommand('history', ...(id === undefined ? [] : [id]), '--limit', 'all')}`,
          ),
          '',
        ]),
    ...rows.flatMap((lines, i) => {
      const title = titles[i];
      const titled = title === undefined ? [] : wrap(title, columns, '  ').map((line) => palette.dim(line));
      return [...(i > 0 && titled.length > 0 ? [''] : []), ...titled, ...lines];
    }),
    '',
    ...wrap(totalLine(totals), columns),
  ];
}

/** What stands in the place of a task where the runbook itself is meant. */
const ALL = '(runbook)';

/** What stands above the first moment of each run, and of each day. */
function titlesOf(moments: readonly Moment[]): (string | undefined)[] {
  const runs = new Set<string>();
  let last = '';
  return moments.map(({ time, runId }) => {
    const run = runId === undefined ? 'no run' : `run ${oneLine(runId)}`;
    const title = `${time ? localDate(time) : 'no date'}  ${run}`;
    if (title === last) return undefined;
    last = title;
    const again = runs.has(run) ? ', continued' : '';
    runs.add(run);
    return title + again;
  });
}

function totalLine({ runs, starts, retries, ms, cost }: Totals): string {
  const tries = retries === 1 ? '1 retry' : `${count(retries)} retries`;
  const parts = [plural(runs, 'run'), plural(starts, 'start'), retries > 0 ? tries : ''];
  return [...parts, ms > 0 ? duration(ms) : '', cost > 0 ? money(cost) : ''].filter(Boolean).join(' · ');
}

function nothing(id: string | undefined, journal: string): string {
  const whom = id === undefined ? '' : ` to ${oneLine(id)}`;
  return `Nothing has happened${whom} yet: ${journal} tells of no change.`;
}

/** What is not data, but should be known. */
function remark({ unreadable, journal }: Story, earlier: number): void {
  if (earlier > 0) say(`${count(earlier)} earlier: --limit all`);
  if (unreadable > 0) say(unreadableWords(unreadable, journal));
}
