// A report as Markdown, as GitHub reads it; the graph in Mermaid, which it draws.
import { howWords, unreadableWords } from '../commands/telling.ts';
import { mermaidLines } from '../graph/diagrams.ts';
import { MARK } from '../marked.ts';
import type { Moment } from '../story.ts';
import { count } from '../terminal/words.ts';
import type { Report, TaskReport } from './report.ts';
import { changeWords, figuresOf, taskFigures, whenWords, zone } from './words.ts';

export function markdownOf(report: Report): string {
  const { name, description, tasks, moments, earlier, journal, unreadable, graph } = report;
  const errors = tasks.filter(({ issue }) => issue !== undefined);
  return [
    `<!-- ${MARK} report -->`,
    `# ${plain(name)}`,
    ...(description
      ? [
          description
            .split(/\n{2,}/)
            .map(plain)
            .join('\n\n'),
        ]
      : []),
    `**${figuresOf(report).join(' · ')}**, as of ${whenWords(report.at)} (${plain(zone())})`,
    ...(errors.length > 0 ? ['## In error', errors.map(errorItem).join('\n')] : []),
    '## Tasks',
    table(
      ['Task', 'Name', 'Status', 'Starts', 'Retries', 'Time', 'Cost'],
      tasks.map(taskRow),
      '---|---|---|--:|--:|--:|--:',
    ),
    ...(tasks.length > 0 ? ['## Order', `\`\`\`mermaid\n${mermaidLines(graph).join('\n')}\n\`\`\``] : []),
    '## What happened',
    ...(earlier > 0
      ? [`${count(earlier)} earlier changes are left out: \`runbook history --limit all\` tells them.`]
      : []),
    moments.length === 0
      ? 'Nothing yet: the journal tells of no change.'
      : table(['Time', 'Task', 'Change', 'How'], moments.map(momentRow), '---|---|---|---'),
    ...(unreadable > 0 ? [plain(unreadableWords(unreadable, journal))] : []),
  ].join('\n\n');
}

function errorItem({ id, issue }: TaskReport): string {
  return `- ${code(id)}: ${plain(issue ?? '')}`;
}

function taskRow(task: TaskReport): string[] {
  return [code(task.id), task.name === task.id ? '' : plain(task.name), task.status, ...taskFigures(task)];
}

function momentRow(moment: Moment): string[] {
  const { taskId } = moment;
  const who = taskId === undefined ? '(runbook)' : code(taskId);
  return [whenWords(moment.time), who, changeWords(moment), plain(howWords(moment))];
}

function table(head: readonly string[], rows: readonly (readonly string[])[], line: string): string {
  return [head, ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .toSpliced(1, 0, `|${line}|`)
    .join('\n');
}

/** Nothing in it means anything to Markdown or to HTML: no link, picture, heading, list, emoji or formula. */
function plain(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]#|~$]|^\s*[-+=]|:(?=\S)|[<>&@]/gm, (sign) =>
      /^[<>&@:]$/.test(sign) ? `&#${sign.charCodeAt(0)};` : `\\${sign.trim()}`,
    )
    .replaceAll(/^(\s*\d+)([.)])(?=\s|$)/gm, '$1\\$2');
}

/** In a table, a bar ends a cell even here. */
function code(text: string): string {
  const inner = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(inner + 1);
  const gap = inner > 0 ? ' ' : '';
  return `${fence}${gap}${text.replaceAll('|', '\\|')}${gap}${fence}`;
}
