// What is said of a task before it starts: its first line, and what will be done.
import { unreachable } from '../errors.ts';
import type { StepPlan } from '../events.ts';
import type { Task } from '../runbook/task.ts';
import { renderMarkdown } from './markdown.ts';
import { inRows, type Page } from './page.ts';
import { count, fit, limit, money, oneLine, plural, spread, wrap } from './words.ts';

export function sayHead(page: Page, { task, step, of }: { task: Task; step: number; of: number }): void {
  const { palette } = page;
  const columns = page.columns;
  const title = fit(`▶ ${oneLine(task.id)}${page.named(task)}`, columns);
  const right = `step ${step} of ${of}`;
  const line = spread(title, right, columns);
  const painted = line.replace(oneLine(task.id), (id) => palette.bold(id)).replace(right, palette.dim(right));
  page.say(...(page.hasText && !page.screen.sideBySide ? [''] : []), painted);
}

export function planRows(page: Page, plan: StepPlan, description: string | undefined): string[] {
  const { palette, columns } = page;
  const about =
    description === undefined ? [] : wrap(page.line(description), columns - 2).map((line) => `  ${palette.dim(line)}`);
  switch (plan.kind) {
    case 'script': {
      const limits = [
        `in ${oneLine(plan.cwd)}`,
        plan.timeoutMs === undefined ? '' : `at most ${limit(plan.timeoutMs)}`,
        plan.retries === 0 ? '' : plural(plan.retries, 'retry').replace('retrys', 'retries'),
      ];
      const [first = '', ...rest] = page.text(plan.command).trimEnd().split('\n');
      return [
        ...about,
        spread(`  ${first}`, palette.dim(limits.filter(Boolean).join(' · ')), columns),
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
      const { cost: price, budgetLeft } = plan;
      const cost = price === undefined ? 'cost unknown' : `about ${money(price)}`;
      const counts = price === undefined ? 'the budget can’t count it' : undefined;
      const budget =
        budgetLeft === undefined || plan.provider === 'paste'
          ? ''
          : (counts ?? `${money(budgetLeft)} of the budget left`);
      const sources = plan.context.map(({ source, chars }) => `${oneLine(source)} (${count(Math.ceil(chars / 4))})`);
      return [
        ...about,
        ...inRows(
          [
            oneLine(plan.model),
            oneLine(plan.template),
            plural(plan.tokens, 'token'),
            plan.provider === 'paste' || plan.provider === 'scripted' ? '' : cost,
            budget,
          ],
          columns,
        ),
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
