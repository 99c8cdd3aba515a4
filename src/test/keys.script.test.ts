// A script in a real terminal: what is seen of it, how it ends, and what Ctrl-C and a kill leave behind.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { events, press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';

test('a script that succeeds: its command, its output, and what comes next', async () => {
  await using rig = await rigWith('echo one; printf two', 'timeout: 10m');
  const term = rig.terminal(['next']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ build  Build it                                                    step 1 of 2
      echo one; printf two  in . · at most <duration>

      │ one
      │ two
    ✔ DONE  build  <duration>  logs/build/<stamp>.log
      next: publish"
  `);
  expect(term.styleOf('✔ DONE')).toMatchObject({ fg: 'green' });
  expect(events(rig)).toEqual([
    'START_TASK  build  READY -> RUNNING',
    'RUN_SCRIPT  build',
    'COMPLETE_TASK  build  RUNNING -> DONE',
    'READY_TASK  publish  PENDING -> READY',
  ]);
  expect(rig.read(logOf(rig))).toBe('$ echo one; printf two\none\ntwo');
});

test('a script that fails: its last lines, an issue, and what to do', async () => {
  await using rig = await rigWith('seq 30; echo no network >&2; exit 7');
  const term = rig.terminal(['next'], { rows: 50 });
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.stable(term.screen().split('\n').slice(-8).join('\n'))).toMatchInlineSnapshot(`
    "  │ no network
    ✘ ERROR  build  <duration>  logs/build/<stamp>.log
      exit 7
      …
      29
      30
      no network
      next: mend it, then runbook retry build · runbook show build"
  `);
  expect(rig.statuses()).toEqual({ build: 'ERROR', publish: 'not written' });
  expect(issues(rig)).toMatchObject([
    { type: 'SCRIPT_ERROR', detail: expect.stringMatching(/^exit 7\n[\s\S]*\nno network$/) },
  ]);
  expect(rig.read(logOf(rig)).split('\n')).toHaveLength(33);
});

test('checks after a script: what they refuse is an ERROR', async () => {
  await using rig = await rigWith('echo built', 'checks: ["test -e built.txt"]');
  const term = rig.terminal(['next']);
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(term.screen()).toMatch(/\n {2}✘ test -e built\.txt +exit 1\n✘ ERROR {2}build /);
  expect(issues(rig)).toMatchObject([{ type: 'VALIDATION_FAIL', detail: 'check `test -e built.txt` exit 1' }]);
});

test('what moves is one line, which tells the time, and it is gone in the end', async () => {
  await using rig = await rigWith('echo one; while ! test -e go; do sleep 0.02; done; echo two');
  const term = rig.terminal(['next']);
  await term.waitFor(/│ one\n {2}\S \d\.\d s · running$/);
  rig.write('go', '');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).toMatch(/│ one\n {2}│ two\n✔ DONE {2}build /);
});

test('line ends of Windows are line ends, and of a progress bar its last state is kept', async () => {
  await using rig = await rigWith("printf 'one\\r\\ntwo\\r\\n10%%\\r50%%\\r100%%\\nthree'; exit 1");
  const term = rig.terminal(['next']);
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(term.screen()).toContain('  │ one\n  │ two\n  │ 100%\n  │ three\n');
  expect(issues(rig)).toMatchObject([{ detail: 'exit 1\none\ntwo\n100%\nthree' }]);
});

test('colours and cursor movements of a script do not reach the screen', async () => {
  await using rig = await rigWith("printf 'a\\033[31mred\\033[2J\\033]0;title\\007\\r\\nend\\n'");
  const term = rig.terminal(['next']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).toContain('  │ ared\n  │ end\n');
  expect(term.raw()).not.toMatch(/\u001b\[31m|\u001b\[2J|\u001b\]/);
});

test('nor do they reach the issue of one that fails', async () => {
  await using rig = await rigWith("printf '\\033[31mred\\033[39m is bad\\n'; exit 3");
  expect((await rig.run(['next'])).code).toBe(1);
  expect(rig.read('runbook.yaml')).toContain('red is bad');
  expect(rig.read('runbook.yaml')).not.toMatch(/\\u001b|\\e\[|\\x1b|\u001b/i);
});

test('Ctrl-C ends the whole process tree; the task stays RUNNING, and the next start asks', async () => {
  // One that does not listen to SIGTERM, in a shell of its own.
  const deaf = "sh -c 'trap : TERM INT; touch deaf; while :; do sleep 1; done'";
  await using rig = await rigWith(`${deaf} & while ! test -e deaf; do sleep 0.02; done; echo both; wait`);
  const term = rig.terminal(['next']);
  await term.waitFor('│ both');
  expect(rig.processes().length).toBeGreaterThan(2);
  term.press('ctrl-c');
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(rig.processes()).toEqual([]);
  expect(term.screen()).toMatch(STAYS);
  expect(rig.statuses()).toEqual({ build: 'RUNNING', publish: 'not written' });
  expect(events(rig)).toEqual(['START_TASK  build  READY -> RUNNING', 'RUN_SCRIPT  build', 'INTERRUPT_TASK  build']);

  const again = rig.terminal(['next']);
  await press(again, 'What now?', 'q');
  expect(await again.exit).toEqual({ code: 4, signal: null });
  expect(rig.stable(again.screen())).toMatchInlineSnapshot(`
    "build was RUNNING and no runner is at it.
    Its script may have done part of its work; its log ends at
    logs/build/<stamp>.log.

    ? What now? leave"
  `);
});

test('a second Ctrl-C does not wait for the script to end by itself', async () => {
  await using rig = await rigWith("trap 'touch told' TERM; echo deaf; while :; do sleep 0.1; done");
  const term = rig.terminal(['next']);
  await term.waitFor('│ deaf');
  term.press('ctrl-c');
  await expect.poll(() => rig.exists('told')).toBe(true);
  term.press('ctrl-c');
  expect((await term.exit).code).toBe(130);
  await expect.poll(() => rig.processes()).toEqual([]);
  expect(rig.statuses()).toMatchObject({ build: 'RUNNING' });
});

test.each(['SIGTERM', 'SIGHUP'] as const)('%s, as when the window is closed, is the same as Ctrl-C', async (signal) => {
  await using rig = await rigWith('echo up; sleep 1000');
  const term = rig.terminal(['next']);
  await term.waitFor('│ up');
  term.kill(signal);
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(rig.processes()).toEqual([]);
  expect(rig.statuses()).toMatchObject({ build: 'RUNNING' });
});

const STAYS =
  /\n◌ build stays RUNNING: it may have done part of its work\.\n {2}runbook next {2}asks what to do about it\ninterrupted$/;

function rigWith(script: string, more = 'tags: []'): Promise<Rig> {
  const runbook = `tasks:
  - id: build
    name: Build it
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: ${JSON.stringify(script)}
    ${more}
  - id: publish
    depends_on: [build]
`;
  return makeRig({ files: { 'runbook.yaml': runbook } });
}

function issues(rig: Rig): unknown {
  return (parse(rig.read('runbook.yaml')) as { tasks: { issues?: unknown }[] }).tasks[0]?.issues;
}

function logOf(rig: Rig): string {
  return String(rig.journal().find(({ event_type }) => event_type === 'RUN_SCRIPT')?.details?.log);
}
