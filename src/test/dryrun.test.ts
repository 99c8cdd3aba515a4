// `next -n` and `run -n`: which task comes, and the exact change to the YAML; writes nothing, starts nothing, asks nobody.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { dry } from './dry.ts';
import { openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { errorOf, said } from './said.ts';

let server: Awaited<ReturnType<typeof openaiServer>>;
beforeAll(async () => {
  server = await openaiServer({ '': 'a reply' });
});
afterAll(() => server.close());
// No model was asked.
afterEach(() => expect(server.requests()).toEqual([]));

test('a script: what would run, and the diff in both files', async () => {
  const files = {
    'runbook.yaml': 'tasks:\n  - id: a # one\n    status: READY\n    task_detail_file: a.yaml\n',
    'a.yaml':
      'status: READY\ntype: AUTOMATED_SCRIPT\nscript_details: cp runbook.yaml a.yaml seen\nchecks: [touch checked]\n',
    'seen/.gitkeep': '',
  };
  await using rig = await makeRig({ files });
  const { plain, data } = await dry(rig, 'next');
  expect(said(rig, plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
            - id: a # one
        -     status: READY
        +     status: RUNNING
              task_detail_file: a.yaml
      a.yaml
        @@ line 1 @@
        - status: READY
        + status: RUNNING
          type: AUTOMATED_SCRIPT
          script_details: cp runbook.yaml a.yaml seen
          checks: [touch checked]
      ── stderr
      ▶ a                                                                  step 1 of 1
        cp runbook.yaml a.yaml seen                                               in .

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
    `);
  const planned = data();
  expect(planned.task_id).toBe('a');
  // The script itself sees the files as they are while it runs.
  await rig.run(['next']);
  expect(planned.files).toEqual([
    { file: 'runbook.yaml', before: files['runbook.yaml'], after: rig.read('seen/runbook.yaml') },
    { file: 'a.yaml', before: files['a.yaml'], after: rig.read('seen/a.yaml') },
  ]);
});

test('a MANUAL task: its instructions, also without a person', async () => {
  const yaml = 'tasks:\n  - {id: a, status: READY, manual_instructions: "Sign **it**"}\n';
  await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
  expect(said(rig, (await dry(rig, 'next')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
        -   - {id: a, status: READY, manual_instructions: "Sign **it**"}
        +   - {id: a, status: RUNNING, manual_instructions: "Sign **it**"}
      ── stderr
      ▶ a                                                                  step 1 of 1

        Sign it

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
    `);
});

test('a model: the prompt is filled and counted, and not sent', async () => {
  await using rig = await aiRig('local');
  expect(said(rig, (await dry(rig, 'next')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
            - id: ai
        -     status: READY
        +     status: RUNNING
              type: AI_ASSISTED
              ai_details: {prompt_template: ask.txt, model: local}
              output_artifact: out.txt
      ── stderr
      ▶ ai                                                                 step 1 of 1
        gpt-4o-mini · ask.txt · 5 tokens · cost unknown
        writes out.txt once you accept

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
    `);
  // The same for a run that is told how to answer: it would not even need a person.
  expect((await dry(rig, 'run', '--yes=unchecked')).code).toBe(0);
});

test('without a model it says so, and asks nothing, in a terminal neither', async () => {
  await using rig = await aiRig(undefined);
  const { plain } = await dry(rig, 'next');
  expect(said(rig, plain)).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    runbook.yaml
      @@ line 1 @@
        tasks:
          - id: ai
      -     status: READY
      +     status: RUNNING
            type: AI_ASSISTED
            ai_details: {prompt_template: ask.txt}
            output_artifact: out.txt
    ── stderr
    ▶ ai                                                                 step 1 of 1
      No model is set for \`ai\`. The prompt can go to any chat instead.
      paste · ask.txt · 5 tokens
      writes out.txt once you accept

      then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
  `);
  const before = rig.tree();
  const term = rig.terminal(['-n', 'next']);
  expect(await term.exit).toMatchObject({ code: 0 });
  expect(term.screen()).not.toContain('?');
  expect(rig.tree()).toEqual(before);
});

test('finds the mistakes that the real one would find', async () => {
  await using rig = await aiRig('local');
  rig.write('ask.txt', 'Write {{ wat }}.');
  const { json } = await dry(rig, 'next');
  expect([json.code, json.stdout, errorOf(json)]).toMatchObject([
    2,
    '',
    { code: 'TEMPLATE_UNDEFINED', at: { file: 'ask.txt', line: 1 } },
  ]);
});

test('what would be settled before it is in the diff', async () => {
  const yaml = 'tasks:\n  - {id: a, type: AUTOMATED_SCRIPT, script_details: cp runbook.yaml seen}\n  - {id: b}\n';
  await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
  const { plain, data } = await dry(rig, 'next');
  expect(said(rig, plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
        -   - {id: a, type: AUTOMATED_SCRIPT, script_details: cp runbook.yaml seen}
        -   - {id: b}
        +   - {id: a, status: RUNNING, type: AUTOMATED_SCRIPT, script_details: cp runbook.yaml seen}
        +   - {id: b, status: READY}
      ── stderr
      would settle  a: PENDING → READY (runbook.yaml:2)
      would settle  b: PENDING → READY (runbook.yaml:3)
      ▶ a                                                                  step 1 of 2
        cp runbook.yaml seen                                                      in .

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
    `);
  const planned = data();
  expect(planned.settles).toEqual([
    { task_id: 'a', from: 'PENDING', to: 'READY' },
    { task_id: 'b', from: 'PENDING', to: 'READY' },
  ]);
  await rig.run(['next']);
  expect(planned.files).toEqual([{ file: 'runbook.yaml', before: yaml, after: rig.read('seen') }]);
});

test('a hand edit: it counts, and the file that has to agree is in the diff', async () => {
  const files = {
    'runbook.yaml': 'tasks:\n  - {id: a, status: DONE, task_detail_file: a.yaml}\n  - {id: b, status: READY}\n',
    'a.yaml': 'status: DONE\n',
  };
  await using rig = await makeRig({ files });
  await rig.run(['reset', 'a']);
  rig.write('a.yaml', 'status: SKIPPED\n');
  expect(said(rig, (await dry(rig, 'next')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
        -   - {id: a, status: READY, task_detail_file: a.yaml}
        -   - {id: b, status: READY}
        +   - {id: a, status: SKIPPED, task_detail_file: a.yaml}
        +   - {id: b, status: RUNNING}
      ── stderr
      would settle  a: READY → SKIPPED (a.yaml:1)
      ▶ b                                                                  step 2 of 2

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed."
    `);
});

test('what stops it, with the exit code that the real one would have', async () => {
  const task = (id: string, more: string) =>
    `  - {id: ${id}, type: AUTOMATED_SCRIPT, script_details: touch ran, ${more}}\n`;
  await using rig = await makeRig({
    files: { 'runbook.yaml': `tasks:\n${task('a', 'status: ERROR')}${task('b', 'status: READY')}` },
  });
  const stopped = await dry(rig, 'next');
  expect(said(rig, stopped.plain)).toMatchInlineSnapshot(`
      "exit 1
      ── stderr
      would stop at  a, which is in ERROR"
    `);
  // As with the real one: past the error, or only what comes after it.
  for (const flags of [['--keep-going'], ['--start-from', 'b']]) {
    const { code, data } = await dry(rig, 'next', ...flags);
    expect([code, data().task_id]).toEqual([0, 'b']);
  }
  rig.write('runbook.yaml', 'tasks:\n  - {id: a, status: SKIPPED}\n  - {id: b, depends_on: [a]}\n');
  expect(said(rig, (await dry(rig, 'run')).plain)).toMatchInlineSnapshot(`
      "exit 3
      ── stderr
      Nothing is READY. Nothing was changed."
    `);
  rig.write('runbook.yaml', 'tasks:\n  - {id: a, status: DONE}\n');
  expect(said(rig, (await dry(rig, 'run')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      Nothing is left to do. Nothing was changed."
    `);
  rig.write('runbook.yaml', `tasks:\n${task('a', 'status: RUNNING')}`);
  expect(said(rig, (await dry(rig, 'next')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      would ask about  a, which was RUNNING when its runner ended"
    `);
});

test('while another runner works it says so, and takes nothing from it', async () => {
  const wait = 'touch up; until test -e go; do sleep 0.05; done';
  const yaml = `tasks:\n  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: ${wait}}\n  - {id: b, status: READY}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
  const runner = rig.start(['next']);
  await expect.poll(() => rig.exists('up')).toBe(true);
  const { plain, data } = await dry(rig, 'next');
  expect(plain.stderr).toContain(`A runner holds this runbook now (pid ${runner.pid}).`);
  expect(data().task_id).toBe('b');
  rig.write('go', '');
  expect(await runner.exit).toMatchObject({ code: 0 });
});

function aiRig(model: string | undefined): Promise<Rig> {
  return makeRig({
    files: {
      'runbook.yaml': `tasks:
  - id: ai
    status: READY
    type: AI_ASSISTED
    ai_details: {prompt_template: ask.txt${model === undefined ? '' : `, model: ${model}`}}
    output_artifact: out.txt
models: {local: {provider: openai, base_url: ${server.url}}}
`,
      'ask.txt': 'Write it, from:\n{{ git.log }}\n',
    },
  });
}
