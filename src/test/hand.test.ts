// A hand that edits the YAML while a script runs: what it wrote stays, to the byte. Only its own fields are written beside it.
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const RUNBOOK = `# The plan.
tasks:
  - id: work   # mine
    status: READY
    type: AUTOMATED_SCRIPT
    task_detail_file: work.yaml

  - {id: other, status: READY}
  - id: last
    name: 'The last one'
`;

const FILES = {
  'runbook.yaml': RUNBOOK,
  'work.yaml': 'id: work\nstatus: READY\nscript_details: ./wait.sh\n',
  'wait.sh': '#!/bin/sh\necho begun\nwhile [ ! -e go ]; do sleep 0.02; done\nexit $(cat go)\n',
};

const EDITS: Record<string, (text: string) => string> = {
  'a comment': (text) => text.replace('# The plan.', '# The plan, with a long remark\n# over two lines.'),
  'another task': (text) => text.replace("'The last one'", 'The very last').replace('READY}', 'SKIPPED}'),
  'a new task above': (text) => text.replace('tasks:\n', 'tasks:\n  - id: first\n    status: DONE\n'),
  'the order of the tasks': (text) => {
    const [head = '', work = '', rest = ''] = text.split(/(?= {2}- id: work)|(?= {2}- \{id: other)/);
    return `${head}${rest}${work}`;
  },
  'the indentation of all': (text) => text.replaceAll(/^ {2}/gm, '      '),
  'the line ends of all': (text) => text.replaceAll('\n', '\r\n'),
  'the name of the running task': (text) => text.replace('# mine', '# still mine\n    name: Hard work'),
};

test.each(Object.entries(EDITS))('%s: all of it is kept', async (_what, edit) => {
  await using rig = await makeRig({ files: FILES });
  const { edited, stderr } = await whileItRuns(rig, () => rig.write('runbook.yaml', edit(rig.read('runbook.yaml'))));
  expect(rig.read('runbook.yaml')).toBe(edited.replace('RUNNING', 'DONE'));
  expect(rig.read('work.yaml')).toMatch(/^id: work\nstatus: DONE\nscript_details: \.\/wait\.sh\nlast_run:\n/);
  expect(stderr).not.toContain('meanwhile');
});

test('the task file of the running task: all of it is kept', async () => {
  await using rig = await makeRig({ files: FILES });
  await whileItRuns(
    rig,
    () => rig.write('work.yaml', `# A remark.\n${rig.read('work.yaml')}issues: []   # none yet\ntags: [a]\n`),
    3,
  );
  expect(rig.stable(rig.read('work.yaml'))).toMatchInlineSnapshot(`
    "# A remark.
    id: work
    status: ERROR
    script_details: ./wait.sh
    issues:   # none yet
      - timestamp: "<time>"
        type: SCRIPT_ERROR
        detail: |-
          exit 3
          begun
    tags: [a]
    last_run:
      timestamp: "<time>"
      outcome: FAILURE
    "
  `);
});

test('the status of the running task in the runbook: it wins, both are shown, and the work is recorded all the same', async () => {
  await using rig = await makeRig({ files: FILES });
  const { edited, code, stderr } = await whileItRuns(rig, () =>
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace('RUNNING', 'SKIPPED')),
  );
  expect(code).toBe(0);
  expect(stderr).toContain('You changed work to SKIPPED meanwhile (runbook.yaml:4); that stays. The run came to DONE.');
  expect(rig.read('runbook.yaml')).toBe(edited);
  expect(rig.read('work.yaml')).toMatch(
    /^id: work\nstatus: SKIPPED\nscript_details: .+\nlast_run:\n {2}timestamp: .*\n {2}outcome: SUCCESS\n$/,
  );
  expect(rig.journal().at(-1)).toMatchObject({
    event_type: 'HAND_EDIT',
    task_id: 'work',
    status_change: 'RUNNING -> SKIPPED',
    details: { at: 'runbook.yaml:4', not_written: 'DONE' },
  });
  expect((await rig.run(['status'])).stdout).not.toContain('you changed');
});

test('the status of the running task in its own file: it wins too, also over an ERROR', async () => {
  await using rig = await makeRig({ files: FILES });
  const { stderr } = await whileItRuns(
    rig,
    () => rig.write('work.yaml', rig.read('work.yaml').replace('RUNNING', 'PENDING')),
    7,
  );
  expect(stderr).toContain('You changed work to PENDING meanwhile (work.yaml:2); that stays. The run came to ERROR.');
  expect(rig.statuses().work).toBe('PENDING');
  expect(rig.read('work.yaml')).toContain('exit 7\n');
});

test('the same status that the run comes to is no quarrel', async () => {
  await using rig = await makeRig({ files: FILES });
  const { stderr } = await whileItRuns(rig, () =>
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace('RUNNING', 'DONE')),
  );
  expect(stderr).not.toContain('meanwhile');
  expect(rig.journal().at(-1)).toMatchObject({ event_type: 'COMPLETE_TASK', status_change: 'RUNNING -> DONE' });
});

test('the running task taken out of the runbook: that is said, and nothing is written', async () => {
  await using rig = await makeRig({ files: FILES });
  const { edited, stderr } = await whileItRuns(rig, () =>
    rig.write('runbook.yaml', 'tasks:\n  - {id: other, status: READY}\n'),
  );
  expect(stderr).toContain('`work` is no longer in the runbook; its status was not written.');
  expect(rig.read('runbook.yaml')).toBe(edited);
});

test('YAML that can’t be read when the run ends: the outcome is journaled, and written once it can be', async () => {
  await using rig = await makeRig({ files: FILES });
  const good = rig.read('runbook.yaml').replace('status: READY', 'status: RUNNING');
  const { edited, code, stderr } = await whileItRuns(rig, () =>
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace('id: other', 'id: [other')),
  );
  expect(code).toBe(2);
  expect(stderr).toContain('work came to DONE, but its files can’t be written now. The journal has it');
  expect(stderr).toMatch(/error: this is not valid YAML: .+ ——▶ runbook\.yaml:8:/);
  expect(rig.read('runbook.yaml')).toBe(edited);
  expect(rig.journal().slice(-2)).toMatchObject([
    { event_type: 'COMPLETE_TASK', status_change: 'RUNNING -> DONE' },
    { event_type: 'UNSAVED_TASK', status_change: 'DONE -> DONE' },
  ]);

  rig.write('runbook.yaml', good);
  const next = await rig.run(['next', '--no-input']);
  expect(unwrapped(next.stderr)).toContain('work is DONE (runbook.yaml:');
  expect(rig.statuses().work).toBe('DONE');
  expect(rig.journal().filter(({ event_type: type }) => type === 'RUN_SCRIPT')).toHaveLength(1);
});

/** Edits while the script runs, which then ends with `exitCode`. `edited` is how the hand left the runbook. */
async function whileItRuns(rig: Rig, edit: () => void, exitCode = 0) {
  const runner = rig.start(['next']);
  await runner.waitForOutput('begun');
  expect(rig.statuses().work).toBe('RUNNING');
  edit();
  const edited = rig.read('runbook.yaml');
  rig.write('go', String(exitCode));
  const { code, stderr } = await runner.exit;
  return { edited, code, stderr: unwrapped(stderr) };
}
