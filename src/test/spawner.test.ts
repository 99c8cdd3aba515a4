// The process that starts programs for the runner: what a program gets and how it ends is the same as where Node starts it.
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errnoOf } from '../errors.ts';
import type { Command } from '../runbook/task.ts';
import { openSpawner } from '../spawner.ts';
import { type Program, type Run, runByNode } from '../starting.ts';
import { makeRig } from './rig.ts';

const isThere = process.platform === 'linux' && existsSync('/usr/bin/python3');
const dir = mkdtempSync(join(tmpdir(), 'runbook-spawner-'));
const env = { PATH: '/usr/bin:/bin', HOME: '/nowhere', EMPTY: '', 'WITH-DASH': 'x', ODD: 'é\n=' };

const sh = (line: string): Command => ({ kind: 'shell', line, shell: undefined });
const file = (name: string, ...args: string[]): Command => ({ kind: 'program', file: name, args });

interface Case {
  readonly command: Command;
  readonly cwd?: string;
  readonly ownEnv?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  'a good end': { command: sh('echo out; echo err >&2') },
  'an exit code': { command: sh('exit 255') },
  'ended by a signal': { command: sh('kill -TERM $$') },
  'ended by one that leaves a core': { command: sh('ulimit -c 0; kill -SEGV $$') },
  'ends its own group': { command: sh('sleep 9 & kill -KILL 0') },
  'its session': { command: sh('set -- $(ps -o pgid=,sid= -p $$); [ $1 = $$ ] && [ $2 = $$ ] && echo its own') },
  'its variables': { command: sh('env | grep -v ^_= | sort'), ownEnv: { OWN: '1', HOME: '/home', EMPTY: 'no more' } },
  // Two that the C library keeps to itself are ignored where it starts a program.
  'its signals': { command: sh('grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status | sed s/0180000000$/0000000000/') },
  'its files': { command: sh('cd /proc/self/fd; for n in 0 1 2 3 4 5 6 7 8 9 10; do [ -e $n ] && echo $n; done; cat') },
  'its limits and its mask': { command: sh('ulimit -a; umask') },
  'its folder': { command: file('pwd'), cwd: '/usr' },
  'another shell': { command: { kind: 'shell', line: 'echo $0 $(($BASHPID - $$))', shell: 'bash' } },
  'arguments as they are': { command: file('printf', '%s|', '', 'a b', '$HOME', '\n', '漢字', '"') },
  'a long argument': { command: file('printf', '%s', 'x'.repeat(100_000)) },
  'an argument that is too long': { command: file('printf', '%s', 'x'.repeat(300_000)) },
  'an argument with a NUL': { command: file('printf', '%s', 'a\0b') },
  'a program that is not there': { command: file('no-such-program') },
  'a shell that is not there': { command: { kind: 'shell', line: 'true', shell: '/no/such/shell' } },
  'a folder that is not there': { command: sh('true'), cwd: '/no/such/folder' },
  'a file in place of a folder': { command: sh('true'), cwd: '/etc/passwd' },
  'a file that may not be run': { command: file('./plain.txt'), cwd: dir },
  'a script without a first line': { command: file('./bare'), cwd: dir },
  'a program in a PATH of its own': { command: file('bare'), ownEnv: { PATH: `${dir}:/usr/bin:/bin` } },
  'much output': { command: sh('head -c 2000000 /dev/zero | tr "\\0" x') },
  'a letter in two pieces': { command: sh("printf '\\303'; sleep 0.1; printf '\\251'; printf '\\303'") },
  'what is left goes on for a moment': { command: sh('(sleep 0.1; echo late) & echo first') },
  'what is left goes on for long': { command: sh('sleep 3 & echo first') },
  'closes what it writes to, and goes on': { command: sh('exec >&- 2>&-; sleep 0.1; exit 4') },
};

describe.skipIf(!isThere)('beside Node', () => {
  let run: Run;
  beforeAll(async () => {
    writeFileSync(join(dir, 'plain.txt'), 'echo no');
    writeFileSync(join(dir, 'bare'), 'echo it runs; exit 5');
    chmodSync(join(dir, 'bare'), 0o755);
    run = (await openSpawner(env)) ?? expect.fail('there is none');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.for(Object.entries(CASES))('%s', async ([, { command, cwd = '/', ownEnv = {} }]) => {
    const program = { command, cwd, ownEnv };
    expect(await carriedOut(run, program)).toEqual(await carriedOut(runByNode, program));
  });

  test('many at once, each with its own output', async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const all = await Promise.all(
      numbers.map((n) => carriedOut(run, { command: sh(`seq ${n} 500; exit ${n}`), cwd: '/', ownEnv: {} })),
    );
    const lines = (n: number) => Array.from({ length: 501 - n }, (_, i) => `${n + i}\n`).join('');
    for (const n of numbers) expect(all[n]).toMatchObject({ exitCode: n, printed: lines(n) });
  });

  test('what is printed on both is told in its order, and both can be opened anew', async () => {
    let text = '';
    const onOutput = (piece: string) => (text += piece);
    const line =
      'for n in 1 2 3; do echo out $n; echo err $n >&2; done; echo anew > /dev/stderr; echo anew > /dev/stdout';
    const program = { command: sh(line), cwd: '/', env, ownEnv: {}, input: undefined, onOutput, onStdout: undefined };
    await run({ ...program, onStart: () => {} });
    expect(text).toBe('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nanew\nanew\n');
  });

  test('what it prints on stdout can be had by itself', async () => {
    let [stdout, rest] = ['', ''];
    const onStdout = (piece: string) => (stdout += piece);
    const onOutput = (piece: string) => (rest += piece);
    const program = { command: sh('echo out; echo err >&2'), cwd: '/', env, ownEnv: {}, input: undefined };
    await run({ ...program, onStart: () => {}, onOutput, onStdout });
    expect([stdout, rest]).toEqual(['out\n', 'err\n']);
  });
});

/** All that is seen of a program from its start to its end. Node's two pipes are read in any order. */
async function carriedOut(run: Run, part: Pick<Program, 'command' | 'cwd' | 'ownEnv'>) {
  let text = '';
  const pids: number[] = [];
  const onStart = (pid: number) => {
    expect(text).toBe('');
    pids.push(pid);
  };
  const onOutput = (piece: string) => (text += piece);
  try {
    const how = await run({ ...part, env, input: undefined, onStart, onOutput, onStdout: undefined });
    expect(pids).toEqual([expect.any(Number)]);
    return { ...how, printed: text.replace(/^out\nerr\n$|^err\nout\n$/, 'both\n') };
  } catch (error) {
    return { problem: errnoOf(error) };
  }
}

const script = (id: string, line: string) =>
  `  - id: ${id}\n    type: AUTOMATED_SCRIPT\n    script_details: |\n      ${line}\n`;

test.skipIf(!isThere)(
  'Node starts one program for a whole run, which starts the others: one request for each, and two answers',
  async () => {
    const tasks = Array.from({ length: 20 }, (_, i) => script(`t${i}`, 'true'));
    await using rig = await makeRig({
      files: {
        'runbook.yaml': `tasks:\n${tasks.join('')}`,
        '../count.cjs': `const childProcess = require('child_process');
        const { spawn } = childProcess;
        childProcess.spawn = (file, ...rest) => {
          const tell = (what) => require('fs').appendFileSync(process.env.SPAWNED, what + '\\n');
          tell(file);
          const child = spawn(file, ...rest);
          child.stdout.on('data', () => tell('answer'));
          const { write } = child.stdin;
          child.stdin.write = (bytes) => (tell('request'), write.call(child.stdin, bytes));
          return child;
        };`,
      },
    });
    const [preload, spawned] = [join(rig.dir, '..', 'count.cjs'), join(rig.dir, '..', 'spawned')];
    expect((await rig.run(['run'], { env: { NODE_OPTIONS: `--require=${preload}`, SPAWNED: spawned } })).code).toBe(0);
    const told = rig.read('../spawned').trim().split('\n');
    const timesOf = (what: string) => told.filter((line) => line === what).length;
    expect(told.filter((line) => line !== 'answer' && line !== 'request')).toEqual(['/usr/bin/python3']);
    // The variables, and whether it is ready.
    expect(timesOf('request')).toBe(1 + 20);
    expect(timesOf('answer')).toBeLessThanOrEqual(1 + 2 * 20);
  },
);

test.skipIf(!isThere)(
  'what starts the programs keeps no more files open the longer it runs, and nothing of it is left when the run is over',
  async () => {
    const look = 'ls /proc/$PPID/fd | wc -l >> files; ps --ppid $PPID -o pid= > kids; echo $PPID >> kids';
    const tasks = Array.from({ length: 30 }, (_, i) => script(`t${i}`, look));
    await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${tasks.join('')}` } });
    expect((await rig.run(['run'])).code).toBe(0);
    const files = rig.read('files').trim().split('\n').map(Number);
    expect(files).toHaveLength(30);
    // Its own, and two for the script.
    expect(Math.max(...files)).toBeLessThanOrEqual(3 + 4 + 2 + 1);
    const kids = rig.read('kids').trim().split(/\s+/).map(Number);
    expect(kids.length).toBeGreaterThanOrEqual(2);
    await expect.poll(() => kids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  },
);

/** It starts a program, and is ended before it has told so. */
const SILENT = `const [fs, childProcess] = [require('fs'), require('child_process')];
  const { spawn } = childProcess;
  childProcess.spawn = (file, args, ...rest) => {
    if (!file.endsWith('python3')) return spawn(file, args, ...rest);
    const text = fs.readFileSync(args.at(-1), 'utf8');
    const silent = text.replace(/urgently\\(b"p", .*\\)\\n/, 'pass\\n');
    if (silent === text) throw new Error('it does not tell the pid as it did');
    fs.writeFileSync(__dirname + '/silent.py', silent);
    return spawn(file, [...args.slice(0, -1), __dirname + '/silent.py'], ...rest);
  };`;

test.skipIf(!isThere).each([
  ['', ''],
  [', even where that was not told yet', SILENT],
])(
  'somebody ends what starts the programs: what it had started ends%s, and Node starts the next',
  async (_when, preload) => {
    const first = script('a', 'kill -KILL $PPID; sleep 60');
    const plan = `tasks:\n${first}${script('b', 'echo b > ran')}`;
    await using rig = await makeRig({ files: { 'runbook.yaml': plan, '../preload.cjs': preload } });
    const env = { NODE_OPTIONS: `--require=${join(rig.dir, '..', 'preload.cjs')}` };
    expect((await rig.run(['run', '--keep-going'], { env })).code).toBe(1);
    expect(rig.statuses()).toEqual({ a: 'ERROR', b: 'DONE' });
    expect(rig.read('runbook.yaml')).toContain('was ended by SIGKILL');
    expect(rig.read('ran')).toBe('b\n');
    expect(rig.processes()).toEqual([]);
  },
);

test.each([
  [
    'is no Python',
    `const fs = require('fs');
    const { existsSync } = fs;
    fs.existsSync = (path) => path !== '/usr/bin/python3' && existsSync(path);`,
  ],
  [
    'is one that is too old',
    `const childProcess = require('child_process');
    const { spawn } = childProcess;
    childProcess.spawn = (file, args, ...rest) => spawn(file, file.endsWith('python3') ? ['-c', 'exit(1)'] : args, ...rest);`,
  ],
  [
    'is one that does not answer',
    `const childProcess = require('child_process');
    const { spawn } = childProcess;
    const idle = ['-c', 'while True: pass'];
    childProcess.spawn = (file, args, ...rest) => spawn(file, file.endsWith('python3') ? idle : args, ...rest);
    const { setTimeout: later } = globalThis;
    globalThis.setTimeout = (work, ms, ...rest) => later(work, ms === 5000 ? 300 : ms, ...rest);`,
  ],
])('where there %s, Node starts them', async (_what, preload) => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:\n${script('a', 'true')}${script('b', 'echo b > ran')}`,
      '../bare.cjs': preload,
    },
  });
  const env = { NODE_OPTIONS: `--require=${join(rig.dir, '..', 'bare.cjs')}` };
  expect((await rig.run(['run'], { env })).code).toBe(0);
  expect(rig.read('ran')).toBe('b\n');
});
