// Recovery as §5 of the plan has it: a task in ERROR stops the line; the code is mended, READY is written by hand, and it goes on.
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf } from './said.ts';

const plan = `tasks:
  - id: build
    status: READY
    task_detail_file: tasks/build.yaml
    type: AUTOMATED_SCRIPT
  - {id: after, status: PENDING, depends_on: [build], type: AUTOMATED_SCRIPT, script_details: "true"}
`;
const detail = 'id: build\nstatus: READY\nscript_details: ./code.sh\n';
const broken = '#!/bin/sh\necho "code.sh: line 7: no such thing" >&2; exit 1\n';

/** After the script has failed: the line has stopped, and says what is wrong and where. */
async function stopped(): Promise<Rig> {
  const rig = await makeRig({ files: { 'runbook.yaml': plan, 'tasks/build.yaml': detail, 'code.sh': broken } });
  expect((await rig.run(['run'])).code).toBe(1);
  const again = await rig.run(['run']);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('✘ ERROR  build');
  expect(again.stderr).toContain('no such thing');
  expect(rig.read('tasks/build.yaml')).toMatch(
    /^id: build\nstatus: ERROR\n[\s\S]*issues:\n[\s\S]*type: SCRIPT_ERROR\n/,
  );
  rig.write('code.sh', '#!/bin/sh\necho built\n');
  return rig;
}
const byHand = (rig: Rig, path: string) => rig.write(path, rig.read(path).replace('status: ERROR', 'status: READY'));

test.each<[where: string, paths: string[], note: string]>([
  [
    'in both files',
    ['runbook.yaml', 'tasks/build.yaml'],
    'You changed build: ERROR → READY (runbook.yaml:3). Journaled.',
  ],
  [
    'in the runbook alone',
    ['runbook.yaml'],
    'You changed build: ERROR → READY (runbook.yaml:3). tasks/build.yaml now agrees. Journaled.',
  ],
  [
    'in the task file alone',
    ['tasks/build.yaml'],
    'You changed build: ERROR → READY (tasks/build.yaml:2). runbook.yaml now agrees. Journaled.',
  ],
])('the code is mended and READY is written %s: `next` does it', async (_where, paths, note) => {
  await using rig = await stopped();
  for (const path of paths) byHand(rig, path);
  const finished = await rig.run(['next']);
  expect(finished.code).toBe(0);
  // In lines that fit the screen.
  expect(finished.stderr.replaceAll('\n  ', ' ')).toContain(`${note}\n`);
  expect(rig.statuses()).toEqual({ build: 'DONE', after: 'READY' });
  expect(dataOf('task', await rig.run(['show', 'build', '--json']))).toMatchObject({
    status: 'DONE',
    last_run: { outcome: 'SUCCESS' },
    issues: [{ type: 'SCRIPT_ERROR', resolution: 'Done on a later attempt' }],
  });
  expect(rig.journal().map(({ event_type }) => event_type)).toContain('HAND_EDIT');
});

test('a resolution that the person has written stays in their words', async () => {
  await using rig = await stopped();
  const issue = /( +)(type: SCRIPT_ERROR\n)/;
  rig.write('tasks/build.yaml', rig.read('tasks/build.yaml').replace(issue, '$1$2$1resolution: I mended line 7\n'));
  for (const path of ['runbook.yaml', 'tasks/build.yaml']) byHand(rig, path);
  expect((await rig.run(['run'])).code).toBe(0);
  expect(rig.read('tasks/build.yaml').match(/resolution: .*/g)).toEqual(['resolution: I mended line 7']);
  expect(rig.statuses()).toEqual({ build: 'DONE', after: 'DONE' });
});

test('`retry` does the same in one line', async () => {
  await using rig = await stopped();
  expect((await rig.run(['retry', 'build'])).code).toBe(0);
  expect((await rig.run(['run'])).code).toBe(0);
  expect(rig.statuses()).toEqual({ build: 'DONE', after: 'DONE' });
});
