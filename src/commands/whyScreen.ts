// How `why` looks: a sentence, the chain with the first causes first, who set the status and where, and the latest changes.
import { unreachable } from '../errors.ts';
import { causesIn, forTask, linkText, type Reason } from '../reasons.ts';
import type { Link } from '../runbook/ready.ts';
import type { Change } from '../runbook/settle.ts';
import { type Home, homeLine, type Issue, statusLine, type Task } from '../runbook/task.ts';
import type { Standing } from '../standing.ts';
import type { Moment } from '../story.ts';
import { issueInWords } from '../storyWords.ts';
import { ago, asCommand, count, localMoment, oneLine, pad, width, wrap } from '../terminal/words.ts';
import type { Context } from './context.ts';
import { beside, howWords, momentRows } from './telling.ts';

/** All that there is to tell of one task. */
export interface Told {
  readonly standing: Standing;
  readonly task: Task;
  /** The path of the log of its last start. */
  readonly log: string | undefined;
  readonly reason: Reason;
  /** What the next start will write or journal of it. */
  readonly unsettled: Change | undefined;
  readonly setBy: Moment | undefined;
  readonly latest: readonly Moment[];
  readonly earlier: number;
  readonly unreadable: number;
}

/** How many of the tasks that it waits for are told. */
const LINKS = 12;

export function screenLines(context: Context, told: Told): string[] {
  const { palette } = context;
  const columns = context.columns();
  const { task, reason, latest } = told;
  const [first = '', ...others] = wrap(headWords(told), columns, '  ');
  const commands = new Set(reason.commands.map((words) => asCommand(...words)));
  const facts = factRows(told).flatMap(([label, text]) =>
    beside(labelled(context, label), commands.has(text) ? palette.bold(text) : text, columns),
  );
  const chain = chainLines(context, told);
  const head = ({ time }: Moment) => `    ${time ? localMoment(time) : pad('no time', 19)}`;
  return [
    first
      .replace(oneLine(task.id), (id) => palette.bold(id))
      .replace(` ${task.status}`, ` ${palette.status(task.status)}`),
    ...others,
    '',
    ...(chain.length > 0 ? [...chain, ''] : []),
    ...facts,
    ...(latest.length > 0 ? ['', ...wrap(`  ${palette.dim(latestWords(told))}`, columns, '  ')] : []),
    ...momentRows(latest, head, columns, palette).flat(),
  ];
}

function labelled({ palette }: Context, label: string): string {
  return `  ${palette.dim(pad(label, 8))}  `;
}

/** The ids and statuses in columns, if there is room for them. */
function chainLines(context: Context, told: Told): string[] {
  const columns = context.columns();
  const rows = chainRows(told);
  const ids = Math.max(0, ...rows.map((row) => (row.kind === 'link' ? width(oneLine(row.link.task.id)) : 0)));
  const inColumns = columns - ids >= 50;
  return rows.flatMap((row) => {
    if (row.kind === 'more') return beside(labelled(context, ''), row.text, columns);
    const { id, status } = row.link.task;
    const who = `${pad(oneLine(id), inColumns ? ids : 0)}  ${context.palette.status(status, pad(status, inColumns ? 7 : 0))}`;
    const start = labelled(context, row.label);
    const below = row.where.map((part, i) => (i === 0 ? part : context.palette.bold(part))).join(' · ');
    const under = (indent: string) => (below === '' ? [] : beside(' '.repeat(width(indent)), below, columns));
    if (!inColumns) return [...beside(start, `${who}  ${row.text}`, columns), ...under(start)];
    const indent = `${start}${who}  `;
    return [...beside(indent, row.text, columns), ...under(indent)];
  });
}

/** For screen readers and other programs: each fact on a line of its own, with its name before it. */
export function plainLines(told: Told): string[] {
  return [
    headWords(told),
    ...chainRows(told).map((part) => {
      if (part.kind === 'more') return part.text;
      const { link, text, where } = part;
      const status = `${oneLine(link.task.id)} is ${link.task.status}: ${text}`;
      return [`${link.waits.length === 0 ? 'first cause' : 'then'}: ${status}`, ...where].join('; ');
    }),
    ...factRows(told).map(
      ([label, text], i, rows) =>
        `${label || labelBefore(rows, i)}: ${text.replaceAll(/ {2,}/g, '; ').replaceAll(' · ', '; ')}`,
    ),
    ...(told.latest.length === 0 ? [] : [latestWords(told)]),
    ...told.latest.map((moment) => {
      const { time, from, to } = moment;
      const change = from === undefined || from === to ? to : `${from} to ${to}`;
      const when = time ? localMoment(time) : 'no time';
      return [when, change, howWords(moment, '; ')].filter(Boolean).join('; ');
    }),
  ];
}

function labelBefore(rows: readonly Row[], i: number): string {
  return rows.slice(0, i).findLast(([label]) => label !== '')?.[0] ?? '';
}

function headWords({ task, reason }: Told): string {
  return `${oneLine(task.id)} ${oneLine(reason.text)}`.replace(/(?<![.?])$/, '.');
}

type ChainRow =
  | { kind: 'link'; label: string; link: Link; text: string; where: string[] }
  | { kind: 'more'; text: string };

/** The tasks it waits for, the first causes before the others. */
function chainRows({ standing, reason: { chain } }: Told): ChainRow[] {
  const causes = causesIn(chain);
  const shown = [...causes, ...chain.filter((link) => link.waits.length > 0)].slice(0, LINKS);
  const more = chain.length - shown.length;
  return [
    ...shown.map((link, i): ChainRow => {
      const label = i === 0 ? 'first' : i === causes.length ? 'then' : '';
      const [words] = forTask(standing, link.task);
      const command = words === undefined ? [] : [asCommand(...words)];
      const where = link.waits.length > 0 ? [] : [statusLine(link.task), ...command];
      return { kind: 'link', label, link, text: oneLine(linkText(standing, link)), where };
    }),
    ...(more === 0 ? [] : [{ kind: 'more', text: `… and ${count(more)} more: runbook list` } as const]),
  ];
}

type Row = readonly [label: string, text: string];

/** The words are the same on every screen. */
function factRows(told: Told): Row[] {
  const { task, reason, log } = told;
  return [
    ...many(
      'to go on',
      reason.commands.map((words) => asCommand(...words)),
    ),
    ...many('set', setWords(told)),
    ...many('written', task.homes.map(homeWords)),
    ...many('last run', lastRunWords(task)),
    ...many('log', log === undefined ? [] : [log]),
  ];
}

function many(label: string, texts: readonly string[]): Row[] {
  return texts.map((text, i) => [i === 0 ? label : '', text]);
}

function setWords({ unsettled, setBy, task, reason }: Told): string[] {
  if (unsettled) return [unsettledWords(unsettled)];
  if (!setBy) return [`as it was written: the journal tells of no change to ${task.status}`];
  const when = setBy.time ? `${localMoment(setBy.time)} (${ago(setBy.time, new Date())})` : '';
  // What stands at the top already, as the issue of a task in ERROR does, is not said again.
  const isSaid = task.status === 'ERROR' || (setBy.note !== undefined && reason.text.includes(setBy.note));
  const how = howWords(isSaid ? { ...setBy, note: undefined } : setBy);
  const what = [when, how].filter(Boolean).join(' · ');
  return setBy.runId === undefined ? [what] : [what, `in run ${oneLine(setBy.runId)}`];
}

function unsettledWords({ kind, from, to, at, mend }: Change): string {
  const agree = mend.length === 0 ? '' : `; ${mend.join(' and ')} will be brought to agree`;
  switch (kind) {
    case 'handEdit':
      return `your edit of ${at} · it was ${from} · not journaled yet: the next command that writes does that${agree}`;
    case 'readied':
      return `nothing is left to wait for · at ${at} it is ${from} still: the next start writes it`;
    case 'recovered':
      return `a run that was killed before all was written · the next start writes ${to}${agree}`;
    default:
      return unreachable(kind);
  }
}

function lastRunWords({ lastRun, issues, status }: Task): string[] {
  const time = typeof lastRun?.['timestamp'] === 'string' ? new Date(lastRun['timestamp']) : undefined;
  const when = time && !Number.isNaN(time.getTime()) ? `, ${ago(time, new Date())}` : '';
  const outcome = lastRun?.['outcome'];
  const last = issues.at(-1);
  return [
    ...(outcome === undefined ? [] : [`${String(outcome)}${when}`]),
    ...(last === undefined || (status === 'ERROR' && !last.resolution) ? [] : [issueWords(last)]),
  ].map(oneLine);
}

function issueWords({ type, detail, resolution }: Issue): string {
  return `${issueInWords(type, detail)} (${resolution ? `settled: ${resolution}` : 'open'})`;
}

function homeWords(home: Home): string {
  return `${homeLine(home)}  ${home.status ?? 'no status, which is PENDING'}`;
}

function latestWords({ earlier, latest, task }: Told): string {
  const changes = earlier === 0 ? 'changes' : `the last ${latest.length} changes, ${count(earlier)} earlier`;
  return `${changes}: ${asCommand('history', task.id)}`;
}
