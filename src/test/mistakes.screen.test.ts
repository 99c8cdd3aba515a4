// How a mistake looks: the sentence, the place with its line, a caret under the very letters, and what to do.
import { afterAll, expect, test } from 'vitest';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('the sentence, the place, the line, the caret, what to do', async () => {
  expect(await screenOf('tasks:\n  - id: build\n    status: REDAY # soon\n')).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:3:13
      │
    3 │     status: REDAY # soon
      │             ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
});

test('of several mistakes the first, and where the others are shown', async () => {
  expect(
    await screenOf(
      'tasks:\n  - id: build\n    status: REDAY\n  - id: test\n    depends_on: biuld\n    retries: many\n',
    ),
  ).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:3:13
      │
    3 │     status: REDAY
      │             ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
      2 more of the kind: \`runbook validate\` shows all.
    "
  `);
});

test('the gutter is as wide as the number of the line', async () => {
  expect(await screenOf(`# a\n${'# b\n'.repeat(98)}tasks:\n  - id: 7\n`)).toMatchInlineSnapshot(`
    "
    error: \`id\` must be text, not the number 7
       ——▶ runbook.yaml:101:9
        │
    101 │   - id: 7
        │         ^
      Put quotes around it: "7".
    "
  `);
});

test('tabs are one column wide, and letters of East Asia, emoji and accents as wide as they are', async () => {
  expect(await screenOf('tasks:\n  - {id: a,\t\tstatus: REDAY}\n')).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:2:22
      │
    2 │   - {id: a,  status: REDAY}
      │                      ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
  expect(await screenOf('tasks:\n  - {id: a, name: 発表する, status: 完了}\n')).toMatchInlineSnapshot(`
    "
    error: \`完了\` is not a status.
     ——▶ runbook.yaml:2:33
      │
    2 │   - {id: a, name: 発表する, status: 完了}
      │                                     ^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
  expect(await screenOf('tasks:\n  - {id: a, name: 🚀 go, status: REDAY}\n')).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:2:34
      │
    2 │   - {id: a, name: 🚀 go, status: REDAY}
      │                                  ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
  expect(await screenOf('tasks:\n  - {id: a, name: Cafe\u0301, status: REDAY}\n')).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:2:34
      │
    2 │   - {id: a, name: Café, status: REDAY}
      │                                 ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
});

test('of a long line there is what is around the caret', async () => {
  expect(
    await screenOf(
      `tasks: [{id: a, description: "${'lorem '.repeat(2000)}", status: REDAY, name: "${'ipsum '.repeat(2000)}"}]\n`,
    ),
  ).toMatchInlineSnapshot(`
    "
    error: \`REDAY\` is not a status. Did you mean \`READY\`?
     ——▶ runbook.yaml:1:12042
      │
    1 │ orem lorem lorem lorem lorem ", status: REDAY, name: "ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsum ipsu
      │                                         ^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
});

test('what acts on a terminal is not let through', async () => {
  const screen = await screenOf(
    'tasks:\n  - id: a\n    status: "\\e[2J\\e]0;owned\\a" # \u001b[31m\u009b2J\u202e\u0007\n',
  );
  expect(screen).toMatchInlineSnapshot(`
    "
    error: \`·[2J·]0;owned·\` is not a status.
     ——▶ runbook.yaml:3:13
      │
    3 │     status: "\\e[2J\\e]0;owned\\a" # ·[31m·2J··
      │             ^^^^^^^^^^^^^^^^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    "
  `);
  expect(screen).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('at the end of a file there is no line to show', async () => {
  expect(await screenOf('')).toMatchInlineSnapshot(`
    "
    error: \`runbook.yaml\` is empty
     ——▶ runbook.yaml:1:1
      It needs a list of \`tasks\`. \`runbook init\` writes an example.
    "
  `);
});

test('in a terminal it is the same, in colour, and nothing is asked', async () => {
  const text = 'tasks:\n  - id: build\n    type: AUTOMATED_SCRIPT\n    script_details: ./build.sh\n';
  rig.write('terminal/runbook.yaml', text);
  const before = rig.tree();
  const term = rig.terminal(['next'], { cwd: 'terminal' });
  expect(await term.exit).toEqual({ code: 2, signal: null });
  expect(term.screen()).toMatchInlineSnapshot(`
    "error: the script \`./build.sh\` does not exist
     ——▶ runbook.yaml:4:21
      │
    4 │     script_details: ./build.sh
      │                     ^^^^^^^^^^
      Mend the path, or write that script. It is looked up from the folder the
      task runs in."
  `);
  expect(term.styleOf('error:')).toMatchObject({ fg: 'red', bold: true });
  expect(rig.tree()).toEqual(before);
});

test('in a narrow terminal the line is not broken, so that the caret stays under the letters', async () => {
  const line = '  - {id: publish, name: "Tell everybody who asked for it", depends_on: [read_it], type: MANUEL}';
  rig.write('narrow/runbook.yaml', `tasks:\n  - id: read_it\n${line}\n`);
  const term = rig.terminal(['validate'], { cwd: 'narrow', cols: 60 });
  expect((await term.exit).code).toBe(2);
  expect(term.screen()).toMatchInlineSnapshot(`
    "error: \`MANUEL\` is not a task type. Did you mean \`MANUAL\`?
     ——▶ runbook.yaml:3:89
      │
    3 │  who asked for it", depends_on: [read_it], type: MANUEL}
      │                                                  ^^^^^^
      It is one of MANUAL, AI_ASSISTED, AUTOMATED_SCRIPT.

    1 mistake, 0 warnings"
  `);
});

/** What `runbook next` says of this runbook, after its exit code. */
async function screenOf(runbook: string): Promise<string> {
  rig.write('screen/runbook.yaml', runbook);
  const before = rig.tree();
  const { code, stdout, stderr } = await rig.run(['next'], { cwd: 'screen' });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(rig.tree()).toEqual(before);
  return `\n${stderr}`;
}
