// `why`: what a status rests on: the whole chain with the first cause first, who set it, when and where, and what moves it on.
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf } from './said.ts';
import { steady, told } from './told.ts';

const RUNBOOK = `models:
  recorded: {provider: scripted, replies: replies.yaml}
tasks:
  - {id: build, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}
  - id: draft
    depends_on: [build]
    type: AI_ASSISTED
    task_detail_file: draft.yaml
  - {id: run_tests, depends_on: [build], type: AUTOMATED_SCRIPT, script_details: "echo E403 >&2; exit 3"}
  - {id: pack, depends_on: [run_tests]}
  - {id: publish, name: Publish it, depends_on: [pack, draft]}
  - {id: announce, depends_on: [publish]}
`;
const FILES = {
  'runbook.yaml': RUNBOOK,
  'draft.yaml': 'status: PENDING\nai_details: {model: recorded, prompt_template: p.md}\noutput_artifact: notes.md\n',
  'p.md': 'Draft.\n',
  'replies.yaml': 'replies: [{reply: text}]\n',
};

describe('what it waits for', () => {
  test('before anything has run: the whole chain, the first cause first', async () => {
    await using rig = await makeRig({ files: FILES });
    expect(await why(rig, 'announce')).toMatchInlineSnapshot(`
      "announce is PENDING: it waits for publish, which waits for pack, which waits
        for run_tests, which waits for build, which is READY.

        first     build      READY    it is next
                                      runbook.yaml:4 · runbook next
        then      run_tests  PENDING  waits for build
                  pack       PENDING  waits for run_tests
                  draft      PENDING  waits for build
                  publish    PENDING  waits for pack and draft

        to go on  runbook next
        set       as it was written: the journal tells of no change to PENDING
        written   runbook.yaml:12  no status, which is PENDING"
    `);
    expect(dataOf('why', await rig.run(['why', 'pack', '--json']))).toEqual({
      id: 'pack',
      name: 'pack',
      type: 'MANUAL',
      status: 'PENDING',
      reason: 'is PENDING: it waits for run_tests, which waits for build, which is READY',
      waits_for: [
        {
          id: 'build',
          status: 'READY',
          at: 'runbook.yaml:4',
          first_cause: true,
          waits_for: [],
          reason: 'it is next',
          commands: ['runbook next'],
        },
        {
          id: 'run_tests',
          status: 'PENDING',
          at: 'runbook.yaml:9',
          first_cause: false,
          waits_for: ['build'],
          reason: 'waits for build',
          commands: [],
        },
      ],
      commands: ['runbook next'],
      written_at: [{ at: 'runbook.yaml:10', status: null }],
      unsettled: null,
      set_by: null,
      taken: null,
      last_run: null,
      issue: null,
      log: null,
      history: [],
      earlier: 0,
      unreadable_lines: 0,
    });
  });

  test('after a run: an error with its issue, one that could start, and a task that was skipped', async () => {
    await using rig = await makeRig({ files: FILES });
    await rig.run(['run', '--keep-going', '--answer', 'skip']);
    expect(await why(rig, 'announce')).toMatchInlineSnapshot(`
      "announce is PENDING: it waits for publish, which waits for pack, which waits
        for run_tests, which is in ERROR; and for publish, which waits for draft,
        which is SKIPPED.

        first     run_tests  ERROR    SCRIPT_ERROR: exit 3: E403
                                      runbook.yaml:10 · runbook retry run_tests
                  draft      SKIPPED  that does not satisfy, unless the runbook says
                                      \`skipped_satisfies: true\`
                                      runbook.yaml:6 · runbook done draft
        then      pack       PENDING  waits for run_tests
                  publish    PENDING  waits for pack and draft

        to go on  runbook retry run_tests
                  runbook done draft
        set       as it was written: the journal tells of no change to PENDING
        written   runbook.yaml:13  no status, which is PENDING"
    `);
    expect(await why(rig, 'announce', '--plain')).toMatchInlineSnapshot(`
      "announce is PENDING: it waits for publish, which waits for pack, which waits for run_tests, which is in ERROR; and for publish, which waits for draft, which is SKIPPED.
      first cause: run_tests is ERROR: SCRIPT_ERROR: exit 3: E403; runbook.yaml:10; runbook retry run_tests
      first cause: draft is SKIPPED: that does not satisfy, unless the runbook says \`skipped_satisfies: true\`; runbook.yaml:6; runbook done draft
      then: pack is PENDING: waits for run_tests
      then: publish is PENDING: waits for pack and draft
      to go on: runbook retry run_tests
      to go on: runbook done draft
      set: as it was written: the journal tells of no change to PENDING
      written: runbook.yaml:13; no status, which is PENDING"
    `);
    expect(await why(rig, 'run_tests')).toMatchInlineSnapshot(`
      "run_tests is ERROR: SCRIPT_ERROR: exit 3: E403.

        to go on  runbook retry run_tests
                  runbook skip run_tests
        set       YYYY-MM-DD hh:mm:ss (<ago>) · #.# s
                  in run <run>
        written   runbook.yaml:10  ERROR
        last run  FAILURE, <ago>
        log       logs/run_tests/<stamp>.log

        changes: runbook history run_tests
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY → ERROR    #.# s · SCRIPT_ERROR: exit 3: E403"
    `);
    expect(await why(rig, 'draft')).toMatchInlineSnapshot(`
      "draft is SKIPPED, and publish waits for it to be DONE.

        to go on  runbook done draft
                  runbook reset draft
        set       YYYY-MM-DD hh:mm:ss (<ago>) · #.# s · decided by --answer
                  in run <run>
        written   runbook.yaml:6  SKIPPED
                  draft.yaml:1  SKIPPED
        last run  FAILURE, <ago>
        log       logs/draft/<stamp>.log

        changes: runbook history draft
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY → SKIPPED  #.# s · decided by --answer"
    `);
  });

  test('on a narrow screen', async () => {
    await using rig = await makeRig({ files: FILES });
    const term = rig.terminal(['why', 'publish', '--no-color'], { cols: 40, rows: 40 });
    await term.exit;
    expect(steady(term.screen())).toMatchInlineSnapshot(`
      "publish is PENDING: it waits for pack,
        which waits for run_tests, which
        waits for build, which is READY.

        first     build  READY  it is next
                  runbook.yaml:4
                  runbook next
        then      run_tests  PENDING  waits
                  for build
                  pack  PENDING  waits for
                  run_tests
                  draft  PENDING  waits for
                  build

        to go on  runbook next
        set       as it was written: the
                  journal tells of no change
                  to PENDING
        written   runbook.yaml:11  no status,
                  which is PENDING"
    `);
  });

  test('over thousands of others, and where there are more causes than a screen has lines', async () => {
    const chain = Array.from(
      { length: 5000 },
      (_, i) => `  - {id: t${i}${i === 0 ? '' : `, depends_on: [t${i - 1}]`}}\n`,
    );
    await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${chain.join('')}` } });
    expect(await why(rig, 't4999')).toMatchInlineSnapshot(`
      "t4999 is PENDING: it waits for t4998, which waits, over 4,997 others, for t0,
        which is READY.

        first     t0   READY    it is next
                                runbook.yaml:2 · runbook next
        then      t1   PENDING  waits for t0
                  t2   PENDING  waits for t1
                  t3   PENDING  waits for t2
                  t4   PENDING  waits for t3
                  t5   PENDING  waits for t4
                  t6   PENDING  waits for t5
                  t7   PENDING  waits for t6
                  t8   PENDING  waits for t7
                  t9   PENDING  waits for t8
                  t10  PENDING  waits for t9
                  t11  PENDING  waits for t10
                  … and 4,987 more: runbook list

        to go on  runbook next
        set       as it was written: the journal tells of no change to PENDING
        written   runbook.yaml:5001  no status, which is PENDING"
    `);
    const wide = Array.from({ length: 40 }, (_, i) => `  - {id: t${i}}\n`);
    const all = wide.map((_, i) => `t${i}`).join(', ');
    rig.write('runbook.yaml', `tasks:\n${wide.join('')}  - {id: last, depends_on: [${all}]}\n`);
    expect((await why(rig, 'last')).split('\n\n')[0]).toMatchInlineSnapshot(`
      "last is PENDING: it waits for t0, which is READY; and for t1, which is READY;
        and for t2, which is READY; and for 37 more."
    `);
  });
});

test('what was skipped, or is at work, is a first cause, whatever it depends on', async () => {
  for (const status of ['SKIPPED', 'RUNNING']) {
    const yaml = `tasks: [{id: a}, {id: b, status: ${status}, depends_on: [a]}, {id: c, depends_on: [b]}]\n`;
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    const data = dataOf('why', await rig.run(['why', 'c', '--json']));
    expect(data).toMatchObject({ waits_for: [{ id: 'b', first_cause: true, waits_for: [] }] });
  }
});

describe('a task that could start', () => {
  const yaml = (first: string) => `tasks:
  - {id: first, status: ${first}}
  - {id: second, status: READY}
  - {id: third, status: READY, depends_on: [first]}
`;
  test.each([
    ['READY', 'second', 'nothing is left to wait for; first comes before it.', 'runbook next --start-from second'],
    ['DONE', 'second', 'nothing is left to wait for; it is next.', 'runbook next'],
    ['ERROR', 'second', 'but first is in ERROR, which stops the line.', 'runbook next --start-from second'],
    ['RUNNING', 'second', '`runbook next` asks about first first, whose runner is gone.', 'runbook next'],
    ['READY', 'third', 'is READY, but can’t start: it waits for first, which is READY.', 'runbook next'],
    ['RUNNING', 'third', 'it waits for first, which is RUNNING, with its runner gone.', 'runbook next'],
  ])('while the first one is %s: %s', async (first, id, reason, command) => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml(first) } });
    const { stdout } = await rig.run(['why', id, '--plain']);
    expect(stdout).toContain(reason);
    expect(stdout).toContain(`\nto go on: ${command}\n`);
  });

  test('the command that is named starts it, also past an error that comes after it', async () => {
    await using rig = await makeRig({
      files: {
        'runbook.yaml': 'tasks: [{id: a, status: READY}, {id: "b c", status: READY}, {id: d, status: ERROR}]\n',
      },
    });
    const { commands } = dataOf('why', await rig.run(['why', 'b c', '--json'])) as { commands: string[] };
    expect(commands).toEqual(["runbook next --start-from 'b c' --keep-going"]);
    await rig.run(['next', '--start-from', 'b c', '--keep-going', '--answer', 'accept']);
    expect(rig.statuses()).toEqual({ a: 'READY', 'b c': 'DONE', d: 'ERROR' });
  });
});

describe('who set it', () => {
  test('a person, by commands and by answers', async () => {
    await using rig = await makeRig({ files: FILES });
    await rig.run(['next']);
    const term = rig.terminal(['next']);
    await term.waitFor('Accept?');
    term.press('y');
    await term.exit;
    expect(await why(rig, 'draft')).toMatchInlineSnapshot(`
      "draft is DONE.

        to go on  runbook reset draft
        set       YYYY-MM-DD hh:mm:ss (<ago>) · #.# s · decided by you
                  in run <run>
        written   runbook.yaml:6  DONE
                  draft.yaml:1  DONE
        last run  SUCCESS, <ago>
        log       logs/draft/<stamp>.log

        changes: runbook history draft
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY → DONE     #.# s · decided by you"
    `);
    await rig.run(['skip', 'run_tests', '--reason', 'not this time']);
    await rig.run(['reset', 'draft']);
    expect(await why(rig, 'run_tests')).toMatchInlineSnapshot(`
      "run_tests is SKIPPED, and pack waits for it to be DONE.

        to go on  runbook done run_tests
                  runbook reset run_tests
        set       YYYY-MM-DD hh:mm:ss (<ago>) · runbook skip: not this time
                  in run <run>
        written   runbook.yaml:10  SKIPPED

        changes: runbook history run_tests
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY → SKIPPED  runbook skip: not this time"
    `);
    expect(await why(rig, 'draft')).toMatchInlineSnapshot(`
      "draft is READY: nothing is left to wait for; it is next.

        to go on  runbook next
        set       YYYY-MM-DD hh:mm:ss (<ago>) · runbook reset
                  in run <run>
        written   runbook.yaml:6  READY
                  draft.yaml:1  READY
        last run  SUCCESS, <ago>
        log       logs/draft/<stamp>.log

        changes: runbook history draft
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY → DONE     #.# s · decided by you
          YYYY-MM-DD hh:mm:ss  DONE → READY     runbook reset"
    `);
  });

  test('a hand, in one file and in both, before and after it is journaled', async () => {
    await using rig = await makeRig({
      files: {
        'runbook.yaml': 'tasks:\n  - id: one\n    status: PENDING\n    task_detail_file: one.yaml\n',
        'one.yaml': '# mine\nstatus: PENDING\n',
      },
    });
    await rig.run(['next', '--answer', 'quit']);
    rig.write('one.yaml', '# mine\nstatus: SKIPPED\n');
    const before = rig.tree();
    expect(await why(rig, 'one')).toMatchInlineSnapshot(`
      "one is SKIPPED.

        to go on  runbook done one
                  runbook reset one
        set       your edit of one.yaml:2 · it was READY · not journaled yet: the next
                  command that writes does that; runbook.yaml will be brought to
                  agree
        written   runbook.yaml:3  READY
                  one.yaml:2  SKIPPED

        changes: runbook history one
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY            started, and left as it was"
    `);
    expect(dataOf('why', await rig.run(['why', 'one', '--json']))).toMatchObject({
      status: 'SKIPPED',
      unsettled: { kind: 'handEdit', from: 'READY', at: 'one.yaml:2' },
      set_by: null,
    });
    expect(rig.tree()).toEqual(before);
    await rig.run(['next']);
    expect(await why(rig, 'one')).toMatchInlineSnapshot(`
      "one is SKIPPED.

        to go on  runbook done one
                  runbook reset one
        set       YYYY-MM-DD hh:mm:ss (<ago>)
                  your edit of one.yaml:2; runbook.yaml was brought to agree
                  in run <run>
        written   runbook.yaml:3  SKIPPED
                  one.yaml:2  SKIPPED

        changes: runbook history one
          YYYY-MM-DD hh:mm:ss  PENDING → READY  nothing is left to wait for
          YYYY-MM-DD hh:mm:ss  READY            started, and left as it was
          YYYY-MM-DD hh:mm:ss  READY → SKIPPED  your edit of one.yaml:2; runbook.yaml
                                                was brought to agree"
    `);
    for (const file of ['runbook.yaml', 'one.yaml']) rig.write(file, rig.read(file).replace('SKIPPED', 'ERROR'));
    await rig.run(['next']);
    const { set_by } = dataOf('why', await rig.run(['why', 'one', '--json'])) as { set_by: object };
    expect(set_by).toMatchObject({ by: 'hand', at: 'runbook.yaml:3', from: 'SKIPPED', to: 'ERROR' });
  });
});

test('a runner at work, one that was killed, and what the next start made of it; no lock keeps it from being told', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - {id: work, status: READY, type: AUTOMATED_SCRIPT, script_details: {path: ./wait.sh}}
  - {id: after, depends_on: [work]}
`,
      'wait.sh': '#!/bin/sh\necho begun\nsleep 300\n',
    },
  });
  const runner = rig.start(['next']);
  await runner.waitForOutput('begun');
  rig.write('.runbook/write.lock', JSON.stringify({ pid: 1, host: 'elsewhere', since: '', runId: '' }));
  const before = rig.tree();
  expect(await why(rig, 'work')).toMatchInlineSnapshot(`
    "work is RUNNING: pid <pid> on <host> is at it.

      set       YYYY-MM-DD hh:mm:ss (<ago>)
                in run <run>
      written   runbook.yaml:2  RUNNING
      log       logs/work/<stamp>.log

      changes: runbook history work
        YYYY-MM-DD hh:mm:ss  READY → RUNNING"
  `);
  expect(await why(rig, 'after', '--plain')).toMatchInlineSnapshot(`
    "after is PENDING: it waits for work, which is RUNNING.
    first cause: work is RUNNING: pid <pid> on <host> is at it; runbook.yaml:2
    set: as it was written: the journal tells of no change to PENDING
    written: runbook.yaml:3; no status, which is PENDING"
  `);
  expect((await rig.run(['history'])).stdout).toContain('work  READY → RUNNING\n');
  expect(rig.tree()).toEqual(before);
  runner.kill('SIGKILL');
  await runner.exit;
  expect((await rig.run(['why', 'work', '--plain'])).stdout).toMatch(
    /^work is RUNNING: its runner is gone; `runbook next` asks what to do\.\nto go on: runbook next\n/,
  );
  // As if it had been killed a moment later: the outcome is in the journal, and not yet in the file.
  rmSync(join(rig.dir, '.runbook/write.lock'));
  const outcome = { ...rig.journal()[0], event_type: 'COMPLETE_TASK', status_change: 'RUNNING -> DONE' };
  appendFileSync(join(rig.dir, 'logs/run_log.jsonl'), `${JSON.stringify(outcome)}\n`);
  expect(await why(rig, 'work')).toMatchInlineSnapshot(`
    "work is DONE.

      to go on  runbook reset work
      set       a run that was killed before all was written
                the next start writes DONE; runbook.yaml will be brought to agree
      written   runbook.yaml:2  RUNNING
      log       logs/work/<stamp>.log

      changes: runbook history work
        YYYY-MM-DD hh:mm:ss  READY → DONE"
  `);
  await rig.run(['next', '--answer', 'quit']);
  expect(await why(rig, 'work')).toMatchInlineSnapshot(`
    "work is DONE.

      to go on  runbook reset work
      set       YYYY-MM-DD hh:mm:ss (<ago>)
                in run <run>
      written   runbook.yaml:2  DONE
      log       logs/work/<stamp>.log

      changes: runbook history work
        YYYY-MM-DD hh:mm:ss  READY → DONE
        YYYY-MM-DD hh:mm:ss  DONE          put right after a runner was killed while
                                           it wrote"
  `);
});

test('what only the next start will write is told as such', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'tasks: [{id: a, status: DONE}, {id: b, depends_on: [a]}]\n' },
  });
  expect(await why(rig, 'b')).toMatchInlineSnapshot(`
    "b is READY: nothing is left to wait for; it is next.

      to go on  runbook next
      set       nothing is left to wait for
                at runbook.yaml:1 it is PENDING still: the next start writes it
      written   runbook.yaml:1  no status, which is PENDING"
  `);
});

test('what is said at the top is not said again behind who set it', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}, {id: b, depends_on: [a]}]\n' },
  });
  await rig.run(['done', 'a']);
  const { stdout } = await rig.run(['why', 'b']);
  expect(stdout.match(/nothing is left to wait for/g)).toHaveLength(2);
  expect(stdout).toMatch(/^ {2}set {7}[\d-]+ [\d:]+ \(just now\)$/m);
});

test('of a long tale, the last ten changes, and where the others are', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a}]\n' } });
  await rig.run(['done', 'a']);
  const lines = rig.read('logs/run_log.jsonl');
  rig.write('logs/run_log.jsonl', `torn\n${lines.repeat(600)}`);
  const { code, stdout, stderr } = await rig.run(['why', 'a']);
  expect(code).toBe(0);
  expect(stdout).toContain('the last 10 changes, 1,190 earlier: runbook history a');
  expect(stdout.match(/^ {4}\d{4}-\d\d-\d\d /gm)).toHaveLength(10);
  expect(stderr).toBe('1 line of logs/run_log.jsonl could not be read, and was stepped over.\n');
  expect(dataOf('why', await rig.run(['why', 'a', '--json']))).toMatchObject({ earlier: 1190, unreadable_lines: 1 });
});

test('an id that is not there, and none at all', async () => {
  await using rig = await makeRig({ files: FILES });
  expect(await why(rig, 'pakc')).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`why\`: there is no task \`pakc\`. Did you mean \`pack\`?
      runbook list  shows them all"
  `);
  expect(errorOf(await rig.run(['why', 'pakc', '--json']))).toMatchObject({ code: 'UNKNOWN_TASK' });
  expect(told(await rig.run(['why']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`runbook why\` needs the id of a task
      runbook list  shows them all"
  `);
});

async function why(rig: Rig, ...args: string[]): Promise<string> {
  return told(await rig.run(['why', ...args]));
}
