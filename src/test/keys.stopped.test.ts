// A line that has stopped at an ERROR, and a step that was cut off: what the next start says and asks, and what each key does.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { events, personsFiles, press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

const STOPPED = `tasks:
  - id: fetch
    name: Fetch the sources
    status: ERROR
    type: AUTOMATED_SCRIPT
    task_detail_file: fetch.yaml
  - id: build
    depends_on: [fetch]
    type: AUTOMATED_SCRIPT
    script_details: echo built
  - id: docs
    name: Read the documents
    status: READY
`;
const FETCH = `id: fetch
status: ERROR
script_details: test -e network
issues:
  - timestamp: "2026-11-20T10:00:00.000Z"
    type: SCRIPT_ERROR
    detail: |-
      exit 7
      trying the first mirror
      trying the second mirror
      trying the third mirror
      no network
`;

test('the question at a stopped line, whole', async () => {
  await using rig = await stopped();
  const term = rig.terminal(['next']);
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "✘ ERROR  fetch  Fetch the sources  fetch.yaml:2
      SCRIPT_ERROR: exit 7
      …
      trying the second mirror
      trying the third mirror
      no network
      runbook retry fetch · runbook skip fetch · runbook show fetch

    ? What now?
      r retry · s skip · m edit the file · g go on with docs · q leave  ›"
  `);
  expect(term.styleOf('✘ ERROR')).toMatchObject({ fg: 'red' });
});

test('r: runs it again', async () => {
  await using rig = await stopped();
  rig.write('network', '');
  const term = rig.terminal(['next']);
  await press(term, 'What now?', 'r');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ fetch: 'DONE', build: 'READY', docs: 'READY' });
  expect(fetchFile(rig)).toMatchObject({ status: 'DONE', issues: [{ resolution: 'Done on a later attempt' }] });
  expect(events(rig)).toEqual([
    'MANUAL_ACTION  fetch  ERROR -> READY',
    'START_TASK  fetch  READY -> RUNNING',
    'RUN_SCRIPT  fetch',
    'COMPLETE_TASK  fetch  RUNNING -> DONE',
    'READY_TASK  build  PENDING -> READY',
  ]);
});

test('s: SKIPPED; it is said who waits for it now, and the next step starts', async () => {
  await using rig = await stopped();
  const term = rig.terminal(['next']);
  await press(term, 'What now?', 's');
  await term.waitForNew('Now waiting: build.');
  await press(term, 'Done?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ fetch: 'SKIPPED', build: 'not written', docs: 'DONE' });
  expect(fetchFile(rig).status).toBe('SKIPPED');
  expect(events(rig)[0]).toBe('MANUAL_ACTION  fetch  ERROR -> SKIPPED');
});

test.each([
  ['editor --wait', '--wait +2 <dir>/fetch.yaml'],
  ['code --wait', '--wait --goto <dir>/fetch.yaml:2'],
])('m with EDITOR=`%s`: the file is opened at its status; what was changed there counts', async (editor, args) => {
  await using rig = await stopped();
  for (const name of ['editor', 'code']) rig.command(name, EDITOR);
  const term = rig.terminal(['next'], { env: { EDITOR: editor } });
  await press(term, 'What now?', 'm');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(rig.read('../tmp/opened'))).toBe(`${args}\n`);
  expect(term.screen()).toMatch(SEEN);
  expect(events(rig).slice(0, 2)).toEqual([
    'MANUAL_ACTION: edit  fetch  ERROR -> ERROR',
    'HAND_EDIT  fetch  ERROR -> READY',
  ]);
  expect(fetchFile(rig).status).toBe('DONE');
});

test('g: goes on with the next READY step; the ERROR stays', async () => {
  await using rig = await stopped();
  const before = rig.read('fetch.yaml');
  const term = rig.terminal(['run']);
  await press(term, 'What now?', 'g');
  await press(term, 'Done?', 'y');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.statuses()).toEqual({ fetch: 'ERROR', build: 'not written', docs: 'DONE' });
  expect(rig.read('fetch.yaml')).toBe(before);
  // Why it ends here is said once more.
  expect(term.screen()).toMatch(/✔ DONE {2}docs .*\n✘ ERROR {2}fetch {2}Fetch the sources {2}fetch\.yaml:2\n/);
});

test('g is not offered where nothing else is READY', async () => {
  await using rig = await stopped();
  rig.write('runbook.yaml', STOPPED.replace('status: READY', 'status: DONE'));
  const term = rig.terminal(['next']);
  await term.waitFor('? What now?  r retry · s skip · m edit the file · q leave  ›');
  term.press('g');
  term.press('q');
  expect(await term.exit).toEqual({ code: 1, signal: null });
});

test.each([
  ['q', 1],
  ['ctrl-c', 130],
] as const)('%s at a stopped line writes nothing at all', async (key, code) => {
  await using rig = await stopped();
  const before = personsFiles(rig);
  const term = rig.terminal(['next']);
  await press(term, 'What now?', key);
  expect(await term.exit).toEqual({ code, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(rig.journal()).toEqual([]);
});

test('a runner that is killed: the next start says what is known, and asks', async () => {
  await using rig = await cutOff();
  // Wide, since the name of the machine may be long.
  const term = rig.terminal(['next'], { cols: 120 });
  await term.waitFor('›');
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "slow was RUNNING when the runner on host \`<host>\` (pid <pid>, started just now) ended.
    Its script may have done part of its work; its log ends at logs/slow/<stamp>.log.

    ? What now?  r run again · y it is done · e mark as error · q leave  ›"
  `);
  expect(rig.statuses()).toEqual({ slow: 'RUNNING', after: 'not written' });
});

test('cut off, r: runs it again, from its beginning', async () => {
  await using rig = await cutOff();
  const term = rig.terminal(['next']);
  await press(term, 'What now?', 'r');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ slow: 'DONE', after: 'READY' });
  expect(decided(rig)).toEqual([
    'MANUAL_ACTION: retry  slow',
    'LEAVE_TASK  slow  RUNNING -> READY',
    'START_TASK  slow  READY -> RUNNING',
    'RUN_SCRIPT  slow',
    'COMPLETE_TASK  slow  RUNNING -> DONE',
    'READY_TASK  after  PENDING -> READY',
  ]);
});

test('cut off, y: it is DONE without being run', async () => {
  await using rig = await cutOff();
  const term = rig.terminal(['next']);
  await press(term, 'What now?', 'y');
  await press(term, 'Done?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(rig.statuses()).toEqual({ slow: 'DONE', after: 'READY' });
  expect(decided(rig).slice(0, 2)).toEqual(['MANUAL_ACTION: accept  slow', 'COMPLETE_TASK  slow  RUNNING -> DONE']);
});

test('cut off, e: ERROR, with an issue that names the log', async () => {
  await using rig = await cutOff();
  const term = rig.terminal(['next']);
  await press(term, 'What now?', 'e');
  await press(term, 'What now?', 'q');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.statuses()).toEqual({ slow: 'ERROR', after: 'not written' });
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues: { type: string; detail: string }[] }[] };
  const [issue] = tasks[0]?.issues ?? [];
  expect(issue?.type).toBe('INTERRUPTED');
  expect(rig.stable(issue?.detail ?? '')).toBe(
    'The runner ended while the task was RUNNING. Its log ends at logs/slow/<stamp>.log.',
  );
  expect(decided(rig)).toEqual(['MANUAL_ACTION: error  slow', 'ERROR_TASK  slow  RUNNING -> ERROR']);
});

test.each([
  ['q', 4],
  ['ctrl-c', 130],
] as const)('cut off, %s: it stays RUNNING, and is asked about again', async (key, code) => {
  await using rig = await cutOff();
  const before = personsFiles(rig);
  for (const _time of [1, 2]) {
    const term = rig.terminal(['next']);
    await press(term, 'What now?', key);
    expect(await term.exit).toEqual({ code, signal: null });
    expect(personsFiles(rig)).toEqual(before);
  }
});

test('while a runner is at work, a second one is refused by name, and writes nothing', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': SLOW } });
  const term = await started(rig);
  await expect.poll(() => Object.keys(rig.tree())).toContain('go');
  const before = rig.tree();
  const second = await rig.run(['next']);
  expect(second.code).toBe(5);
  expect(rig.stable(second.stderr).replace(/on `[^`]+`/, 'on `<host>`')).toMatchInlineSnapshot(`
    "error: another runner holds this runbook: pid <pid> on \`<host>\`, since <time>, now at \`slow\`
      Let it finish, or end it. If that machine is gone for good, delete .runbook/lease.json.
    "
  `);
  expect(rig.tree()).toEqual(before);
  term.press('ctrl-c');
  await term.exit;
});

/** What a later start goes by is there before it says that it has begun; and it is one process, so that none is made while it is killed. */
const SLOW = `tasks:
  - id: slow
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: "if test -e go; then echo begun; else touch go; echo begun; exec sleep 1000; fi"
  - id: after
    depends_on: [slow]
`;

/** Says in the file that it is READY. */
const EDITOR = `#!/bin/sh
echo "$@" > "$TMPDIR/opened"
sed 's/^status: ERROR/status: READY/' fetch.yaml > "$TMPDIR/edited"
cat "$TMPDIR/edited" > fetch.yaml
touch network
`;
const SEEN =
  /\? What now\? edit the file\nYou changed fetch: ERROR → READY \(fetch\.yaml:2\)\. runbook\.yaml now agrees\.\s+Journaled\.\n\n▶ fetch /;

function stopped(): Promise<Rig> {
  return makeRig({ files: { 'runbook.yaml': STOPPED, 'fetch.yaml': FETCH } });
}

function fetchFile(rig: Rig): { status: string; issues: unknown } {
  return parse(rig.read('fetch.yaml')) as ReturnType<typeof fetchFile>;
}

async function started(rig: Rig): Promise<Terminal> {
  const term = rig.terminal(['next']);
  await term.waitFor('│ begun');
  return term;
}

/** A runner was killed in the middle of `slow`. What it had started is gone, too. */
async function cutOff(): Promise<Rig> {
  const rig = await makeRig({ files: { 'runbook.yaml': SLOW } });
  const term = await started(rig);
  term.kill();
  await term.exit;
  for (const pid of rig.processes()) process.kill(pid, 'SIGKILL');
  return rig;
}

/** What was journaled since the kill. */
function decided(rig: Rig): string[] {
  return events(rig).slice(1);
}
