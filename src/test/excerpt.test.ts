// An edit of one task of a large plan is made in an excerpt of it: it must be the edit that is made in the whole, to the byte.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { patchByLibrary } from '../runbook/patch/byLibrary.ts';
import type { Edit } from '../runbook/patch/edit.ts';
import { inExcerpt } from '../runbook/patch/excerpt.ts';

const RUNS = 100 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);

const remark = fc.constantFrom('', '', ' # mine', '   # it # is');
const blank = fc.constantFrom('', '', '\n', '\n# between them\n', '\n\n  # deeper\n');
const name = fc.constantFrom('Build it', "'Build: it'", '"Build \\"it\\""', '|\n      Build\n      it');
const more = fc.constantFrom(
  '',
  '    depends_on: []\n',
  '    depends_on:\n      - t0\n',
  '    depends_on:\n    - t0\n',
  '    tags: [ a,  b ]\n',
  '    last_run:\n      timestamp: "2026-01-01T00:00:00.000Z"\n      outcome: FAILURE\n',
  '    issues:\n      - timestamp: "x"\n        type: T\n        detail: |\n          one\n          two\n',
  '    last_run: {outcome: FAILURE}\n    issues: []\n',
);
interface Entry {
  readonly remark: string;
  readonly blank: string;
  readonly name: string;
  readonly more: string;
  readonly status: string | undefined;
}

const task: fc.Arbitrary<Entry> = fc.record({
  remark,
  blank,
  name,
  more,
  status: fc.constantFrom('READY', "'READY'", undefined),
});
const plan = fc.record({
  tasks: fc.array(task, { minLength: 36, maxLength: 44 }),
  head: fc.constantFrom('', '# The plan.\nname: Mine\n', 'defaults: {timeout: 5s}\n\n'),
  tail: fc.constantFrom('', '# The end.\n', 'budget: 5\n', '\nmodels:\n  m: {provider: scripted, replies: r.yaml}\n'),
  which: fc.nat(43),
});
const MADE: readonly ((path: Edit['path']) => Edit[])[] = [
  (path) => [{ op: 'set', path: [...path, 'status'], value: 'DONE' }],
  (path) => [
    { op: 'set', path: [...path, 'status'], value: 'ERROR' },
    { op: 'append', path: [...path, 'issues'], value: { timestamp: 'x', type: 'SCRIPT_ERROR', detail: 'exit 1:\nno' } },
    { op: 'set', path: [...path, 'last_run'], value: { timestamp: '2026-11-20T10:00:00.000Z', outcome: 'FAILURE' } },
  ],
];

test('the excerpt’s edit is the one of the whole', { timeout: 600_000 }, () => {
  let [made, left] = [0, 0];
  fc.assert(
    fc.property(plan, fc.constantFrom(...MADE), ({ tasks, head, tail, which }, edit) => {
      const index = which % tasks.length;
      const source = `${head}tasks:\n${tasks.map(entry).join('')}${tail}`;
      const wanted = edit(['tasks', index]);
      const found = inExcerpt(source, wanted, (text, some) => patchByLibrary(text, some, 'excerpt'));
      if (found === undefined) left++;
      else {
        made++;
        expect(found).toBe(patchByLibrary(source, wanted, 'whole'));
      }
    }),
    { numRuns: RUNS },
  );
  console.log(`${made} edits in an excerpt, ${left} left to the whole`);
  expect(made).toBeGreaterThan(RUNS / 2);
});

function entry({ remark: said, blank: before, name: named, more: rest, status }: Entry, i: number): string {
  const written = status === undefined ? '' : `    status: ${status}${said}\n`;
  return `${before}  - id: t${i}${said}\n    name: ${named}\n${written}${rest}`;
}
