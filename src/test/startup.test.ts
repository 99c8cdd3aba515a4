// What a command loads. Time is measured in bench/; here it is counted what takes the time: files, and Node's own modules.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const PLAN =
  'tasks:\n  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}\n  - id: b\n    status: PENDING\n    depends_on: [a]\n';
/** They are not there from the start, and take milliseconds each. */
const SLOW = ['crypto', 'child_process', 'net', 'os', 'stream', 'module', 'fs/promises', 'internal/abort_controller'];

interface Loaded {
  /** Of the program, without their hashes. */
  readonly files: string[];
  readonly bytes: number;
  readonly slow: string[];
}

async function loadedBy(rig: Rig, ...args: string[]): Promise<Loaded> {
  const coverage = join(rig.dir, '..', 'coverage');
  const list = join(rig.dir, '..', 'modules.json');
  const preload = join(rig.dir, '..', 'list.cjs');
  const { code, stderr } = await rig.run(args, {
    env: { NODE_V8_COVERAGE: coverage, NODE_OPTIONS: `--require=${preload}`, MODULES: list },
  });
  expect([code, stderr]).toEqual([0, expect.anything()]);
  const [report = ''] = readdirSync(coverage);
  const { result } = JSON.parse(readFileSync(join(coverage, report), 'utf8')) as { result: { url: string }[] };
  rmSync(coverage, { recursive: true });
  const names = result.map(({ url }) => basename(url));
  const paths = readdirSync(DIST).flatMap((name) => (names.includes(name) ? [join(DIST, name)] : []));
  const modules = JSON.parse(readFileSync(list, 'utf8')) as string[];
  return {
    files: paths.map((path) => basename(path).replace(/-[\w-]{8}\.js$/, '.js')).sort(),
    bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0),
    slow: SLOW.filter((name) => modules.includes(`NativeModule ${name}`)),
  };
}

const makeProject = () =>
  makeRig({
    files: {
      'runbook.yaml': PLAN,
      '../list.cjs': `process.on('exit', () => require('fs').writeFileSync(process.env.MODULES, JSON.stringify(process.moduleLoadList)));`,
    },
  });

test('the version is told by one file, which loads nothing', async () => {
  await using rig = await makeProject();
  expect(await loadedBy(rig, '--version')).toMatchObject({ files: ['cli.cjs'], slow: [] });
});

test('`status` loads one file besides the entry, and no package', async () => {
  await using rig = await makeProject();
  const { files, bytes, slow } = await loadedBy(rig, 'status');
  expect(files).toEqual(['cli.cjs', 'core.js']);
  expect(slow).toEqual([]);
  expect(bytes).toBeLessThan(94_000);
});

test('a dry run loads what works, and neither the run itself nor what could start a program', async () => {
  await using rig = await makeProject();
  const { files, slow } = await loadedBy(rig, 'next', '--dry-run');
  expect(files).toEqual(['cli.cjs', 'core.js', 'work.js']);
  expect(slow).toEqual([]);
});

test.runIf(process.platform === 'linux')('a status is written without more of Node', async () => {
  await using rig = await makeProject();
  const { files, slow } = await loadedBy(rig, 'skip', 'b');
  expect(files).toEqual(['cli.cjs', 'core.js', 'work.js']);
  expect(slow).toEqual([]);
});

test.each(['run', 'next -y'])(
  '`%s`: a first status, and a run after another one, are written without the library',
  async (words) => {
    await using rig = await makeProject();
    const script = '    type: AUTOMATED_SCRIPT\n    script_details: "true"\n';
    rig.write('runbook.yaml', `tasks:\n  - id: a\n${script}  - id: b\n    depends_on: [a]\n${script}`);
    for (const _ of [1, 2]) {
      const { files } = await loadedBy(rig, ...words.split(' '));
      expect(files).toContain('work.js');
      expect(files).not.toContain('byLibrary.js');
      expect(rig.read('runbook.yaml')).toContain('outcome: SUCCESS');
      await rig.run(['reset', 'a', 'b']);
    }
  },
);

test('exports are given by value, but for the few that could change', () => {
  const texts = readdirSync(DIST).flatMap((name) =>
    /^(?:core|work)-/.test(name) ? [readFileSync(join(DIST, name), 'latin1')] : [],
  );
  expect(texts).toHaveLength(2);
  for (const text of texts) {
    expect(text.match(/exports\["\w+"\]=\w+/g)?.length).toBeGreaterThan(50);
    expect(text.match(/Object\.defineProperty\(exports/g)?.length ?? 0).toBeLessThan(8);
  }
});

test('a misspelt field, a wide character and YAML of unusual form bring what they need', async () => {
  await using rig = await makeProject();
  rig.write('runbook.yaml', 'tasks:\n  - {id: 日本, status: READY, desciption: x}\n  - &one\n    id: one\n');
  const { files } = await loadedBy(rig, 'status');
  expect(files).toEqual(expect.arrayContaining(['libraryYaml.js', 'formBySchema.js', 'string-width.js']));
});
