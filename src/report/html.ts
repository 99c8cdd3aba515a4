// A report as one HTML file that can be sent: all in it, no script, and a policy by which a browser fetches and runs nothing.
import { howWords, unreadableWords } from '../commands/telling.ts';
import { paintOf } from '../graph/colours.ts';
import { escaped } from '../graph/escaped.ts';
import { SIGNS, svgOf } from '../graph/svg.ts';
import { MARK } from '../marked.ts';
import { STATUSES, type Status } from '../runbook/vocabulary.ts';
import type { Moment } from '../story.ts';
import { count } from '../terminal/words.ts';
import type { Report, TaskReport } from './report.ts';
import { timelineOf } from './timeline.ts';
import { changeWords, figuresOf, taskFigures, whenWords, zone } from './words.ts';

export function htmlOf(report: Report): string {
  const { name, tasks, moments, graph } = report;
  const timeline = timelineOf(moments);
  return [
    '<!doctype html>',
    `<!-- ${MARK} report -->`,
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(name)}: report</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    ...headOf(report),
    ...errorsOf(tasks),
    ...(timeline === undefined
      ? []
      : section(
          'Timeline',
          `<figure>${timeline}</figure><p class="quiet">Time in which nothing ran is cut out; a dashed line stands where it went on.</p>`,
        )),
    ...(tasks.length === 0 ? [] : section('Order', `<figure>${svgOf(graph)}</figure>`)),
    ...section('Tasks', tasksOf(tasks)),
    ...section('What happened', happenedOf(report)),
    '</body>',
    '</html>',
  ].join('\n');
}

function headOf(report: Report): string[] {
  const { name, description, at } = report;
  return [
    `<header><h1 dir="auto">${escaped(name)}</h1>`,
    ...(description ? description.split(/\n{2,}/).map((text) => `<p dir="auto">${escaped(text)}</p>`) : []),
    `<ul class="figures">${figuresOf(report)
      .map((figure) => `<li>${figure}</li>`)
      .join('')}</ul>`,
    `<p class="quiet">As of ${whenWords(at)} (${escaped(zone())}).</p></header>`,
  ];
}

function errorsOf(tasks: readonly TaskReport[]): string[] {
  const items = tasks.flatMap(({ id, issue }) =>
    issue === undefined ? [] : [`<li><code>${escaped(id)}</code> <span dir="auto">${escaped(issue)}</span></li>`],
  );
  return items.length === 0 ? [] : section('In error', `<ul class="errors">${items.join('')}</ul>`);
}

function tasksOf(tasks: readonly TaskReport[]): string {
  if (tasks.length === 0) return '<p>There are no tasks yet.</p>';
  const rows = tasks.map((task) => [
    `<code>${escaped(task.id)}</code>`,
    task.name === task.id ? '' : escaped(task.name),
    badge(task.status),
    ...taskFigures(task),
  ]);
  return table('tasks', ['Task', 'Name', 'Status', 'Starts', 'Retries', 'Time', 'Cost'], rows);
}

function happenedOf({ moments, earlier, journal, unreadable }: Report): string {
  const rows = moments.map((moment) => [
    whenWords(moment.time),
    moment.taskId === undefined ? '(runbook)' : `<code>${escaped(moment.taskId)}</code>`,
    changeOf(moment),
    escaped(howWords(moment)),
  ]);
  return [
    earlier > 0
      ? `<p>${count(earlier)} earlier changes are left out: <code>runbook history --limit all</code> tells them.</p>`
      : '',
    rows.length > 0
      ? table('moments', ['Time', 'Task', 'Change', 'How'], rows)
      : '<p>Nothing yet: the journal tells of no change.</p>',
    unreadable > 0 ? `<p>${escaped(unreadableWords(unreadable, journal))}</p>` : '',
  ].join('');
}

function changeOf(moment: Moment): string {
  const { to } = moment;
  return to === undefined ? '' : `<span class="s ${to}">${changeWords(moment)}</span>`;
}

function badge(status: Status): string {
  return `<span class="s ${status}">${SIGNS[status]} ${status}</span>`;
}

function section(title: string, content: string): string[] {
  return [`<section><h2>${title}</h2>`, content, '</section>'];
}

/** The cells are HTML already. */
function table(kind: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], cell: string) =>
    `<tr>${cells.map((text) => `<${cell} dir="auto">${text}</${cell.split(' ')[0]}>`).join('')}</tr>`;
  return [
    `<div class="wide"><table class="${kind}"><thead>${line(head, 'th scope="col"')}</thead><tbody>`,
    ...rows.map((cells) => line(cells, 'td')),
    '</tbody></table></div>',
  ].join('\n');
}

const STYLE = [
  ':root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--quiet:#57606a;--line:#d8dee4;--band:#f4f6f8}',
  '@media (prefers-color-scheme:dark){:root{--paper:#15181d;--ink:#e6e8eb;--quiet:#9aa3af;--line:#343a43;--band:#1c2026}}',
  'body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:16px/1.5 ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif}h1,p,li{overflow-wrap:anywhere}',
  'h1{font-size:1.8rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p{margin:.4rem 0}.quiet{color:var(--quiet);font-size:.9rem}',
  '.figures{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:1rem 0 .6rem}.figures li{border:1px solid var(--line);border-radius:6px;padding:.2rem .7rem;background:var(--band);font-weight:600}',
  '.errors{list-style:none;padding:0}.errors li{border-left:4px solid #c92a2a;padding:.3rem .8rem;margin:.4rem 0;background:var(--band)}',
  'figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:auto;max-height:85vh}figure svg{display:block;margin:0 auto}',
  'code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}',
  '.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:start;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}th{color:var(--quiet);font-weight:600}',
  '.tasks :is(th,td):nth-child(n+4){text-align:right;white-space:nowrap}.moments td:first-child,.s{white-space:nowrap}td{font-variant-numeric:tabular-nums}',
  '.s{font-size:.8rem;font-weight:600}',
  ...STATUSES.map((status) => `.s.${status}{color:${paintOf(status).ink}}`),
  `@media (prefers-color-scheme:dark){${STATUSES.map((status) => `.s.${status}{color:${paintOf(status).fill}}`).join('')}}`,
  '@media print{th,td{overflow-wrap:anywhere}body{max-width:none;padding:0;font-size:11pt}figure{overflow:visible;max-height:none;border:0}figure svg{max-width:100%;height:auto}tr,figure,.errors li{break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}',
].join('\n');
