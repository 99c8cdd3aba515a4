// What is said of a task before it starts: its first line, and what will be done.
import { unreachable } from '../errors.ts';
import type { StepPlan } from '../events.ts';
import type { Task } from '../runbook/task.ts';
import { renderMarkdown } from './markdown.ts';
import { inRows, type Page } from './page.ts';
import { limit } from './times.ts';
import { count, fit, money, oneLine, plural, spread, wrap } from './words.ts';

export function headLines(page: Page, { task, step, of }: { task: Task; step: number; of: number }): string[] {
  const { palette } = page;
  const columns = page.columns;
  const title = fit(`▶ ${oneLine(task.id)}${page.named(task)}`, columns);
  const right = `step ${step} of ${of}`;
  const line = spread(title, right, columns);
  const painted = line.replace(oneLine(task.id), (id) => palette.bold(id)).replace(right, palette.dim(right));
  return [...(page.hasText && !page.screen.sideBySide ? [''] : []), painted];
}

export function planRows(page: Page, plan: StepPlan, description: string | undefined): string[] {
  const { palette, columns } = page;
  const about =
    description === undefined ? [] : wrap(page.line(description), columns - 2).map((line) => `  ${palette.dim(line)}`);
  switch (plan.kind) {
    case 'script': {
      const [first = '', ...rest] = page.text(plan.command).trimEnd().split('\n');
      return [
        ...about,
        spread(`  ${first}`, palette.dim(limitsOf(plan).join(' · ')), columns),
        ...rest.map((line) => `  ${line}`),
      ];
    }
    case 'manual': {
      const text =
        plan.instructions === '' ? [] : ['', renderMarkdown(page.redact(plan.instructions), columns, palette.on)];
      const steps =
        plan.steps.length === 0
          ? []
          : ['', ...plan.steps.flatMap((step, i) => wrap(`  ${i + 1}. ${page.line(step)}`, columns, '     '))];
      return [...(plan.instructions === description ? [] : about), ...text, ...steps];
    }
    case 'ai': {
      const sources = sourcesOf(plan);
      return [
        ...about,
        ...inRows([oneLine(plan.model), oneLine(plan.template), ...costsOf(plan)], columns),
        ...(sources.length < 2 ? [] : [palette.dim(fit(`  with ${sources.join(', ')}`, columns))]),
        ...(plan.doubt === undefined ? [] : wrap(`  ${palette.bad('!')} ${page.line(plan.doubt)}`, columns, '    ')),
        plan.writes.length === 0
          ? '  writes nothing: the reply goes to the log'
          : `  writes ${plan.writes.map(oneLine).join(', ')} once you accept`,
      ];
    }
    default:
      return unreachable(plan);
  }
}

/** Where a script runs, and how long and how often. */
export function limitsOf({ cwd, timeoutMs, retries }: StepPlan & { kind: 'script' }): string[] {
  return [
    `in ${oneLine(cwd)}`,
    timeoutMs === undefined ? '' : `at most ${limit(timeoutMs)}`,
    retries === 0 ? '' : plural(retries, 'retry').replace('retrys', 'retries'),
  ].filter(Boolean);
}

/** The size of a prompt, and what it is about to cost. */
export function costsOf({ provider, tokens, cost, budgetLeft }: StepPlan & { kind: 'ai' }): string[] {
  const about = cost === undefined ? 'cost unknown' : `about ${money(cost)}`;
  const counts = cost === undefined ? 'the budget can’t count it' : undefined;
  const budget =
    budgetLeft === undefined || provider === 'paste' ? '' : (counts ?? `${money(budgetLeft)} of the budget left`);
  const isFree = provider === 'paste' || provider === 'scripted';
  return [plural(tokens, 'token'), isFree ? '' : about, budget].filter(Boolean);
}

/** What a prompt is filled from, with its tokens. */
export function sourcesOf({ context }: StepPlan & { kind: 'ai' }): string[] {
  return context.map(({ source, chars }) => `${oneLine(source)} (${count(Math.ceil(chars / 4))})`);
}
