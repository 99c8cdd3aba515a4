// What `done`, `skip`, `retry` and `reset` do beside the status: checks, reasons, who waits now, who goes on, what is journaled.
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callsOf } from './faults/faulted.ts';
import { type JournalLine, makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

describe('done', () => {
  const yaml = `tasks:
  - id: a
    status: READY
    checks: [test -e ok, {name: it is always so, command: "true"}]
  - {id: b, depends_on: [a]}
`;

  test('runs the checks, all of them, and one that fails keeps the task as it was', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect(said(rig, await rig.run(['done', 'a']))).toMatchInlineSnapshot(`
      "exit 1
      ── stderr
        ✘ test -e ok                                                            exit 1
        ✔ it is always so                                                         true
      error: \`a\` is not done: check \`test -e ok\` exit 1
       ——▶ runbook.yaml:4:13
        │
      4 │     checks: [test -e ok, {name: it is always so, command: "true"}]
        │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        Mend it and say \`done\` again, or overrule the check with --unchecked."
    `);
    expect(rig.read('runbook.yaml')).toBe(yaml);
    expect(events(rig)).toEqual(['CHECK_RUN a', 'CHECK_RUN a']);
    const refused = await rig.run(['done', 'a', '--json']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'CHECK_FAILED', at: { file: 'runbook.yaml', line: 4, column: 13 } });
  });

  test('its status, and those of what then waits for nothing, are written once, and journaled once', async () => {
    const files = {
      'runbook.yaml':
        'tasks:\n  - {id: a, status: READY}\n  - {id: b, depends_on: [a], task_detail_file: b.yaml}\n  - {id: c, depends_on: [a]}\n',
      'b.yaml': 'id: b\nstatus: PENDING\n',
    };
    const calls = await callsOf({ name: 'done', files, args: ['done', 'a'], answers: {} });
    const named = (name: string, end: string) => calls.filter((call) => call.name === name && call.path.endsWith(end));
    expect(named('renameSync', '/runbook.yaml')).toHaveLength(1);
    expect(named('renameSync', '/b.yaml')).toHaveLength(1);
    expect(named('fsyncSync', 'run_log.jsonl')).toHaveLength(1);
    // Their folder is synced once for both: when both stand in it, and before the journal tells of it.
    const root = named('renameSync', '/runbook.yaml').map(({ path }) => dirname(path))[0] ?? '';
    const folders = calls.filter(({ name, path }) => name === 'fsyncSync' && path === root);
    expect(folders).toHaveLength(1);
    const inOrder = [...named('renameSync', '/b.yaml'), ...folders, ...named('fsyncSync', 'run_log.jsonl')];
    expect(inOrder.map((call) => calls.indexOf(call))).toEqual(
      inOrder.map((call) => calls.indexOf(call)).toSorted((a, b) => a - b),
    );
    // Under one lock, so that nobody sees one without the other.
    expect(named('linkSync', '/write.lock')).toHaveLength(1);
  });

  test('when they pass it is DONE, and what waited for it is READY at once', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml, ok: '' } });
    expect(said(rig, await rig.run(['done', 'a']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
        ✔ test -e ok
        ✔ it is always so                                                         true
      a  READY → DONE"
    `);
    expect(rig.read('runbook.yaml')).toBe(
      yaml.replace('status: READY', 'status: DONE').replace('{id: b,', '{id: b, status: READY,'),
    );
    expect(events(rig)).toEqual([
      'CHECK_RUN a',
      'CHECK_RUN a',
      'MANUAL_ACTION a READY -> DONE',
      'READY_TASK b PENDING -> READY',
    ]);
  });

  test('--unchecked runs none', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect(
      said(rig, await rig.run(['done', 'a', '--unchecked', '--reason', 'seen with my own eyes'])),
    ).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      a  READY → DONE"
    `);
    expect(events(rig)).toEqual(['MANUAL_ACTION a READY -> DONE', 'READY_TASK b PENDING -> READY']);
    expect(rig.journal()[0]?.details).toEqual({ command: 'done', reason: 'seen with my own eyes' });
  });

  test('the checks of all that are named come first, so that one that fails keeps all as they were', async () => {
    const two = 'tasks:\n  - {id: a, status: READY, checks: ["true"]}\n  - {id: b, status: READY, checks: ["false"]}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': two } });
    expect((await rig.run(['done', 'a', 'b'])).code).toBe(1);
    expect(rig.read('runbook.yaml')).toBe(two);
    expect((await rig.run(['done', 'a', 'b', '--unchecked'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE' });
  });

  test('an id that is said twice is one', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: a, status: READY}\n' } });
    expect(dataOf('changed', await rig.run(['done', 'a', 'a', '--json']))).toEqual({
      tasks: [{ id: 'a', from: 'READY', to: 'DONE' }],
    });
    expect(events(rig)).toEqual(['MANUAL_ACTION a READY -> DONE']);
  });
});

describe('skip', () => {
  const chain = `tasks:
  - {id: a, status: READY}
  - {id: b, depends_on: [a]}
  - {id: c, depends_on: [b]}
  - {id: d, status: READY}
`;

  test('says who waits now, and how to let them go on', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': chain } });
    expect(said(rig, await rig.run(['skip', 'a', '--reason', 'no news']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      a  READY → SKIPPED
        Now waiting: b, c. They go on with \`skipped_satisfies: true\` in the
          runbook, or when a is DONE."
    `);
    expect(rig.statuses()).toEqual({ a: 'SKIPPED', b: 'not written', c: 'not written', d: 'READY' });
    expect(rig.journal().map(({ details }) => details)).toEqual([{ command: 'skip', reason: 'no news' }]);
    // One of the ways that it named.
    rig.write('runbook.yaml', `skipped_satisfies: true\n${rig.read('runbook.yaml')}`);
    expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(0);
    expect(rig.statuses()).toMatchObject({ a: 'SKIPPED', b: 'DONE', c: 'READY' });
  });

  test('of a task that was DONE, those that were READY after it wait too', async () => {
    const yaml = 'tasks:\n  - {id: a, status: DONE}\n  - {id: b, status: READY, depends_on: [a]}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect(said(rig, await rig.run(['skip', 'a']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      a  DONE → SKIPPED
        Now waiting: b. They go on with \`skipped_satisfies: true\` in the runbook,
          or when a is DONE."
    `);
  });

  test('says nothing of the kind where nobody waits, or SKIPPED satisfies', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': chain } });
    expect((await rig.run(['skip', 'd'])).stderr).toBe('d  READY → SKIPPED\n');
    rig.write('runbook.yaml', `skipped_satisfies: true\n${rig.read('runbook.yaml')}`);
    expect((await rig.run(['skip', 'a'])).stderr).toBe(
      'You gave the runbook `skipped_satisfies`: true (runbook.yaml:1). Journaled.\na  READY → SKIPPED\n',
    );
    // And it lets those after it go on at once.
    expect(rig.statuses()).toEqual({ a: 'SKIPPED', b: 'READY', c: 'not written', d: 'SKIPPED' });
  });

  test('names five who wait, and counts the others', async () => {
    const many = Array.from({ length: 7 }, (_, i) => `  - {id: w${i}, depends_on: [a]}\n`).join('');
    await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n  - {id: a, status: READY}\n${many}` } });
    expect((await rig.run(['skip', 'a'])).stderr).toContain('Now waiting: w0, w1, w2, w3, w4 and 2 more. ');
  });
});

describe('retry', () => {
  test('keeps the issues, and says why in the journal', async () => {
    const yaml = 'tasks:\n  - {id: a, status: ERROR, issues: [{type: SCRIPT_ERROR, detail: exit 1}]}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect(said(rig, await rig.run(['retry', 'a', '--reason', 'mended']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      a  ERROR → READY"
    `);
    expect(rig.read('runbook.yaml')).toBe(yaml.replace('ERROR,', 'READY,'));
    expect(rig.journal()).toMatchObject([
      {
        task_id: 'a',
        event_type: 'MANUAL_ACTION',
        status_change: 'ERROR -> READY',
        details: { command: 'retry', reason: 'mended' },
      },
    ]);
  });
});

describe('reset', () => {
  const chain = `tasks:
  - {id: a, status: DONE, last_run: {outcome: SUCCESS}}
  - {id: b, status: DONE, depends_on: [a]}
  - {id: c, status: SKIPPED, depends_on: [b]}
  - {id: d, status: ERROR, depends_on: [b]}
  - {id: e, depends_on: [d]}
  - {id: f, status: DONE}
`;

  test('makes one task READY, and leaves those after it', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': chain } });
    expect(said(rig, await rig.run(['reset', 'a']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      a  DONE → READY"
    `);
    expect(rig.read('runbook.yaml')).toBe(chain.replace('id: a, status: DONE', 'id: a, status: READY'));
  });

  test('--with-dependents puts back all that came after it, and says so to a program too', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': chain } });
    const finished = await rig.run(['reset', 'a', '--with-dependents', '--reason', 'it was wrong', '--json']);
    expect(dataOf('changed', finished)).toEqual({
      tasks: [
        { id: 'a', from: 'DONE', to: 'READY' },
        { id: 'b', from: 'DONE', to: 'PENDING' },
        { id: 'c', from: 'SKIPPED', to: 'PENDING' },
        { id: 'd', from: 'ERROR', to: 'PENDING' },
      ],
    });
    expect(rig.read('runbook.yaml')).toBe(
      chain
        .replace('id: a, status: DONE', 'id: a, status: READY')
        .replaceAll(/id: ([bcd]), status: [A-Z]+/g, 'id: $1, status: PENDING'),
    );
    expect(rig.journal().map(({ details }) => details?.reason)).toEqual(Array(4).fill('it was wrong'));
    expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'READY', c: 'PENDING', d: 'PENDING', e: 'not written', f: 'DONE' });
  });

  test('--with-dependents, for a person', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': chain } });
    expect(said(rig, await rig.run(['reset', 'b', 'f', '--with-dependents']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      b  DONE → READY
      f  DONE → READY
      c  SKIPPED → PENDING
      d  ERROR → PENDING"
    `);
  });
});

describe('all of them', () => {
  test('a hand edit is settled first, and counts', async () => {
    const files = {
      'runbook.yaml': 'tasks:\n  - {id: a, status: DONE, task_detail_file: a.yaml}\n',
      'a.yaml': 'status: DONE\n',
    };
    await using rig = await makeRig({ files });
    await rig.run(['reset', 'a']);
    rig.write('a.yaml', 'status: SKIPPED\n');
    expect(said(rig, await rig.run(['reset', 'a']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      You changed a: READY → SKIPPED (a.yaml:1). runbook.yaml now agrees. Journaled.
      a  SKIPPED → READY"
    `);
    expect([rig.read('runbook.yaml'), rig.read('a.yaml')]).toEqual([
      files['runbook.yaml'].replace('DONE', 'READY'),
      'status: READY\n',
    ]);
    expect(events(rig)).toEqual([
      'MANUAL_ACTION a DONE -> READY',
      'HAND_EDIT a READY -> SKIPPED',
      'MANUAL_ACTION a SKIPPED -> READY',
    ]);
  });

  test('the task at which another runner works is refused with exit 5, and its other tasks are not', async () => {
    const yaml = `tasks:
  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: "echo up; until test -e go; do sleep 0.05; done"}
  - {id: b, status: READY}
`;
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    const runner = rig.start(['next']);
    await runner.waitForOutput('│ up');
    for (const command of ['done', 'skip', 'retry', 'reset', 'next', 'run']) {
      const held = await rig.run([command, ...(command === 'next' || command === 'run' ? [] : ['a']), '--json']);
      expect([command, held.code, errorOf(held).code]).toEqual([command, 5, 'HELD']);
      expect(errorOf(held).message).toContain(`pid ${runner.pid} on \``);
    }
    expect((await rig.run(['done', 'b'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'RUNNING', b: 'DONE' });
    rig.write('go', '');
    expect(await runner.exit).toMatchObject({ code: 0 });
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE' });
    expect(rig.journal().filter(({ event_type }) => event_type === 'HAND_EDIT')).toEqual([]);
  });

  test('-q says nothing where all went well', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: a, status: READY}\n' } });
    expect(await rig.run(['done', 'a', '-q'])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(rig.statuses()).toEqual({ a: 'DONE' });
  });

  test('an id that is not there', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: pack, status: READY}\n' } });
    const before = rig.tree();
    expect(said(rig, await rig.run(['done', 'pakc']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`done\`: there is no task \`pakc\`. Did you mean \`pack\`?
        runbook list  shows them all"
    `);
    expect(rig.tree()).toEqual(before);
  });
});

/** `READY_TASK b PENDING -> READY` */
function events(rig: Rig): string[] {
  return rig
    .journal()
    .map(({ event_type, task_id, status_change }: JournalLine) =>
      [event_type, task_id, status_change].filter(Boolean).join(' '),
    );
}
