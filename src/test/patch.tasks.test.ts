// New tasks in a list that belongs to a person: where they stand, in whose habits, and that every byte that was there stays.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RunbookError } from '../errors.ts';
import { type NewItem, withTasksInserted } from '../runbook/patch/tasks.ts';
import { drawn } from './patch/drawn.ts';

const RUNS = 100 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);
const NO_LIMIT = { timeout: 24 * 3_600_000 };

type Case = readonly [name: string, before: string, index: number, after: string];
const x = { id: 'x', depends_on: ['a'] };
const insert = (text: string, index: number, value: NewItem['value'] = x) =>
  withTasksInserted(text, [{ index, value }], 'runbook.yaml');

describe('a task stands where it is wanted, in the habits of the file', () => {
  test.each<Case>([
    [
      'at the end',
      'tasks:\n  - id: a\n  - id: b\n',
      2,
      'tasks:\n  - id: a\n  - id: b\n  - id: x\n    depends_on: [a]\n',
    ],
    ['in the middle', 'tasks:\n- id: a\n- id: b\n', 1, 'tasks:\n- id: a\n- id: x\n  depends_on: [a]\n- id: b\n'],
    [
      'at the beginning',
      'tasks: # all\n  - id: a\n  - id: b\n',
      0,
      'tasks: # all\n  - id: x\n    depends_on: [a]\n  - id: a\n  - id: b\n',
    ],
    [
      'parted by empty lines, before the comment of the next',
      'tasks:\n  - id: a\n\n  # b\n  - id: b\n\n# the end\n',
      1,
      'tasks:\n  - id: a\n\n  - id: x\n    depends_on: [a]\n\n  # b\n  - id: b\n\n# the end\n',
    ],
    [
      'behind the comments of the one before, at the end of its file',
      'tasks:\n  - id: a\n\n  - id: b # c\n    # d\n\n# the end\n',
      2,
      'tasks:\n  - id: a\n\n  - id: b # c\n    # d\n\n  - id: x\n    depends_on: [a]\n\n# the end\n',
    ],
    [
      'before an empty line',
      'tasks:\n\n  - id: a\n\n  - id: b\n',
      0,
      'tasks:\n  - id: x\n    depends_on: [a]\n\n  - id: a\n\n  - id: b\n',
    ],
    [
      'in a file with CRLF and no last line end',
      'tasks:\r\n  - id: a',
      1,
      'tasks:\r\n  - id: a\r\n\r\n  - id: x\r\n    depends_on: [a]',
    ],
    [
      'with wide dashes',
      'tasks:\n-   id: a\n-   id: b\n',
      2,
      'tasks:\n-   id: a\n-   id: b\n-   id: x\n    depends_on: [a]\n',
    ],
    [
      'with lists as the others have them',
      'tasks:\n  - id: a\n  - id: b\n    depends_on:\n      - a\n',
      2,
      'tasks:\n  - id: a\n  - id: b\n    depends_on:\n      - a\n  - id: x\n    depends_on:\n      - a\n',
    ],
    [
      'in braces among braces',
      'tasks:\n  - {id: a}\n  - { id: b }\n',
      2,
      'tasks:\n  - {id: a}\n  - { id: b }\n  - {id: x, depends_on: [a]}\n',
    ],
    [
      'in a list in brackets',
      'tasks: [{id: a}, {id: b}] # c\n',
      1,
      'tasks: [{id: a}, {id: x, depends_on: [a]}, {id: b}] # c\n',
    ],
    [
      'in JSON',
      '{"tasks":[\n {"id":"a"}\n]}\n',
      1,
      '{"tasks":[\n {"id":"a"},\n {"id": "x", "depends_on": ["a"]}\n]}\n',
    ],
    [
      'with an anchor at the list',
      'tasks: &t\n  - &a\n    id: a\ncopy: [*a]\n',
      0,
      'tasks: &t\n  - id: x\n    depends_on: [a]\n\n  - &a\n    id: a\ncopy: [*a]\n',
    ],
    [
      'instead of `[]`',
      'name: n\ntasks: [] # none\n# end\n',
      0,
      'name: n\ntasks: # none\n  - id: x\n    depends_on:\n      - a\n# end\n',
    ],
    ['under an empty key', 'tasks:\nname: n\n', 0, 'tasks:\n  - id: x\n    depends_on:\n      - a\nname: n\n'],
    ['in a file without `tasks`', 'name: n', 0, 'name: n\ntasks:\n  - id: x\n    depends_on:\n      - a'],
    ['in an empty file', '# mine\n', 0, '# mine\ntasks:\n  - id: x\n    depends_on:\n      - a\n'],
  ])('%s', (_name, before, index, after) => {
    expect(insert(before, index)).toBe(after);
  });

  test('several at once, each at its place and in its order', () => {
    const values = [1, 0, 1, 2].map((index, n) => ({ index, value: { id: `x${n}` } }));
    const block = 'tasks:\n  - id: a # a\n  - id: b\n';
    expect(withTasksInserted(block, values, 'f')).toBe(
      'tasks:\n  - id: x1\n  - id: a # a\n  - id: x0\n  - id: x2\n  - id: b\n  - id: x3\n',
    );
    expect(withTasksInserted('tasks: [{id: a}, {id: b}]', values, 'f')).toBe(
      'tasks: [{id: x1}, {id: a}, {id: x0}, {id: x2}, {id: b}, {id: x3}]',
    );
    expect(withTasksInserted('', values, 'f')).toBe('tasks:\n  - id: x1\n\n  - id: x0\n\n  - id: x2\n\n  - id: x3\n');
  });

  test.each([
    ['a list that an alias stands for', 'other: &o [{id: a}]\ntasks: *o\n'],
    ['a text', 'tasks: none\n'],
    ['a first task in the line of its key', '? tasks\n: - id: a\n'],
  ])('%s is refused', (_name, text) => {
    expect(() => insert(text, 0)).toThrow(expect.objectContaining({ code: 'PATCH_UNSAFE' }));
  });
});

/** What a person may want to say in a task, and what of it is hard to write. */
const text = fc.oneof(
  fc.constantFrom(
    'yes',
    '12:30',
    '1',
    'null',
    'a: b',
    'a #b',
    '- a',
    '{a',
    "it's",
    'a\nb\n',
    'a\n\n  b',
    ' a\nb',
    '*a',
    '&a',
    '',
    '日本',
  ),
  fc.string(),
  fc.string({ unit: 'binary' }),
);
const entry = fc.record(
  {
    id: text,
    name: text,
    depends_on: fc.array(text, { maxLength: 3 }),
    manual_instructions: fc.oneof(text, fc.array(text)),
  },
  { requiredKeys: ['id'] },
);

test(
  'only the new lines are new: whatever the file looks like, all else is there, byte for byte',
  NO_LIMIT,
  async ({ annotate }) => {
    let refused = 0;
    fc.assert(
      fc.property(drawn, fc.nat(8), entry, ({ text: before }, place, value) => {
        const old = tasksOf(before);
        const index = Math.min(place, old.length);
        let after: string;
        try {
          after = insert(before, index, value);
        } catch (error) {
          if (!(error instanceof RunbookError) || error.code !== 'PATCH_UNSAFE') throw error;
          refused++;
          return;
        }
        expect(addedTo(before, after)).toBe(1);
        expect(tasksOf(after)).toEqual(old.toSpliced(index, 0, value));
        // In whole lines, and as the file ends its lines.
        if (!before.includes('tasks: [')) expect(before.includes('\r\n') && /[^\r]\n/.test(after)).toBe(false);
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeLessThan(RUNS / 10);
    await annotate(`${refused} refused`);
  },
);

/** 1 if a text is another one with one stretch put into it; 0 if it is not. */
function addedTo(before: string, after: string): number {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  return after.endsWith(before.slice(start)) && after.length > before.length ? 1 : 0;
}

function tasksOf(text: string): unknown[] {
  const [first] = parseAllDocuments(text, { merge: true, uniqueKeys: false });
  const { tasks } = (first?.toJS({ maxAliasCount: -1 }) ?? {}) as { tasks: unknown[] };
  return tasks;
}
