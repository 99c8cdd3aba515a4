// Who runs: one runner at a time, known by name; others may change other tasks meanwhile. A dead runner's lease is taken over.
import { readFileSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

/** Says that it has begun, and ends when there is a file `go`. */
const WAIT = '#!/bin/sh\necho begun\nwhile [ ! -e go ]; do sleep 0.02; done\n';

const FILES = {
  'runbook.yaml': `tasks:
  - id: work
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: {path: ./wait.sh}
  - id: second
    status: READY
  - id: third
    status: DONE
  - id: last
    depends_on: [second]
`,
  'wait.sh': WAIT,
};

test('a second runner is refused by name, and the first goes on', async () => {
  await using rig = await makeRig({ files: FILES });
  const first = rig.start(['next']);
  await first.waitForOutput('begun');
  const before = rig.tree();
  const refused = await rig.run(['run', '--keep-going']);
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(rig.stable(refused.stderr).replaceAll(hostname(), '<host>')).toMatchInlineSnapshot(`
    "error: another runner holds this runbook: pid <pid> on \`<host>\`, since <time>, now at \`work\`
      Let it finish, or end it. If that machine is gone for good, delete .runbook/lease.json.
    "
  `);
  expect(refused.stderr).toContain(`pid ${first.pid} on \`${hostname()}\``);
  const asJson = await rig.run(['next', '--json']);
  expect(asJson).toMatchObject({ code: 5, stdout: '' });
  expect(JSON.parse(asJson.stderr)).toMatchObject({ kind: 'error', error: { code: 'HELD', at: null } });
  expect((await rig.run(['status'])).stdout).toContain(`RUNNING  work  by pid ${first.pid}`);
  expect(rig.tree()).toEqual(before);
  rig.write('go', '');
  expect((await first.exit).code).toBe(0);
  expect(rig.statuses().work).toBe('DONE');
  expect(rig.exists('.runbook/lease.json')).toBe(false);
});

test('so is one of another runbook in the folder, which is told whose it is; commands of it are not', async () => {
  const other =
    'tasks: [{id: x, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}, {id: y, status: READY}]\n';
  await using rig = await makeRig({ files: { ...FILES, 'release.yaml': other } });
  const first = rig.start(['next']);
  await first.waitForOutput('begun');
  const refused = await rig.run(['--file', 'release.yaml', 'run']);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toContain('another runner holds this folder, for its runbook `runbook.yaml`: pid');
  expect((await rig.run(['--file', 'release.yaml'])).stdout).toContain('RUNNING  work of runbook.yaml  by pid');
  expect((await rig.run(['--file', 'release.yaml', 'done', 'y'])).code).toBe(0);
  expect(rig.read('release.yaml')).toBe(other.replace('id: y, status: READY', 'id: y, status: DONE'));
  rig.write('go', '');
  expect((await first.exit).code).toBe(0);
  expect((await rig.run(['--file', 'release.yaml', 'next'])).code).toBe(0);
});

test('a second runner is refused at a question too, and the first goes on', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: read, status: READY}\n' } });
  const term = rig.terminal(['next']);
  await term.waitFor('Done?');
  expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(5);
  term.press('y');
  expect((await term.exit).code).toBe(0);
});

test('done, skip, retry and reset of other tasks are allowed while a runner works, and nothing of it is lost', async () => {
  await using rig = await makeRig({ files: FILES });
  const runner = rig.start(['run', '--keep-going', '--answer', 'accept', 'accept']);
  await runner.waitForOutput('begun');
  const others = await Promise.all([
    rig.run(['done', 'second']),
    rig.run(['reset', 'third']),
    rig.run(['skip', 'last', '--reason', 'not needed']),
  ]);
  expect(others.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await rig.run(['reset', 'second'])).code).toBe(0);
  for (const command of ['done', 'skip', 'retry', 'reset']) {
    const { code, stderr } = await rig.run([command, 'work', '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'HELD' } });
  }
  expect(rig.statuses()).toEqual({ work: 'RUNNING', second: 'READY', third: 'READY', last: 'SKIPPED' });
  rig.write('go', '');
  const { code, stderr } = await runner.exit;
  expect(code).toBe(0);
  expect(stderr).not.toContain('You changed');
  expect(rig.statuses()).toEqual({ work: 'DONE', second: 'DONE', third: 'DONE', last: 'SKIPPED' });
});

test('twelve commands at once: each has its say, none is taken for a hand, and every status follows from the one before', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `task_${i}`);
  const entries = ids.map((id, i) => `  - id: ${id} # mine\n${i === 0 ? '' : `    depends_on: [${ids[i - 1]}]\n`}`);
  await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${entries.join('')}` } });
  const finished = await Promise.all(ids.map((id, i) => rig.run([i % 2 === 0 ? 'done' : 'skip', id])));
  expect(finished.map(({ code }) => code)).toEqual(ids.map(() => 0));
  expect(rig.statuses()).toEqual(Object.fromEntries(ids.map((id, i) => [id, i % 2 === 0 ? 'DONE' : 'SKIPPED'])));
  expect(rig.read('runbook.yaml').match(/# mine\n/g)).toHaveLength(12);
  const now = new Map(ids.map((id) => [id, 'PENDING']));
  for (const { event_type: type, task_id: id = '', status_change: change = '' } of rig.journal()) {
    const [from = '', to = ''] = change.split(' -> ');
    expect([type, id, from]).toEqual([expect.not.stringMatching('HAND_EDIT'), id, now.get(id)]);
    now.set(id, to);
  }
});

test.skipIf(process.platform !== 'linux').each([
  ['its process is gone', { pid: 2 ** 22 }],
  ['its pid belongs to another process now', { startTime: '1' }],
  ['the machine was started anew since', { bootId: '00000000-0000-4000-8000-000000000000' }],
])('a lease is taken over, and its holder is named, when %s', async (_why, differing) => {
  await using rig = await leased(differing);
  const status = await rig.run(['status']);
  expect(status.stdout).toContain('its runner is gone; runbook next asks what to do');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(1);
  expect(unwrapped(stderr)).toMatch(
    /^work was RUNNING when the runner on host `.+` \(pid \d+, started .+ ago\) ended\. /,
  );
  expect(rig.statuses().work).toBe('ERROR');
  expect(rig.exists('.runbook/lease.json')).toBe(false);
});

test.skipIf(process.platform !== 'linux').each([
  ['its process lives', {}],
  ['it is on another machine, into which nobody can look', { host: 'elsewhere', pid: 2 ** 22 }],
])('a lease is respected when %s', async (_why, differing) => {
  await using rig = await leased(differing);
  const lease = rig.read('.runbook/lease.json');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(5);
  expect(stderr).toContain('delete .runbook/lease.json');
  expect(rig.statuses().work).toBe('RUNNING');
  expect(rig.read('.runbook/lease.json')).toBe(lease);
});

test('a lease and a lock that a crash left empty are taken over', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: one, status: READY}\n' } });
  for (const name of ['lease.json', 'write.lock']) {
    rig.write(`.runbook/${name}`, '');
    utimesSync(join(rig.dir, '.runbook', name), 0, 0);
  }
  expect(await rig.run(['next', '--answer', 'accept'])).toMatchObject({ code: 0 });
  expect(rig.statuses()).toEqual({ one: 'DONE' });
});

test.skipIf(process.platform !== 'linux')(
  'what was killed before it had written a word of itself leaves nothing',
  async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: one, status: READY}\n' } });
    const [gone, here] = [2 ** 22, encodeURIComponent(hostname())];
    const left = ['write.lock', 'lease.json'].map((name) => `${name}.${gone}@${here}`);
    // Who lives may be about to write it; into another machine nobody can look.
    const kept = ['write.lock', 'lease.json'].flatMap((name) => [
      `${name}.${process.pid}@${here}`,
      `${name}.${gone}@elsewhere`,
    ]);
    for (const name of [...left, ...kept]) rig.write(`.runbook/${name}`, '');
    expect(await rig.run(['next', '--answer', 'accept'])).toMatchObject({ code: 0 });
    expect(left.filter((name) => rig.exists(`.runbook/${name}`))).toEqual([]);
    expect(kept.filter((name) => rig.exists(`.runbook/${name}`))).toEqual(kept);
  },
);

/** As if this very process had been running `work`, but for what differs. */
async function leased(differing: object): Promise<Rig> {
  const rig = await makeRig({ files: { ...FILES, 'runbook.yaml': FILES['runbook.yaml'].replace('READY', 'RUNNING') } });
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const holder = {
    pid: process.pid,
    host: hostname(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19],
    since: '2026-11-20T10:00:00.000Z',
    runId: 'x',
    taskId: 'work',
  };
  rig.write('.runbook/lease.json', JSON.stringify({ ...holder, ...differing }));
  return rig;
}
