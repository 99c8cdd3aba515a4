// What `status` and `list` say: the whole of it, for a person and for a program.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { releaseFiles } from './release.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, said } from './said.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await makeRig({ files: releaseFiles });
});
afterAll(() => rig[Symbol.asyncDispose]());

const calmYaml = `name: calm
tasks:
  - {id: a, status: READY}
  - {id: b, name: The second, depends_on: [a], type: AUTOMATED_SCRIPT, script_details: "true"}
  - {id: c, status: READY}
  - {id: d, name: The fourth, status: READY, depends_on: [b], type: MANUAL}
`;

describe('status', () => {
  test('in 40 columns each task has one line', async () => {
    await using calm = await makeRig({ files: { 'runbook.yaml': calmYaml.replaceAll(/\bb\b/g, 'b_with_a_long_id') } });
    const term = calm.terminal(['status', '--no-color'], { cols: 40, rows: 20 });
    await term.exit;
    expect(term.screen()).toMatchInlineSnapshot(`
      "calm                         0 of 4 done

        next    a
        after   b_with_a_long_id  waits for a
                c                 READY
                d                 waits for b…"
    `);
  });

  test('shows how far it is, the error with its commands, and what waits for what', async () => {
    const finished = await rig.run(['status']);
    expect(said(rig, finished).replace(/\d+ days ago/, '<days> ago')).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      release-runbook                                                      2 of 8 done

        RUNNING  sign
                 its runner is gone; runbook next asks what to do

        ERROR   pack  Pack it, in a file with a name that is longer than what fits …
                exit 1: npm error code E403, <days> ago
                runbook retry pack · runbook show pack

        next    nothing until the error is settled
        after   read_notes  Read the notes (by hand), READY
                publish     Publish (by hand), waits for draft_notes, pack
                announce    Announce (by hand), waits for publish
                late        waits for publish"
    `);
  });

  test('is what `runbook` alone shows, from any folder below too', async () => {
    const { stdout } = await rig.run(['status']);
    const runs = [rig.run([]), rig.run([], { cwd: 'tasks' }), rig.run(['-C', rig.dir], { cwd: '..' })];
    for (const run of runs) expect(await run).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  test('is told from a folder that is named like a command', async () => {
    await using named = await makeRig({ files: { 'run/runbook.yaml': 'name: named\ntasks: [{id: a}]\n' } });
    expect(said(named, await named.run(['-C', 'run']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      named                                                                0 of 1 done

        next    a"
    `);
  });

  test('names the next task while no error stands, and tells a READY one that has to wait', async () => {
    await using calm = await makeRig({ files: { 'runbook.yaml': calmYaml } });
    expect(said(calm, await calm.run([]))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      calm                                                                 0 of 4 done

        next    a
        after   b  The second, waits for a
                c  READY
                d  The fourth (by hand), waits for b"
    `);
    expect(dataOf('status', await calm.run(['--json']))).toMatchObject({ next: 'a', errors: [], interrupted: [] });
  });

  test('tells what it has cost so far, also what was asked in vain', async () => {
    const reply = (cost: number, type = 'RECEIVED') =>
      `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000Z', task_id: 'a', event_type: `AI_RESPONSE_${type}`, details: { cost_usd: cost } })}\n`;
    await using rig = await makeRig({
      files: {
        'runbook.yaml': 'name: costly\ntasks: [{id: a, status: DONE}, {id: b, status: READY}]\n',
        'logs/run_log.jsonl': reply(0.002) + reply(0.0011, 'BROKEN') + reply(0.5, 'DELAYED'),
      },
    });
    expect((await rig.run([])).stdout).toMatch(/^costly +1 of 2 done · \$0\.0031$/m);
    expect((await rig.run(['--plain'])).stdout).toMatch(/^costly: 1 of 2 done; \$0\.0031$/m);
    expect(dataOf('status', await rig.run(['--json']))).toMatchObject({ spent: { cost_usd: expect.closeTo(0.0031) } });
  });

  test('is short where nothing is left, or nothing is there', async () => {
    await using over = await makeRig({ files: { 'runbook.yaml': 'name: over\ntasks: [{id: a, status: DONE}]\n' } });
    expect(said(over, await over.run([]))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      over                                                                 1 of 1 done

        ✔ all done"
    `);
    over.write('runbook.yaml', 'name: over\ntasks: []\n');
    expect(said(over, await over.run([]))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      over                                                                 0 of 0 done

        There are no tasks yet."
    `);
  });

  test('--json says the same to a program', async () => {
    expect(dataOf('status', await rig.run(['--json']))).toEqual({
      name: 'release-runbook',
      counts: { total: 8, DONE: 1, SKIPPED: 1, ERROR: 1, RUNNING: 1, READY: 2, PENDING: 2 },
      next: null,
      errors: [
        {
          id: 'pack',
          issue: {
            timestamp: '2026-01-02T00:00:00.000Z',
            type: 'SCRIPT_ERROR',
            detail: 'exit 1\nnpm error code E403',
          },
        },
      ],
      interrupted: ['sign'],
      unsettled: [],
      taken: [],
      waiting: [
        { id: 'publish', waits_for: ['draft_notes', 'pack'] },
        { id: 'announce', waits_for: ['publish'] },
      ],
      holder: null,
      spent: { ms: 0, cost_usd: 0 },
      last_activity: null,
    });
  });

  test('says what a hand has changed since the tool wrote last, and writes nothing', async () => {
    await using edited = await makeRig({ files: { 'runbook.yaml': calmYaml } });
    await edited.run(['done', 'a']);
    edited.write('runbook.yaml', edited.read('runbook.yaml').replace('id: a, status: DONE', 'id: a, status: ERROR'));
    const before = edited.tree();
    expect(said(edited, await edited.run([])).replace(/just now|<duration>ago/, '<ago>')).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      calm                                                                 0 of 4 done

        you changed  a: DONE → ERROR (runbook.yaml:3)

        ERROR   a
                no issue is written
                runbook retry a · runbook show a

        next    nothing until the error is settled
        after   b  The second, waits for a
                c  READY
                d  The fourth (by hand), waits for b
        last    <ago>: a READY → DONE"
    `);
    expect(dataOf('status', await edited.run(['--json']))).toMatchObject({
      unsettled: [{ id: 'a', kind: 'handEdit', from: 'DONE', to: 'ERROR' }],
    });
    expect(edited.tree()).toEqual(before);
  });

  test('names the runner that is at work', async () => {
    const yaml =
      'name: busy\ntasks:\n  - {id: a, type: AUTOMATED_SCRIPT, script_details: "touch up; until test -e go; do sleep 0.05; done"}\n  - {id: b, depends_on: [a]}\n';
    await using busy = await makeRig({ files: { 'runbook.yaml': yaml } });
    const runner = busy.start(['next']);
    await expect.poll(() => busy.exists('up')).toBe(true);
    const finished = await busy.run([]);
    expect(
      said(busy, finished)
        .replace(/ on \S+, started/, ' on <host>, started')
        .replaceAll(/just now|<duration>ago/g, '<ago>'),
    ).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      busy                                                                 0 of 2 done

        RUNNING  a  by pid <pid> on <host>, started <ago>

        next    nothing is READY
        after   b  waits for a
        last    <ago>: a READY → RUNNING"
    `);
    expect(dataOf('status', await busy.run(['--json']))).toMatchObject({
      counts: { RUNNING: 1 },
      interrupted: [],
      holder: { pid: runner.pid, host: expect.any(String), since: expect.stringMatching(/Z$/), task_id: 'a' },
    });
    busy.write('go', '');
    await runner.exit;
    expect(dataOf('status', await busy.run(['--json']))).toMatchObject({ holder: null, next: 'b' });
  });
});

describe('list', () => {
  test('shows every task in the order of the file', async () => {
    expect(said(rig, await rig.run(['list']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      DONE     run_tests    Run every test
      SKIPPED  draft_notes  Phase 1 / Draft the release notes
      ERROR    pack         Pack it, in a file with a name that is longer than what f…
      RUNNING  sign
      READY    read_notes   Read the notes
      PENDING  publish      Publish (waits for draft_notes, pack)
      PENDING  announce     Announce (waits for publish)
      READY    late         (waits for publish)"
    `);
    expect((await rig.run(['ls'])).stdout).toBe((await rig.run(['list'])).stdout);
  });

  test('--status, --ready and --tag choose, also together', async () => {
    const ids = async (...flags: string[]) =>
      (dataOf('list', await rig.run(['list', '--json', ...flags])) as { id: string }[]).map(({ id }) => id);
    expect(await ids('--status', 'DONE', 'SKIPPED')).toEqual(['run_tests', 'draft_notes']);
    expect(await ids('--status', 'ERROR', '--status', 'RUNNING')).toEqual(['pack', 'sign']);
    // `late` is READY in the file, and waits for one that is not done: it could not start.
    expect(await ids('--status', 'READY')).toEqual(['read_notes', 'late']);
    expect(await ids('--ready')).toEqual(['read_notes']);
    expect(await ids('--tag', 'slow', 'by hand')).toEqual(['run_tests', 'pack', 'read_notes']);
    expect(await ids('--tag', 'slow', '--status', 'ERROR')).toEqual(['pack']);
  });

  test('says so where no task is like that, and refuses what is no status', async () => {
    expect(said(rig, await rig.run(['list', '--tag', 'none']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      No task is like that."
    `);
    expect(said(rig, await rig.run(['list', '--status', 'OPEN']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`OPEN\` is not a status.
        It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED."
    `);
  });

  test('--plain has a tab between status, id, type and name, and nothing else', async () => {
    expect(said(rig, await rig.run(['list', '--plain']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      DONE	run_tests	AUTOMATED_SCRIPT	Run every test
      SKIPPED	draft_notes	AI_ASSISTED	Phase 1 / Draft the release notes
      ERROR	pack	AUTOMATED_SCRIPT	Pack it, in a file with a name that is longer than what fits on a line of eighty columns
      RUNNING	sign	MANUAL	sign
      READY	read_notes	MANUAL	Read the notes
      PENDING	publish	MANUAL	Publish
      PENDING	announce	MANUAL	Announce
      READY	late	MANUAL	late"
    `);
    expect(await rig.run(['list', '--plain', '--tag', 'none'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('--json has every task with what it waits for', async () => {
    const all = dataOf('list', await rig.run(['list', '--json'])) as object[];
    expect(all).toHaveLength(8);
    expect([all[1], all[5]]).toEqual([
      {
        id: 'draft_notes',
        name: 'Phase 1 / Draft the release notes',
        type: 'AI_ASSISTED',
        status: 'SKIPPED',
        depends_on: ['run_tests'],
        waits_for: [],
        tags: [],
        taken_by: null,
      },
      {
        id: 'publish',
        name: 'Publish',
        type: 'MANUAL',
        status: 'PENDING',
        depends_on: ['draft_notes', 'pack'],
        waits_for: ['draft_notes', 'pack'],
        tags: [],
        taken_by: null,
      },
    ]);
  });

  test('what a name is made of reaches the screen without its control characters', async () => {
    const yaml = String.raw`tasks: [{id: a, name: "one\ttwo\n\e[31mred\e[0m \u202Eback"}]`;
    await using nasty = await makeRig({ files: { 'runbook.yaml': `${yaml}\n` } });
    expect((await nasty.run(['list', '--plain'])).stdout).toBe('READY\ta\tMANUAL\tone two red back\n');
    expect((await nasty.run(['list'])).stdout).toBe('READY    a  one two red back\n');
  });
});

test('neither writes anything', async () => {
  const before = rig.tree();
  for (const args of [[], ['status', '--json'], ['list'], ['list', '--ready'], ['list', '--json']])
    expect(await rig.run(args)).toMatchObject({ code: 0, stderr: '' });
  expect(rig.tree()).toEqual(before);
});
