// A runner that is killed, wherever it is: what the next start finds, says and puts back. Nothing is lost, nothing is done twice.
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

/** Says that it has begun, and ends when there is a file `go`. */
const WAIT = '#!/bin/sh\necho begun\nwhile [ ! -e go ]; do sleep 0.02; done\necho over\n';

/** The end of a menu that waits for a key. */
const MENU = /q leave {2}›/;

const SCRIPT = `tasks:
  - id: work
    status: READY
    type: AUTOMATED_SCRIPT
    task_detail_file: work.yaml
  - id: after
    depends_on: [work]
`;
const SCRIPT_FILES = {
  'runbook.yaml': SCRIPT,
  'work.yaml': 'status: READY\nscript_details: {path: ./wait.sh}\n',
  'wait.sh': WAIT,
};

test('killed while a script runs: the next start says who was at it and where its log ends, and asks', async () => {
  await using rig = await makeRig({ files: SCRIPT_FILES });
  await killedAt(rig, ['next'], 'begun');
  expect(rig.statuses()).toEqual({ work: 'RUNNING', after: 'not written' });
  const before = rig.tree();
  const status = await rig.run(['status']);
  expect(status.stdout).toContain('  RUNNING  work\n           its runner is gone; runbook next asks what to do\n');
  expect(rig.tree()).toEqual(before);

  // Wide enough for the name of any host.
  const leaving = rig.terminal(['next'], { cols: 200 });
  await leaving.waitFor('What now?');
  expect(stable(rig, leaving.screen())).toMatchInlineSnapshot(`
    "work was RUNNING when the runner on host \`<host>\` (pid <pid>, started <ago>) ended.
    Its script may have done part of its work; its log ends at logs/work/<stamp>.log.
    It still runs: /bin/sh ./wait.sh (pid <pid>).

    ? What now?  r end it, and run again · y it is done · e end it, and mark as error · q leave  ›"
  `);
  leaving.press('q');
  expect(await leaving.exit).toEqual({ code: 4, signal: null });
  expect(rig.statuses().work).toBe('RUNNING');
  expect(rig.processes()).not.toEqual([]);

  rig.write('go', '');
  await expect.poll(() => rig.processes()).toEqual([]);
  const again = rig.terminal(['next'], { cols: 200 });
  await again.waitFor('What now?');
  expect(again.screen()).not.toContain('still runs');
  again.press('r');
  expect(await again.exit).toEqual({ code: 0, signal: null });
  expect(changesOf(rig, 'work')).toEqual([
    'START_TASK READY -> RUNNING',
    'LEAVE_TASK RUNNING -> READY',
    'START_TASK READY -> RUNNING',
    'COMPLETE_TASK RUNNING -> DONE',
  ]);
  expect(rig.read('work.yaml')).toContain('status: DONE\n');
});

test('killed while a script runs, which goes on: it is ended before it is run again, or marked as an error', async () => {
  for (const [key, end] of Object.entries({ r: 'work  ', e: 'ERROR' })) {
    await using rig = await makeRig({
      files: {
        ...SCRIPT_FILES,
        // It asks to be left alone, and so does what it starts out of its group.
        'wait.sh': '#!/bin/sh\ntrap "" TERM\necho $$ >> pids\nsetsid sleep 300 &\necho begun\n[ -e go ] || sleep 300\n',
      },
    });
    await killedAt(rig, ['next'], 'begun');
    const [pid] = rig.read('pids').split('\n');
    rig.write('go', '');
    const term = rig.terminal(['next'], { cols: 200 });
    await term.waitFor('What now?');
    expect(term.screen()).toContain(`It still runs: /bin/sh ./wait.sh (pid ${pid}).`);
    expect(term.screen()).toContain('r end it, and run again · y it is done · e end it, and mark as error · q leave');
    term.press(key);
    await term.waitForNew(end);
    expect(rig.processes()).not.toContain(Number(pid));
    term.kill();
  }
});

test('killed while a script runs, which goes on: without a person it is ended, and that is said', async () => {
  await using rig = await makeRig({ files: SCRIPT_FILES });
  await killedAt(rig, ['next'], 'begun');
  const { code } = await rig.run(['next', '--no-input']);
  expect(code).toBe(1);
  expect(rig.read('work.yaml')).toContain('What it had started was still running, and was ended.');
  expect(rig.processes()).toEqual([]);
});

test('killed while a script runs: `it is done` and `mark as error` end it without running it again', async () => {
  for (const [key, change, code] of [
    ['y', 'COMPLETE_TASK RUNNING -> DONE', 4],
    ['e', 'ERROR_TASK RUNNING -> ERROR', 1],
  ] as const) {
    await using rig = await makeRig({ files: SCRIPT_FILES });
    await killedAt(rig, ['next'], 'begun');
    const term = rig.terminal(['next']);
    await term.waitFor(MENU);
    term.press(key);
    await term.waitForNew(MENU);
    term.press('q');
    expect((await term.exit).code).toBe(code);
    expect(changesOf(rig, 'work')).toEqual(['START_TASK READY -> RUNNING', change]);
    expect(rig.read('work.yaml')).toContain(`status: ${change.split(' -> ')[1]}\n`);
  }
});

test('killed while a script runs: without a person it becomes an ERROR, and is not run again', async () => {
  await using rig = await makeRig({ files: SCRIPT_FILES });
  await killedAt(rig, ['next'], 'begun');
  const { code, stderr } = await rig.run(['run']);
  expect(code).toBe(1);
  expect(stable(rig, unwrapped(stderr))).toMatchInlineSnapshot(
    `"work was RUNNING when the runner on host \`<host>\` (pid <pid>, started <ago>) ended. Its script may have done part of its work; its log ends at logs/work/<stamp>.log. It still runs: /bin/sh ./wait.sh (pid <pid>). ✘ ERROR work The runner ended while the task was RUNNING. What it had started was still running, and was ended. Its log ends at logs/work/<stamp>.log. next: mend it, then runbook retry work · runbook show work ✘ ERROR work work.yaml:1 INTERRUPTED: The runner ended while the task was RUNNING. What it had started was still running, and was ended. Its log ends at logs/work/<stamp>.log. runbook retry work · runbook skip work · runbook show work "`,
  );
  expect(rig.stable(rig.read('work.yaml'))).toMatchInlineSnapshot(`
    "status: ERROR
    script_details: {path: ./wait.sh}
    issues:
      - timestamp: "<time>"
        type: INTERRUPTED
        detail: The runner ended while the task was RUNNING. What it had started was still running, and was ended. Its log ends at logs/work/<stamp>.log.
    last_run:
      timestamp: "<time>"
      outcome: FAILURE
    "
  `);
  expect(rig.statuses()).toEqual({ work: 'ERROR', after: 'not written' });
  expect(changesOf(rig, 'work')).toEqual(['START_TASK READY -> RUNNING', 'ERROR_TASK RUNNING -> ERROR']);
});

test('killed while a model streams: the artifact is as it was, and the prompt is in the logs', async () => {
  await using server = await openaiServer({ 'zebra-1': { text: 'new '.repeat(1000), pauseMs: 50 } });
  await using rig = await aiRig();
  const child = rig.start(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  await expect.poll(() => server.requests().length).toBe(1);
  child.kill();
  await child.exit;
  const { code, stderr } = await rig.run(['next', '--yes=unchecked']);
  expect(code).toBe(1);
  expect(unwrapped(stderr)).toMatch(
    /^draft was RUNNING when the runner on host `.+` \(pid \d+, started .+\) ended\. Its reply was not acc/,
  );
  expect(issuesOf(rig)).toEqual([expect.objectContaining({ type: 'INTERRUPTED' })]);
  expect(rig.read('notes.md')).toBe('old\n');
  const sent = rig.journal().find(({ event_type: type }) => type === 'AI_PROMPT_SENT');
  expect(rig.read(String(sent?.details?.prompt))).toBe('zebra-1');
});

test('killed while checks try a proposal: the next start puts the old artifact back, and says so', async () => {
  await using server = await openaiServer({ 'zebra-1': 'new' });
  await using rig = await aiRig('checks: ["./wait.sh"]');
  await killedOnTrial(rig, server.url);
  expect(rig.read('notes.md')).toBe('new\n');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(1);
  expect(unwrapped(stderr)).toMatch(
    /^notes\.md was on trial for draft when the runner ended; it is as it was before\. draft was/,
  );
  expect(rig.read('notes.md')).toBe('old\n');
  expect(rig.exists('.runbook/trial.json')).toBe(false);
  expect(rig.exists('notes.md.orig')).toBe(false);
  const restored = rig.journal().find(({ event_type: type }) => type === 'FILE_RESTORED');
  expect(restored).toMatchObject({ task_id: 'draft', details: { path: 'notes.md' } });
  expect((await rig.run(['next'])).stderr).not.toContain('on trial');
});

test('killed while checks try a proposal for a new file: it is gone again', async () => {
  await using server = await openaiServer({ 'zebra-1': 'new' });
  await using rig = await aiRig('checks: ["./wait.sh"]', 'fresh.md');
  await killedOnTrial(rig, server.url);
  expect(rig.read('fresh.md')).toBe('new\n');
  await rig.run(['next']);
  expect(rig.exists('fresh.md')).toBe(false);
});

test('what a hand made of a file on trial, after the kill, is kept beside it', async () => {
  await using server = await openaiServer({ 'zebra-1': 'new' });
  await using rig = await aiRig('checks: ["./wait.sh"]');
  await killedOnTrial(rig, server.url);
  rig.write('notes.md', 'mine\n');
  const { stderr } = await rig.run(['next']);
  expect(unwrapped(stderr)).toContain(' What was made of it meanwhile is kept in notes.md.orig. ');
  expect(rig.read('notes.md')).toBe('old\n');
  expect(rig.read('notes.md.orig')).toBe('mine\n');
});

test('killed at a question: the step is asked about like any other that was cut off', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: read, status: READY}\n' } });
  const term = rig.terminal(['next']);
  await term.waitFor('Done?');
  term.kill('SIGKILL');
  await term.exit;
  const again = rig.terminal(['next']);
  await again.waitFor('What now?');
  expect(unwrapped(again.screen())).toMatch(/^read was RUNNING when the runner on host/);
  expect(unwrapped(again.screen())).toContain('You may have done part of it.');
  again.press('y');
  expect((await again.exit).code).toBe(0);
  expect(rig.statuses()).toEqual({ read: 'DONE' });
});

test('killed between two tasks of `run`: what is done stays done, and the rest goes on without a question', async () => {
  const files = {
    'runbook.yaml': `tasks:
  - {id: one, status: READY, type: AUTOMATED_SCRIPT, script_details: "echo one >> done.txt; touch waiting"}
  - {id: two, depends_on: [one], type: AUTOMATED_SCRIPT, script_details: "echo two >> done.txt"}
`,
  };
  // The place between two tasks is too narrow for a kill: the files are put as it would leave them.
  await using rig = await makeRig({ files });
  await rig.run(['next']);
  rig.write('.runbook/lease.json', JSON.stringify({ ...deadHolder(), taskId: undefined }));
  const { code, stderr } = await rig.run(['run']);
  expect(code).toBe(0);
  expect(stderr).not.toContain('was RUNNING');
  expect(rig.read('done.txt')).toBe('one\ntwo\n');
});

test('killed, and then set by hand in one of the two files: the hand wins, and both agree', async () => {
  await using rig = await makeRig({ files: SCRIPT_FILES });
  await killedAt(rig, ['next'], 'begun');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('RUNNING', 'DONE'));
  const { stderr } = await rig.run(['next', '--answer', 'quit']);
  expect(unwrapped(stderr)).toContain(
    'You changed work: RUNNING → DONE (runbook.yaml:3). work.yaml now agrees. Journaled.',
  );
  expect(rig.read('work.yaml')).toContain('status: DONE\n');
  const edit = rig.journal().find(({ event_type: type }) => type === 'HAND_EDIT');
  expect(edit).toMatchObject({ status_change: 'RUNNING -> DONE', details: { mended: ['work.yaml'] } });
});

test('killed when the journal had the outcome and the files had not: they get it, with its record, and nothing runs again', async () => {
  await using rig = await makeRig({ files: SCRIPT_FILES });
  await killedAt(rig, ['next'], 'begun');
  const lost = { timestamp: '2026-11-20T10:00:00.000Z', outcome: 'SUCCESS' };
  const line = { timestamp: lost.timestamp, run_id: 'r', task_id: 'work', event_type: 'COMPLETE_TASK' };
  const details = { last_run: lost };
  appendFileSync(
    join(rig.dir, 'logs/run_log.jsonl'),
    `${JSON.stringify({ ...line, status_change: 'RUNNING -> DONE', details })}\n`,
  );
  const { stderr } = await rig.run(['next', '--answer', 'quit']);
  expect(unwrapped(stderr)).toContain(
    'work is DONE (runbook.yaml:3): that was not written yet when its runner ended. Journaled.',
  );
  expect(rig.read('work.yaml')).toMatch(/^status: DONE\nscript_details: .+\nlast_run:\n/);
  expect(rig.statuses()).toMatchObject({ work: 'DONE' });
  const recovered = rig.journal().find(({ event_type: type }) => type === 'RECOVER_TASK');
  expect(recovered).toMatchObject({
    status_change: 'DONE -> DONE',
    details: { mended: ['runbook.yaml', 'work.yaml'] },
  });
});

/** Starts, waits until it says `text`, and kills it with SIGKILL: it can't tidy up. Its script goes on without it. */
async function killedAt(rig: Rig, args: string[], text: string): Promise<void> {
  const child = rig.start(args);
  await child.waitForOutput(text);
  child.kill('SIGKILL');
  await child.exit;
}

async function killedOnTrial(rig: Rig, url: string): Promise<void> {
  const child = rig.start(['next', '--yes'], { env: { OPENAI_BASE_URL: url } });
  while (!rig.exists('begun')) await sleep(10);
  child.kill('SIGKILL');
  await child.exit;
  expect(rig.statuses()).toEqual({ draft: 'RUNNING' });
}

async function aiRig(more = '', artifact = 'notes.md'): Promise<Rig> {
  return makeRig({
    files: {
      'runbook.yaml': `tasks:
  - id: draft
    status: READY
    type: AI_ASSISTED
    output_artifact: ${artifact}
    ai_details: {model: gpt-4o-mini, prompt_template: p.md}
    ${more}
`,
      'p.md': 'zebra-1',
      'notes.md': 'old\n',
      'wait.sh': WAIT.replace('echo begun', 'touch begun'),
    },
  });
}

function deadHolder(): object {
  return {
    pid: 2 ** 22,
    host: hostname(),
    bootId: 'another',
    startTime: '1',
    since: '2026-11-20T10:00:00.000Z',
    runId: 'x',
  };
}

function stable(rig: Rig, text: string): string {
  return rig.stable(text).replace(/started (just now|<duration> ago)/, 'started <ago>');
}

function changesOf(rig: Rig, id: string): string[] {
  const changes = rig.journal().filter(({ task_id: other, status_change: change }) => other === id && change);
  return changes.map(({ event_type: type, status_change: change }) => `${type} ${change}`);
}

function issuesOf(rig: Rig): unknown[] {
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues?: unknown[] }[] };
  return tasks.flatMap(({ issues = [] }) => issues);
}
