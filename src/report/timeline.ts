// When each task was at work, as a drawing: a row for each task, a bar for each start. Time in which nothing ran is cut out.

import { paintOf } from '../graph/colours.ts';
import { escaped } from '../graph/escaped.ts';
import { SIGNS } from '../graph/svg.ts';
import { STATUSES, type Status } from '../runbook/vocabulary.ts';
import type { Moment } from '../story.ts';
import { duration, fit, localDate, localTime, width } from '../terminal/words.ts';

interface Bar {
  readonly task: string;
  readonly from: number;
  readonly to: number;
  readonly status: Status;
}

/** The latest starts; more would be no drawing. */
const MOST_BARS = 150;
const LEFT = 210;
/** With what stands on both sides of it, as wide as the page. */
const WIDTH = 556;
const ROW = 24;
const TOP = 34;
/** For a stretch in which nothing ran. */
const CUT = 26;
const LEAST = 4;

/** Undefined if the journal tells of no start that has ended. */
export function timelineOf(moments: readonly Moment[]): string | undefined {
  const bars = moments.flatMap(barOf).slice(-MOST_BARS);
  if (bars.length === 0) return undefined;
  const tasks = [...new Set(bars.map(({ task }) => task))];
  const { stretches, at, right } = axisOf(bars);
  const height = TOP + tasks.length * ROW + 8;
  const wide = Math.ceil(right + 90);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rb-time" width="${wide}" height="${height}" viewBox="0 0 ${wide} ${height}" role="img" aria-labelledby="rb-time-title">`,
    '<title id="rb-time-title">When each task was at work. The table below says the same in words.</title>',
    `<style>${STYLE}</style>`,
    ...tasks.map((task, row) => rowOf(task, row, wide)),
    ...ticksOf(stretches, at, height),
    ...bars.map((bar, i) => drawn(bar, tasks.indexOf(bar.task), at, roomBehind(bars, i, at, wide))),
    '</svg>',
  ].join('\n');
}

function barOf({ taskId, started, time, to }: Moment): Bar[] {
  if (taskId === undefined || !started || !time || to === undefined || time < started) return [];
  return [{ task: taskId, from: started.getTime(), to: time.getTime(), status: to }];
}

interface Stretch {
  readonly from: number;
  to: number;
}

interface Axis {
  readonly stretches: readonly Stretch[];
  readonly at: (time: number) => number;
  readonly right: number;
}

/** Where a time stands: the stretches in which something ran share the width, as long as each is. */
function axisOf(bars: readonly Bar[]): Axis {
  const sorted = bars.toSorted((a, b) => a.from - b.from);
  const busy = bars.reduce((sum, { from, to }) => sum + to - from, 0);
  const idle = Math.max(5000, busy / 10);
  const stretches: Stretch[] = [];
  for (const { from, to } of sorted) {
    const last = stretches.at(-1);
    if (last && from - last.to <= idle) last.to = Math.max(last.to, to);
    else stretches.push({ from, to });
  }
  const total = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const scale = WIDTH / Math.max(1, total);
  const starts: number[] = [];
  let x = LEFT;
  for (const { from, to } of stretches) {
    starts.push(x);
    x += (to - from) * scale + CUT;
  }
  const at = (time: number) => {
    const index = Math.max(
      0,
      stretches.findLastIndex(({ from }) => from <= time),
    );
    return (starts[index] ?? LEFT) + (time - (stretches[index]?.from ?? time)) * scale;
  };
  return { stretches, at, right: x - CUT };
}

function rowOf(task: string, row: number, wide: number): string {
  const y = TOP + row * ROW;
  const band = row % 2 === 0 ? `<rect class="b" x="0" y="${y}" width="${wide}" height="${ROW}"/>` : '';
  return `${band}<text x="8" y="${y + 16}">${escaped(fit(task, 25))}</text>`;
}

/** The time at which each stretch begins, where there is room for it; the day where it is another than before. */
function ticksOf(stretches: readonly Stretch[], at: Axis['at'], height: number): string[] {
  let free = 0;
  let day = '';
  return stretches.map(({ from }) => {
    const x = round(at(from));
    const time = new Date(from);
    const line = `<path class="t" d="M${x} ${TOP - 4}V${height - 8}"/>`;
    if (x < free) return line;
    free = x + 76;
    const date = localDate(time);
    const above = date === day ? '' : `<text class="d" x="${x}" y="14">${date}</text>`;
    day = date;
    return `${line}${above}<text class="d" x="${x}" y="27">${localTime(time)}</text>`;
  });
}

function drawn(bar: Bar, row: number, at: Axis['at'], room: number): string {
  const x = round(at(bar.from));
  const wide = Math.max(LEAST, round(at(bar.to) - at(bar.from)));
  const y = TOP + row * ROW + 5;
  const took = duration(bar.to - bar.from);
  const beside = `${SIGNS[bar.status]} ${took}`;
  const said = `${bar.task}: ${localTime(new Date(bar.from))}, ${took}, then ${bar.status}`;
  const label =
    width(beside) * 7 + wide + 8 < room ? `<text class="d" x="${x + wide + 5}" y="${y + 11}">${beside}</text>` : '';
  return `<g class="${bar.status}"><title>${escaped(said)}</title><rect x="${x}" y="${y}" width="${wide}" height="14" rx="3"/>${label}</g>`;
}

/** From the beginning of a bar to that of the next one of the same task. */
function roomBehind(bars: readonly Bar[], index: number, at: Axis['at'], wide: number): number {
  const bar = bars[index];
  if (!bar) return 0;
  const next = bars.find(({ task, from }, i) => i !== index && task === bar.task && from >= bar.from);
  return (next ? at(next.from) : wide) - at(bar.from);
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

const STYLE = [
  '.rb-time{background:#fff}',
  '.rb-time text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}',
  '.rb-time .d{font-size:11px;fill:#57606a}.rb-time .b{fill:#f4f6f8}.rb-time .t{stroke:#c4cad2;stroke-dasharray:2 3}',
  ...STATUSES.map((status) => `.rb-time .${status} rect{fill:${paintOf(status).stroke}}`),
  '@media (prefers-color-scheme:dark){.rb-time{background:#15181d}.rb-time text{fill:#e6e8eb}.rb-time .d{fill:#9aa3af}.rb-time .b{fill:#1c2026}.rb-time .t{stroke:#3d434c}}',
].join('');
