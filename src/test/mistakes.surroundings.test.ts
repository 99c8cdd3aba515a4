// What stands around the runbook and is in the way: .env, logs/, .runbook/, and files that may not be read or written.
import { chmodSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Case, refusals } from './refusals.ts';
import { makeRig, type Rig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const runbook = 'tasks:\n  - id: a\n    type: AUTOMATED_SCRIPT\n    script_details: "true"\n';
const root = process.getuid?.() === 0;
const bin = resolve(process.env.RUNBOOK_TEST_BIN ?? 'dist/cli.cjs');

test('.env', async () => {
  const secret = Buffer.from('TOKEN=s3cret-caf\xe9-token\n', 'latin1');
  const told = await refusals(rig, {
    'a folder': beside({ '.env/x': '' }),
    'a folder, for `done`': { ...beside({ '.env/x': '' }), args: ['done', 'a'] },
    'not UTF-8': beside({ '.env': secret }),
    'UTF-16': beside({ '.env': Buffer.from('\uFEFFTOKEN=1\n', 'utf16le') }),
  });
  expect(told).not.toContain('s3cret');
  expect(told).toMatchInlineSnapshot(`
    "
    a folder
      FILE_UNREADABLE
      \`.env\` can't be read: it is a folder
      It is a text file in UTF-8, with lines such as \`NAME=value\`.
    a folder, for \`done\`
      FILE_UNREADABLE
      \`.env\` can't be read: it is a folder
      It is a text file in UTF-8, with lines such as \`NAME=value\`.
    not UTF-8
      FILE_UNREADABLE
      \`.env\` is not valid UTF-8
      It is a text file in UTF-8, with lines such as \`NAME=value\`.
    UTF-16
      FILE_UNREADABLE
      \`.env\` is not valid UTF-8
      It is a text file in UTF-8, with lines such as \`NAME=value\`.
    "
  `);
});

test('a journal that is no file', async () => {
  const journal = { 'logs/run_log.jsonl/x': '' };
  const cases = {
    'logs is a file': beside({ logs: '' }),
    'logs is a file, for `status`': { ...beside({ logs: '' }), args: ['status'] },
    'logs is a file, for `done`': { ...beside({ logs: '' }), args: ['done', 'a'] },
    'the journal is a folder': beside(journal),
    'the journal is a folder, for `show`': { ...beside(journal), args: ['show', 'a'] },
    'the journal is a folder, for `history`': { ...beside(journal), args: ['history'] },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    logs is a file
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: a file stands where a folder must be
      Move away what stands there; the journal is begun anew.
    logs is a file, for \`status\`
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: a file stands where a folder must be
      Move away what stands there; the journal is begun anew.
    logs is a file, for \`done\`
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: a file stands where a folder must be
      Move away what stands there; the journal is begun anew.
    the journal is a folder
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: it is a folder
      Move away what stands there; the journal is begun anew.
    the journal is a folder, for \`show\`
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: it is a folder
      Move away what stands there; the journal is begun anew.
    the journal is a folder, for \`history\`
      FILE_UNREADABLE
      \`logs/run_log.jsonl\` can't be read: it is a folder
      Move away what stands there; the journal is begun anew.
    "
  `);
});

test('a place for the logs of a task that is none: found before the task is started', async () => {
  const cases = {
    'a file': beside({ 'logs/a': '' }),
    'a file, for a step by hand': {
      ...beside({ 'logs/a': '' }, 'tasks: [{id: a, checks: ["true"]}]\n'),
      args: ['next', '--answer', 'accept'],
    },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    a file
      FILE_UNWRITABLE
      the logs of \`a\` can't be written to \`logs/a\`: a file stands where a folder must be
      Move away what stands there.
    a file, for a step by hand
      FILE_UNWRITABLE
      the logs of \`a\` can't be written to \`logs/a\`: a file stands where a folder must be
      Move away what stands there.
    "
  `);
});

test('.runbook that is no folder', async () => {
  const cases = {
    'a file': beside({ '.runbook': '' }),
    'a file, for `status`': { ...beside({ '.runbook': '' }), args: ['status'] },
    'a file, for `done`': { ...beside({ '.runbook': '' }), args: ['done', 'a'] },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    a file
      FILE_UNREADABLE
      \`.runbook/lease.json\` can't be used: a file stands where a folder must be
    a file, for \`status\`
      FILE_UNREADABLE
      \`.runbook/lease.json\` can't be used: a file stands where a folder must be
    a file, for \`done\`
      FILE_UNREADABLE
      \`.runbook/lease.json\` can't be used: a file stands where a folder must be
    "
  `);
});

test('the note of a trial that a hand has been in', async () => {
  const ignored = { '.runbook/.gitignore': '*\n' };
  const cases = {
    'not JSON': beside({ ...ignored, '.runbook/trial.json': 'garbage' }),
    'of another form': beside({ ...ignored, '.runbook/trial.json': '{"files": [{"path": 5}]}' }),
    empty: beside({ ...ignored, '.runbook/trial.json': '' }),
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    not JSON
      FILE_UNREADABLE
      \`.runbook/trial.json\` is not as it was written: it kept the old text of a file while checks tried a new one
      Look whether the file is as you want it (git diff), and then delete that note.
    of another form
      FILE_UNREADABLE
      \`.runbook/trial.json\` is not as it was written: it kept the old text of a file while checks tried a new one
      Look whether the file is as you want it (git diff), and then delete that note.
    empty
      FILE_UNREADABLE
      \`.runbook/trial.json\` is not as it was written: it kept the old text of a file while checks tried a new one
      Look whether the file is as you want it (git diff), and then delete that note.
    "
  `);
});

test('a current folder that is gone', async () => {
  const script = `import { mkdirSync, rmdirSync } from 'node:fs';
    mkdirSync('gone'); process.chdir('gone'); rmdirSync('../gone'); await import(${JSON.stringify(bin)});`;
  await using own = await makeRig({ bin: 'gone.mjs', files: { 'gone.mjs': script } });
  expect(await own.run(['status'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: the current folder is gone\n  cd to one that is there\n',
  });
});

test('a reader that goes away in the middle does not end the work', async () => {
  const command = `{ node ${bin} next 2>&1; echo $? > code; } | head -1`;
  const script = `import { spawnSync } from 'node:child_process'; spawnSync('sh', ['-c', ${JSON.stringify(command)}]);`;
  const task = runbook.replace('"true"', 'for i in 1 2 3; do echo $i; sleep 0.1; done');
  await using own = await makeRig({ bin: 'pipe.mjs', files: { 'pipe.mjs': script, 'runbook.yaml': task } });
  await own.run([]);
  expect({ code: own.read('code'), ...own.statuses() }).toEqual({ code: '0\n', a: 'DONE' });
});

test('a journal with lines that are none is read past them', async () => {
  const lines = [
    'not JSON',
    'null',
    '[1]',
    '"status_change"',
    '{"event_type":5,"task_id":"a","status_change":"READY -> DONE"}',
    '{"event_type":"START_TASK","task_id":7,"status_change":"READY -> DONE"}',
    '{"event_type":"START_TASK","task_id":"a","status_change":9}',
    '{"event_type":"START_TASK","task_id":"a","status_change":"READY"}',
    '{"event_type":"START_TASK","task_id":"a","status_change":"READY -> NONSENSE"}',
    '{"event_type":"START_TA',
  ];
  rig.write('torn/runbook.yaml', runbook);
  rig.write('torn/logs/run_log.jsonl', lines.join('\n'));
  expect(await rig.run(['next'], { cwd: 'torn' })).toMatchObject({ code: 0, stdout: '' });
  expect(rig.read('torn/logs/run_log.jsonl').slice(0, lines.join('\n').length + 1)).toBe(`${lines.join('\n')}\n`);
});

test.each(['', '{"pid":', 'null', '{"pid":"1","host":"x"}'])(
  'locks that a crash left half written (%j) are taken over',
  async (half) => {
    const folder = join(rig.dir, `lock-${Buffer.from(half).toString('hex')}`);
    mkdirSync(join(folder, '.runbook'), { recursive: true });
    writeFileSync(join(folder, 'runbook.yaml'), runbook);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    for (const name of ['lease.json', 'write.lock']) {
      writeFileSync(join(folder, '.runbook', name), half);
      utimesSync(join(folder, '.runbook', name), anHourAgo, anHourAgo);
    }
    expect(await rig.run(['next'], { cwd: folder })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('✔ DONE  a'),
    });
  },
);

test.skipIf(root)('a file that may not be read is named', async () => {
  for (const path of ['runbook.yaml', '.env', 'logs/run_log.jsonl']) {
    await using own = await makeRig({ files: { [path]: '', 'runbook.yaml': runbook } });
    const told = await whileMode(own, path, 0o000, ['next', '--json']);
    expect(told).toEqual({ code: 'FILE_UNREADABLE', message: `\`${path}\` can't be read: no permission` });
  }
});

test.skipIf(root)('where nothing may be written, nothing is started', async () => {
  for (const command of [['next'], ['done', 'a'], ['init', 'sub']]) {
    await using own = await makeRig({ files: { 'runbook.yaml': runbook } });
    const told = await whileMode(own, '.', 0o555, [...command, '--json']);
    expect(told).toEqual({
      code: 'FILE_UNWRITABLE',
      message: expect.stringMatching(/^`.+` can't be .+: no permission$/),
    });
  }
});

/** The mistake that a command tells while a file has that mode. What was there is as it was. */
async function whileMode(own: Rig, path: string, mode: number, args: string[]) {
  const before = own.tree();
  const { mode: usual } = statSync(join(own.dir, path));
  chmodSync(join(own.dir, path), mode);
  const { code, stdout, stderr } = await own.run(args);
  chmodSync(join(own.dir, path), usual);
  expect({ code, stdout, tree: own.tree() }, stderr).toEqual({ code: 2, stdout: '', tree: before });
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
  return { code: error.code, message: error.message };
}

function beside(files: Record<string, string | Uint8Array>, text = runbook): Case {
  return { files: { 'runbook.yaml': text, ...files } };
}
