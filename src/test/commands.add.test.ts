// `add`: where a new task stands, what it says, what is asked, what is refused, and that nothing else in the files changes.
import { expect, test } from 'vitest';
import { dry } from './dry.ts';
import { press, type } from './person.ts';
import { makeRig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const PLAN = `# mine
name:   'a plan'   # of my own
tasks:
  - id: a # first
    status: DONE

  # the second
  - {id: b, depends_on: [a]}
`;

test('by flags, at the end and at a place; the journal says that it was ours, and the next command finds no edit of yours', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  const added = await rig.run(['add', 'Publish: the package!', '--script', 'npm publish', '--depends-on', 'b']);
  expect(said(rig, added)).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    added publish_the_package  PENDING
      runbook.yaml
    ── stderr
      runbook show publish_the_package · runbook edit publish_the_package"
  `);
  await rig.run([
    'add',
    'yes',
    '--after',
    'a',
    '--description',
    'a: b',
    '--tag',
    'x',
    '--check',
    'true',
    'test -s a',
    '-q',
  ]);
  expect(rig.read('runbook.yaml')).toMatchInlineSnapshot(`
    "# mine
    name:   'a plan'   # of my own
    tasks:
      - id: a # first
        status: DONE

      - id: 'yes'
        status: READY
        type: MANUAL
        description: 'a: b'
        tags: [x]
        checks:
          - 'true'
          - test -s a

      # the second
      - {id: b, status: READY, depends_on: [a]}

      - id: publish_the_package
        name: 'Publish: the package!'
        status: PENDING
        depends_on: [b]
        type: AUTOMATED_SCRIPT
        script_details: npm publish
    "
  `);
  expect(
    rig.journal().map(({ event_type, task_id, details }) => [event_type, task_id, details?.command ?? '']),
  ).toEqual([
    ['READY_TASK', 'b', ''],
    ['CHANGE_PLAN', 'publish_the_package', 'add'],
    ['CHANGE_PLAN', 'yes', 'add'],
  ]);
  expect((await rig.run(['skip', 'b', '--json'])).stderr).toBe('');
  expect(rig.journal().some(({ event_type }) => event_type === 'HAND_EDIT')).toBe(false);
  expect((await rig.run(['history', 'yes'])).stdout).toContain('runbook add: it was added, behind a');
});

test('with a file of its own, in the folder and the line ends of the others, with the line for the editor', async () => {
  const files = {
    'runbook.yaml': 'tasks:\r\n- id: a\r\n  task_detail_file: steps/a.yaml\r\n',
    'steps/a.yaml': 'name: A\r\n',
  };
  await using rig = await makeRig({ files });
  const added = await rig.run(['add', 'Say hello', '--instructions', 'Say it.\nTwice.', '--before', 'a', '--json']);
  expect(dataOf('added', added)).toEqual({
    id: 'say_hello',
    status: 'READY',
    at: 'runbook.yaml:2',
    files: ['steps/say_hello.yaml', '.runbook/schemas/task.json', 'runbook.yaml'],
  });
  expect(rig.read('runbook.yaml')).toBe(
    'tasks:\r\n- id: say_hello\r\n  name: Say hello\r\n  status: READY\r\n  task_detail_file: steps/say_hello.yaml\r\n  type: MANUAL\r\n\r\n- id: a\r\n  status: READY\r\n  task_detail_file: steps/a.yaml\r\n',
  );
  expect(rig.read('steps/say_hello.yaml')).toBe(
    '# yaml-language-server: $schema=../.runbook/schemas/task.json\r\nid: say_hello\r\nstatus: READY\r\nmanual_instructions: |-\r\n  Say it.\r\n  Twice.\r\n',
  );
  expect((await rig.run(['add', 'No file', '--no-detail', '--json'])).code).toBe(0);
  expect(rig.exists('steps/no_file.yaml')).toBe(false);
});

test.each([
  ['empty', ''],
  ['with comments alone', '# mine\n'],
  ['with an empty list', 'tasks: []\n'],
  ['without a list', 'name: n'],
])('into a runbook that is %s', async (_name, text) => {
  await using rig = await makeRig({ files: { 'runbook.yaml': text } });
  expect(await rig.run(['add', 'One', '--json'])).toMatchObject({ code: 0, stderr: '' });
  expect(rig.statuses()).toEqual({ one: 'READY' });
  expect((await rig.run(['validate'])).code).toBe(0);
});

test('a dry run shows the exact change and makes none', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  const { plain, data } = await dry(rig, 'add', 'Pack', '--script', 'npm pack', '--before', 'b', '--detail');
  expect(said(rig, plain)).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    tasks/pack.yaml (new)
      @@ line 1 @@
      + # yaml-language-server: $schema=../.runbook/schemas/task.json
      + id: pack
      + status: READY
      + script_details: npm pack
    runbook.yaml
      @@ line 4 @@
          - id: a # first
            status: DONE
        
      +   - id: pack
      +     name: Pack
      +     status: READY
      +     task_detail_file: tasks/pack.yaml
      +     type: AUTOMATED_SCRIPT
      + 
          # the second
          - {id: b, depends_on: [a]}
    ── stderr
    Nothing was changed."
  `);
  const [detail, runbook] = data().files;
  expect(detail).toMatchObject({ file: 'tasks/pack.yaml', before: '' });
  await rig.run(['add', 'Pack', '--script', 'npm pack', '--before', 'b', '--detail']);
  // That b became READY is the work of the command that acts.
  expect(rig.read('runbook.yaml').replace('{id: b, status: READY', '{id: b')).toBe(runbook?.after);
  expect(rig.read('tasks/pack.yaml')).toBe(detail?.after);
});

test.each<[string[], string, string]>([
  [['x', '--after', 'bb'], 'UNKNOWN_TASK', '`--after`: there is no task `bb`. Did you mean `b`?'],
  [['x', '--depends-on', 'a', 'c'], 'UNKNOWN_TASK', '`--depends-on`: there is no task `c`.'],
  [['x', '--id', 'b'], 'DUPLICATE_ID', 'there is a task `b` already'],
  [['B'], 'DUPLICATE_ID', 'there is a task with this name already: `b`'],
  [['x', '--after', 'a', '--before', 'b'], 'USAGE', '`--after` and `--before` can’t both be said'],
  [['x', '--type', 'AUTOMATED_SCRIPT'], 'USAGE', 'a script needs its command'],
  [['x', '--model', 'paste'], 'USAGE', 'a task for a model needs its template'],
  [['x', '--type', 'MANUAL', '--script', 'true'], 'USAGE', 'nothing uses `--script` in a task of the type MANUAL'],
  [[' '], 'USAGE', 'the name is empty'],
  [['x', '--detail'], 'USAGE', '`tasks/x.yaml` is there already'],
])('%j is refused, and changes nothing', async (args, code, message) => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN, 'tasks/x.yaml': 'notes: mine\n' } });
  const before = rig.tree();
  const finished = await rig.run(['add', ...args, '--json']);
  expect(finished).toMatchObject({ code: 2, stdout: '' });
  expect(errorOf(finished)).toMatchObject({ code, message: expect.stringContaining(message.slice(0, 40)) });
  expect(rig.tree()).toEqual(before);
});

test('without a name and without a terminal, nothing waits', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  expect(await rig.run(['add'], { stdin: 'closed' })).toMatchObject({ code: 4, stdout: '' });
});

test('by questions: what is written is shown first, and asked', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  const before = rig.read('runbook.yaml');
  for (const [key, end] of [
    ['q', 4],
    ['y', 0],
  ] as const) {
    const term = rig.terminal(['add']);
    await type(term, 'What is to be done?', 'Publish it');
    await press(term, 'Who does it?', 's');
    await type(term, 'Which command?', 'npm publish');
    await term.waitFor(/There are a, b(?:, \w+)*\.\n\? Waits for which ids\?/);
    await type(term, 'Waits for which ids?', 'bb');
    await term.waitForNew('There is no task bb. Did you mean `b`?');
    await type(term, 'Waits for which ids?', 'b');
    await term.waitForNew('+     script_details: npm publish');
    await press(term, 'Write it?', key);
    expect(await term.exit).toMatchObject({ code: end });
    if (key === 'q') expect(rig.read('runbook.yaml')).toBe(before);
  }
  expect(rig.read('runbook.yaml')).toContain(
    'depends_on: [b]\n    type: AUTOMATED_SCRIPT\n    script_details: npm publish\n',
  );
});

test('a secret in a new task does not reach the journal', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN, '.env': 'API_KEY=hunter2hunter2\n' } });
  await rig.run(['add', 'Call it', '--script', 'curl -H hunter2hunter2']);
  await rig.run(['add', 'And more', '--script', 'true']);
  expect(rig.read('logs/run_log.jsonl') + rig.read('.runbook/plan.json')).not.toContain('hunter2');
});

test('many at once, beside a runner at work: none is lost, and none is taken for a hand’s', async () => {
  const runbook =
    'tasks:\n  - id: a\n    status: READY\n    type: AUTOMATED_SCRIPT\n    script_details: echo begun; while test ! -e go; do sleep 0.05; done\n';
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook } });
  const runner = rig.start(['next']);
  await runner.waitForOutput('│ begun');
  const names = ['One', 'Two', 'Three', 'Four'];
  const ends = await Promise.all(names.map((name) => rig.run(['add', name, '--depends-on', 'a', '-q'])));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  rig.write('go', '');
  expect(await runner.exit).toMatchObject({ code: 0 });
  expect(rig.statuses()).toEqual({ a: 'DONE', one: 'READY', two: 'READY', three: 'READY', four: 'READY' });
  const types = rig.journal().map(({ event_type }) => event_type);
  expect(types.filter((type) => type === 'CHANGE_PLAN')).toHaveLength(4);
  expect(types).not.toContain('HAND_EDIT');
});

test('Ctrl-C at a question changes nothing', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  const before = rig.tree();
  const term = rig.terminal(['add']);
  await type(term, 'What is to be done?', 'Publish it');
  await term.waitForNew('Who does it?');
  term.press('ctrl-c');
  expect(await term.exit).toMatchObject({ code: 130 });
  expect(rig.tree()).toEqual(before);
});
