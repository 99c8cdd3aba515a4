// `validate` finds all mistakes at once, and what looks unmeant; it starts nothing and writes nothing.
import { expect, test } from 'vitest';
import { makeRig } from './rig.ts';
import { dataOf, said } from './said.ts';

const good = `name: good
tasks:
  - id: a
    type: AUTOMATED_SCRIPT
    script_details: touch ran
  - {id: b, depends_on: [a], checks: [touch ran]}
`;

const unmeant = `name: unmeant
descripton: what a slip
tasks:
  - {id: a, status: READY, owner: Ada}
  - {id: b, status: READY, depends_on: [a]}
  - {id: c, depends_on: [b], type: AUTOMATED_SCRIPT, script_details: ./made-by-b.sh}
  - {id: over, status: DONE, type: AUTOMATED_SCRIPT, script_details: ./gone.sh}
`;

const wrong = `name: wrong
tasks:
  - {id: a, status: OPEN}
  - {id: b, depends_on: a, typ: MANUAL}
  - {id: c, type: AI_ASSISTED}
`;

test('a runbook without mistakes', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': good } });
  const before = rig.tree();
  expect(said(rig, await rig.run(['validate']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    2 tasks, 0 mistakes, 0 warnings"
  `);
  expect(dataOf('validate', await rig.run(['validate', '--json']))).toEqual({
    valid: true,
    mistakes: [],
    warnings: [],
  });
  expect(rig.tree()).toEqual(before);
});

test('what looks unmeant is a warning, and not a mistake', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': unmeant } });
  const finished = await rig.run(['validate']);
  expect(said(rig, finished)).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    4 tasks, 0 mistakes, 4 warnings
    ── stderr
    warning: \`descripton\` is not a field of the tool's; it is kept as it is. Did you mean \`description\`?
     ——▶ runbook.yaml:2:1
      │
    2 │ descripton: what a slip
      │ ^^^^^^^^^^

    warning: \`owner\` is not a field of the tool's; it is kept as it is.
     ——▶ runbook.yaml:4:28
      │
    4 │   - {id: a, status: READY, owner: Ada}
      │                            ^^^^^

    warning: \`b\` is READY, but waits for \`a\`; it does not start before
     ——▶ runbook.yaml:5:21
      │
    5 │   - {id: b, status: READY, depends_on: [a]}
      │                     ^^^^^

    warning: the script \`./made-by-b.sh\` does not exist
     ——▶ runbook.yaml:6:70
      │
    6 │   - {id: c, depends_on: [b], type: AUTOMATED_SCRIPT, script_details: ./made-by-b.sh}
      │                                                                      ^^^^^^^^^^^^^^
      Mend the path, or write that script. It is looked up from the folder the task runs in."
  `);
});

test('every mistake in the form is shown with its place, and the exit code is 2', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': wrong } });
  const before = rig.tree();
  expect(said(rig, await rig.run(['validate']))).toMatchInlineSnapshot(`
    "exit 2
    ── stdout
    3 mistakes, 0 warnings
    ── stderr
    error: \`OPEN\` is not a status.
     ——▶ runbook.yaml:3:21
      │
    3 │   - {id: a, status: OPEN}
      │                     ^^^^
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.

    error: \`depends_on\` must be a list, not the text \`a\`
     ——▶ runbook.yaml:4:25
      │
    4 │   - {id: b, depends_on: a, typ: MANUAL}
      │                         ^
      Write it as a list: [a].

    error: task \`c\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
     ——▶ runbook.yaml:5:19
      │
    5 │   - {id: c, type: AI_ASSISTED}
      │                   ^^^^^^^^^^^
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`."
  `);
  const json = await rig.run(['validate', '--json']);
  expect([json.code, json.stderr]).toEqual([2, '']);
  expect(dataOf('validate', json)).toMatchObject({
    valid: false,
    mistakes: [
      {
        code: 'RUNBOOK_INVALID',
        at: { file: 'runbook.yaml', line: 3, column: 21, length: 4 },
        hint: expect.any(String),
      },
      { code: 'RUNBOOK_INVALID', at: { line: 4 } },
      { code: 'TASK_INCOMPLETE', at: { line: 5 } },
    ],
  });
  expect(rig.tree()).toEqual(before);
});

test('what a task would need to start is looked for, when the form is right', async () => {
  const yaml = wrong.replace('OPEN', 'READY').replace('depends_on: a', 'depends_on: [a]');
  await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
  expect(said(rig, await rig.run(['validate']))).toMatchInlineSnapshot(`
    "exit 2
    ── stdout
    3 tasks, 1 mistake, 1 warning
    ── stderr
    warning: \`typ\` is not a field of the tool's; it is kept as it is. Did you mean \`type\`?
     ——▶ runbook.yaml:4:30
      │
    4 │   - {id: b, depends_on: [a], typ: MANUAL}
      │                              ^^^

    error: task \`c\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
     ——▶ runbook.yaml:5:19
      │
    5 │   - {id: c, type: AI_ASSISTED}
      │                   ^^^^^^^^^^^
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`."
  `);
});
