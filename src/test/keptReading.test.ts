// What is kept of a long plan between two commands: whatever becomes of it, what counts is what stands in the files.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const FILE = '.runbook/reading.json';
/** So many that their outline is kept by itself. */
const COUNT = 600;

const entry = (i: number) =>
  `  - id: t${i}\n    name: Task ${i}\n    status: ${i === 0 ? 'READY' : 'PENDING'}\n    depends_on: [${i > 0 ? `t${i - 1}` : ''}]\n    type: AUTOMATED_SCRIPT\n    script_details: echo ${i}\n`;
const PLAN = `name: Long\ntasks:\n${Array.from({ length: COUNT }, (_, i) => entry(i)).join('')}`;

/** A project in which something was done, so that its plan is kept. */
async function worked(): Promise<Rig> {
  const rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(0);
  expect(rig.exists(FILE)).toBe(true);
  return rig;
}

/** What every command says that only looks, with what is kept and without it. */
async function saysTheSame(rig: Rig): Promise<string> {
  const commands = [['status'], ['list', '--json'], ['show', 't7', '--json'], ['next', '--dry-run'], ['validate']];
  const all = () => Promise.all(commands.map((args) => rig.run(args)));
  const kept = await all();
  const text = rig.exists(FILE) ? rig.read(FILE) : undefined;
  rmSync(join(rig.dir, FILE), { force: true });
  expect(await all()).toEqual(kept);
  if (text !== undefined) rig.write(FILE, text);
  return JSON.stringify(kept);
}

test('a hand edit in one task, in many, at the top and at the end is read', async () => {
  await using rig = await worked();
  const edit = (from: string | RegExp, to: string) =>
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace(from, to));
  edit('echo 7\n', 'echo seven\n');
  expect(await saysTheSame(rig)).toContain('echo seven');
  edit(/name: Task (\d*5)\n/g, 'name: Tusk $1\n');
  expect(await saysTheSame(rig)).toContain('Tusk 15');
  edit('name: Long', 'name: Longer');
  expect(await saysTheSame(rig)).toContain('Longer');
  rig.write('runbook.yaml', `${rig.read('runbook.yaml')}  - id: final_one\n`);
  expect(await saysTheSame(rig)).toContain('final_one');
  edit(/ {2}- id: t5\n(?: {4}.*\n)+/, '');
  // `t6` depends on it.
  expect(await saysTheSame(rig)).toContain('depends on `t5`, which does not exist');
});

test('an edit that nothing was told of is told, and once', async () => {
  await using rig = await worked();
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('echo 9\n', 'echo nine\n'));
  const told = await rig.run(['skip', `t${COUNT - 1}`]);
  expect(told.stdout + told.stderr).toContain('t9');
  expect(rig.journal().filter(({ event_type: type }) => type === 'HAND_EDIT')).toHaveLength(1);
  await rig.run(['reset', `t${COUNT - 1}`]);
  expect(rig.journal().filter(({ event_type: type }) => type === 'HAND_EDIT')).toHaveLength(1);
});

test.each([
  ['nothing', () => ''],
  ['the half of it', (text: string) => text.slice(0, text.length >> 1)],
  ['the half of its first line', (text: string) => text.slice(0, 5000)],
  ['one whose text was cut', (text: string) => text.slice(0, -5000)],
  [
    'one whose tasks are no JSON',
    (text: string) => {
      const [head = '', tasks = '', ...plan] = text.split('\n');
      return [head, tasks.replaceAll('"', "'"), ...plan].join('\n');
    },
  ],
  ['no JSON', () => 'x\ny\n'],
  [
    'what another version wrote',
    (text: string) => {
      // Of the very text that stands in the file, so that nothing but its version keeps it from being taken.
      const [head = '', ...plan] = text.split('\n');
      return [head.replace(/"reader":"\w+"/, '"reader":"other"').replaceAll('echo 7', 'rm 7'), ...plan].join('\n');
    },
  ],
  ['another text', (text: string) => text.replaceAll('echo 7', 'echo another')],
])('%s in its place is not taken for the plan', async (_, broken) => {
  await using rig = await worked();
  rig.write(FILE, broken(rig.read(FILE)));
  const said = await saysTheSame(rig);
  expect(said).toContain('echo 7');
  expect(said).not.toMatch(/rm 7|echo another/);
});

test('where it can’t be written, the work goes on', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN, [`${FILE}/in the way`]: '' } });
  expect(await rig.run(['next', '--answer', 'accept'])).toMatchObject({ code: 0 });
  expect(rig.statuses()['t0']).toBe('DONE');
  expect(await rig.run(['status'])).toMatchObject({ code: 0 });
});

test('a plan that only the library can read is kept too, and read again where anything of it differs', async () => {
  const unusual = (i: number) =>
    `  - {id: u${i}, name: "Task ${i}", # odd\n     status: ${i === 0 ? '&first READY' : 'PENDING'}, type: MANUAL}\n`;
  const plan = `name: Odd\ntasks:\n${Array.from({ length: COUNT }, (_, i) => unusual(i)).join('')}`;
  await using rig = await makeRig({ files: { 'runbook.yaml': plan } });
  expect((await rig.run(['skip', 'u3'])).code).toBe(0);
  expect(rig.exists(FILE)).toBe(true);
  rig.write(FILE, rig.read(FILE).replace('"Task 7"', '"from what is kept"'));
  // It is what is taken, so that the test shows something.
  expect((await rig.run(['show', 'u7', '--json'])).stdout).toContain('from what is kept');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('"Task 9"', '"Nine"'));
  const said = await rig.run(['show', 'u9', '--json']);
  expect(said.stdout).toContain('Nine');
  expect((await rig.run(['show', 'u7', '--json'])).stdout).toContain('Task 7');
});

test('a short plan is not kept, and what only looks keeps nothing', async () => {
  await using short = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}]\n' } });
  await short.run(['skip', 'a']);
  expect(short.exists(FILE)).toBe(false);
  await using long = await makeRig({ files: { 'runbook.yaml': PLAN } });
  for (const args of [['status'], ['list'], ['next', '--dry-run']]) await long.run(args);
  expect(long.exists('.runbook')).toBe(false);
});
