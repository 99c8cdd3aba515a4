// Where a task stands now: how it ended, how it was found, and what comes after it.
import type { EndRecord, Event, Usage } from '../events.ts';
import { openIssue } from '../runbook/task.ts';
import { indented, inRows, type Page } from './page.ts';
import { ago, asCommand, duration, harmless, money, oneLine, plural, spread, wrap } from './words.ts';

export function sayEnd(page: Page, { taskId, to, record }: Event & { kind: 'ended' }): void {
  const { palette } = page;
  const mark = { DONE: '✔', ERROR: '✘', SKIPPED: '↷', PENDING: '·', READY: '○', RUNNING: '◌' }[to];
  const figures = figuresOf(record).join(' · ');
  const left = [`${mark} ${to}`, oneLine(taskId), figures].filter(Boolean).join('  ');
  const line = spread(left, record.log ?? '', page.columns);
  page.say(line.replace(`${mark} ${to}`, palette.status(to, `${mark} ${to}`)));
  if (to !== 'ERROR') return;
  for (const issue of record.issues.slice(-1)) page.say(...indented(inShort(page.redact(issue.detail), 4)));
  page.say(
    ...inRows(
      [`${palette.dim('next:')} mend it, then ${palette.bold(asCommand('retry', taskId))}`, asCommand('show', taskId)],
      page.columns,
    ),
  );
}

export function sayUpNext(page: Page, { task, remaining }: Event & { kind: 'upNext' }): void {
  const { palette } = page;
  if (page.screen.quiet) return;
  if (task) page.say(`  ${palette.dim('next:')} ${palette.bold(oneLine(task.id))}${page.named(task)}`);
  else if (remaining === 0) page.say(`  ${palette.good('all done')}`);
  else
    page.say(
      `  ${palette.dim('next:')} nothing is READY; ${plural(remaining, 'task')} ${remaining === 1 ? 'waits' : 'wait'}. runbook status`,
    );
}

export function sayNotSaved(page: Page, { taskId, to }: Event & { kind: 'notSaved' }): void {
  page.say(
    `${oneLine(taskId)} came to ${page.palette.status(to)}, but its files can’t be written now.`,
    '  The journal has it: the next start brings it into them. Nothing runs twice.',
  );
}

export function sayPutBack(page: Page, { taskId, to }: Event & { kind: 'putBack' }): void {
  const { palette } = page;
  page.say(`${palette.status('READY', '○')} left  ${oneLine(taskId)} is ${palette.status(to)} again`);
}

export function sayLeftRunning(page: Page, { taskId }: Event & { kind: 'leftRunning' }): void {
  const { palette } = page;
  page.sentence(
    `${palette.status('RUNNING', '◌')} ${oneLine(taskId)} stays ${palette.status('RUNNING')}: it may have done part of its work.`,
  );
  page.say('  runbook next  asks what to do about it');
}

export function sayTaken(page: Page, taskId: string, by: string): void {
  const { palette } = page;
  if (page.screen.quiet) return;
  const [id, name] = [page.line(taskId), page.line(by)];
  page.sentence(`${palette.status('RUNNING', '◌')} ${id} is ${palette.status('RUNNING')}: ${name} has it now.`);
  page.sentence(`  ${asCommand('done', taskId)}  gives it back`);
}

export function sayFoundError(page: Page, { task, issue }: Event & { kind: 'foundError' }): void {
  const { palette } = page;
  const { file, line } = task.place('status');
  page.say(
    `${palette.status('ERROR', '✘ ERROR')}  ${palette.bold(oneLine(task.id))}${page.named(task)}  ${palette.dim(`${oneLine(file)}:${line}`)}`,
  );
  const last = issue ?? openIssue(task);
  if (last) page.say(...indented(inShort(page.redact([last.type, last.detail].filter(Boolean).join(': ')), 4)));
  const commands = ['retry', 'skip', 'show'].map((name) => asCommand(name, task.id));
  commands[0] = palette.bold(commands[0] ?? '');
  page.say(...inRows(commands, page.columns), '');
}

export function sayInterrupted(page: Page, event: Event & { kind: 'foundInterrupted' }): void {
  page.say(...interruptedWords(page, event).flatMap((sentence) => wrap(sentence, page.columns)), '');
}

export function interruptedWords(
  page: Page,
  { task, holder, log, survivors }: Event & { kind: 'foundInterrupted' },
): string[] {
  const { palette, screen } = page;
  const who = holder
    ? `when the runner on host \`${oneLine(holder.host)}\` (pid ${holder.pid}, started ${ago(new Date(holder.since), screen.now())}) ended`
    : 'and no runner is at it';
  const what = {
    MANUAL: 'You may have done part of it',
    AI_ASSISTED: 'Its reply was not accepted',
    AUTOMATED_SCRIPT: 'Its script may have done part of its work',
  }[task.type];
  return [
    `${palette.bold(oneLine(task.id))} was ${palette.status('RUNNING')} ${who}.`,
    `${what}${log ? `; its log ends at ${log}` : ''}.`,
    ...survivors.map(({ pid, command }) => `It still runs: ${page.line(command)} (pid ${pid}).`),
  ];
}

/** `21.4 s`, `2,300 tokens`, `$0.0010` */
export function figuresOf({ ms, usage }: EndRecord): string[] {
  return [...(ms === undefined ? [] : [duration(ms)]), ...(usage ? usageOf(usage) : [])];
}

function usageOf({ inputTokens, outputTokens, cost }: Usage): string[] {
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  return tokens === 0 ? [] : [plural(tokens, 'token'), cost === undefined ? 'cost unknown' : money(cost)];
}

/** The first line, which says what it is about, and the last ones, which tell most of why. */
export function inShort(text: string, most: number): string {
  const [first = '', ...rest] = harmless(text).trimEnd().split('\n');
  return [first, ...(rest.length < most ? rest : ['…', ...rest.slice(1 - most)])].join('\n');
}
