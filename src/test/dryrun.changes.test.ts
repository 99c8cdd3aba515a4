// `done`, `skip`, `retry`, `reset` and `init` with `-n`: the diff is what the command then writes, and nothing is written.
import { describe, expect, test } from 'vitest';
import { dry } from './dry.ts';
import { makeRig } from './rig.ts';
import { dataOf, said } from './said.ts';

describe('done, skip, retry and reset', () => {
  const files = {
    'runbook.yaml': `tasks:
  - {id: a, status: READY, task_detail_file: a.yaml}
  - {id: b, depends_on: [a], task_detail_file: b.yaml}
  - {id: c, status: ERROR}
  - {id: d, status: DONE}
  - {id: e, status: DONE, depends_on: [d]}
`,
    'a.yaml': 'checks: [touch checked]\nstatus: READY\n',
    'b.yaml': 'status: PENDING\n',
  };

  test('say what they would do', async () => {
    await using rig = await makeRig({ files });
    expect(said(rig, (await dry(rig, 'done', 'a', 'd')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
        -   - {id: a, status: READY, task_detail_file: a.yaml}
        -   - {id: b, depends_on: [a], task_detail_file: b.yaml}
        +   - {id: a, status: DONE, task_detail_file: a.yaml}
        +   - {id: b, status: READY, depends_on: [a], task_detail_file: b.yaml}
            - {id: c, status: ERROR}
            - {id: d, status: DONE}
            - {id: e, status: DONE, depends_on: [d]}
      a.yaml
        @@ line 1 @@
          checks: [touch checked]
        - status: READY
        + status: DONE
      b.yaml
        @@ line 1 @@
        - status: PENDING
        + status: READY
      ── stderr
      would check   a, and only then
      would set     a: READY → DONE
      d is DONE already
      would settle  b: PENDING → READY
      Nothing was changed."
    `);
    expect(said(rig, (await dry(rig, 'reset', 'd', '--with-dependents')).plain)).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 2 @@
            - {id: a, status: READY, task_detail_file: a.yaml}
            - {id: b, depends_on: [a], task_detail_file: b.yaml}
            - {id: c, status: ERROR}
        -   - {id: d, status: DONE}
        -   - {id: e, status: DONE, depends_on: [d]}
        +   - {id: d, status: READY}
        +   - {id: e, status: PENDING, depends_on: [d]}
      ── stderr
      would set     d: DONE → READY
      would set     e: DONE → PENDING
      Nothing was changed."
    `);
    expect((await dry(rig, 'skip', 'c')).data().tasks).toEqual([{ id: 'c', from: 'ERROR', to: 'SKIPPED' }]);
  });

  test.each([
    [['done', 'a', '--unchecked']],
    [['done', 'a', 'c', 'b', '--unchecked']],
    [['skip', 'a', 'd']],
    [['retry', 'c']],
    [['reset', 'd']],
    [['reset', 'd', '--with-dependents']],
  ])('the diff of %j is what the command then writes', async (args) => {
    await using rig = await makeRig({ files });
    const { data, code } = await dry(rig, ...args);
    const planned = Object.fromEntries(data().files.map(({ file, after }) => [file, after]));
    expect(code).toBe(0);
    expect((await rig.run(args)).code).toBe(0);
    const written = Object.keys(files).map((path) => [path, rig.read(path)]);
    expect(Object.fromEntries(written)).toEqual({ ...files, ...planned });
    expect(planned).not.toEqual({});
  });

  test('what is refused is refused', async () => {
    await using rig = await makeRig({ files });
    for (const args of [
      ['retry', 'd'],
      ['reset', 'c'],
      ['done', 'nobody'],
    ])
      expect((await dry(rig, ...args)).code).toBe(2);
  });
});

describe('init', () => {
  test('says what it would write', async () => {
    await using rig = await makeRig({ files: { '.gitignore': '.env\n' } });
    const before = rig.tree();
    expect(said(rig, await rig.run(['init', 'new/plan', '-n']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      would write  runbook.yaml
      would write  tasks/say_what_it_is.yaml
      would write  tasks/draft_readme.yaml
      would write  prompt_templates/readme.md
      would write  .env.example
      would write  .gitignore
      would write  .runbook/schemas/runbook.json
      would write  .runbook/schemas/task.json"
    `);
    expect(dataOf('init', await rig.run(['-n', 'init', '--json']))).toMatchObject({ dry_run: true });
    expect(rig.tree()).toEqual(before);
  });
});
