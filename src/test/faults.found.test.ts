// The faults that once lost something, or said it badly: each at its one call, by what the call does.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { block, rigWithDraft } from './drafting.ts';
import { type Call, callsOf, type Fault, faultEnv, faulted } from './faults/faulted.ts';
import { leftovers } from './faults/invariants.ts';
import { SCENARIOS } from './faults/project.ts';
import { makeRig } from './rig.ts';
import { unwrapped } from './said.ts';

type Which = (calls: readonly Call[]) => Call | undefined;

const SCRIPT: readonly (readonly [what: string, fault: Fault, which: Which])[] = [
  ['killed with its own file of the lock made, and the lock not taken', 'kill', nth(1, 'linkSync', /write\.lock$/)],
  ['killed with a file of the lock that is still empty', 'empty', nth(2, 'writeFileSync', /write\.lock\.\d+@[^@]+$/)],
  ['killed with the folder that ignores itself not ignoring anything yet', 'empty', nth(1, 'writeFileSync', /ignore$/)],
  ['killed when the journal had the good end of the script, and no outcome', 'kill', nth(3, 'writeSync', /run_log/)],
  ['a disk that fails while RUNNING is journaled: it was no hand', 'EIO', nth(1, 'writeSync', /run_log/)],
  ['a disk that fails while the outcome is journaled: the files have it', 'EIO', nth(3, 'writeSync', /run_log/)],
  ['a disk that fails once the outcome is in the journal', 'EIO', nth(3, 'fsyncSync', /run_log/)],
  ['a disk that takes half of the outcome', 'short', nth(3, 'writeSync', /run_log/)],
  ['a disk that is full from the end of the script on', 'full', nth(2, 'writeSync', /run_log/)],
  ['a disk that is full before the second file of what became READY', 'full', nth(1, 'openSync', /read\.yaml\./)],
  ['a log that can not be begun while the script runs', 'ENOSPC', nth(1, 'openSync', /build\/.+\.log$/)],
  ['a log that can not be written while the script runs', 'ENOSPC', nth(2, 'writeSync', /build\/.+\.log$/)],
  ['a lock that can not be taken for the outcome', 'ENOSPC', nth(3, 'writeFileSync', /write\.lock\.\d+@[^@]+$/)],
];

const MODEL: typeof SCRIPT = [
  ['killed with half of a proposal on trial: it is no hand’s', 'torn', nth(1, 'writeSync', /notes\.md/)],
  ['a disk that fails when a proposal is put on trial', 'EIO', nth(1, 'writeSync', /notes\.md/)],
  ['killed while the note of what is on trial is written', 'torn', nth(1, 'writeSync', /trial\.json/)],
  ['a disk that fails once the accepted artifact is in its place', 'EIO', nth(6, 'writeSync', /run_log/)],
];

/** After the line of the checkpoint comes that of how the last of them ended. */
const lineOfCheckpoint: Which = (calls) =>
  calls.filter(({ name, path }) => name === 'writeSync' && path.endsWith('run_log.jsonl')).at(-2);

test.each(['run, scripts', 'run, scripts side by side'])(
  '%s: a disk that fails once a checkpoint is in the files: what they say is no hand’s',
  (scenario) => requireNothingLost(scenario, 'EIO', lineOfCheckpoint),
);
test.each(SCRIPT)('a script, %s', (_what, fault, which) => requireNothingLost('next, a script', fault, which));
test.each(MODEL)('a model, %s', (_what, fault, which) => requireNothingLost('next, a model', fault, which));

test('no folder can be made for the logs of a script that runs: that is said, and it runs to its end', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml':
        'tasks:\n  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: "echo it ran > ran"}\n',
    },
  });
  const env = faultEnv(rig, { on: 'mkdirSync logs/a', fault: 'ENOSPC' });
  const { code, stderr } = await rig.run(['next'], { env });
  expect([code, rig.statuses().a, rig.read('ran'), rig.exists('logs/a')]).toEqual([0, 'DONE', 'it ran\n', false]);
  expect(unwrapped(stderr).match(/What `a` prints is not kept: the disk is full\./g)).toHaveLength(1);
  for (const { event_type: type, details } of rig.journal())
    if (type === 'RUN_SCRIPT' || type === 'COMPLETE_TASK') expect(details).not.toHaveProperty('log');
});

test('another command is killed between the files and the journal while a runner is at work: it was no hand', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - {id: work, status: READY, type: AUTOMATED_SCRIPT, script_details: "echo begun; while [ ! -e go ]; do sleep 0.02; done"}
  - {id: other, status: READY}
`,
    },
  });
  // The journal knows it.
  await rig.run(['skip', 'other']);
  const runner = rig.start(['run', '--until', 'work']);
  await runner.waitForOutput('begun');
  const env = faultEnv(rig, { on: 'renameSync runbook.yaml', fault: 'killAfter' });
  expect(await rig.run(['done', 'other'], { env })).toMatchObject({ signal: 'SIGKILL' });
  expect([rig.statuses().other, rig.exists('.runbook/write.lock')]).toEqual(['DONE', true]);
  rig.write('go', '');
  expect(await runner.exit).toMatchObject({ code: 0 });
  const told = rig
    .journal()
    .filter(({ task_id: id }) => id === 'other')
    .slice(1);
  expect(told.map(({ event_type: type, status_change: change }) => [type, change])).toEqual([
    ['RECOVER_TASK', 'SKIPPED -> DONE'],
  ]);
});

test('killed between the files and the journal, and the next one, too, before it had told of that: it was no hand', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - {id: a, status: READY}
  - {id: b, status: PENDING, depends_on: [a]}
  - {id: c, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}
`,
    },
  });
  expect((await rig.run(['skip', 'c'])).code).toBe(0);
  expect((await rig.run(['reset', 'c'])).code).toBe(0);
  const first = await rig.run(['done', 'a'], {
    env: faultEnv(rig, { on: 'renameSync runbook.yaml', fault: 'killAfter' }),
  });
  expect([first.signal, rig.statuses()]).toEqual(['SIGKILL', { a: 'DONE', b: 'READY', c: 'READY' }]);
  // It finds out what the first one did, and has taken its lock over.
  const unlocked = faultEnv(rig, { on: 'unlinkSync .runbook/write.lock', fault: 'killAfter' });
  expect((await rig.run(['next', '--start-from', 'c'], { env: unlocked })).signal).toBe('SIGKILL');
  expect((await rig.run(['next', '--start-from', 'c'])).code).toBe(0);
  expect(rig.journal().filter(({ event_type: type }) => type === 'HAND_EDIT')).toEqual([]);
  expect(rig.statuses()).toEqual({ a: 'DONE', b: 'READY', c: 'DONE' });
});

test('killed while accepted files are written: what lies beside them and the new folders are taken away, wherever they are', async () => {
  const fence = (path: string) => `\`\`\`text ${path}\nnew\n\`\`\`\n`;
  await using rig = await rigWithDraft([fence('a.txt') + fence('new/deep/b.txt')]);
  rig.write('greet.yaml', rig.read('greet.yaml').replace('python_code_block', 'files'));
  const env = faultEnv(rig, { on: 'writeSync new/deep/.b.txt.runbook-tmp', fault: 'torn' });
  expect(await rig.run(['next', '--yes=unchecked'], { env })).toMatchObject({ signal: 'SIGKILL' });
  expect(rig.exists('new/deep/.b.txt.runbook-tmp')).toBe(true);
  expect(await rig.run(['next', '--no-input'])).toMatchObject({ code: 1 });
  expect([leftovers(rig), rig.exists('new'), rig.read('a.txt')]).toEqual([[], false, 'new\n']);
});

test('killed while an artifact outside of the project is written: the same', async () => {
  await using rig = await rigWithDraft([block('new')], { files: { '../out/greet.py': 'old\n' } });
  const artifact = join(rig.dir, '../out/greet.py');
  rig.write('greet.yaml', rig.read('greet.yaml').replace('output_artifact: greet.py', `output_artifact: ${artifact}`));
  rig.write('runbook.yaml', `allow_outside: [../out]\n${rig.read('runbook.yaml')}`);
  const temporary = join(rig.dir, '../out/.greet.py.runbook-tmp');
  const env = faultEnv(rig, { root: join(rig.dir, '../out'), on: 'writeSync .greet.py.runbook-tmp', fault: 'torn' });
  expect(await rig.run(['next', '--yes=unchecked'], { env })).toMatchObject({ signal: 'SIGKILL' });
  expect(existsSync(temporary)).toBe(true);
  expect(await rig.run(['next', '--no-input'])).toMatchObject({ code: 1 });
  expect([existsSync(temporary), rig.read('../out/greet.py')]).toEqual([false, 'old\n']);
});

test.each([
  ['a step by hand', { id: 'a' }, ['--answer', 'accept'], 'It was said to be done by then.'],
  ['a script', { id: 'a', type: 'AUTOMATED_SCRIPT', script_details: 'true' }, [], 'Its script had ended well'],
])('killed when the journal had the good end of %s: it is said what comes, and it comes', async (...one) => {
  const [, task, args, told] = one;
  const files = { 'runbook.yaml': `tasks:\n  - ${JSON.stringify({ ...task, status: 'READY' })}\n` };
  const all = await callsOf({ name: 'its end', files, args: ['next', ...args], answers: {} });
  await using rig = await makeRig({ files });
  // The third line is that of the outcome.
  const env = faultEnv(rig, { at: nth(3, 'writeSync', /run_log/)(all)?.n ?? 0, fault: 'kill' });
  expect(await rig.run(['next', ...args], { env })).toMatchObject({ signal: 'SIGKILL' });
  const lines = rig.journal().map(({ event_type: type }) => type);
  expect(lines).toEqual(['START_TASK', expect.stringMatching(/RUN_SCRIPT|MANUAL_ACTION/)]);
  const comes = 'makes it DONE: the journal has its good end';
  expect((await rig.run(['status'])).stdout).toContain(`its runner is gone; runbook next ${comes}`);
  expect(unwrapped((await rig.run(['why', 'a'])).stdout)).toContain(`\`runbook next\` ${comes}`);
  expect((await rig.run(['next', '--dry-run'])).stderr).toContain('RUNNING → DONE (the journal has its good end)');
  expect(await rig.run(['next', '--no-input'])).toMatchObject({ code: 0, stderr: expect.stringContaining(told) });
  expect(rig.statuses().a).toBe('DONE');
});

async function requireNothingLost(name: string, fault: Fault, which: Which): Promise<void> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`there is no \`${name}\``);
  const found = calls.get(name) ?? callsOf(scenario);
  calls.set(name, found);
  const call = which(await found);
  if (!call) throw new Error('there is no such call any more');
  expect(await faulted(scenario, call.n, fault)).toEqual({ hit: true, problems: [] });
}

const calls = new Map<string, Promise<Call[]>>();

/** The nth call of that name on such a path. */
function nth(n: number, name: string, path: RegExp) {
  return (all: readonly Call[]) => all.filter((call) => call.name === name && path.test(call.path))[n - 1];
}
