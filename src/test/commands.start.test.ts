// A task that is taken, carried out elsewhere, and given back: `start --by`, and `done`, `error`, `skip` and `reset` after it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { faultEnv } from './faults/faulted.ts';
import { inTurns } from './faults/turns.ts';
import { type } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const FILES = {
  'runbook.yaml': `tasks:
  - {id: a, status: READY, task_detail_file: a.yaml} # mine
  - {id: b, depends_on: [a]}
  - {id: c, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}
`,
  'a.yaml': 'status: READY\nchecks: [test -e ok]\n',
};
const started = async () => {
  const rig = await makeRig({ files: FILES });
  expect((await rig.run(['start', 'a', '--by', 'bot'])).code).toBe(0);
  return rig;
};
/** In both files. */
const written = (rig: Rig) => [rig.statuses().a, /status: (\w+)/.exec(rig.read('a.yaml'))?.[1]];
const takenIn = async (rig: Rig) =>
  (dataOf('status', await rig.run(['status', '--json'])) as { taken: { id: string; by: string }[] }).taken.map(
    ({ id, by }) => `${id} by ${by}`,
  );

describe('start --by', () => {
  test('writes RUNNING into both files, and who has it into the journal', async () => {
    await using rig = await makeRig({ files: FILES });
    expect(said(rig, await rig.run(['start', 'a', '--by', 'bot']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      ◌ a is RUNNING: bot has it now.
        runbook done a  gives it back"
    `);
    expect(rig.read('runbook.yaml')).toBe(FILES['runbook.yaml'].replace('READY', 'RUNNING'));
    expect(rig.read('a.yaml')).toBe(FILES['a.yaml'].replace('READY', 'RUNNING'));
    expect(rig.journal()).toMatchObject([
      { event_type: 'START_TASK', task_id: 'a', status_change: 'READY -> RUNNING', details: { taken_by: 'bot' } },
    ]);
  });

  test('status, why and history say who has it, and no command calls it interrupted, also without .runbook', async () => {
    await using rig = await started();
    rmSync(join(rig.dir, '.runbook'), { recursive: true });
    expect(said(rig, await rig.run(['status'])).replaceAll(/just now|<duration>ago/g, '<ago>')).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      w                                                                    0 of 3 done

        RUNNING  a
                 taken by bot, <ago>

        next    c
        after   b  waits for a
        last    <ago>: a READY → RUNNING"
    `);
    const [first] = (await rig.run(['why', 'a'])).stdout.split('\n');
    expect(first).toBe('a is RUNNING: bot has taken it, and gives it back.');
    expect(said(rig, await rig.run(['why', 'b', '--plain']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      b is PENDING: it waits for a, which is RUNNING, taken by bot.
      first cause: a is RUNNING: bot has taken it, and gives it back; runbook.yaml:2; runbook done a
      to go on: runbook done a
      set: as it was written: the journal tells of no change to PENDING
      written: runbook.yaml:3; no status, which is PENDING"
    `);
    expect(dataOf('status', await rig.run(['status', '--json']))).toMatchObject({ interrupted: [], next: 'c' });
    expect(dataOf('why', await rig.run(['why', 'a', '--json']))).toMatchObject({
      taken: { by: 'bot' },
      commands: ['runbook done a', 'runbook reset a'],
    });
  });

  test('list and show say who has it, to a program too', async () => {
    await using rig = await started();
    const ago = (text: string) => text.replace(/just now|<duration>ago/, '<ago>');
    expect(ago(said(rig, await rig.run(['list'])))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      RUNNING  a  (taken by bot)
      PENDING  b  (waits for a)
      READY    c"
    `);
    expect(ago(said(rig, await rig.run(['show', 'a'])))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      a

        status    RUNNING
        taken     by bot, <ago>
        type      MANUAL
        written   runbook.yaml:2
                  a.yaml:1
        before    b
        checks    test -e ok"
    `);
    expect(dataOf('list', await rig.run(['list', '--json']))).toMatchObject([
      { id: 'a', taken_by: 'bot' },
      { id: 'b', taken_by: null },
      { id: 'c', taken_by: null },
    ]);
    expect(dataOf('task', await rig.run(['show', 'a', '--json']))).toMatchObject({ taken: { by: 'bot' } });
  });

  test('next goes on with other tasks, and then says who has the one that is left', async () => {
    await using rig = await started();
    expect(await rig.run(['next'])).toMatchObject({ code: 0 });
    expect(rig.statuses()).toEqual({ a: 'RUNNING', b: 'not written', c: 'DONE' });
    expect(said(rig, await rig.run(['next']))).toMatchInlineSnapshot(`
      "exit 3
      ── stderr
      Nothing is READY:
        a is RUNNING, taken by bot
        b is PENDING, waits for a (RUNNING)"
    `);
    expect(await takenIn(rig)).toEqual(['a by bot']);
  });

  test('a second start is refused by name, and --force takes it', async () => {
    await using rig = await started();
    const before = rig.tree();
    expect(said(rig, await rig.run(['start', 'a', '--by', 'ada']))).toMatchInlineSnapshot(`
      "exit 5
      ── stderr
      error: \`a\` was taken by \`bot\`, since <time>
       ——▶ a.yaml:1:9
        │
      1 │ status: RUNNING
        │         ^^^^^^^
        They give it back with \`done\`, \`error\`, \`skip\` or \`reset\`; --force takes it from them."
    `);
    expect(errorOf(await rig.run(['start', 'a', '--by', 'bot', '--json']))).toMatchObject({ code: 'HELD' });
    expect(errorOf(await rig.run(['retry', 'a', '--json']))).toMatchObject({
      code: 'HELD',
      hint: expect.stringContaining('runbook reset a'),
    });
    expect(rig.tree()).toEqual(before);
    expect((await rig.run(['start', 'a', '--by', 'ada', '--force'])).code).toBe(0);
    expect(await takenIn(rig)).toEqual(['a by ada']);
    expect(written(rig)).toEqual(['RUNNING', 'RUNNING']);
    expect((await rig.run(['history', 'a'])).stdout).toMatch(/taken by bot[\s\S]*taken from bot[\s\S]*taken by ada/);
  });

  test('is for READY tasks that wait for nothing, says who by, and takes no blank name', async () => {
    await using rig = await makeRig({ files: FILES });
    const refused = async (...args: string[]) => errorOf(await rig.run(['start', ...args, '--json']));
    expect(await refused('b', '--by', 'bot')).toMatchObject({
      code: 'STATUS_REFUSED',
      hint: expect.stringContaining('runbook why b'),
    });
    expect(await refused('a')).toMatchObject({ code: 'USAGE', message: expect.stringContaining('--by') });
    expect(await refused('a', '--by', ' ')).toMatchObject({ code: 'USAGE' });
    rig.write('runbook.yaml', FILES['runbook.yaml'].replace('id: b,', 'id: b, status: READY,'));
    expect(await refused('b', '--by', 'bot')).toMatchObject({
      code: 'STATUS_REFUSED',
      message: expect.stringContaining('waits for `a`'),
    });
    expect(rig.journal()).toEqual([]);
  });

  test('--dry-run shows the change, and writes nothing', async () => {
    await using rig = await makeRig({ files: FILES });
    const before = rig.tree();
    const { code, stdout } = await rig.run(['start', 'a', '--by', 'bot', '--dry-run']);
    expect([code, stdout.match(/^ *\+.*RUNNING/gm)?.length]).toEqual([0, 2]);
    expect(rig.tree()).toEqual(before);
  });

  test('a hand that writes another status ends it', async () => {
    await using rig = await started();
    rig.write('a.yaml', rig.read('a.yaml').replace('RUNNING', 'DONE'));
    expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE', c: 'READY' });
    expect(await takenIn(rig)).toEqual([]);
  });
});

describe('it is given back', () => {
  test('done runs its checks: one that fails leaves it where it is', async () => {
    await using rig = await started();
    expect(said(rig, await rig.run(['done', 'a']))).toMatchInlineSnapshot(`
      "exit 1
      ── stderr
        ✘ test -e ok                                                            exit 1
      error: \`a\` is not done: check \`test -e ok\` exit 1
       ——▶ a.yaml:2:9
        │
      2 │ checks: [test -e ok]
        │         ^^^^^^^^^^^^
        It stays with \`bot\`. Mend it and say \`done\` again, or overrule the check with --unchecked."
    `);
    expect(written(rig)).toEqual(['RUNNING', 'RUNNING']);
    expect(await takenIn(rig)).toEqual(['a by bot']);
    rig.write('ok', '');
    expect((await rig.run(['done', 'a'])).code).toBe(0);
    expect(written(rig)).toEqual(['DONE', 'DONE']);
    expect(rig.statuses().b).toBe('READY');
    expect(rig.journal().at(-2)).toMatchObject({
      status_change: 'RUNNING -> DONE',
      details: { command: 'done', taken_by: 'bot' },
    });
  });

  test('error keeps what was wrong as an issue', async () => {
    await using rig = await started();
    expect(said(rig, await rig.run(['error', 'a', '--reason', 'no key: ask Ada']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      ✘ ERROR  a
        no key: ask Ada
        next: mend it, then runbook retry a · runbook show a"
    `);
    expect(rig.stable(rig.read('a.yaml'))).toMatchInlineSnapshot(`
      "status: ERROR
      checks: [test -e ok]
      issues:
        - timestamp: "<time>"
          type: MANUAL_BLOCKER
          detail: "no key: ask Ada"
      last_run:
        timestamp: "<time>"
        outcome: FAILURE
      "
    `);
    expect(written(rig)).toEqual(['ERROR', 'ERROR']);
    expect((await rig.run(['history', 'a', '--plain'])).stdout).toContain(
      'runbook error: MANUAL_BLOCKER: no key: ask Ada',
    );
    expect((await rig.run(['next'])).code).toBe(1);
  });

  test.each(['skip', 'reset'])('%s ends it', async (command) => {
    await using rig = await started();
    expect((await rig.run([command, 'a'])).code).toBe(0);
    const status = command === 'skip' ? 'SKIPPED' : 'READY';
    expect(written(rig)).toEqual([status, status]);
    expect(await takenIn(rig)).toEqual([]);
  });

  test('not by done, if somebody took it while its checks ran', async () => {
    await using rig = await started();
    rig.write(
      'a.yaml',
      rig.read('a.yaml').replace('test -e ok', '"echo up > up; until test -e ok; do sleep 0.05; done"'),
    );
    const done = rig.start(['done', 'a']);
    await vi.waitUntil(() => rig.exists('up'), { timeout: 30_000 });
    expect((await rig.run(['start', 'a', '--by', 'ada', '--force'])).code).toBe(0);
    rig.write('ok', '');
    expect(await done.exit).toMatchObject({ code: 5, stderr: expect.stringContaining('was taken by `ada` meanwhile') });
    expect(written(rig)).toEqual(['RUNNING', 'RUNNING']);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'not by done, if %s comes while its checks run; none of them survives',
    async (signal) => {
      await using rig = await started();
      rig.write('a.yaml', rig.read('a.yaml').replace('test -e ok', '"sleep 300 & echo up > up; wait"'));
      const done = rig.start(['done', 'a']);
      await vi.waitUntil(() => rig.exists('up'), { timeout: 30_000 });
      done.kill(signal);
      expect((await done.exit).code).toBe(130);
      expect(rig.processes()).toEqual([]);
      expect(written(rig)).toEqual(['RUNNING', 'RUNNING']);
      expect(await takenIn(rig)).toEqual(['a by bot']);
    },
  );

  test('also while a runner is at work on another task', async () => {
    const slow = FILES['runbook.yaml'].replace('"true"', '"echo up > up; until test -e ok; do sleep 0.05; done"');
    await using rig = await makeRig({ files: { ...FILES, 'runbook.yaml': slow } });
    const runner = rig.start(['next']);
    // The runner takes what is first.
    expect((await runner.exit).code).toBe(4);
    expect((await rig.run(['start', 'a', '--by', 'bot'])).code).toBe(0);
    const other = rig.start(['next']);
    await vi.waitUntil(() => rig.exists('up'), { timeout: 30_000 });
    expect((await rig.run(['why', 'a'])).stdout).toContain('bot has taken it');
    rig.write('ok', '');
    expect((await rig.run(['done', 'a'])).code).toBe(0);
    expect((await other.exit).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'READY', c: 'DONE' });
  });
});

describe('error', () => {
  test('of a task that nobody has taken; said again, one issue more; nothing but what is meant changes', async () => {
    const yaml = 'tasks:\n  - id: a # mine\n    status: READY\n    issues: []\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect(dataOf('changed', await rig.run(['error', 'a', '--reason', 'one', '--json']))).toEqual({
      tasks: [{ id: 'a', from: 'READY', to: 'ERROR' }],
    });
    expect((await rig.run(['error', 'a', '--reason', 'two\nlines'])).code).toBe(0);
    expect(rig.stable(rig.read('runbook.yaml'))).toMatchInlineSnapshot(`
      "tasks:
        - id: a # mine
          status: ERROR
          issues:
            - timestamp: "<time>"
              type: MANUAL_BLOCKER
              detail: one
            - timestamp: "<time>"
              type: MANUAL_BLOCKER
              detail: |-
                two
                lines
          last_run:
            timestamp: "<time>"
            outcome: FAILURE
      "
    `);
  });

  test('without its reason it is asked for in a terminal; elsewhere the flag is named, and nothing is written', async () => {
    const yaml = 'tasks:\n  - {id: a, status: READY}\n  - {id: b, status: READY}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    for (const args of [
      ['error', 'a', 'b'],
      ['error', 'a', 'b', '--dry-run'],
    ]) {
      const refused = await rig.run([...args, '--json']);
      expect([refused.code, errorOf(refused)]).toEqual([
        4,
        expect.objectContaining({ code: 'NEEDS_PERSON', hint: 'runbook error a b --reason "what is wrong"' }),
      ]);
    }
    expect((await rig.run(['error', 'a', '--reason', ' '])).code).toBe(2);
    // What can't be done is refused before anything is asked; and nothing said is nothing done.
    expect(await rig.terminal(['error', 'nobody']).exit).toMatchObject({ code: 2 });
    for (const key of ['enter', 'ctrl-c']) {
      const left = rig.terminal(['error', 'a']);
      await left.waitFor('? What is wrong?');
      left.press(key);
      expect(await left.exit).toMatchObject({ code: 130 });
    }
    expect([rig.read('runbook.yaml'), rig.journal()]).toEqual([yaml, []]);

    const term = rig.terminal(['error', 'a', 'b']);
    await type(term, 'What is wrong?', 'no key');
    expect(await term.exit).toMatchObject({ code: 0 });
    expect(rig.statuses()).toEqual({ a: 'ERROR', b: 'ERROR' });
    expect(rig.read('runbook.yaml').match(/detail: no key/g)).toHaveLength(2);
  });

  test('--dry-run shows its issue too', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - id: a\n    status: ERROR\n' } });
    const before = rig.tree();
    expect(said(rig, await rig.run(['error', 'a', '-n', '--reason', 'no luck']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      runbook.yaml
        @@ line 1 @@
          tasks:
            - id: a
              status: ERROR
        +     issues:
        +  - timestamp: "<time>"
        +         type: MANUAL_BLOCKER
        +         detail: no luck
        +     last_run:
        +  timestamp: "<time>"
        +       outcome: FAILURE
      ── stderr
      would add     a: an issue
      Nothing was changed."
    `);
    expect(rig.tree()).toEqual(before);
  });
});

/** Killed at each call that changes something: it is as before, or as after, or named as interrupted. Never between. */
const EVERY = process.env.RUNBOOK_RELIABILITY === '1' ? 1 : 19;
test.each([
  { args: ['start', 'a', '--by', 'bot'], before: 'READY', after: 'RUNNING' },
  { args: ['start', 'a', '--by', 'ada', '--force'], before: 'RUNNING', after: 'RUNNING' },
  { args: ['done', 'a', '--unchecked'], before: 'RUNNING', after: 'DONE' },
  { args: ['error', 'a', '--reason', 'no luck'], before: 'RUNNING', after: 'ERROR' },
  { args: ['reset', 'a'], before: 'RUNNING', after: 'READY' },
])('a kill at any call of $args', { timeout: 300_000 }, async ({ args, before, after }) => {
  const make = () => (before === 'READY' ? makeRig({ files: FILES }) : started());
  await using whole = await make();
  expect((await whole.run(args, { env: faultEnv(whole, {}) })).code).toBe(0);
  const calls = whole.read('../trace').trimEnd().split('\n').length;
  expect(calls).toBeGreaterThan(10);
  const chosen = Array.from({ length: calls }, (_, i) => calls - i).filter((_, i) => i % EVERY === 0);
  const found = await inTurns(2, chosen, async (at) => {
    await using rig = await make();
    const killed = await rig.run(args, { env: faultEnv(rig, { at, fault: 'killAfter' }) });
    expect(killed.signal, `${at}`).toBe('SIGKILL');
    // Any command that writes settles what the kill has left.
    expect((await rig.run(['skip', 'c'])).code, `${at}`).toBe(0);
    const [first, second] = written(rig);
    expect(second, `${at}`).toBe(first);
    if (first === 'ERROR') expect(rig.read('a.yaml'), `${at}`).toContain('no luck');
    const standing = dataOf('status', await rig.run(['status', '--json'])) as {
      taken: unknown[];
      interrupted: string[];
      unsettled: unknown[];
    };
    expect(standing.unsettled).toEqual([]);
    if (first === 'RUNNING') expect([...standing.taken, ...standing.interrupted], `${at}`).toHaveLength(1);
    return first;
  });
  const allowed = args.includes('--force') ? [before, after, 'READY'] : [before, after];
  expect(found.filter((status) => !allowed.includes(status ?? ''))).toEqual([]);
  expect(new Set(found)).toContain(after);
});
