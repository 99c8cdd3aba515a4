// A runbook as a checklist in Markdown that `import` reads again: a box for each task, its headings from its name, and in a comment
// that nobody sees its id, what it depends on, and the status that a box can't say.
import { commandLine, type Runbook, type Task } from '../runbook/task.ts';
import { markText } from './mark.ts';
import { type Item, type Outline, readOutline, type Section } from './markdown.ts';

export function toMarkdown({ name, description, tasks }: Runbook): string {
  const named = tasks.map((task) => ({ task, parts: task.name.split(' / ') }));
  // Markdown has no way back out of a section.
  const isApart = named.every(({ parts }, i) => parts.length > 1 || (named[i - 1]?.parts.length ?? 1) === 1);
  const withHeadings = isApart && named.every(({ parts }) => parts.length <= 6 && parts.slice(0, -1).every(isHeading));
  const blocks: string[] = [`# ${isHeading(name) ? name : escaped(name)}`];
  if (description !== undefined && description.trim() !== '') blocks.push(safe(description));
  let above: readonly string[] = [];
  let items: string[] = [];
  const flush = () => {
    if (items.length > 0) blocks.push(items.join(items.some((item) => item.includes('\n')) ? '\n\n' : '\n'));
    items = [];
  };
  for (const { task, parts } of named) {
    const headings = withHeadings ? parts.slice(0, -1) : [];
    const opened = openedBy(above, headings);
    if (opened.length > 0) flush();
    blocks.push(...opened);
    above = headings;
    items.push(itemOf(task, withHeadings ? (parts.at(-1) ?? task.name) : task.name));
  }
  flush();
  return `${blocks.join('\n\n')}\n`;
}

/** The headings that lead from one section to another. */
function openedBy(before: readonly string[], now: readonly string[]): string[] {
  if (before.length === now.length && before.every((title, i) => title === now[i])) return [];
  const differing = now.findIndex((title, i) => title !== before[i]);
  const from = differing < 0 ? now.length - 1 : differing;
  return now.slice(from).map((title, i) => `${'#'.repeat(from + i + 2)} ${title}`);
}

function itemOf(task: Task, text: string): string {
  const { id, dependsOn, status } = task;
  const held = status === 'ERROR' || status === 'SKIPPED' ? { status } : {};
  const mark = markText({ id, ...(dependsOn.length > 0 ? { after: dependsOn } : {}), ...held });
  const work = workOf(task).map((block) => `\n\n${block.replaceAll(/^(?=.)/gm, '  ')}`);
  return `- [${status === 'DONE' ? 'x' : ' '}] ${asText(text)} ${mark}${work.join('')}`;
}

function workOf({ description, instructions, script, type }: Task): string[] {
  const steps =
    typeof instructions === 'string' ? instructions : (instructions ?? []).map((step) => `- ${step}`).join('\n');
  const text = [description ?? '', type === 'MANUAL' ? steps : '']
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const blocks = text.length > 0 ? [safe(text.join('\n\n'))] : [];
  if (type !== 'AUTOMATED_SCRIPT' || !script) return blocks;
  const { command } = script;
  const language = command.kind === 'shell' && ['bash', 'zsh'].includes(command.shell ?? '') ? command.shell : 'sh';
  const line = commandLine(command).replaceAll('\r', '').trimEnd();
  const fence = '`'.repeat(Math.max(3, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return [...blocks, `${fence}${language}\n${line}\n${fence}`];
}

/** A text in which `import` would find steps is quoted: it then takes it as text. */
function safe(text: string): string {
  const lines = text.trim().replaceAll(/\r\n?/g, '\n');
  const { title, top } = readOutline(lines, '');
  // Also a block of code that is never closed would swallow what comes behind it.
  const item = readAs(`- [ ] x\n\n${lines.replaceAll(/^(?=.)/gm, '  ')}\n\n  \`\`\`sh\n  x\n  \`\`\``);
  const isText = title === undefined && !hasSteps(top) && item?.body === lines && item.scripts.length === 1;
  return isText ? lines : lines.replaceAll(/^/gm, '> ').replaceAll(/ +$/gm, '');
}

function hasSteps({ lists, sections, scripts }: Section): boolean {
  return lists.length > 0 || sections.length > 0 || scripts.length > 0;
}

/** The name, so written that it is read back as it is. */
function asText(name: string): string {
  const plain = name.replaceAll(/\s+/g, ' ').trim();
  return readAs(`- [ ] ${plain} <!-- id: x -->`)?.text === plain ? plain : escaped(plain);
}

function readAs(markdown: string): Item | undefined {
  const { top, title }: Outline = readOutline(markdown, '');
  const [list, ...lists] = top.lists;
  const [item, ...items] = list?.items ?? [];
  return title === undefined && lists.length + items.length + top.sections.length + (item?.lists.length ?? 0) === 0
    ? item
    : undefined;
}

function isHeading(title: string): boolean {
  const [section] = readOutline(`## ${title}\n`, '').top.sections;
  return title.trim() !== '' && section?.title === title && !section.ticked;
}

function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]()<>#+\-.!|~&:@/]/g, (found) => `\\${found}`);
}
