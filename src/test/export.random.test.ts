// A runbook that is exported and imported again has the same tasks in the same order, with their names, statuses and dependencies.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOutline } from '../checklist/markdown.ts';
import { merge } from '../checklist/merge.ts';
import { stepsOf } from '../checklist/steps.ts';
import { toMarkdown } from '../checklist/write.ts';
import { amendedFiles, blankRunbook } from '../runbook/amend.ts';
import { readRunbook } from '../runbook/read.ts';
import type { Runbook } from '../runbook/task.ts';

const RUNS = 60 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);
const NO_LIMIT = { timeout: 24 * 3_600_000 };

const hard = [
  '[x] done',
  '1. first',
  '# no',
  '- a',
  '`x',
  '`a*b`',
  '*b* c',
  '<b>',
  '&amp;',
  '~~s~~',
  'a / b',
  'a / b / c',
  '[l](u)',
  '\\',
  '| t |',
  '---',
  'a -->',
  'http://a.b',
  '![i](u)',
  'x:y',
  '===',
  '+ a',
  'Phase 1',
];
const words = fc.oneof(fc.constantFrom(...hard), fc.stringMatching(/^[!-~äß日]{1,8}( [!-~äß日]{1,8}){0,3}$/));
const body = fc.oneof(
  fc.constantFrom(
    '1. a\n2. b',
    '- [ ] a',
    '- a\n- b',
    '# h\n\ntext',
    '```sh\nls\n```',
    '> q',
    'a\n\n    code',
    'a\n===',
    '```\nopen',
  ),
  words,
);
const task = fc.record({
  id: fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,6}$/), words),
  name: words,
  status: fc.constantFrom('PENDING', 'READY', 'DONE', 'ERROR', 'SKIPPED'),
  waits: fc.array(fc.nat(20), { maxLength: 3 }),
  description: fc.option(body, { nil: undefined }),
  work: fc.oneof(
    body.map((text) => ({ manual_instructions: text.endsWith('.md') ? 'x' : text })),
    fc
      .constantFrom('npm test', 'a\nb', 'echo "```"', 'x # y\n\n\nz')
      .map((script) => ({ type: 'AUTOMATED_SCRIPT', script_details: script })),
    fc.constant({ manual_instructions: ['one', '1. two', '[ ] three'] }),
  ),
});

test('export and import again', NO_LIMIT, () => {
  const folder = mkdtempSync(join(tmpdir(), 'r'));
  const [from, to] = [join(folder, 'from.yaml'), join(folder, 'to.yaml')];
  try {
    fc.assert(
      fc.property(
        fc.uniqueArray(task, { minLength: 1, maxLength: 7, selector: ({ id }) => id }),
        words,
        (tasks, name) => {
          const yaml = tasks.map(({ waits, work, ...fields }, i) => {
            const before = i === 0 ? [] : [...new Set(waits.map((n) => tasks[n % i]?.id))];
            return { ...fields, depends_on: before, ...work };
          });
          writeFileSync(from, JSON.stringify({ name, tasks: yaml }));
          rmSync(to, { force: true });
          const before = readRunbook(from);
          const markdown = toMarkdown(before);
          const runbook = blankRunbook(to) ?? readRunbook(to);
          const { amendment } = merge(runbook, stepsOf(readOutline(markdown, 'PLAN.md')), [], 'PLAN.md');
          for (const { after } of amendedFiles(runbook, amendment)) writeFileSync(to, after);
          expect(shapeOf(readRunbook(to)), markdown).toEqual(shapeOf(before));
        },
      ),
      { numRuns: RUNS },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A box has no word for a task that waits or may start: that follows from the others. */
function shapeOf({ tasks }: Runbook) {
  const open = (status: string) => (status === 'READY' || status === 'PENDING' ? 'open' : status);
  return tasks.map(({ id, name, status, dependsOn, script }) => [
    id,
    name,
    open(status),
    dependsOn,
    script !== undefined,
  ]);
}
