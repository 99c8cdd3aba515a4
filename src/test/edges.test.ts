// Bad input and edges: ids and names of all kinds, no task and thousands, runbooks in odd places, narrow terminals. What holds for every command is in
// commands.every.test.ts.
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeRig } from './rig.ts';
import { dataOf } from './said.ts';

const LONG = 'x'.repeat(200);
const IDS = [
  'with spaces',
  'ключ',
  '日本語のタスク',
  '🚀',
  LONG,
  `it's "quoted"`,
  'a:b@c',
  '-dash',
  '$HOME',
  '{{ x }}',
  '#no',
];
/** With Windows line ends. */
const ODD = `name: "One\\nname on 🚀 two lines, 日本語の長い名前で、とても長い"\ntasks:\n${IDS.map(
  (id, i) => `  - id: ${JSON.stringify(id)} # ${i}\n    status: READY\n    name: "line one\\nline two 日本語 🚀"\n`,
).join('')}`.replaceAll('\n', '\r\n');

test('ids of all kinds: told, taken, done, and nothing else in the file changes', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': ODD } });
  expect((dataOf('list', await rig.run(['list', '--json'])) as { id: string }[]).map(({ id }) => id)).toEqual(IDS);
  for (const id of ['-dash', LONG, `it's "quoted"`])
    expect(dataOf('why', await rig.run(['why', '--json', '--', id]))).toMatchObject({ id });
  expect(await rig.run(['start', '--by', 'bot', '--', ...IDS])).toMatchObject({ code: 0 });
  expect(rig.read('runbook.yaml')).toBe(ODD.replaceAll('READY', 'RUNNING'));
  expect(await rig.run(['done', '--', ...IDS])).toMatchObject({ code: 0 });
  expect(rig.read('runbook.yaml')).toBe(ODD.replaceAll('READY', 'DONE'));
  expect(dataOf('history', await rig.run(['history', '--json']))).toMatchObject({ totals: { starts: IDS.length } });
});

test('no screen is wider than its terminal, whatever the ids and names', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': ODD } });
  await rig.run(['start', LONG, '日本語のタスク', '--by', 'somebody with a rather long name, 日本語の長い名前']);
  await rig.run(['error', '🚀', '--reason', 'it does not work\nat all, 日本語の長い名前で、とても長い']);
  await rig.run(['skip', 'with spaces']);
  for (const cols of [40, 80])
    for (const args of [['status'], ['list']]) {
      const term = rig.terminal(args, { cols });
      expect((await term.exit).code).toBe(0);
      const rows = term
        .raw()
        .replaceAll(/\x1b\[[\d;?]*[a-z]/gi, '')
        .split(/\r?\n/);
      expect(
        rows.filter((row) => stringWidth(row) > cols),
        `${args} in ${cols}`,
      ).toEqual([]);
    }
});

test.each([0, 1, 5000])(
  '%i tasks',
  async (count) => {
    const tasks = Array.from(
      { length: count },
      (_, i) => `  - {id: t${i}${i === 0 ? ', status: READY' : `, depends_on: [t${i - 1}]`}}\n`,
    );
    await using rig = await makeRig({
      files: { 'runbook.yaml': `tasks:${count === 0 ? ' []' : ''}\n${tasks.join('')}` },
    });
    expect(dataOf('status', await rig.run(['status', '--json']))).toMatchObject({ counts: { total: count } });
    expect((dataOf('list', await rig.run(['list', '--json'])) as unknown[]).length).toBe(count);
    expect((await rig.run(['validate'])).code).toBe(0);
    const next = await rig.run(['next', '--answer', 'accept']);
    expect(next.code).toBe(0);
    if (count === 0) expect(next.stderr).toContain('There is no task in the runbook yet');
    const { tasks: after } = parse(rig.read('runbook.yaml')) as { tasks: { status?: string }[] };
    expect(after.slice(0, 2).map(({ status }) => status)).toEqual(['DONE', 'READY'].slice(0, count));
  },
  60_000,
);

test('the nearest runbook upwards counts, to the root of the repository; a path may have spaces', async () => {
  const one = (id: string) => `tasks: [{id: ${id}, status: READY}]\n`;
  await using rig = await makeRig({
    files: {
      'runbook.yaml': one('outer'),
      'a folder/in it/x': '',
      'near by/runbook.yaml': one('inner'),
      'near by/below/x': '',
      'repository/.git/x': '',
    },
  });
  const next = async (cwd: string) =>
    (dataOf('status', await rig.run(['status', '--json'], { cwd })) as { next: string }).next;
  expect(await next('a folder/in it')).toBe('outer');
  expect(await next('near by/below')).toBe('inner');
  expect(await rig.run(['status'], { cwd: 'repository' })).toMatchObject({ code: 2 });
  expect((await rig.run(['-C', 'near by/below', 'done', 'inner'])).code).toBe(0);
  expect(rig.read('near by/runbook.yaml')).toBe('tasks: [{id: inner, status: DONE}]\n');
  expect((await rig.run(['--file', 'near by/runbook.yaml', 'reset', 'inner'])).code).toBe(0);
});

test('two runbooks in one folder: each has its own past, and what one has done is no work of a hand to the other', async () => {
  const plan = (name: string) =>
    `name: ${name}\ntasks:\n  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}\n  - {id: b, depends_on: [a]}\n`;
  const files = ['runbook.yaml', 'release plan.yaml', 'other.yml'];
  await using rig = await makeRig({ files: Object.fromEntries(files.map((file) => [file, plan(file)])) });
  const of = (file: string, ...args: string[]) =>
    rig.run([...(file === 'runbook.yaml' ? [] : ['--file', file]), ...args]);
  for (const args of [['next'], ['start', 'b', '--by', 'bot'], ['done', 'b'], ['status']])
    for (const file of files) {
      const { code, stdout, stderr } = await of(file, ...args);
      expect([file, args, code, stdout + stderr]).toEqual([
        file,
        args,
        0,
        expect.not.stringMatching(/[Yy]ou |renamed/),
      ]);
    }
  for (const file of files) {
    expect(rig.read(file).match(/DONE/g), file).toHaveLength(2);
    expect(dataOf('history', await of(file, 'history', '--json')), file).toMatchObject({
      totals: { starts: 2 },
    });
  }
  expect(readdirSync(join(rig.dir, 'logs')).filter((name) => name.endsWith('.jsonl'))).toEqual([
    'run_log.jsonl',
    'run_log.other.yml.jsonl',
    'run_log.release plan.jsonl',
  ]);
  // The same one by another way.
  symlinkSync('release plan.yaml', join(rig.dir, 'link.yaml'));
  expect(dataOf('history', await of('link.yaml', 'history', '--json'))).toMatchObject({ totals: { starts: 2 } });
});
