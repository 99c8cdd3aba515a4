// The quick look at a runbook's form and the schema, held against each other: what the one takes, the other takes as it is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ENTRY_FIELDS, isPlainDetail, isPlainEntry, isPlainRunbook } from '../runbook/plainForm.ts';
import { detailSchema, entrySchema, FIELDS, runbookSchema } from '../runbook/schema.ts';

const RUNS = process.env.RUNBOOK_RELIABILITY ? 200_000 : 3000;

const scalar = fc.constantFrom<unknown>(
  ...['', ' ', 'a', 'DONE', 'READY', 'MANUAL', 'AI_ASSISTED', 'done', '90s', '1h', '0s', '10 m', 'true', '7'],
  ...[null, true, false, 0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60],
);
const keys = fc.constantFrom(...FIELDS.ai, ...FIELDS.script, ...FIELDS.check, 'resolution', 'detail', 'no_such_key');
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.dictionary(keys, scalar, { maxKeys: 3 })), {
    maxLength: 3,
  }),
  fc.dictionary(keys, fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxKeys: 3 }),
);
/** What is mostly right, so that whole tasks are. */
const likely: Record<string, fc.Arbitrary<unknown>> = {
  id: fc.constantFrom('a', 'b'),
  status: fc.constantFrom('DONE', 'READY', null),
  type: fc.constantFrom('MANUAL', 'AUTOMATED_SCRIPT', 'AI_ASSISTED'),
  depends_on: fc.constantFrom([], ['a'], null),
  script_details: fc.constantFrom('true', ['npm', 'test']),
  timeout: fc.constantFrom('90s', '1h30m', 5),
  retries: fc.constantFrom(0, 3),
  commit: fc.constantFrom(true, 'done'),
  checks: fc.constantFrom(['true'], [['npm', 'test']], [{ command: 'true' }]),
  issues: fc.constantFrom([], [{ type: 'X', detail: 'y', timestamp: 't' }], [{ resolution: 'z' }]),
  last_run: fc.constantFrom({ outcome: 'SUCCESS' }),
  ai_details: fc.constantFrom({ prompt_template: 'a.njk', input_context: { a: [1] } }, { model: 'x' }),
};

const mapOf = (fields: readonly string[]) =>
  fc
    .uniqueArray(fc.constantFrom(...fields, 'no_such_key'), { maxLength: 6 })
    .chain((names) =>
      fc.record(
        Object.fromEntries(
          names.map((name) => [name, fc.oneof({ weight: 3, arbitrary: likely[name] ?? fc.constant('a') }, value)]),
        ),
      ),
    );

test('it knows the fields that the schema knows', () => {
  expect([...ENTRY_FIELDS].sort()).toEqual([...FIELDS.entry].sort());
});

test('what it takes is right, and has no key that is not known', () => {
  const taken = { entry: 0, detail: 0, runbook: 0 };
  const entry = mapOf(FIELDS.entry).map((map) => ({ id: 'x', ...map }));
  fc.assert(
    fc.property(entry, mapOf(FIELDS.detail), mapOf(FIELDS.runbook), (one, detail, top) => {
      if (isPlainEntry(one)) {
        taken.entry++;
        expect(entrySchema.safeParse(one)).toEqual({ success: true, data: one });
        expect(FIELDS.entry).toEqual(expect.arrayContaining(Object.keys(one)));
      }
      if (isPlainDetail(detail)) {
        taken.detail++;
        expect(detailSchema.safeParse(detail)).toEqual({ success: true, data: detail });
      }
      const runbook = { ...top, tasks: [one] };
      if (isPlainRunbook(runbook)) {
        taken.runbook++;
        expect(runbookSchema.safeParse(runbook)).toEqual({ success: true, data: runbook });
        expect(FIELDS.runbook).toEqual(expect.arrayContaining(Object.keys(runbook)));
      }
    }),
    { numRuns: RUNS },
  );
  console.info(`of ${RUNS} each: ${taken.entry} tasks, ${taken.detail} detail files, ${taken.runbook} runbooks taken`);
  for (const count of Object.values(taken)) expect(count).toBeGreaterThan(RUNS / 20);
});

test.each([
  [null],
  [1],
  ['a'],
  [[]],
  [{}],
  [{ tasks: null }],
  [{ tasks: {} }],
  [{ tasks: [null] }],
  [{ tasks: ['a'] }],
])('%j is no plain runbook', (wrong) => {
  expect(isPlainRunbook(wrong)).toBe(false);
});
