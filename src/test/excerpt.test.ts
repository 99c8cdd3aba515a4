// A task edited in its own lines, and in the whole file: the same bytes, whatever the habits of the file are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunbookError } from '../errors.ts';
import { patchByLibrary } from '../runbook/patch/byLibrary.ts';
import { withTasksEdited } from '../runbook/patch/excerpt.ts';
import type { Edit } from '../runbook/patch.ts';

const RUNS = process.env.RUNBOOK_RELIABILITY ? 20_000 : 400;

const habits = fc.record({
  dash: fc.constantFrom(0, 2, 4),
  gap: fc.constantFrom(' ', '   '),
  step: fc.constantFrom(2, 4),
  quote: fc.constantFrom('"', "'", ''),
  newline: fc.boolean(),
});
type Habits = typeof habits extends fc.Arbitrary<infer T> ? T : never;

const task = fc.record({
  status: fc.constantFrom('none', 'empty', 'READY', 'quoted', 'remark'),
  flow: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  alone: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  name: fc.boolean(),
  lastRun: fc.constantFrom('none', 'none', 'block', 'flow', 'empty'),
  issues: fc.constantFrom('none', 'none', 'empty', 'block', 'flow'),
  block: fc.constantFrom('none', 'literal', 'folded'),
  behind: fc.constantFrom('', '\n', '# a remark\n', '  # further in\n', '\n\n    # far in\n\n'),
});
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

function textOf({ dash, gap, step, quote, newline }: Habits, top: string, tasks: readonly Task[]): string {
  const lines = tasks.map((one, i) => {
    const q = (text: string) => `${quote}${text}${quote}`;
    const pad = ' '.repeat(dash + 1 + gap.length);
    const deeper = pad + ' '.repeat(step);
    if (one.flow) return `${' '.repeat(dash)}-${gap}{id: t${i}, status: READY, tags: [a, "b c"]}\n${one.behind}`;
    const fields = [
      `id: t${i}`,
      ...(one.name ? [`name: ${q(`The number ${i}`)}`] : []),
      ...{
        none: [],
        empty: ['status:'],
        READY: ['status: READY'],
        quoted: ['status: "READY"'],
        remark: ['status: READY # so'],
      }[one.status],
      ...{
        none: [],
        literal: [`manual_instructions: |\n${deeper}# Do it\n\n${deeper}  and more\n${deeper}end`],
        folded: [`description: >-\n${deeper}one\n${deeper}two`],
      }[one.block],
      ...{
        none: [],
        empty: ['last_run:'],
        block: [`last_run:\n${deeper}outcome: FAILURE # a remark\n${deeper}timestamp: ${q('2026-01-01')}`],
        flow: ['last_run: {outcome: FAILURE, timestamp: "x"}'],
      }[one.lastRun],
      ...{
        none: [],
        empty: ['issues: []'],
        block: [
          `issues:\n${pad}${' '.repeat(dash)}-${gap}type: X\n${pad}${' '.repeat(dash + 1 + gap.length)}detail: ${q('y z')}`,
        ],
        flow: ['issues: [{type: X, detail: "y"}]'],
      }[one.issues],
    ];
    const head = one.alone ? `-\n${pad}` : `-${gap}`;
    return `${' '.repeat(dash)}${head}${fields.join(`\n${pad}`)}\n${one.behind}`;
  });
  const text = `${top}tasks:\n${lines.join('')}`;
  return newline ? text : text.replace(/\n+$/, '');
}

const top = fc.constantFrom(
  '',
  '# The plan.\nname: A plan\n',
  "name: 'A plan'\n",
  'defaults:\n   env:\n      A: "1"\n',
  'allow_outside:\n- ../a\n',
  'models: { a: { provider: paste } }\n',
);

const edits = (count: number) =>
  fc.array(
    fc.record({
      index: fc.nat(count - 1),
      to: fc.constantFrom('RUNNING', 'DONE', 'ERROR'),
      record: fc.boolean(),
      issue: fc.constantFrom(undefined, 'plain', 'over\ntwo lines\n', '- odd: # "text"', 'true'),
    }),
    { minLength: 1, maxLength: 3 },
  );

test('the same bytes as by the library on the whole file', () => {
  let [taken, all] = [0, 0];
  fc.assert(
    fc.property(
      habits,
      top,
      fc
        .array(task, { minLength: 1, maxLength: 4 })
        .chain((tasks) => fc.tuple(fc.constant(tasks), edits(tasks.length))),
      (habit, first, [tasks, wanted]) => {
        const source = textOf(habit, first, tasks);
        const changes = [...new Map(wanted.map((one) => [one.index, one])).values()].flatMap(
          ({ index, to, record, issue }): Edit[] => [
            { op: 'set', path: ['tasks', index, 'status'], value: to },
            ...(issue === undefined
              ? []
              : [{ op: 'append', path: ['tasks', index, 'issues'], value: { type: 'X', detail: issue } } as const]),
            ...(record
              ? [
                  {
                    op: 'set',
                    path: ['tasks', index, 'last_run'],
                    value: { timestamp: '2026-11-27T02:57:02.407Z', outcome: 'SUCCESS', cost_estimate: 0.25 },
                  } as const,
                ]
              : []),
          ],
        );
        all++;
        const quickly = withTasksEdited(source, changes, 'runbook.yaml');
        if (quickly === undefined) return;
        taken++;
        expect(quickly).toBe(slowly(source, changes));
      },
    ),
    { numRuns: RUNS },
  );
  console.info(`${taken} of ${all} were made in the task's own lines`);
  expect(taken / all).toBeGreaterThan(0.2);
});

function slowly(source: string, changes: readonly Edit[]): string {
  try {
    return patchByLibrary(source, changes, 'runbook.yaml');
  } catch (error) {
    if (error instanceof RunbookError) return error.message;
    throw error;
  }
}
