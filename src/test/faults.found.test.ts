// The faults that once lost something, or said it badly: each at its one call, by what the call does.
import { expect, test } from 'vitest';
import { type Call, callsOf, type Fault, faultEnv, faulted } from './faults/faulted.ts';
import { SCENARIOS } from './faults/project.ts';
import { makeRig } from './rig.ts';

type Which = (calls: readonly Call[]) => Call | undefined;

const SCRIPT: readonly (readonly [what: string, fault: Fault, which: Which])[] = [
  ['killed with its own file of the lock made, and the lock not taken', 'kill', nth(1, 'linkSync', /write\.lock$/)],
  ['killed with a file of the lock that is still empty', 'empty', nth(2, 'writeFileSync', /write\.lock\.\d+$/)],
  ['killed with the folder that ignores itself not ignoring anything yet', 'empty', nth(1, 'writeFileSync', /ignore$/)],
  ['killed when the journal had the good end of the script, and no outcome', 'kill', nth(3, 'mkdirSync', /logs$/)],
  ['a disk that fails while RUNNING is journaled: it was no hand', 'EIO', nth(1, 'writeSync', /run_log/)],
  ['a disk that fails while the outcome is journaled: the files have it', 'EIO', nth(3, 'openSync', /run_log/)],
  ['a disk that fails once the outcome is in the journal', 'EIO', nth(3, 'fsyncSync', /run_log/)],
  ['a disk that takes half of the outcome', 'short', nth(3, 'writeSync', /run_log/)],
  ['a disk that is full from the end of the script on', 'full', nth(2, 'writeSync', /run_log/)],
  ['a disk that is full before the second file of what became READY', 'full', nth(1, 'openSync', /read\.yaml\./)],
  ['a log that can not be written while the script runs', 'ENOSPC', nth(2, 'appendFileSync', /build\/.+\.log$/)],
  ['a lock that can not be taken for the outcome', 'ENOSPC', nth(3, 'writeFileSync', /write\.lock\.\d+$/)],
];

const MODEL: typeof SCRIPT = [
  ['killed with half of a proposal on trial: it is no hand’s', 'torn', nth(1, 'writeSync', /notes\.md/)],
  ['a disk that fails when a proposal is put on trial', 'EIO', nth(1, 'writeSync', /notes\.md/)],
  ['killed while the note of what is on trial is written', 'torn', nth(1, 'writeSync', /trial\.json/)],
  ['a disk that fails once the accepted artifact is in its place', 'EIO', nth(6, 'writeSync', /run_log/)],
];

test.each(SCRIPT)('a script, %s', (_what, fault, which) => requireNothingLost('next, a script', fault, which));
test.each(MODEL)('a model, %s', (_what, fault, which) => requireNothingLost('next, a model', fault, which));

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
