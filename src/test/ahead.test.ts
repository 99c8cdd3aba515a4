// Scripts that follow one another: the journal goes ahead of the files. Both are in step at the end, a hand in the middle is
// honoured, and after a kill the next start knows what was done.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callsOf } from './faults/faulted.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

/** A chain of scripts, by id. Each says in `ran.txt` that it ran. */
function chainOf(scripts: Readonly<Record<string, string>>): Record<string, string> {
  const ids = Object.keys(scripts);
  const entries = Object.entries(scripts).map(([id, script], i) => {
    const on = i === 0 ? '' : ids[i - 1];
    return `  - id: ${id}\n    depends_on: [${on}]\n    type: AUTOMATED_SCRIPT\n    script_details: |\n      echo ${id} >> ran.txt\n      ${script}\n`;
  });
  return { 'runbook.yaml': `tasks:\n${entries.join('')}` };
}

const ran = (rig: Rig) => rig.read('ran.txt').trim().split('\n').join(' ');
const changesOf = (rig: Rig, id: string) =>
  rig
    .journal()
    .flatMap((line) => (line.task_id === id ? [`${line.event_type} ${line.status_change ?? ''}`.trim()] : []));

test('a chain: each start and end is in the journal, and one checkpoint or a few bring the files up', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `t${i}`);
  await using rig = await makeRig({ files: chainOf(Object.fromEntries(ids.map((id) => [id, 'true']))) });
  expect((await rig.run(['run'])).code).toBe(0);
  expect(ran(rig)).toBe(ids.join(' '));
  expect(new Set(Object.values(rig.statuses()))).toEqual(new Set(['DONE']));
  for (const id of ids.slice(1)) {
    expect(changesOf(rig, id)).toEqual([
      'READY_TASK PENDING -> READY',
      'START_TASK READY -> RUNNING',
      'RUN_SCRIPT',
      'COMPLETE_TASK RUNNING -> DONE',
    ]);
  }
  expect(rig.journal().some(({ event_type: type }) => type === 'CHECKPOINT')).toBe(true);
  // What a person reads does not tell of that.
  expect((await rig.run(['history', '--all'])).stdout).not.toContain('CHECKPOINT');
  expect(rig.read('runbook.yaml').match(/last_run:/g)).toHaveLength(ids.length);
});

test('a checkpoint while a script runs: its end, and the start of the next, go ahead all the same', async () => {
  const wait = 'while ! grep -q CHECKPOINT logs/run_log.jsonl; do sleep 0.02; done';
  await using rig = await makeRig({ files: chainOf({ a: 'true', b: wait, c: 'true', d: 'true' }) });
  expect((await rig.run(['run'])).code).toBe(0);
  const ahead = rig.journal().filter(({ details }) => details?.['in_files'] !== undefined);
  const told = ahead.map(({ task_id: id, event_type: type }) => `${id} ${type}`);
  expect(told).toEqual(expect.arrayContaining(['b COMPLETE_TASK', 'c START_TASK', 'c COMPLETE_TASK', 'd START_TASK']));
});

test('in a plan of 10,000, where a look at the files takes long, no more than some 2,000 statuses stand in the journal alone', async () => {
  const script = (i: number) => `  - id: t${i}\n    type: AUTOMATED_SCRIPT\n    script_details: 'true'`;
  const plan = `tasks:\n${Array.from({ length: 10_000 }, (_, i) => script(i)).join('\n')}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': plan } });
  expect((await rig.run(['run', '--jobs', '2', '--until', 't2100'])).code).toBe(0);
  const checkpoints = rig.journal().filter(({ event_type: type }) => type === 'CHECKPOINT');
  expect(checkpoints.length).toBeGreaterThan(1);
  for (const { details } of checkpoints) expect(details?.['tasks']).toBeLessThanOrEqual(2010);
});

test('the journal is synced once for each start, and once for each checkpoint', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `t${i}`);
  const files = chainOf(Object.fromEntries(ids.map((id) => [id, 'true'])));
  const calls = await callsOf({ name: 'chain', files, args: ['run'], answers: {} });
  const syncs = calls.filter(({ name, path }) => name === 'fsyncSync' && path.endsWith('run_log.jsonl')).length;
  const writes = calls.filter(({ name, path }) => name === 'renameSync' && path.endsWith('/runbook.yaml')).length;
  // The first READY, twelve starts, and for each checkpoint two: before it and after it.
  expect(syncs).toBeGreaterThanOrEqual(12);
  expect(syncs).toBeLessThanOrEqual(1 + 12 + 2 * writes);
});

test('what is asked of the system for one more script: one write each of the journal, its log and the screen, one sync, few looks', async () => {
  const counted = async (n: number) => {
    const ids = Array.from({ length: n }, (_, i) => `t${i}`);
    const preload = `const fs = require('fs');
      const counts = {};
      const logs = new Set();
      for (const name of ['writeSync', 'fsyncSync', 'statSync', 'lstatSync', 'accessSync', 'openSync', 'realpathSync']) {
        const counted = (call) => (...args) => {
          const what = name !== 'writeSync' ? name : args[0] < 3 ? 'screen' : logs.has(args[0]) ? 'log' : name;
          counts[what] = (counts[what] ?? 0) + 1;
          const result = call(...args);
          if (name === 'openSync') logs[args[0].endsWith('.log') ? 'add' : 'delete'](result);
          return result;
        };
        const call = fs[name];
        fs[name] = counted(call);
        if (call.native) fs[name].native = counted(call.native);
      }
      process.on('exit', () => fs.writeFileSync(process.env.COUNTS, JSON.stringify(counts)));`;
    const files = { ...chainOf(Object.fromEntries(ids.map((id) => [id, 'true']))), '../count.cjs': preload };
    await using rig = await makeRig({ files });
    const [required, told] = ['count.cjs', 'counts.json'].map((name) => join(rig.dir, '..', name));
    const { code } = await rig.run(['run'], { env: { NODE_OPTIONS: `--require=${required}`, COUNTS: told ?? '' } });
    expect(code).toBe(0);
    const checkpoints = rig.journal().filter(({ event_type: type }) => type === 'CHECKPOINT').length;
    return { checkpoints, counts: JSON.parse(rig.read('../counts.json')) as Record<string, number> };
  };
  const [few, many] = [await counted(10), await counted(40)];
  // A checkpoint in between has its own, of none more than this.
  const between = 60 * (many.checkpoints - few.checkpoints);
  const each = (name: string) => ((many.counts[name] ?? 0) - (few.counts[name] ?? 0) - between) / 30;
  expect(each('writeSync')).toBeLessThan(1.2);
  expect(each('screen')).toBeLessThan(1.2);
  expect(each('log')).toBe(1);
  expect(each('fsyncSync')).toBeLessThan(1.2);
  expect(each('statSync')).toBeLessThan(7.2);
  expect(each('accessSync')).toBeLessThan(1.2);
  expect(each('openSync')).toBeLessThan(1.2);
  expect(each('realpathSync') + each('lstatSync')).toBeLessThan(0.2);
});

test.skipIf(!existsSync('/usr/bin/python3'))(
  'of what one more script takes, only the journal and the screen come before its start; its log is opened while it runs',
  async () => {
    const ids = Array.from({ length: 6 }, (_, i) => `t${i}`);
    const preload = `const [fs, childProcess] = [require('fs'), require('child_process')];
      const told = [];
      const telling = (object, name, what) => {
        const call = object[name];
        object[name] = Object.assign((...args) => (told.push(what(args)), call.apply(object, args)), call);
      };
      telling(fs, 'fsyncSync', () => 'sync');
      telling(fs, 'mkdirSync', ([path]) => 'folder ' + path);
      telling(fs, 'openSync', ([path]) => 'file ' + path);
      const { spawn } = childProcess;
      childProcess.spawn = (...args) => {
        const child = spawn(...args);
        telling(child.stdin, 'write', () => 'start');
        return child;
      };
      process.on('exit', () => fs.writeFileSync(process.env.TOLD, JSON.stringify(told)));`;
    const files = { ...chainOf(Object.fromEntries(ids.map((id) => [id, 'true']))), '../tell.cjs': preload };
    await using rig = await makeRig({ files });
    const env = { NODE_OPTIONS: `--require=${join(rig.dir, '../tell.cjs')}`, TOLD: join(rig.dir, '../told.json') };
    expect((await rig.run(['run'], { env })).code).toBe(0);
    const told = (JSON.parse(rig.read('../told.json')) as string[]).join('\n');
    for (const id of ids.slice(1))
      expect(told).toMatch(
        new RegExp(`sync\\nstart\\nfolder \\S+/logs/${id}\\nfile \\S+/logs/${id}/\\S+\\.log(\\n|$)`),
      );
  },
);

test('a hand in the middle of a run is seen before the next start', async () => {
  const files = chainOf({
    a: 'true',
    b: `sed -i 's/^  - id: c$/&\\n    status: SKIPPED/; s/echo d/echo changed/' runbook.yaml`,
    c: 'true',
    d: 'true',
  });
  await using rig = await makeRig({
    files: { ...files, 'runbook.yaml': `skipped_satisfies: true\n${files['runbook.yaml']}` },
  });
  const { code, stderr } = await rig.run(['run']);
  expect(code).toBe(0);
  expect(ran(rig)).toBe('a b changed');
  expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE', c: 'SKIPPED', d: 'DONE' });
  expect(unwrapped(stderr)).toContain('You changed c: PENDING → SKIPPED');
  expect(changesOf(rig, 'c')).toEqual(['HAND_EDIT PENDING -> SKIPPED']);
});

test('other commands see what the files do not say yet, and change what they are asked to', async () => {
  const look = `"$RUNBOOK" list --json > status.json; "$RUNBOOK" skip other > /dev/null; grep -c "status: RUNNING" runbook.yaml > running.txt`;
  await using rig = await makeRig({ files: chainOf({ a: 'true', b: look, c: 'true', other: 'true', last: 'true' }) });
  rig.command('runbook-here', `#!/bin/sh\nexec "${process.execPath}" "${rig.bin}" "$@"`);
  const { code } = await rig.run(['run'], { env: { RUNBOOK: 'runbook-here' } });
  // `last` waits for what was skipped.
  expect(code).toBe(3);
  const status = JSON.parse(rig.read('status.json'));
  const statuses = Object.fromEntries(status.data.map(({ id, status: now }: Record<string, string>) => [id, now]));
  expect(statuses).toMatchObject({ a: 'DONE', b: 'RUNNING', c: 'PENDING' });
  expect(rig.statuses()).toMatchObject({ a: 'DONE', b: 'DONE', c: 'DONE', other: 'SKIPPED' });
  expect(ran(rig)).toBe('a b c');
  expect(rig.journal().some(({ event_type: type }) => type === 'HAND_EDIT' || type === 'RECOVER_TASK')).toBe(false);
});

test('killed in the middle: what the journal has is told by `list`, brought into the files, and not run again', async () => {
  await using rig = await makeRig({
    files: chainOf({
      a: 'true',
      b: 'true',
      c: '[ -e again ] || { touch again; kill -9 $(echo $RUNBOOK_RUN_ID | cut -d- -f2); }',
      d: 'true',
    }),
  });
  expect((await rig.run(['run'])).signal).toBe('SIGKILL');
  const before = rig.tree();
  const { data } = JSON.parse((await rig.run(['list', '--json'])).stdout);
  expect(data.map(({ status }: { status: string }) => status)).toEqual(['DONE', 'DONE', 'RUNNING', 'PENDING']);
  expect(rig.tree()).toEqual(before);
  const next = await rig.run(['run', '--answer', 'retry']);
  expect(next.code).toBe(0);
  expect(ran(rig)).toBe('a b c c d');
  expect(new Set(Object.values(rig.statuses()))).toEqual(new Set(['DONE']));
  expect(rig.journal().some(({ event_type: type }) => type === 'HAND_EDIT')).toBe(false);
});

test('killed in the middle, and then a hand: it wins over what the journal has', async () => {
  await using rig = await makeRig({
    files: chainOf({ a: 'true', b: 'true', c: 'kill -9 $(echo $RUNBOOK_RUN_ID | cut -d- -f2)', d: 'true' }),
  });
  expect((await rig.run(['run'])).signal).toBe('SIGKILL');
  rig.write(
    'runbook.yaml',
    rig.read('runbook.yaml').replace(/- id: b\n( {4}status: \w+\n)?/, '- id: b\n    status: SKIPPED\n'),
  );
  const { stderr } = await rig.run(['next', '--answer', 'quit']);
  expect(unwrapped(stderr)).toContain('You changed b: DONE → SKIPPED');
  expect(rig.statuses()).toMatchObject({ a: 'DONE', b: 'SKIPPED', c: 'RUNNING' });
});

test('once the files have it, what they said before is, by hand, a hand’s', async () => {
  await using rig = await makeRig({ files: chainOf({ a: 'true', b: 'true', c: 'true' }) });
  expect((await rig.run(['run'])).code).toBe(0);
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace(/(- id: b\n(?: .*\n)*? +status: )DONE/, '$1PENDING'));
  expect(rig.statuses()).toMatchObject({ b: 'PENDING' });
  const { stderr } = await rig.run(['run']);
  expect(unwrapped(stderr)).toContain('You changed b: DONE → PENDING');
  expect(ran(rig)).toBe('a b c b');
});

test('another command takes back what only the journal has, which changes no file: that is seen before the next start', async () => {
  const files = chainOf({
    a: 'true',
    b: 'true',
    c: '[ -e once ] || { touch once; "$RUNBOOK" reset b > /dev/null; }',
    d: 'true',
  });
  // `b` is READY from the beginning, so that its entry says READY before and after.
  const text = files['runbook.yaml'] ?? '';
  const ready = text.replace('  - id: b\n    depends_on: [a]\n', '  - id: b\n    status: READY\n    depends_on: []\n');
  await using rig = await makeRig({
    files: { 'runbook.yaml': ready.replace('depends_on: [c]', 'depends_on: [b, c]') },
  });
  rig.command('runbook-here', `#!/bin/sh\nexec "${process.execPath}" "${rig.bin}" "$@"`);
  const { code } = await rig.run(['run'], { env: { RUNBOOK: 'runbook-here' } });
  expect(code).toBe(0);
  expect(ran(rig)).toBe('a b c b d');
  expect(new Set(Object.values(rig.statuses()))).toEqual(new Set(['DONE']));
});

test('an ERROR in the middle: both files have all of it, and the line stops', async () => {
  await using rig = await makeRig({ files: chainOf({ a: 'true', b: 'echo oh; exit 3', c: 'true' }) });
  expect((await rig.run(['run'])).code).toBe(1);
  expect(rig.statuses()).toMatchObject({ a: 'DONE', b: 'ERROR' });
  expect(rig.read('runbook.yaml')).toContain('SCRIPT_ERROR');
  expect(ran(rig)).toBe('a b');
});
