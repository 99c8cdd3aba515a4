// What there is to look at before a reply is accepted: the prompt, the diff, how the checks ended, what to look for.
import type { Event } from '../events.ts';
import { howItEnded } from '../handlers/checks.ts';
import { redacted, showProposal } from './diff.ts';
import { indented, type Page } from './page.ts';
import { fit, spread, wrap } from './words.ts';

/** How many lines of a proposal are shown before it is asked for more. */
export const DIFF_LINES = 40;

export function sayPrompt(page: Page, text: string): void {
  const rule = `  ${page.palette.dim('─'.repeat(page.columns - 4))}`;
  page.say(rule, ...indented(page.redact(text)), rule);
}

export function sayProposal(page: Page, { files, whole }: Event & { kind: 'proposed' }): void {
  const { palette } = page;
  const columns = page.columns;
  const rule = palette.dim(`  ${'─'.repeat(Math.max(10, columns - 4))}`);
  for (const proposal of files) {
    const file = redacted(proposal, (text) => page.redact(text));
    const most = whole ? Number.POSITIVE_INFINITY : DIFF_LINES;
    page.sayWhole(rule, ...showProposal(file, palette, columns - 2, most));
  }
  page.say(rule);
}

export function sayCheck(page: Page, { name, command, ok, result, tail }: Event & { kind: 'checkEnded' }): void {
  const { palette } = page;
  const mark = ok ? palette.good('✔') : palette.bad('✘');
  const how = [ok ? '' : howItEnded(result), name === command ? '' : command].filter(Boolean).join(': ');
  const line = spread(fit(`  ✔ ${page.line(name)}`, page.columns), fit(page.line(how), page.columns - 4), page.columns);
  page.say(line.replace('✔', mark));
  if (!ok && tail !== '')
    page.say(
      ...page
        .text(tail)
        .split('\n')
        .map((part) => `    ${palette.dim('│')} ${part}`),
    );
}

export function sayReviewPoints(page: Page, points: readonly string[]): void {
  page.say(
    ...points.flatMap((point, i) => {
      const [first = '', ...rest] = wrap(page.line(point), page.columns - 15);
      const start = `  ${i === 0 ? 'Look for' : '        '}   ${page.palette.dim('·')} `;
      return [start + first, ...rest.map((line) => ' '.repeat(15) + line)];
    }),
    '',
  );
}
