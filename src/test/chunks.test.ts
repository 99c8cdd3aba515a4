// The compiled code that is kept between two starts: it may be broken, foreign or not to be had, and nothing but time is lost.
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { isDue, oneMore } from '../keptCode.ts';
import { makeRig, type Rig } from './rig.ts';

const PLAN = 'name: Small\ntasks:\n  - {id: a, status: READY}\n';
let rig: Rig;
let cache: string;

beforeEach(async () => {
  rig = await makeRig({ files: { 'runbook.yaml': PLAN } });
  cache = join(rig.dir, '../cache');
  return () => rig[Symbol.asyncDispose]();
});

const status = (env: Record<string, string> = {}) => rig.run(['status'], { env: { XDG_CACHE_HOME: cache, ...env } });

/** What is kept for `command`: the paths by the chunk's name. */
function kept(command = 'status'): Record<string, string> {
  const [folder = ''] = readdirSync(join(cache, 'runbook'));
  const at = join(cache, 'runbook', folder, command);
  return Object.fromEntries(
    readdirSync(at).map((name) => [basename(name).replace(/-[\w-]{8}\.js$/, ''), join(at, name)]),
  );
}

test('a command leaves its code for the next one, readable by its owner alone', async () => {
  const first = await status();
  const { core = '' } = kept();
  const all = Object.values(kept());
  expect(statSync(core).mode & 0o777).toBe(0o600);
  expect(statSync(join(core, '..')).mode & 0o777).toBe(0o700);
  const before = all.map((path) => statSync(path).ino);
  expect(await status()).toEqual(first);
  // None was written again: each was taken.
  expect(all.map((path) => statSync(path).ino)).toEqual(before);
});

test('what a dry run needs is kept apart from what the help of the command needs, and from what it does', async () => {
  const env = { XDG_CACHE_HOME: cache };
  for (const args of [
    ['skip', '--help'],
    ['skip', 'a', '-n'],
    ['skip', 'a'],
  ])
    expect((await rig.run(args, { env })).code).toBe(0);
  const sizes = ['skip-help', 'skip-dry', 'skip'].map((name) => statSync(kept(name)['core'] ?? '').size);
  expect(sizes[1]).toBeGreaterThan(1.3 * (sizes[0] ?? 0));
  expect(sizes[2]).toBeGreaterThan(1.3 * (sizes[0] ?? 0));
});

const looks = (path: string) => readFileSync(path).at(-1);

test('what a later call needs, and the first one did not, is kept too', async () => {
  await status();
  await status();
  const { core = '' } = kept();
  const small = statSync(core).size;
  rig.write(
    'runbook.yaml',
    `${PLAN}  - {id: b, status: ERROR, notes: "No\\tspace."}\n  - {id: c, status: PENDING, depends_on: [a, b]}\n`,
  );
  // It is by chance which of them looks, and one of the next few does.
  for (let i = 0; i < 60 && statSync(core).size === small; i++) await status();
  const grown = statSync(core).size;
  expect(grown).toBeGreaterThan(1.02 * small);
  // And it keeps what it had: the next call has nothing to add, whatever it needs.
  rig.write('runbook.yaml', PLAN);
  while (looks(core) === 0) await status();
  expect(statSync(core).size).toBe(grown);
});

test('whether a call needs more is looked at by the next ones, and then ever more seldom', async () => {
  await status();
  const { core = '' } = kept();
  expect(looks(core)).toBe(0);
  await status();
  expect(looks(core)).toBe(1);
  expect([0, 1, 2].map((looks) => isDue({ looks }, 0.999))).toEqual([true, true, true]);
  expect([0.29, 0.31].map((chance) => isDue({ looks: 9 }, chance))).toEqual([true, false]);
  // There is one byte for it.
  expect([0, 254, 255].map(oneMore)).toEqual([1, 255, 255]);
});

test('a long run, which changes how V8 works, leaves code that the next start takes', async () => {
  const entries = Array.from({ length: 45 }, (_, i) => {
    const after = i === 0 ? '    status: READY\n' : `    depends_on: [t${i - 1}]\n`;
    return `  - id: t${i}\n${after}    type: AUTOMATED_SCRIPT\n    script_details: "true"\n`;
  });
  const names = () => readdirSync(dirname(kept('run')['core'] ?? ''));
  const all = new Set<string>();
  // The first two need more each; what the third has taken, and found enough, it does not write again.
  for (let i = 0; i < 4; i++) {
    rig.write('runbook.yaml', `tasks:\n${entries.join('')}`);
    expect((await rig.run(['run'], { env: { XDG_CACHE_HOME: cache } })).code).toBe(0);
    await rig.run(['reset', ...entries.map((_, i) => `t${i}`)]);
    for (const name of names()) all.add(name);
  }
  // None takes another's away: there are two whose names begin alike.
  expect(new Set(names())).toEqual(all);
  expect([...all].filter((name) => name.startsWith('run-'))).toHaveLength(2);
  const { core = '', work = '', spawner = '' } = kept('run');
  for (const path of [core, work, spawner]) expect(looks(path)).toBeGreaterThan(0);
});

test('a byte that has changed, a file that was cut, and one that is empty are seen, and written anew', async () => {
  const first = await status();
  const { core = '' } = kept();
  const good = readFileSync(core);
  const broken = [good.subarray(0, 0), good.subarray(0, 70_001), Buffer.alloc(good.length)];
  for (const at of [70, 1000, 62_876, 121_266, good.length - 9]) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    broken.push(bytes);
  }
  for (const bytes of broken) {
    writeFileSync(core, bytes);
    expect(await status()).toEqual(first);
    // Written anew: of what was taken, it would say that a call has looked.
    expect(looks(core)).toBe(0);
    expect(readFileSync(core).equals(bytes)).toBe(false);
  }
});

test('what others can write is not run', async () => {
  const first = await status();
  const { core = '' } = kept();
  const bytes = readFileSync(core);
  const half = bytes.length >> 1;
  // It would end the process: the same change in both halves is not seen.
  for (let at = 60_000; at < 61_000; at++) bytes[at] = bytes[at + half] = 255;
  writeFileSync(core, bytes);
  chmodSync(core, 0o666);
  expect(await status()).toEqual(first);
});

test('where no folder can be made, or none is wanted, nothing is kept and nothing is said', async () => {
  writeFileSync(cache, 'a file in its place\n');
  expect(await status()).toMatchObject({ code: 0, stderr: '' });
  expect(await status({ XDG_CACHE_HOME: join(rig.dir, '../other'), NODE_DISABLE_COMPILE_CACHE: '1' })).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(readdirSync(join(rig.dir, '..'))).not.toContain('other');
  expect(await status({ XDG_CACHE_HOME: 'here' })).toMatchObject({ code: 0, stderr: '' });
  expect(rig.exists('here')).toBe(false);
});

test('a mistake in the command line leaves nothing', async () => {
  expect(await rig.run(['staus'], { env: { XDG_CACHE_HOME: cache } })).toMatchObject({ code: 2 });
  expect(readdirSync(join(rig.dir, '..'))).not.toContain('cache');
});
