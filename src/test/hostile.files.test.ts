// Files that would hang a reader, or fill it: pipes, devices, circles, bombs, sizes. Each is one clear refusal, with the memory of
// the tool bounded to much less than the file would take.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

/** Of V8's heap; what is not on it (the bytes of a file) is bounded by the size limits. */
const BOUNDED = { NODE_OPTIONS: '--max-old-space-size=256' };
const at = (name: string, make: (path: string) => void) => (folder: string) => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  make(join(folder, name));
};
const pipe = (path: string) => void execFileSync('mkfifo', [path]);
const task = (fields: string) => ({ 'runbook.yaml': `tasks: [{id: a, status: READY, ${fields}}]\n`, 'p.md': 'x\n' });
const ai = (more: string) => task(`type: AI_ASSISTED, ai_details: {model: m, prompt_template: p.md}, ${more}`);

test('what is no plain file is refused, wherever a file is named', async () => {
  const cases = {
    'a pipe as the runbook': { before: at('runbook.yaml', pipe) },
    'a device as the runbook': { before: at('runbook.yaml', (path) => symlinkSync('/dev/zero', path)) },
    'a pipe as a detail file': { files: task('task_detail_file: t.yaml'), before: at('t.yaml', pipe) },
    'a circle of links as a detail file': {
      files: task('task_detail_file: t.yaml'),
      before: at('t.yaml', (path) => symlinkSync('t.yaml', path)),
    },
    'a link to nothing as a detail file': {
      files: task('task_detail_file: t.yaml'),
      before: at('t.yaml', (path) => symlinkSync('gone.yaml', path)),
    },
    'a pipe as the template': {
      files: task('type: AI_ASSISTED, ai_details: {model: m, prompt_template: q.md}'),
      before: at('q.md', pipe),
    },
    'a pipe as the instructions': { files: task('manual_instructions: do.md'), before: at('do.md', pipe) },
    'a pipe as the artifact': { files: ai('output_artifact: out.md'), before: at('out.md', pipe) },
    'a pipe as .env': { files: task('type: MANUAL'), before: at('.env', pipe) },
  };
  expect(await refusals(rig, cases, { args: ['next'], env: BOUNDED })).toMatchInlineSnapshot(`
    "
    a pipe as the runbook
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it is a pipe
      Name a plain text file of a usual size.
    a device as the runbook
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it is a device
      Name a plain text file of a usual size.
    a pipe as a detail file
      FILE_UNREADABLE runbook.yaml:1:50 t.yaml
      \`t.yaml\` can't be read: it is a pipe
      Name a plain text file of a usual size.
    a circle of links as a detail file
      FILE_UNREADABLE runbook.yaml:1:50 t.yaml
      the path \`t.yaml\` can't be used: its symlinks lead in a circle
      Mend the path.
    a link to nothing as a detail file
      FILE_NOT_FOUND runbook.yaml:1:50 t.yaml
      \`t.yaml\` does not exist
      Write that file, or mend the path.
    a pipe as the template
      FILE_UNREADABLE runbook.yaml:1:91 q.md
      \`q.md\` can't be read: it is a pipe
      Name a plain text file of a usual size.
    a pipe as the instructions
      FILE_UNREADABLE runbook.yaml:1:53 do.md
      \`do.md\` can't be read: it is a pipe
      Name a plain text file of a usual size.
    a pipe as the artifact
      RUNBOOK_INVALID runbook.yaml:1:115 out.md
      \`output_artifact\` \`out.md\` can't be compared with a reply: it is a pipe
    a pipe as .env
      FILE_UNREADABLE
      \`.env\` can't be read: it is a pipe
      It is a text file in UTF-8, with lines such as \`NAME=value\`.
    "
  `);
});

test('a socket as the runbook', async () => {
  await using own = await makeRig();
  const server = createServer().listen(join(own.dir, 'runbook.yaml'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { code, stderr } = await own.run(['status']);
  server.close();
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "error: `runbook.yaml` can't be read: it is a socket\n  Name a plain text file of a usual size.\n",
  });
});

test('sizes and bombs, in 256 MB', async () => {
  const layers = Array.from({ length: 30 }, (_, i) => `k${i + 1}: &k${i + 1} [${`*k${i},`.repeat(10)}]\n`).join('');
  const big = (path: string) => writeFileSync(path, `tasks:\n  - id: a\n    name: ${'x'.repeat(100_000_000)}\n`);
  const huge = (path: string) => {
    writeFileSync(path, '');
    truncateSync(path, 5 * 2 ** 30);
  };
  const cases = {
    'a line of 100 MB': { before: at('runbook.yaml', big) },
    'a file of 5 GB': { before: at('runbook.yaml', huge) },
    '20 MB of small lines': `tasks:\n${'  - id: a\n'.repeat(2_000_000)}`,
    '3.9 MB of small lines': `tasks:\n${'- {id: a}\n'.repeat(390_000)}`,
    '3 MB of items': `tasks: [${'a,'.repeat(1_500_000)}]\n`,
    'a billion laughs': `k0: &k0 [ha, ha]\n${layers}tasks: *k30\n`,
    'a billion laughs, merged': `k0: &k0 {a: ha}\n${layers.replaceAll('[*', '{<<: [*').replaceAll(',]', ']}')}tasks: *k30\n`,
    'a map of 100,000 keys, shared by 100 tasks': `x: &x {${Array.from({ length: 100_000 }, (_, i) => `k${i}`)}}\ntasks:\n${'- {id: a, x: *x}\n'.repeat(100)}`,
    'a NUL': 'tasks:\n  - id: a\0b\n',
    'a detail file of 100 MB': { files: task('task_detail_file: t.yaml'), before: at('t.yaml', big) },
    'instructions of 100 MB': { files: task('manual_instructions: do.md'), before: at('do.md', big) },
    'an artifact of 5 GB': { files: ai('output_artifact: out.md'), before: at('out.md', huge) },
  };
  expect(await refusals(rig, cases, { args: ['next'], env: BOUNDED })).toMatchInlineSnapshot(`
    "
    a line of 100 MB
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it has 100.1 MB, and more than 4 are not read
      Name a plain text file of a usual size.
    a file of 5 GB
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it has 5368.8 MB, and more than 4 are not read
      Name a plain text file of a usual size.
    20 MB of small lines
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it has 20.1 MB, and more than 4 are not read
      Name a plain text file of a usual size.
    3.9 MB of small lines
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: there are more than 400000 lines, keys and items in it
      Name a plain text file of a usual size.
    3 MB of items
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: there are more than 400000 lines, keys and items in it
      Name a plain text file of a usual size.
    a billion laughs
      YAML_SYNTAX runbook.yaml:7:18 *k5
      the aliases (\`*\`) unfold into far too much
    a billion laughs, merged
      YAML_SYNTAX runbook.yaml:7:19 *k5
      the aliases (\`*\`) unfold into far too much
    a map of 100,000 keys, shared by 100 tasks
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: there are more than 80000 lines, keys and items in it, and it is not in the plain form that most plans have
      Name a plain text file of a usual size.
    a NUL
      YAML_SYNTAX runbook.yaml:2:10 ␀
      there is a NUL character in it, which no text has
      Take it out; in double quotes, \`\\0\` would stand for it.
    a detail file of 100 MB
      FILE_UNREADABLE runbook.yaml:1:50 t.yaml
      \`t.yaml\` can't be read: it has 100.1 MB, and more than 4 are not read
      Name a plain text file of a usual size.
    instructions of 100 MB
      FILE_UNREADABLE runbook.yaml:1:53 do.md
      \`do.md\` can't be read: it has 100.1 MB, and more than 20 are not read
      Name a plain text file of a usual size.
    an artifact of 5 GB
      RUNBOOK_INVALID runbook.yaml:1:115 out.md
      \`output_artifact\` \`out.md\` can't be compared with a reply: it has 5368.8 MB, and more than 20 are not read
    "
  `);
}, 120_000);

test('a hundred and more tasks may share one map', async () => {
  const tasks = Array.from({ length: 3000 }, (_, i) => `  - {id: t${i}, status: READY, <<: *c, env: *e}\n`).join('');
  rig.write('shared/runbook.yaml', `c: &c {tags: [x, y], env: &e {A: b}}\ntasks:\n${tasks}`);
  const { code, stdout } = await rig.run(['list', '--tag', 'x', '--plain'], { cwd: 'shared', env: BOUNDED });
  expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 3000 });
  expect(await rig.run(['done', 't2999'], { cwd: 'shared' })).toMatchObject({ code: 0 });
  expect(rig.read('shared/runbook.yaml')).toContain('{id: t2999, status: DONE, <<: *c, env: *e}');
});
