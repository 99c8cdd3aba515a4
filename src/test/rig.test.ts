// The rig proves itself, with small scripts in the place of the binary.
import { spawnSync } from 'node:child_process';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { type Answer, openaiServer } from './openaiServer.ts';
import { makeRig } from './rig.ts';

/** A rig whose binary is this script. */
const rigWith = (script: string, files: Record<string, string> = {}) =>
  makeRig({ bin: 'child.mjs', files: { 'child.mjs': script, ...files } });

test('run: exit code, both streams, arguments, and the folder', async () => {
  await using rig = await rigWith(
    `console.log(process.argv.slice(2).join(' '), process.cwd()); console.error('oh'); process.exitCode = 7;`,
  );
  const finished = await rig.run(['a', 'b c']);
  expect({ ...finished, stdout: rig.stable(finished.stdout) }).toEqual({
    code: 7,
    signal: null,
    stdout: 'a b c <dir>\n',
    stderr: 'oh\n',
  });
});

test('run: no terminal on any stream, nor behind /dev/tty', async () => {
  await using rig = await rigWith(
    `import { openSync } from 'node:fs';
     let tty = 'there'; try { openSync('/dev/tty') } catch (error) { tty = error.code }
     console.log([process.stdin, process.stdout, process.stderr].map((s) => s.isTTY === true).join(), tty);`,
  );
  expect((await rig.run([])).stdout).toBe('false,false,false ENXIO\n');
});

test('run: the kinds of stdin', async () => {
  await using rig = await rigWith(
    `let text = ''; for await (const part of process.stdin) text += part; console.log(JSON.stringify(text));`,
  );
  expect((await rig.run([])).stdout).toBe('""\n');
  expect((await rig.run([], { stdin: 'closed' })).stdout).toBe('""\n');
  expect((await rig.run([], { stdin: { text: 'yes\n' } })).stdout).toBe('"yes\\n"\n');
  await expect(rig.run(['x'], { stdin: 'open', timeoutMs: 500 })).rejects.toThrow('`x` does not end; it has said:\n');
  expect(rig.processes()).toEqual([]);
});

test('start: output as it comes, stdin as it is written, signals', async () => {
  await using rig = await rigWith(
    `process.stdin.on('data', (data) => console.log('got ' + data));
     process.on('SIGTERM', () => { console.error('bye'); process.exit(9); });
     console.log('up');`,
  );
  const child = rig.start([], { stdin: 'open' });
  await child.waitForOutput('up');
  child.stdin?.write('one');
  await child.waitForOutput(/got one/);
  await expect(child.waitForOutput((text) => text.includes('up\ngot'))).resolves.toBeUndefined();
  child.kill('SIGTERM');
  expect(await child.exit).toEqual({ code: 9, signal: null, stdout: 'up\ngot one\n', stderr: 'bye\n' });
  await expect(child.waitForOutput('more')).rejects.toThrow('the process has ended without `more` in its output\nup');
});

test('the environment is clean', async () => {
  const dirty = { RUNBOOK_X: '1', OPENAI_API_KEY: 'k', CI: '1', NO_COLOR: '1', FORCE_COLOR: '1', EDITOR: 'vi' };
  const before = { ...process.env };
  Object.assign(process.env, dirty, { NODE_EXTRA_CA_CERTS: '/x' });
  try {
    await using rig = await rigWith(`console.log(JSON.stringify(process.env, Object.keys(process.env).sort(), 1));`);
    expect(rig.stable((await rig.run([], { env: { MINE: 'yes' } })).stdout)).toMatchInlineSnapshot(`
      "{
       "GIT_CONFIG_NOSYSTEM": "1",
       "HOME": "<home>",
       "LANG": "C.UTF-8",
       "MINE": "yes",
       "PATH": "<rig>/bin:/usr/bin:/bin",
       "SHELL": "/bin/sh",
       "TMPDIR": "<rig>/tmp",
       "TZ": "UTC",
       "XDG_CACHE_HOME": "<tests>/cache",
       "XDG_CONFIG_HOME": "<home>/.config"
      }
      "
    `);
    const term = rig.terminal([], { cols: 200, rows: 40 });
    expect(await term.exit).toEqual({ code: 0, signal: null });
    expect(term.screen()).toContain('"TERM": "xterm-256color"');
    for (const name of Object.keys(dirty)) expect(term.screen()).not.toContain(name);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test('terminal: a key, and the exit code', async () => {
  await using rig = await rigWith(
    `process.stdin.setRawMode(true);
     console.log('\\x1b[1;32mpress\\x1b[0m a key, ' + process.stdout.columns + 'x' + process.stdout.rows);
     process.stdin.once('data', (key) => { console.log('you pressed ' + JSON.stringify(String(key))); process.exit(3); });`,
  );
  const term = rig.terminal([], { cols: 60, rows: 10 });
  await term.waitFor('press a key, 60x10');
  term.press('up');
  expect(await term.exit).toEqual({ code: 3, signal: null });
  expect(term.screen()).toBe('press a key, 60x10\nyou pressed "\\u001b[A"');
  expect(() => term.press('y')).toThrow('nobody reads "y": the process has ended');
  await expect(term.waitFor('more')).rejects.toThrow(/ended without `more` on the screen\n┌─{60}┐\n│press a key/);
});

test('terminal: ctrl-c is a signal for the whole group', async () => {
  await using rig = await rigWith(`console.log('waiting'); setInterval(() => {}, 1000);`);
  const term = rig.terminal([]);
  await term.waitFor('waiting');
  term.press('ctrl-c');
  expect(await term.exit).toEqual({ code: null, signal: 'SIGINT' });
  expect(term.screen()).toBe('waiting\n^C');
});

test('terminal: ctrl-d ends a line-wise stdin, and kill kills', async () => {
  await using rig = await rigWith(
    `console.log('tell'); for await (const line of process.stdin) console.log('<' + String(line).trim() + '>'); console.log('end');
     setInterval(() => {}, 1000);`,
  );
  const term = rig.terminal([]);
  await term.waitFor('tell');
  term.type('hello');
  term.press('enter');
  await term.waitFor('<hello>');
  term.press('ctrl-d');
  await term.waitFor('end');
  term.kill('SIGTERM');
  expect(await term.exit).toEqual({ code: null, signal: 'SIGTERM' });
});

test('terminal: a paste has brackets if the program wants them', async () => {
  await using rig = await rigWith(
    `process.stdin.setRawMode(true);
     if (process.argv[2]) process.stdout.write('\\x1b[?2004h');
     console.log('paste'); 
     process.stdin.on('data', (data) => console.log(JSON.stringify(String(data))));`,
  );
  const plain = rig.terminal([]);
  const bracketed = rig.terminal(['brackets']);
  for (const term of [plain, bracketed]) {
    await term.waitFor('paste');
    term.paste('a\nb');
    await term.waitFor('a\\rb');
  }
  expect(plain.screen()).toContain('"a\\rb"');
  expect(bracketed.screen()).toContain('"\\u001b[200~a\\rb\\u001b[201~"');
});

test('terminal: styles, wide characters, scrollback, resize', async () => {
  await using rig = await rigWith(
    `for (let i = 1; i <= 30; i++) console.log('line ' + i);
     console.log('é日本 \\x1b[32mDONE\\x1b[0m pack');
     console.log('\\x1b[1;38;5;203mDONE\\x1b[0m \\x1b[2;7mtest\\x1b[0m \\x1b[38;2;1;2;3mrgb\\x1b[0m \\x1b[4;90mbright\\x1b[0m');
     process.stdout.on('resize', () => console.log('now ' + process.stdout.columns));
     process.stdin.resume();`,
  );
  const term = rig.terminal([], { rows: 5 });
  await term.waitFor('rgb bright');
  expect(term.screen()).toBe('line 29\nline 30\né日本 DONE pack\nDONE test rgb bright');
  expect(term.scrollback()).toMatch(/^line 1\nline 2\n/);
  const plain = { fg: 'default', bold: false, dim: false, inverse: false, underline: false };
  expect(term.styleOf('DONE')).toEqual({ ...plain, fg: 'green' });
  expect(term.styleOf('DONE', 'rgb')).toEqual({ ...plain, fg: '203', bold: true });
  expect(term.styleOf('test')).toEqual({ ...plain, dim: true, inverse: true });
  expect(term.styleOf('rgb')).toMatchObject({ fg: '#010203' });
  expect(term.styleOf('bright')).toMatchObject({ fg: 'brightBlack', underline: true });
  expect(term.styleOf('line 30')).toEqual(plain);
  expect(() => term.styleOf('DONE test')).toThrow('more than one style');
  expect(() => term.styleOf('ERROR')).toThrow('no `ERROR` on the screen');
  term.resize(40, 5);
  await term.waitFor('now 40');
});

test('terminal: a question asked again is told from the one that still stands there', async () => {
  await using rig = await rigWith(
    `import { existsSync } from 'node:fs';
     process.stdin.setRawMode(true);
     console.log('go on?');
     process.stdin.once('data', () => {
       console.log('thinking');
       setInterval(() => { if (existsSync('thought')) { console.log('go on?'); process.exit(); } }, 10);
     });`,
  );
  const term = rig.terminal([]);
  await term.waitFor('go on?');
  term.press('y');
  await term.waitForNew('thinking');
  await term.waitFor('go on?');
  const again = term.waitForNew('go on?');
  expect(term.screen()).toBe('go on?\nthinking');
  rig.write('thought', '');
  await again;
  expect(term.screen()).toBe('go on?\nthinking\ngo on?');
});

test('all output is there at the end, in a terminal and in a pipe', async () => {
  await using rig = await rigWith(`for (let i = 1; i <= 5000; i++) console.log('line ' + i);`);
  const runs = Array.from({ length: 5 }, () => rig.run([]));
  const terms = Array.from({ length: 5 }, () => rig.terminal([]));
  for (const term of terms) {
    await term.exit;
    expect(term.screen()).toMatch(/line 4999\nline 5000$/);
  }
  for (const run of runs) expect((await run).stdout).toMatch(/^line 1\n(.*\n){4998}line 5000\n$/);
});

test('a left-over grandchild is known, and ended with the rig', async () => {
  const rig = await rigWith(
    `import { spawn } from 'node:child_process';
     const options = { detached: true, stdio: process.argv[2] };
     const child = spawn('sh', ['-c', 'trap "" TERM HUP INT; while :; do sleep 1; done'], options);
     child.unref(); console.log(child.pid);`,
  );
  const pid = Number((await rig.run(['ignore'])).stdout);
  expect(rig.processes()).toContain(pid);
  // With our pipes in its hands, too.
  expect((await rig.run(['inherit'])).code).toBe(0);
  await rig[Symbol.asyncDispose]();
  expect(rig.processes()).toEqual([]);
  // Nothing, or a zombie where process 1 does not reap.
  expect(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout).toMatch(/^(Z.*)?\s*$/);
  expect(rig.exists('.')).toBe(false);
});

test('files: tree() notices a byte, a mode, a folder, a link; git is a real repository', async () => {
  await using rig = await makeRig({ git: true, files: { 'a.txt': 'a', 'deep/er/b.sh': '#!/bin/sh\n' } });
  expect(rig.git('log', '--format=%an %s')).toBe('Ada start');
  expect(rig.git('status', '--porcelain')).toBe('');
  const before = rig.tree();
  expect(Object.keys(before).filter((path) => !path.startsWith('.git'))).toEqual([
    'a.txt',
    'deep',
    'deep/er',
    'deep/er/b.sh',
  ]);
  expect(before['deep/er/b.sh']).toMatch(/^755 /);
  rig.write('a.txt', 'a');
  expect(rig.tree()).toEqual(before);
  rig.write('a.txt', 'b');
  expect(rig.tree()).not.toEqual(before);
  rig.write('a.txt', 'a');
  rig.git('add', '--all');
  expect(rig.tree()).toEqual(before);
  rig.write('logs/x', '');
  expect(Object.keys(rig.tree()).length).toBe(Object.keys(before).length + 2);
});

test('runbook, journal and commands', async () => {
  await using rig = await rigWith(
    `import { execSync } from 'node:child_process'; console.log(String(execSync('claude hi')));`,
    {
      'runbook.yaml': 'tasks:\n  - id: a\n    status: DONE\n  - id: b\n',
      'logs/run_log.jsonl': '{"event_type":"START_TASK"}\n{"event_ty',
    },
  );
  expect(rig.statuses()).toEqual({ a: 'DONE', b: 'not written' });
  expect(rig.journal()).toEqual([{ event_type: 'START_TASK' }]);
  rig.command('claude', '#!/bin/sh\necho "pretended $1"\n');
  expect((await rig.run([])).stdout).toContain('pretended hi');
});

test('stable: what differs from run to run', async () => {
  await using rig = await makeRig();
  const text = [
    `at ${rig.dir}/runbook.yaml:14:13 in 2026-11-20T10:00:00.000Z`,
    '✔ DONE  run_tests  21.4 s          logs/run_tests/20261120T101502.log',
    '6 of 9 done · $0.0031 · 1 h 14 min          x   y',
    'host `box` (pid 4121) ended, 350 ms ago, at 10:21',
    '{"pid": 12, "pid":13}   two   three    4 steps',
  ].join('\n');
  expect(rig.stable(text)).toMatchInlineSnapshot(`
    "at <dir>/runbook.yaml:14:13 in <time>
    ✔ DONE  run_tests  <duration>  logs/run_tests/<stamp>.log
    6 of 9 done · $0.0031 · <duration>  x  y
    host \`<host>\` (pid <pid>) ended, <duration> ago, at <clock>
    {"pid": <pid>, "pid":<pid>}  two  three  4 steps"
  `);
});

test('the model: streams, remembers requests, answers in order', async () => {
  await using server = await openaiServer({
    'mark-7': [
      'first',
      { text: 'second', usage: { prompt_tokens: 11, completion_tokens: 5 }, finishReason: 'length' },
      'third',
    ],
    'mark-8': '',
  });
  expect(await replyOf(server.url, 'about mark-7')).toMatchObject({ text: 'first', finish: 'stop' });
  expect(await replyOf(server.url, 'about mark-7')).toEqual({ text: 'second', finish: 'length', usage: [11, 5] });
  expect(await replyOf(server.url, 'about mark-7')).toMatchObject({ text: 'third' });
  expect(await replyOf(server.url, 'about mark-7')).toMatchObject({ text: 'third' });
  expect(await replyOf(server.url, 'mark-8')).toMatchObject({ text: '' });
  await expect(replyOf(server.url, 'nothing known')).rejects.toMatchObject({ status: 404 });
  expect(server.requests()).toHaveLength(6);
  expect(server.requests()[0]).toMatchObject({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'about mark-7' }],
  });
});

test('the model: faults', async () => {
  const cut = { text: '0123456789abcdefghijABCDEFGHIJ', cutAfter: 2 };
  const answers: Record<string, Answer> = {
    refused: { status: 401, message: 'Incorrect API key provided' },
    limited: { status: 429, retryAfter: 17 },
    broken: { status: 500 },
    long: { status: 400, code: 'context_length_exceeded' },
    cut,
    slow: { text: '0123456789abcdefghij', pauseMs: 100 },
  };
  await using server = await openaiServer(answers);
  await expect(replyOf(server.url, 'refused')).rejects.toMatchObject({
    status: 401,
    message: '401 Incorrect API key provided',
  });
  const limited = await replyOf(server.url, 'limited').catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
  expect(limited instanceof OpenAI.APIError && limited.headers?.get('retry-after')).toBe('17');
  await expect(replyOf(server.url, 'broken')).rejects.toMatchObject({ status: 500 });
  await expect(replyOf(server.url, 'long')).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  const pieces: string[] = [];
  await expect(replyOf(server.url, 'cut', pieces)).rejects.toThrow();
  expect(pieces.filter(Boolean)).toEqual(['0123456789', 'abcdefghij']);
  const start = performance.now();
  expect(await replyOf(server.url, 'slow')).toMatchObject({ text: '0123456789abcdefghij' });
  expect(performance.now() - start).toBeGreaterThan(190);
});

test('the model: closing cuts what is still being told', async () => {
  const server = await openaiServer({ endless: { text: 'x'.repeat(1000), pauseMs: 1000 } });
  const reply = replyOf(server.url, 'endless').catch((error: unknown) => error);
  await expect.poll(() => server.requests().length).toBe(1);
  await server.close();
  expect(await reply).toBeInstanceOf(Error);
});

/** What the real `openai` package makes of it, streamed. `pieces` are kept, also of a reply that fails. */
async function replyOf(baseURL: string, prompt: string, pieces: string[] = []) {
  const client = new OpenAI({ baseURL, apiKey: 'sk-test', maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: prompt }],
  });
  let finish: string | null | undefined;
  let usage: number[] = [];
  for await (const chunk of stream) {
    pieces.push(chunk.choices[0]?.delta.content ?? '');
    finish = chunk.choices[0]?.finish_reason ?? finish;
    if (chunk.usage) usage = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
  }
  return { text: pieces.join(''), finish, usage };
}
