// What a run writes into a task's lines without the library is what the library would have written, byte for byte.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { patchByLibrary } from '../runbook/patch/byLibrary.ts';
import type { Edit } from '../runbook/patch/edit.ts';
import { withRecord } from '../runbook/patch/record.ts';
import { readPlainYaml } from '../runbook/plainReadings.ts';

const RUNS = 400 * Number(process.env['RUNBOOK_TEST_RUNS'] ?? 1);
const STATUS: Edit = { op: 'set', path: [0, 'status'], value: 'DONE' };
const lastRun = (outcome: string): Edit => ({
  op: 'set',
  path: [0, 'last_run'],
  value: { timestamp: '2026-11-27T09:05:37.120Z', outcome },
});

/** The fields of a task, as people write them; `>` stands for a step further in. Mostly the first of each. */
const FIELDS: readonly (readonly string[])[] = [
  ['status: READY', 'status: "READY"', 'status: READY # soon', 'status:  READY'],
  ['name: A name', "name: 'It''s a name'", 'name: "with: a colon"', 'name: A name\n>over two lines'],
  ['depends_on: [a, b]', 'depends_on:\n- a\n- b', 'depends_on:\n>- a\n>- b'],
  ['type: AUTOMATED_SCRIPT', 'type: "AUTOMATED_SCRIPT"'],
  ['script_details: echo 1 > out.txt', 'script_details: |\n>echo 1\n>status: READY', 'script_details:\n>status: READY'],
  ['timeout: 10m', '# a comment', '', 'description: the last_run of all'],
  [
    'last_run:\n>timestamp: "2026-10-27T09:05:37.120Z"\n>outcome: FAILURE',
    "last_run:\n>timestamp: '2026-10-27T09:05:37.120Z'\n>outcome: FAILURE",
    'last_run:\n>timestamp: 2026-10-27T09:05:37.120Z\n>outcome: FAILURE',
    'last_run:\n>timestamp: "2026-10-27"\n>outcome: "FAILURE"',
    'last_run:\n>timestamp: "2026-10-27"\n>outcome: FAILURE\n>model: claude',
    'last_run:\n>model: claude\n>timestamp: "2026-10-27"\n>outcome: FAILURE',
    'last_run:\n>outcome: FAILURE',
    'last_run: {}',
  ],
];

const field = (forms: readonly string[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(forms[0]) },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...forms) },
  );

const entry = fc
  .record({
    fields: fc.tuple(...FIELDS.map(field)),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
    dash: fc.constantFrom('- ', '  - ', '-   ', '    -  '),
    step: fc.constantFrom('  ', '    ', ' '),
    end: fc.constantFrom('\n', '\n', '\n', '\n', '\n\n', '', '\n# behind it\n'),
  })
  .map(({ fields, order, dash, step, end }) => {
    const pad = ' '.repeat(dash.length);
    const chosen = order.flatMap((i) => fields[i] ?? []);
    const lines = ['id: t', ...chosen].flatMap((text) => text.split('\n')).map((line) => line.replace('>', step));
    return dash + lines.map((line, i) => (i === 0 || line === '' ? line : pad + line)).join('\n') + end;
  });

const edits = fc.constantFrom([STATUS, lastRun('SUCCESS')], [lastRun('FAILURE')], [STATUS], [lastRun('not a word')]);
const habits = fc.record({
  step: fc.constantFrom(2, 4, undefined),
  dash: fc.constantFrom(0, 2, 4, undefined),
  quote: fc.constantFrom('single', 'double', undefined),
});

test('the same as the library’s, or nothing', () => {
  let taken = 0;
  let first = 0;
  let again = 0;
  fc.assert(
    fc.property(entry, edits, habits, (text, wanted, style) => {
      const before = readPlainYaml(`tasks:\n${text}`);
      const found = withRecord(text, wanted, style as Parameters<typeof withRecord>[2]);
      // As whoever calls it: what can't be read the fast way never gets here, and what reads otherwise is not taken.
      if (!before || found === undefined) return;
      taken++;
      if (text.includes('last_run:') && wanted.some(({ path }) => path.includes('last_run'))) again++;
      if (!text.includes('status:') && wanted.includes(STATUS)) first++;
      expect(found).toBe(patchByLibrary(text, wanted, 'runbook.yaml', style as Parameters<typeof withRecord>[2]));
    }),
    { numRuns: RUNS, seed: Number(process.env['RUNBOOK_TEST_SEED'] ?? 20261127) },
  );
  // It is there for the common form.
  expect(taken).toBeGreaterThan(RUNS / 10);
  expect(again).toBeGreaterThan(RUNS / 100);
  expect(first).toBeGreaterThan(RUNS / 50);
});
