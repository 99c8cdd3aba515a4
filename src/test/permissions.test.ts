// Files and folders without permission: whoever took it away has meant it, also where a rename would not ask. Each command that writes
// is refused with the name of the file and what to do, and what is there stays.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { personsFiles } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { errorOf } from './said.ts';

/** Permissions do not bind root, unless it gives up what frees it from them. */
const GIVEN_UP = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
const bin = resolve(process.env.RUNBOOK_TEST_BIN ?? 'dist/cli.cjs');
const BOUND = `import { spawnSync } from 'node:child_process';
const [command, ...args] = ${JSON.stringify([...GIVEN_UP, process.execPath, bin])};
process.exitCode = spawnSync(command, [...args, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 70;
`;
const canBeBound = (() => {
  try {
    execFileSync('/usr/bin/env', [...GIVEN_UP, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log('here is no setpriv: permissions are not tried');
    return false;
  }
})();

const FILES = {
  'runbook.yaml':
    'tasks:\n  - {id: a, status: READY, task_detail_file: a.yaml}\n  - {id: wrong, status: ERROR}\n  - {id: over, status: DONE}\n',
  'a.yaml': 'status: READY\ntype: AUTOMATED_SCRIPT\nscript_details: echo ran\n',
  'PLAN.md': '- [ ] one\n',
  'logs/a/x': '',
  '.runbook/.gitignore': '*\n',
};
const LINES = [
  ['next', '--keep-going'],
  ['start', 'a', '--by', 'bot'],
  ['done', 'a'],
  ['error', 'a', '--reason', 'no'],
  ['skip', 'a'],
  ['retry', 'wrong'],
  ['reset', 'over'],
  ['add', 'One more'],
  ['import', 'PLAN.md', '--yes'],
];

async function bound(lock: (rig: Rig) => () => void, look: (rig: Rig) => Promise<void>) {
  await using rig = await makeRig({ files: FILES, bin: '../bound.mjs' });
  rig.write('../bound.mjs', BOUND);
  const unlock = lock(rig);
  try {
    await look(rig);
  } finally {
    unlock();
  }
}

function mode(rig: Rig, paths: readonly string[], locked: number, open: number): () => void {
  for (const path of paths) chmodSync(join(rig.dir, path), locked);
  return () => {
    for (const path of paths) chmodSync(join(rig.dir, path), open);
  };
}

test.skipIf(!canBeBound).each(LINES.map((line) => [line.join(' '), line] as const))(
  '%s: files that may only be read',
  async (_what, line) => {
    await bound(
      (rig) => mode(rig, ['runbook.yaml', 'a.yaml'], 0o444, 0o644),
      async (rig) => {
        const before = personsFiles(rig);
        const refused = await rig.run([...line, '--json']);
        expect([refused.code, errorOf(refused)]).toEqual([
          2,
          expect.objectContaining({
            code: 'FILE_UNWRITABLE',
            message: expect.stringMatching(/(?:runbook|a)\.yaml` can't be written: no permission$/),
            hint: expect.stringMatching(/`chmod u\+w .*\.yaml` allows it\.$/),
          }),
        ]);
        expect(personsFiles(rig)).toEqual(before);
        expect(rig.journal()).toEqual([]);
      },
    );
  },
);

test.skipIf(!canBeBound)('a folder in which nothing may be written; what only reads goes on', async () => {
  await bound(
    (rig) => mode(rig, ['.', '.runbook', 'logs', 'logs/a'], 0o555, 0o755),
    async (rig) => {
      const before = rig.tree();
      for (const line of [
        ['next', '--keep-going'],
        ['done', 'a'],
        ['add', 'x'],
        ['export', '-o', 'l.md'],
        ['init', 'new'],
      ]) {
        const refused = await rig.run([...line, '--json']);
        expect([line, refused.code, errorOf(refused)]).toEqual([
          line,
          2,
          expect.objectContaining({
            message: expect.stringContaining('no permission'),
            hint: expect.stringMatching(/chmod|ls -ld/),
          }),
        ]);
      }
      for (const line of [['status'], ['list'], ['why', 'a'], ['validate'], ['graph'], ['report']])
        expect([line, (await rig.run(line)).code]).toEqual([line, 0]);
      expect(rig.tree()).toEqual(before);
    },
  );
});

test.skipIf(!canBeBound)('a file that may not even be read', async () => {
  await bound(
    (rig) => mode(rig, ['a.yaml'], 0o000, 0o644),
    async (rig) => {
      for (const line of [['status'], ['next'], ['done', 'a'], ['edit', 'a']])
        expect(await rig.run(line)).toMatchObject({
          code: 2,
          stderr: expect.stringContaining("error: `a.yaml` can't be read: no permission"),
        });
    },
  );
});
