// How `why` and `history` tell a moment of the journal: as data, and as the rows of a screen.
import type { Moment } from '../story.ts';
import type { Palette } from '../terminal/colour.ts';
import { duration, flow, money, oneLine, pad, plural, width, wrap } from '../terminal/words.ts';

export function momentData(moment: Moment) {
  return {
    timestamp: moment.time?.toISOString() ?? null,
    run_id: moment.runId ?? null,
    task_id: moment.taskId ?? null,
    event_type: moment.eventType,
    from: moment.from ?? null,
    to: moment.to ?? null,
    by: moment.by,
    command: moment.command ?? null,
    at: moment.at ?? null,
    decided_by: moment.decidedBy ?? null,
    started: moment.started?.toISOString() ?? null,
    ms: moment.ms ?? null,
    cost_usd: moment.cost ?? null,
    log: moment.log ?? null,
    note: moment.note ?? null,
  };
}

/** How it came about: `21.4 s · $0.0010 · decided by you`, `runbook skip: not needed`, `your edit of runbook.yaml:12`. */
export function howWords(moment: Moment, separator = ' · '): string {
  const { ms, cost, decidedBy, isDetail } = moment;
  const figures = [ms === undefined ? '' : duration(ms), cost ? money(cost) : ''];
  const decided = decidedBy === undefined || decidedBy === 'nobody' ? '' : `decided by ${oneLine(whoWords(decidedBy))}`;
  const parts = isDetail ? [said(moment), ...figures] : [...figures, said(moment), decided];
  return parts.filter(Boolean).join(separator);
}

function said({ by, command, at, note: text }: Moment): string {
  const note = oneLine(text ?? '');
  if (by === 'command') return `runbook ${oneLine(command ?? '')}${note === '' ? '' : `: ${note}`}`;
  if (by === 'hand' && at !== undefined) return [`your edit of ${oneLine(at)}`, note].filter(Boolean).join('; ');
  return note;
}

function whoWords(by: string): string {
  return by === 'person' ? 'you' : by;
}

/** `READY → DONE`; one status alone where it stayed, nothing where the moment is about none. */
function changeWords({ from, to, isDetail }: Moment, palette?: Palette): string {
  if (to === undefined || isDetail) return '';
  const words = from === undefined || from === to ? [to] : [from, to];
  return words.map((status) => palette?.status(status) ?? status).join(' → ');
}

/** What stands before the change of status in a row: the time, and the task where there are several. */
export type Head = (moment: Moment) => string;

/** A row for each moment, in columns; on a narrow screen what does not fit beside the head stands below it. */
export function momentRows(moments: readonly Moment[], head: Head, columns: number, palette: Palette): string[][] {
  const changes = Math.max(0, ...moments.map((moment) => width(changeWords(moment))));
  return moments.map((moment) => {
    const change = changeWords(moment, palette);
    const how = howWords(moment);
    const before = `${head(moment)}  ${change === '' ? '' : `${pad(change, changes)}  `}`;
    const room = columns - width(before);
    if (room >= Math.min(NARROWEST, width(how))) return beside(before, how, columns);
    const start = head(moment).trimEnd();
    const below = ' '.repeat(start.length - start.trimStart().length + 2);
    const isBeside = change !== '' && width(start) + 2 + width(change) <= columns;
    return isBeside
      ? [`${start}  ${change}`, ...beside(below, how, columns)]
      : [start, ...beside(below, [change, how].filter(Boolean).join(' · '), columns)];
  });
}

/** So many columns are enough for a column of text. */
const NARROWEST = 24;

/** The text in lines behind `start`, each below the one before; broken between its items (` · `) where that is enough. */
export function beside(start: string, text: string, columns: number): string[] {
  const indent = width(start);
  const room = Math.max(10, columns - indent);
  const items = text.split(' · ');
  const lines = items.every((item) => width(item) <= room) ? flow(items, ' · ', room) : wrap(text, room);
  return lines.map((line, i) => `${i === 0 ? start : ' '.repeat(indent)}${line}`.trimEnd());
}

export function unreadableWords(lines: number, journal: string): string {
  const were = lines === 1 ? 'was' : 'were';
  return `${plural(lines, 'line')} of ${journal} could not be read, and ${were} stepped over.`;
}
