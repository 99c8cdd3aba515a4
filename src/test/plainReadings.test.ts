// A text that differs a little from one that was read: what is made of it from the other's entries is what the reader makes of it anew.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differenceOf, entriesOf } from '../runbook/entries.ts';
import { readPlainYaml } from '../runbook/plainReadings.ts';
import { rangesIn, readAnew } from '../runbook/plainYaml.ts';
import type { YamlPath } from '../runbook/yamlReading.ts';

const RUNS = process.env.RUNBOOK_RELIABILITY ? 100_000 : 2000;

const ENTRIES = [
  '- id: plain\n  status: READY\n  depends_on: [other]\n',
  '- id: block\n  manual_instructions: |\n    - id: no_task\n\n    tasks:\n      - none\n  status: DONE\n',
  '-\n  id: below\n  status: PENDING # a remark\n\n# between\n',
  '- id: "quoted: - id: x"\n  tags:\n    - a\n    - b\n',
  '- id: folded\n  description: >-\n    one\n    two\n  ai_details:\n    model: m\n    review_points:\n    - one\n',
  '- {id: flow, status: READY}\n',
  '- null\n',
];
const TAILS = ['', '# the end\n', 'notes: |\n  - id: not_one\n', 'budget: 3\n'];
/** What a hand, or a slip of it, puts somewhere. */
const SNIPPETS = [
  '',
  'a',
  '_b',
  '1',
  'DONE',
  'x',
  '\n',
  ' ',
  '  ',
  '"',
  "'",
  '- ',
  '\n- id: new\n',
  '\n  - id: new\n',
  '\n  - id: new\n    status: READY\n',
  '\nname: twice\n',
  '\nnotes: |\n  - a\n',
  '|\n',
  '# ',
  ': ',
  '\t',
  '\ntasks:\n',
  '\n---\n',
  ' |\n      a\n     b\n',
];

const plans = fc
  .record({
    indent: fc.constantFrom('', '  ', '    '),
    entries: fc.array(fc.nat(ENTRIES.length - 1), { minLength: 3, maxLength: 12 }),
    head: fc.constantFrom(
      'name: A plan\ntasks:\n',
      '# top\ntasks: # all\n\n',
      'tasks:\n',
      'description: |\n  tasks:\n  - id: x\ntasks:\n',
    ),
    tail: fc.constantFrom(...TAILS),
  })
  .map(({ indent, entries, head, tail }) => {
    // Longer than what is read anew in any case.
    const many = [...entries, ...Array.from({ length: 70 }, (_, i) => i % ENTRIES.length), ...entries];
    return head + many.map((i) => (ENTRIES[i] ?? '').replaceAll(/^(?=.)/gm, indent)).join('') + tail;
  });
const edits = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 9999 }),
    remove: fc.constantFrom(0, 0, 0, 1, 2, 7, 40),
    put: fc.constantFrom(...SNIPPETS),
  }),
  { minLength: 1, maxLength: 2 },
);

test('is what the reader makes of it anew, with the same places', () => {
  let beside = 0;
  fc.assert(
    fc.property(plans, edits, (plan, changes) => {
      const before = readPlainYaml(plan);
      let text = plan;
      for (const { at, remove, put } of changes) {
        const start = Math.floor((at / 10_000) * text.length);
        text = text.slice(0, start) + put + text.slice(start + remove);
      }
      const anew = readAnew(text);
      const read = readPlainYaml(text);
      expect(read?.value).toStrictEqual(anew?.value);
      if (!read || !before) return;
      expect(read.habits.gap).toBe(anew?.habits.gap);
      const old = before.value['tasks'];
      const now = read.value['tasks'];
      if (!Array.isArray(old) || !Array.isArray(now)) return;
      // The same objects: they were not read again.
      if (now.some((task) => typeof task === 'object' && task !== null && old.includes(task))) beside++;
      const paths: YamlPath[] = [0, now.length >> 1, now.length - 1].flatMap((i) => [
        ['tasks', i],
        ['tasks', i, 'id'],
        ['tasks', i, 'status'],
        ['tasks', i, 'no_such_key'],
      ]);
      const lines = (ranges: readonly (readonly [number, number])[]) =>
        ranges.map(([start, end]) => [start, text.slice(start, end).split('\n', 1)[0]]);
      for (const part of ['key', 'value'] as const)
        expect(lines(read.rangesOf(paths, part))).toEqual(lines(rangesIn(text, paths, part)));
    }),
    { numRuns: RUNS },
  );
  // Otherwise the test shows nothing.
  expect(beside).toBeGreaterThan(RUNS / 20);
});

test('a change in one entry is found where it is, and nothing else is read for it', () => {
  const entry = (i: number) => `  - id: t${i}\n    status: PENDING\n`;
  const text = `name: Big\ntasks:\n${Array.from({ length: 1000 }, (_, i) => entry(i)).join('')}`;
  const entries = entriesOf(text, 1000);
  if (!entries) throw new Error('the list was not found');
  const at = text.indexOf('PENDING', text.indexOf('- id: t500\n'));
  const now = `${text.slice(0, at)}DONE${text.slice(at + 'PENDING'.length)}`;
  const { from, to, ...which } = differenceOf(text, entries, now) ?? { from: 0, to: 0 };
  expect(which).toEqual({ first: 500, next: 501 });
  expect(now.slice(from, to)).toBe('  - id: t500\n    status: DONE\n');
  expect(differenceOf(text, entries, text.replace('Big', 'Small'))).toBeUndefined();
});
