// `history`: what really happened is told, line by line: by runs, hands and commands, also where a runner was killed.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asIfOpenai, openaiServer } from './openaiServer.ts';
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
  - {id: read, depends_on: [draft]}
  - {id: run_tests, depends_on: [build], type: AUTOMATED_SCRIPT, script_details: "echo E403 >&2; exit 3"}
  - {id: pack, depends_on: [run_tests, read]}
`;
const FILES = {
  'runbook.yaml': RUNBOOK,
  'draft.yaml':
    'status: PENDING\nai_details: {model: recorded, prompt_template: p.md}\noutput_artifact: notes.md\nchecks: [test -s notes.md]\n',
  'p.md': 'Draft.\n',
  'replies.yaml': 'replies: [{reply: text}]\n',
};
const JOURNAL = 'logs/run_log.jsonl';

describe('a walk', () => {
  let rig: Rig;
  let before: Record<string, string>;
  beforeAll(async () => {
    rig = await makeRig({ files: FILES });
    await rig.run(['run', '--answer', 'retry', 'accept', 'accept', '--reason', 'longer']);
    await rig.run(['retry', 'run_tests']);
    rig.write('draft.yaml', rig.read('draft.yaml').replace('status: DONE', 'status: ERROR'));
    await rig.run(['skip', 'run_tests', '--reason', 'not this time']);
    await rig.run(['done', 'draft', '--unchecked']);
    await rig.run(['reset', 'build']);
    before = rig.tree();
  });
  afterAll(async () => {
    expect(rig.tree()).toEqual(before);
    await rig[Symbol.asyncDispose]();
  });

  test('is told run by run, a line for each change: when, which, from what to what, and how', async () => {
    expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
      "YYYY-MM-DD  run <run>
        hh:mm:ss  build      READY → DONE     #.# s
        hh:mm:ss  draft      PENDING → READY  nothing is left to wait for
        hh:mm:ss  run_tests  PENDING → READY  nothing is left to wait for
        hh:mm:ss  draft      READY → DONE     #.# s · decided by --answer
        hh:mm:ss  read       PENDING → READY  nothing is left to wait for
        hh:mm:ss  read       READY → DONE     #.# s · decided by --answer
        hh:mm:ss  run_tests  READY → ERROR    #.# s · SCRIPT_ERROR: exit 3: E403

      YYYY-MM-DD  run <run>
        hh:mm:ss  run_tests  ERROR → READY    runbook retry

      YYYY-MM-DD  run <run>
        hh:mm:ss  draft      DONE → ERROR     your edit of draft.yaml:1; runbook.yaml
                                              was brought to agree
        hh:mm:ss  run_tests  READY → SKIPPED  runbook skip: not this time

      YYYY-MM-DD  run <run>
        hh:mm:ss  draft      ERROR → DONE     runbook done

      YYYY-MM-DD  run <run>
        hh:mm:ss  build      DONE → READY     runbook reset

      5 runs · 4 starts · 2 retries · #.# s"
    `);
    expect((await rig.run(['log'])).stdout).toBe((await rig.run(['history'])).stdout);
  });

  test('is told of one task, also with all that led to its status', async () => {
    expect(told(await rig.run(['history', 'run_tests']))).toMatchInlineSnapshot(`
      "YYYY-MM-DD  run <run>
        hh:mm:ss  PENDING → READY  nothing is left to wait for
        hh:mm:ss  READY → ERROR    #.# s · SCRIPT_ERROR: exit 3: E403

      YYYY-MM-DD  run <run>
        hh:mm:ss  ERROR → READY    runbook retry

      YYYY-MM-DD  run <run>
        hh:mm:ss  READY → SKIPPED  runbook skip: not this time

      3 runs · 1 start · 1 retry · #.# s"
    `);
    expect(told(await rig.run(['history', 'draft', '--all']))).toMatchInlineSnapshot(`
      "YYYY-MM-DD  run <run>
        hh:mm:ss  PENDING → READY  nothing is left to wait for
        hh:mm:ss  prompt to scripted replies (no model), p.md
        hh:mm:ss  reply of scripted replies (no model) · #.# s
        hh:mm:ss  check test -s notes.md: passed · #.# s
        hh:mm:ss  retry (--answer): longer
        hh:mm:ss  prompt to scripted replies (no model), p.md, attempt 2
        hh:mm:ss  reply of scripted replies (no model) · #.# s
        hh:mm:ss  check test -s notes.md: passed · #.# s
        hh:mm:ss  accept (--answer)
        hh:mm:ss  wrote notes.md
        hh:mm:ss  READY → DONE     #.# s · decided by --answer

      YYYY-MM-DD  run <run>
        hh:mm:ss  DONE → ERROR     your edit of draft.yaml:1; runbook.yaml was brought
                                   to agree

      YYYY-MM-DD  run <run>
        hh:mm:ss  ERROR → DONE     runbook done

      3 runs · 1 start · 1 retry · #.# s"
    `);
  });

  test('is cut to the latest lines, and says how many came before', async () => {
    expect(told(await rig.run(['history', '--limit', '2']))).toMatchInlineSnapshot(`
      "10 earlier: runbook history --limit all

      YYYY-MM-DD  run <run>
        hh:mm:ss  draft  ERROR → DONE  runbook done

      YYYY-MM-DD  run <run>
        hh:mm:ss  build  DONE → READY  runbook reset

      5 runs · 4 starts · 2 retries · #.# s"
    `);
    const { moments, earlier } = dataOf('history', await rig.run(['history', '--limit', '2', '--json'])) as Data;
    expect([moments.length, earlier]).toEqual([2, 10]);
    const all = dataOf('history', await rig.run(['history', '--limit', 'all', '--json'])) as Data;
    expect([all.moments.length, all.earlier]).toEqual([12, 0]);
  });

  test('--plain has a line for each, with tabs, and the rest on stderr', async () => {
    expect(told(await rig.run(['history', '--plain', '--limit', '4']))).toMatchInlineSnapshot(`
      "YYYY-MM-DDThh:mm:ss.mmmZ	<run>	draft	DONE	ERROR	your edit of draft.yaml:1; runbook.yaml was brought to agree
      YYYY-MM-DDThh:mm:ss.mmmZ	<run>	run_tests	READY	SKIPPED	runbook skip: not this time
      YYYY-MM-DDThh:mm:ss.mmmZ	<run>	draft	ERROR	DONE	runbook done
      YYYY-MM-DDThh:mm:ss.mmmZ	<run>	build	DONE	READY	runbook reset
      ── stderr
      8 earlier: --limit all"
    `);
  });

  test('--json says the same to a program', async () => {
    const { moments, totals } = dataOf('history', await rig.run(['history', '--json'])) as Data;
    expect(totals).toEqual({ runs: 5, starts: 4, retries: 2, ms: expect.any(Number), cost_usd: 0 });
    expect(moments.filter(({ task_id: id }) => id === 'draft')).toEqual([
      expect.objectContaining({ event_type: 'READY_TASK', from: 'PENDING', to: 'READY', by: 'tool', command: null }),
      expect.objectContaining({
        event_type: 'COMPLETE_TASK',
        from: 'READY',
        to: 'DONE',
        by: 'run',
        decided_by: '--answer',
        started: expect.stringMatching(/Z$/),
        ms: expect.any(Number),
        log: expect.stringMatching(/^logs\/draft\/\d+T\d+\.log$/),
      }),
      expect.objectContaining({
        event_type: 'HAND_EDIT',
        from: 'DONE',
        to: 'ERROR',
        by: 'hand',
        at: 'draft.yaml:1',
        note: 'runbook.yaml was brought to agree',
      }),
      expect.objectContaining({ from: 'ERROR', to: 'DONE', by: 'command', command: 'done', note: null }),
    ]);
  });

  test('stands below each other where the terminal is narrow', async () => {
    const term = rig.terminal(['history', 'draft', '--no-color'], { cols: 40, rows: 40 });
    await term.exit;
    expect(steady(term.screen())).toMatchInlineSnapshot(`
      "YYYY-MM-DD  run <run>
        hh:mm:ss  PENDING → READY
          nothing is left to wait for
        hh:mm:ss  READY → DONE
          #.# s · decided by --answer

      YYYY-MM-DD  run <run>
        hh:mm:ss  DONE → ERROR
          your edit of draft.yaml:1;
          runbook.yaml was brought to agree

      YYYY-MM-DD  run <run>
        hh:mm:ss  ERROR → DONE
          runbook done

      3 runs · 1 start · 1 retry · #.# s"
    `);
  });

  test('an id that neither the runbook nor the journal has, and what is no limit', async () => {
    expect(told(await rig.run(['history', 'darft']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`history\`: there is no task \`darft\`. Did you mean \`draft\`?
        runbook list  shows them all"
    `);
    expect(errorOf(await rig.run(['history', 'darft', '--json']))).toMatchObject({ code: 'UNKNOWN_TASK' });
    expect(told(await rig.run(['history', '--limit', '0']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: option \`--limit <n>\` argument \`0\` is invalid. It must be a number from 1, or \`all\`.
        runbook history --help  tells what it takes"
    `);
    expect(told(await rig.run(['history', '-n', '20']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`-n\` is \`--dry-run\` here, as everywhere
        runbook history --limit 20"
    `);
  });
});

test('a journal that is not there, or empty, is said in plain words', async () => {
  await using rig = await makeRig({ files: FILES });
  const before = rig.tree();
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(
    `"Nothing has happened yet: logs/run_log.jsonl tells of no change."`,
  );
  expect(told(await rig.run(['history', 'build']))).toMatchInlineSnapshot(
    `"Nothing has happened to build yet: logs/run_log.jsonl tells of no change."`,
  );
  expect(await rig.run(['history', '--plain'])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  expect(dataOf('history', await rig.run(['history', '--json']))).toMatchObject({ moments: [], earlier: 0 });
  expect(rig.tree()).toEqual(before);
  rig.write(JOURNAL, '');
  expect(await rig.run(['history'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing has happened'),
  });
});

test('hands: in one file, in both, and while the task runs', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - {id: one, task_detail_file: one.yaml}
  - {id: work, status: READY, type: AUTOMATED_SCRIPT, script_details: "until test -e go; do sleep 0.02; done"}
`,
      'one.yaml': 'status: PENDING\n',
    },
  });
  const hand = (from: string, to: string, ...files: string[]) => {
    for (const file of files) rig.write(file, rig.read(file).replace(from, to));
  };
  await rig.run(['next', '--answer', 'quit']);
  hand('READY', 'SKIPPED', 'one.yaml');
  const runner = rig.start(['next', '--answer', 'accept']);
  await expect.poll(() => rig.statuses().work).toBe('RUNNING');
  hand('status: RUNNING', 'status: SKIPPED', 'runbook.yaml');
  rig.write('go', '');
  await runner.exit;
  hand('status: SKIPPED', 'status: ERROR', 'runbook.yaml', 'one.yaml');
  await rig.run(['retry', 'one']);
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  one   PENDING → READY    nothing is left to wait for
      hh:mm:ss  one   READY              started, and left as it was

    YYYY-MM-DD  run <run>
      hh:mm:ss  one   READY → SKIPPED    your edit of one.yaml:1; runbook.yaml was
                                         brought to agree
      hh:mm:ss  work  READY → RUNNING
      hh:mm:ss  work  RUNNING → SKIPPED  your edit of runbook.yaml:3; the run came
                                         to DONE

    YYYY-MM-DD  run <run>
      hh:mm:ss  one   SKIPPED → ERROR    your edit of runbook.yaml:2
      hh:mm:ss  one   ERROR → READY      runbook retry

    3 runs · 2 starts · 1 retry"
  `);
});

test('hands in the plan itself: told with what was there before', async () => {
  await using rig = await makeRig({
    files: { ...FILES, 'runbook.yaml': `${RUNBOOK}  - {id: gone}\n  - {id: old_name, script_details: "true"}\n` },
  });
  await rig.run(['next']);
  const edits: [string | RegExp, string][] = [
    ['models:', 'name: Plan\nmodels:'],
    ['exit 3', 'exit 4'],
    ['depends_on: [run_tests, read]', 'depends_on: [run_tests]'],
    [/ {2}- \{id: gone.*\n/, ''],
    ['  - {id: pack', '  - {id: new, tags: [a]}\n  - {id: pack'],
    ['old_name', 'new_name'],
  ];
  const text = edits.reduce((done, [from, to]) => done.replace(from, to), rig.read('runbook.yaml'));
  rig.write('runbook.yaml', text);
  rig.write('p.md', 'Draft it.\n');
  await rig.run(['skip', 'run_tests']);
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  gone       PENDING → READY  nothing is left to wait for
      hh:mm:ss  old_name   PENDING → READY  nothing is left to wait for
      hh:mm:ss  build      READY → DONE     #.# s
      hh:mm:ss  draft      PENDING → READY  nothing is left to wait for
      hh:mm:ss  run_tests  PENDING → READY  nothing is left to wait for

    YYYY-MM-DD  run <run>
      hh:mm:ss  (runbook)  your edit of runbook.yaml:1; \`name\` was added: Plan
      hh:mm:ss  run_tests  your edit of runbook.yaml:12; \`script_details\`: echo E403
                           >&2; exit 3 → echo E403 >&2; exit 4
      hh:mm:ss  new        your edit of runbook.yaml:13; it was added, behind
                           run_tests
      hh:mm:ss  pack       your edit of runbook.yaml:14; \`depends_on\`: [run_tests,
                           read] → [run_tests]
      hh:mm:ss  new_name   your edit of runbook.yaml:15; it was renamed from
                           old_name
      hh:mm:ss  gone       you took it out of the runbook
      hh:mm:ss  draft      you changed the template p.md
      hh:mm:ss  new        PENDING → READY  nothing is left to wait for
      hh:mm:ss  run_tests  READY → SKIPPED  runbook skip

    2 runs · 1 start · #.# s"
  `);
  expect(told(await rig.run(['history', 'gone']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  PENDING → READY  nothing is left to wait for

    YYYY-MM-DD  run <run>
      hh:mm:ss  you took it out of the runbook

    2 runs · 0 starts"
  `);
  expect((await rig.run(['why', 'run_tests'])).stdout).not.toContain('exit 4');
});

test('a runner that was killed, one that was interrupted, and what the next one made of it', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': 'tasks: [{id: work, status: READY, type: AUTOMATED_SCRIPT, script_details: {path: ./wait.sh}}]\n',
      'wait.sh': '#!/bin/sh\necho begun\nsleep 300\n',
    },
  });
  const ended = async (signal: NodeJS.Signals) => {
    const runner = rig.start(['next']);
    await runner.waitForOutput('begun');
    runner.kill(signal);
    await runner.exit;
  };
  await ended('SIGKILL');
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  work  READY → RUNNING

    1 run · 1 start"
  `);
  await rig.run(['next']);
  await rig.run(['retry', 'work']);
  await ended('SIGINT');
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  work  READY → RUNNING  its runner was gone before the end

    YYYY-MM-DD  run <run>
      hh:mm:ss  work  RUNNING → ERROR  INTERRUPTED: The runner ended while the task
                                       was RUNNING. What it had started was still
                                       running, and was ended. Its log ends at
                                       logs/work/<stamp>.log.

    YYYY-MM-DD  run <run>
      hh:mm:ss  work  ERROR → READY    runbook retry

    YYYY-MM-DD  run <run>
      hh:mm:ss  work  READY → RUNNING  interrupted: it may have done part of its
                                       work

    4 runs · 2 starts · 1 retry"
  `);
});

test('what a model cost is told with the end of its task, also where the task was left', async () => {
  await using server = await openaiServer({
    'zebra-1': { text: '```\nhi\n```', usage: { prompt_tokens: 10_000, completion_tokens: 2000 } },
  });
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.txt
    ai_details: {prompt_template: p.md, model: gpt-4o-mini, output_parser: code_block}
`,
      'p.md': 'zebra-1\n',
    },
  });
  const env = asIfOpenai(rig, server.url);
  await rig.run(['next', '--answer', 'quit'], { env });
  await rig.run(['next', '--answer', 'retry', 'accept'], { env });
  expect(told(await rig.run(['history']))).toMatchInlineSnapshot(`
    "YYYY-MM-DD  run <run>
      hh:mm:ss  greet  READY         $0.0027 · started, and left as it was

    YYYY-MM-DD  run <run>
      hh:mm:ss  greet  READY → DONE  #.# s · $0.0054 · decided by --answer

    2 runs · 2 starts · 1 retry · #.# s · $0.0081"
  `);
  const data = dataOf('history', await rig.run(['history', '--json'])) as Data;
  expect(data.totals).toMatchObject({ starts: 2, retries: 1 });
  expect(data.totals.cost_usd).toBeCloseTo(0.0081, 9);
  expect(data.moments.map(({ cost_usd: cost }) => cost)).toEqual([
    expect.closeTo(0.0027, 9),
    expect.closeTo(0.0054, 9),
  ]);
});

test('torn lines, and lines that are not ours, are stepped over and counted', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const good = rig.read(JOURNAL);
  const foreign = [
    'garbage',
    '42',
    '{"task_id":"build"}',
    '{"event_type":"COMPLETE_TASK","task_id":"build","status_change":"DOEN -> DONE","details":{}}',
    '{"event_type":"LUNCH","task_id":"build","timestamp":"noon","run_id":7,"details":{}}',
    '{"event_type":"ERROR_TASK","task_id":"build","status_change":"DONE -> ERROR","details":{"issues":[3],"ms":"x"}}',
    '',
  ];
  rig.write(JOURNAL, `${foreign.join('\n')}${good}`);
  appendFileSync(
    join(rig.dir, JOURNAL),
    '{"timestamp":"2026-11-20T10:00:00.000Z","run_id":"x","task_id":"build","stat',
  );
  expect(told(await rig.run(['history', 'build', '--all']))).toMatchInlineSnapshot(`
    "no date  no run
      no time   DONE
      no time   LUNCH
      no time   DONE → ERROR

    YYYY-MM-DD  run <run>
      hh:mm:ss  true: exit 0 · #.# s
      hh:mm:ss  READY → DONE  #.# s

    2 runs · 1 start · #.# s
    ── stderr
    4 lines of logs/run_log.jsonl could not be read, and were stepped over."
  `);
  expect(dataOf('history', await rig.run(['history', '--json']))).toMatchObject({ unreadable_lines: 4 });
  expect(await rig.run(['history', '--json'])).toMatchObject({ stderr: '' });
});

test('a task that is no longer in the runbook, and a runbook that can’t be read', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const whole = (await rig.run(['history', 'build'])).stdout;
  rig.write('runbook.yaml', 'tasks: [\n');
  expect(await rig.run(['history', 'build'])).toMatchObject({ code: 0, stdout: whole });
  expect(await rig.run(['history', 'other'])).toMatchObject({ code: 2 });
});

test('whatever stands in the lines of a journal, both commands tell what can be told', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a}]\n' } });
  const values = fc.oneof(
    fc.constantFrom(...['a', 'RUNNING -> DONE', 'READY -> READY', 'X -> DONE', '2026-11-20T10:00:00.000Z', '--answer']),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const types = 'START_TASK COMPLETE_TASK ERROR_TASK SKIP_TASK LEAVE_TASK UNSAVED_TASK INTERRUPT_TASK READY_TASK';
  const more =
    'MANUAL_ACTION HAND_EDIT RECOVER_TASK RUN_SCRIPT CHECK_RUN AI_PROMPT_SENT AI_RESPONSE_RECEIVED FILE_RESTORED';
  const names =
    'command reason decision by at mended paths not_written issues why end exit_code ms cost_usd attempt log';
  const line = fc.record(
    {
      event_type: fc.oneof({ arbitrary: fc.constantFrom(...`${types} ${more}`.split(' ')), weight: 9 }, values),
      task_id: fc.oneof({ arbitrary: fc.constant('a'), weight: 9 }, values),
      timestamp: values,
      run_id: values,
      status_change: fc.oneof({ arbitrary: fc.constantFrom('READY -> RUNNING', 'RUNNING -> DONE'), weight: 3 }, values),
      details: fc.oneof(fc.dictionary(fc.constantFrom(...names.split(' ')), values), values),
    },
    { requiredKeys: ['event_type'] },
  );
  const lines = fc.sample(line, { numRuns: 3000, seed: 7 }).map((value) => JSON.stringify(value));
  rig.write(JOURNAL, `${lines.join('\n').replaceAll('0,', '1e999,')}\n`);
  const before = rig.tree();
  for (const args of [
    ['history', '--all', '--limit', 'all'],
    ['history', '--json', '--limit', 'all'],
    ['why', 'a'],
  ]) {
    const { code, stdout, stderr } = await rig.run(args);
    expect(code, stderr).toBe(0);
    expect(stdout.length).toBeGreaterThan(300);
    expect(stdout).not.toMatch(/undefined|NaN|Infinity|\[object/);
  }
  expect(rig.tree()).toEqual(before);
});

test('what stands in a line can’t act on the terminal', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a}]\n' } });
  await rig.run(['done', 'a', '--reason', 'red \u001b[31m, a bell \u0007,\n and a second line']);
  const { stdout } = await rig.run(['history']);
  expect(stdout).toContain('runbook done: red , a bell , and a second line');
  expect(stdout).not.toMatch(/[\u001b\u0007]/);
});

test('a journal of 100,000 lines is told in little memory', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const lines = rig.read(JOURNAL);
  const times = Math.ceil(100_000 / rig.journal().length);
  writeFileSync(join(rig.dir, JOURNAL), lines.repeat(times));
  const env = { NODE_OPTIONS: '--max-old-space-size=160' };
  const { totals, moments, earlier } = dataOf(
    'history',
    await rig.run(['history', 'build', '--json', '--limit', '3'], { env }),
  ) as Data;
  expect(totals).toMatchObject({ runs: 1, starts: times, retries: 0 });
  expect([moments.length, earlier]).toEqual([3, times - 3]);
  expect((await rig.run(['history', '--limit', '1'], { env })).code).toBe(0);
});

interface Data {
  moments: { task_id: string; cost_usd: number }[];
  earlier: number;
  totals: Record<string, number>;
}
