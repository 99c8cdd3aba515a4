// `run --jobs N`: independent scripts side by side; whatever asks a person stays in line.
import { expect, test } from 'vitest';
import { AtWork } from '../atWork.ts';
import { makeRig } from './rig.ts';
import { dataOf, unwrapped } from './said.ts';

/** Ends when the other one has begun, and only then. */
const meets = (own: string, other: string) =>
  `touch ${own}.begun; while [ ! -e ${other}.begun ]; do sleep 0.02; done; echo ${own} met ${other}`;

const script = (id: string, on: string, line: string) =>
  `  - id: ${id}\n    depends_on: [${on}]\n    type: AUTOMATED_SCRIPT\n    script_details: |\n      ${line}\n`;

test('two scripts that wait for each other end only side by side, and each line of output says whose it is', async () => {
  const files = {
    'runbook.yaml': `tasks:\n${script('a', '', meets('a', 'b'))}${script('b', '', meets('b', 'a'))}${script('c', 'a, b', 'echo both')}`,
  };
  await using rig = await makeRig({ files });
  const { code, stderr } = await rig.run(['run', '--jobs', '2']);
  expect(code).toBe(0);
  expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE', c: 'DONE' });
  const lines = stderr.split('\n');
  expect(lines).toContain('  a │ a met b');
  expect(lines).toContain('  b │ b met a');
  expect(lines.findIndex((line) => line.startsWith('▶ c'))).toBeGreaterThan(
    Math.max(...['a', 'b'].map((id) => lines.findIndex((line) => line.startsWith(`✔ DONE  ${id}`)))),
  );
});

test('an attempt that failed says whose it was, and counts in how long it took', async () => {
  const failing = script('a', '', 'exit 3').replace('    script_details', '    retries: 1\n    script_details');
  await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${failing}${script('b', '', 'true')}` } });
  const said = async (...flags: string[]) => (await rig.run(['run', '-j', '2', ...flags])).stderr.split('\n');
  expect(await said()).toContain('  a ✘ exit 3; attempt 2 of 2 starts');
  const ms = (type: string) =>
    rig
      .journal()
      .filter(({ event_type, task_id }) => event_type === type && task_id === 'a')
      .reduce((sum, { details }) => sum + Number(details?.['ms']), 0);
  expect(ms('ERROR_TASK')).toBeCloseTo(ms('RUN_SCRIPT'));
  await rig.run(['retry', 'a']);
  expect(await said('--plain')).toContain('a failed: exit 3; attempt 2 of 2 starts');
});

test('never more than it says', async () => {
  const count =
    'n=$(ls at 2>/dev/null | wc -l); echo $n >> counts; touch "at/$RUNBOOK_TASK_ID"; sleep 0.05; rm "at/$RUNBOOK_TASK_ID"';
  const ids = Array.from({ length: 9 }, (_, i) => `t${i}`);
  const files = { 'runbook.yaml': `tasks:\n${ids.map((id) => script(id, '', count)).join('')}`, 'at/.keep': '' };
  await using rig = await makeRig({ files });
  expect((await rig.run(['run', '-j', '3'])).code).toBe(0);
  const beside = rig.read('counts').trim().split('\n').map(Number);
  expect(beside).toHaveLength(9);
  expect(Math.max(...beside)).toBeLessThanOrEqual(2);
});

test('one in ERROR: none is started after it, what is at work ends and is kept, exit 1', async () => {
  const fail = 'touch f.begun; while [ ! -e a.begun ]; do sleep 0.02; done; exit 2';
  const slow = 'touch a.begun; while [ ! -e f.begun ]; do sleep 0.02; done; sleep 0.3; echo through';
  const files = {
    'runbook.yaml': `tasks:\n${script('f', '', fail)}${script('a', '', slow)}${script('z', '', 'touch z.ran')}`,
  };
  await using rig = await makeRig({ files });
  const { code, stderr } = await rig.run(['run', '--jobs', '2']);
  expect(code).toBe(1);
  expect(rig.statuses()).toEqual({ f: 'ERROR', a: 'DONE', z: 'READY' });
  expect(stderr).toContain('  a │ through');
  expect(rig.exists('z.ran')).toBe(false);
});

test('what asks a person waits for those at work, and is alone', async () => {
  const files = {
    'runbook.yaml': `tasks:\n${script('a', '', 'sleep 0.2; touch a.ran')}  - {id: by_hand, status: READY}\n${script('z', '', 'touch z.ran')}`,
  };
  await using rig = await makeRig({ files });
  const term = rig.terminal(['run', '--jobs', '3']);
  await term.waitFor('Done?');
  expect(rig.statuses()).toMatchObject({ a: 'DONE', by_hand: 'RUNNING', z: 'READY' });
  expect([rig.exists('a.ran'), rig.exists('z.ran')]).toEqual([true, false]);
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.statuses()).toEqual({ a: 'DONE', by_hand: 'DONE', z: 'DONE' });
});

test('Ctrl-C ends all that is at work; each stays RUNNING, and is asked about', async () => {
  const wait = 'echo begun; while [ ! -e go ]; do sleep 0.02; done';
  const files = {
    'runbook.yaml': `tasks:\n${script('a', '', wait)}${script('b', '', wait)}${script('c', '', 'true')}`,
  };
  await using rig = await makeRig({ files });
  const child = rig.start(['run', '--jobs', '2']);
  await child.waitForOutput('a │ begun');
  await child.waitForOutput('b │ begun');
  process.kill(child.pid, 'SIGINT');
  expect((await child.exit).code).toBe(130);
  expect(rig.statuses()).toEqual({ a: 'RUNNING', b: 'RUNNING', c: 'READY' });
  expect(rig.processes()).toEqual([]);
  rig.write('go', '');
  expect((await rig.run(['run', '--jobs', '2', '--answer', 'retry', 'retry'])).code).toBe(0);
});

test('it must be a number, and only `run` takes it', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: []\n' } });
  for (const jobs of ['0', 'two', '-1', '1.5']) {
    const { code, stderr } = await rig.run(['run', `--jobs=${jobs}`]);
    expect(code).toBe(2);
    expect(unwrapped(stderr)).toContain('It must be a number from 1 to 9999.');
  }
  expect((await rig.run(['next', '--jobs', '2'])).code).toBe(2);
  expect(dataOf('run', await rig.run(['run', '--jobs', '2', '--json']))).toMatchObject({ end: 'finished' });
});

test('beside what is alone nothing fits, however many may be at work', () => {
  const never = new Promise<never>(() => {});
  const atWork = new AtWork(3);
  expect(atWork.isFull).toBe(false);
  atWork.add(never, { alone: true });
  expect(atWork.isFull).toBe(true);
  const scripts = new AtWork(2);
  scripts.add(never, { alone: false });
  expect(scripts.isFull).toBe(false);
  scripts.add(new Promise<never>(() => {}), { alone: false });
  expect(scripts.isFull).toBe(true);
});
