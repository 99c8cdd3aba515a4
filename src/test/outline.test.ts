// The outline of a list that is kept says what the entries themselves say, also once some of them are others.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outlineOf } from '../runbook/keepReading.ts';
import { Outline, topOf, withTasks } from '../runbook/outline.ts';
import { isMeant } from '../runbook/patch/meant.ts';
import { ENTRY_FIELDS } from '../runbook/plainForm.ts';
import { entriesIn, type PlainReading, readPlainYaml, recall } from '../runbook/plainReadings.ts';
import { readAnew } from '../runbook/plainYaml.ts';
import type { RawEntry } from '../runbook/schema.ts';

const RUNS = process.env['RUNBOOK_RELIABILITY'] ? 20_000 : 300;

/** So many that a list is longer than what is read anew in any case. */
const COUNT = 60;

const entry = fc.record({
  status: fc.constantFrom('', 'READY', 'PENDING', 'DONE', 'SKIPPED'),
  dependsOn: fc.array(fc.nat(COUNT - 1), { maxLength: 2 }),
  more: fc.constantFrom(
    '',
    '    type: MANUAL\n',
    '    task_detail_file: x.yaml\n    tags: [a]\n',
    '    retries: 2 # two\n',
  ),
});
/** What a hand makes of one entry: of its words, of which one it is, of the list. */
const edits = fc.array(
  fc.record({
    at: fc.nat(COUNT - 1),
    what: fc.constantFrom('status', 'id', 'depend', 'remove', 'add', 'flow', 'none'),
  }),
  { maxLength: 3 },
);

const textOf = (
  id: string,
  { status, dependsOn, more }: { status: string; dependsOn: readonly number[]; more: string },
) =>
  `  - id: ${id}\n${status && `    status: ${status}\n`}    depends_on: [${[...new Set(dependsOn)].map((i) => `t${i}`).join(', ')}]\n${more}`;

/** As it is found by the next command. */
function keptOf(text: string): PlainReading | undefined {
  const read = readAnew(text);
  const reading = readPlainYaml(text);
  const places = reading && entriesIn(reading);
  const tasks = read?.value['tasks'] as RawEntry[];
  const outline = places && outlineOf(tasks, places);
  if (!read || !outline) return undefined;
  const again = JSON.parse(JSON.stringify(outline)) as typeof outline;
  return recall(
    text,
    withTasks(topOf(read.value), () => tasks),
    read.habits,
    new Outline(again),
  );
}

function changed(pieces: string[], { at, what }: { at: number; what: string }): void {
  const i = Math.min(at, pieces.length - 1);
  const piece = pieces[i] ?? '';
  if (what === 'status') pieces[i] = piece.replace(/status: \w+/, 'status: ERROR');
  if (what === 'id') pieces[i] = piece.replace(/id: (\w+)/, 'id: $1x');
  if (what === 'depend') pieces[i] = piece.replace(/depends_on: .*/, `depends_on: [t${COUNT - 1}]`);
  if (what === 'remove') pieces.splice(i, 1);
  if (what === 'add') pieces.splice(i, 0, `  - id: new${pieces.length}\n`);
  if (what === 'flow') pieces[i] = '  - {id: flow, no_such_field: 1}\n';
}

test('of each entry, before and after some were changed', () => {
  let outlined = 0;
  let inOrder = 0;
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: COUNT, maxLength: COUNT }),
      edits,
      fc.boolean(),
      (all, hands, isInOrder) => {
        const earlier = (ids: readonly number[], i: number) => (isInOrder ? ids.filter((id) => id < i) : ids);
        const entries = all.map((each, i) => ({ ...each, dependsOn: earlier(each.dependsOn, i) }));
        const pieces = entries.map((each, i) => textOf(`t${i}`, each));
        const whole = () => `name: A plan\ntasks:\n${pieces.join('')}`;
        if (!keptOf(whole())) throw new Error('a plan without mistakes has an outline');
        for (const hand of hands) {
          changed(pieces, hand);
          const reading = readPlainYaml(whole());
          const tasks = readAnew(whole())?.value['tasks'] as RawEntry[];
          const { outline } = reading ?? {};
          // Where it is not known, the entries are read.
          if (!reading || !outline) continue;
          outlined++;
          expect(outline.count).toBe(tasks.length);
          for (const [i, task] of tasks.entries()) {
            expect(reading.entry(i)).toStrictEqual(task);
            const says = [outline.id(i), outline.status(i), [...(outline.dependsOn(i) ?? [])]];
            expect(says).toEqual([task.id, task.status, task.depends_on ?? []]);
            for (const field of ['id', 'type', 'tags', 'task_detail_file', 'retries', 'ai_details'] as const)
              expect([field, outline.has(i, field)]).toEqual([field, task[field] != null]);
            if (task.task_detail_file) expect(outline.entries.get(i)).toStrictEqual(task);
            if (!outline.isInOrder || outline.entries.get(i)) continue;
            inOrder++;
            const before = new Set(tasks.slice(0, i).map(({ id }) => id));
            expect((task.depends_on ?? []).every((id) => before.has(id))).toBe(true);
          }
          expect(reading.value['tasks']).toStrictEqual(tasks);
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(outlined).toBeGreaterThan(RUNS / 2);
  expect(inOrder).toBeGreaterThan(RUNS);
});

test('an edit that was meant is told from one that was not', () => {
  const pieces = Array.from({ length: COUNT }, (_, i) => textOf(`t${i}`, { status: 'READY', dependsOn: [], more: '' }));
  const text = `tasks:\n${pieces.join('')}`;
  const before = keptOf(text);
  if (!before) throw new Error('it is not kept');
  const done = (i: number) => text.replace(`id: t${i}\n    status: READY`, `id: t${i}\n    status: DONE`);
  const edit = (index: number, value: unknown) => ({ op: 'set', path: ['tasks', index, 'status'], value }) as const;
  expect(isMeant(before, [edit(7, 'DONE')], done(7))).toBe(true);
  expect(isMeant(before, [edit(8, 'DONE')], done(7))).toBe(false);
  expect(isMeant(before, [edit(7, 'ERROR')], done(7))).toBe(false);
  expect(isMeant(before, [edit(7, 'DONE')], text)).toBe(false);
  expect(isMeant(before, [edit(7, 'DONE')], done(7).replace('id: t9\n', 'id: t9 \n    name: x\n'))).toBe(false);
  expect(isMeant(before, [edit(7, 'DONE')], done(7).replace(pieces[40] ?? '', ''))).toBe(false);
  expect(isMeant(before, [edit(7, 'DONE')], `name: x\n${done(7)}`)).toBe(false);
});

test('each field has a bit of its own', () => {
  expect(new Set(ENTRY_FIELDS).size).toBe(ENTRY_FIELDS.length);
  expect(ENTRY_FIELDS.length).toBeLessThan(31);
});
