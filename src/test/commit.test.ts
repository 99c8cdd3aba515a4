// `commit`: one git commit with the work and the status together. What the person had uncommitted stays as it is.
import { symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const files = (commit: string) => ({
  'runbook.yaml': `tasks:
  - id: build
    name: Build it
    status: READY
    type: AUTOMATED_SCRIPT
    task_detail_file: tasks/build.yaml
  - {id: after, depends_on: [build]}
`,
  'tasks/build.yaml': `status: READY\ncommit: ${commit}\nscript_details: ./build.sh\n`,
  'build.sh':
    '#!/bin/sh\necho built > out.txt\necho more >> kept.txt\nrm gone.txt\nmkdir -p new\necho x > "new/a file"\n',
  'kept.txt': 'kept\n',
  'gone.txt': 'gone\n',
  'mine.txt': 'mine\n',
  'staged.txt': 'staged\n',
  '.gitignore': 'logs/\n',
});

test('the work and the status go into one commit; what was uncommitted before stays as it was', async () => {
  await using rig = await makeRig({ git: true, files: files('true') });
  rig.write('mine.txt', 'changed by me\n');
  rig.write('new-of-mine.txt', 'not for git yet\n');
  rig.write('staged.txt', 'staged by me\n');
  rig.git('add', 'staged.txt');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(0);
  expect(rig.git('log', '--format=%s')).toBe('build: Build it\nstart');
  expect(stderr).toContain(`  commit ${rig.git('rev-parse', '--short', 'HEAD')}  build: Build it\n`);
  expect(rig.git('show', '--name-status', '--format=', 'HEAD').split('\n')).toEqual([
    'D\tgone.txt',
    'M\tkept.txt',
    'A\tnew/a file',
    'A\tout.txt',
    'M\trunbook.yaml',
    'M\ttasks/build.yaml',
  ]);
  expect(rig.git('show', 'HEAD:runbook.yaml')).toContain('status: DONE\n');
  expect(rig.git('show', 'HEAD:runbook.yaml')).toContain('{id: after, status: READY, depends_on: [build]}');
  expect(rig.git('show', 'HEAD:tasks/build.yaml')).toContain('outcome: SUCCESS');
  expect(
    rig
      .git('status', '--porcelain')
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['M mine.txt', 'M  staged.txt', '?? new-of-mine.txt']);
  expect(rig.git('diff', '--cached', '--name-only')).toBe('staged.txt');
  const committed = rig.journal().find(({ event_type: type }) => type === 'GIT_COMMIT');
  expect(committed).toMatchObject({
    task_id: 'build',
    details: { commit: rig.git('rev-parse', '--short', 'HEAD'), message: 'build: Build it' },
  });
});

test('a message that is longer than the line is cut there', async () => {
  await using rig = await makeRig({ git: true, files: files(`"${'Build it, '.repeat(8)}now"`) });
  const term = rig.terminal(['next'], { cols: 40 });
  expect((await term.exit).code).toBe(0);
  expect(term.screen()).toMatch(/^ {2}commit [\da-f]{7} {2}Build it, Build it, B…$/m);
});

test('a text is the message; a failing task commits nothing', async () => {
  await using rig = await makeRig({ git: true, files: files('"Release: the build"') });
  rig.write('build.sh', '#!/bin/sh\necho half > out.txt\nexit 1\n');
  expect((await rig.run(['next'])).code).toBe(1);
  expect(rig.git('log', '--format=%s')).toBe('start');
  rig.write('build.sh', '#!/bin/sh\necho all > out.txt\n');
  await rig.run(['retry', 'build']);
  expect((await rig.run(['next'])).code).toBe(0);
  expect(rig.git('log', '--format=%s')).toBe('Release: the build\nstart');
});

test('a step by hand commits what the person did meanwhile, and its status', async () => {
  await using rig = await makeRig({
    git: true,
    files: {
      'runbook.yaml': 'tasks:\n  - {id: edit, status: READY, commit: true}\n',
      'page.md': 'old\n',
      '.gitignore': 'logs/\n',
    },
  });
  const term = rig.terminal(['next']);
  await term.waitFor('Done?');
  rig.write('page.md', 'new\n');
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.git('show', '--name-only', '--format=', 'HEAD').split('\n')).toEqual(['page.md', 'runbook.yaml']);
});

test('where git refuses, the task is done all the same, and it is said why', async () => {
  await using rig = await makeRig({ git: true, files: files('true') });
  rig.write('.git/hooks/pre-commit', '#!/bin/sh\necho "no commits on Friday" >&2\nexit 1\n');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(0);
  expect(unwrapped(stderr)).toContain('The commit of build was not made: no commits on Friday ');
  expect(rig.statuses().build).toBe('DONE');
  expect(rig.git('log', '--format=%s')).toBe('start');
});

test('outside a repository the task is done all the same, and it is said', async () => {
  await using rig: Rig = await makeRig({ files: files('true') });
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(0);
  expect(unwrapped(stderr)).toContain('The commit of build was not made: this is not a git repository ');
  expect(rig.statuses().build).toBe('DONE');
});

test.each<[string, (rig: Rig) => void, string]>([
  [
    'a hook that fails',
    (rig) => rig.write('.git/hooks/pre-commit', '#!/bin/sh\necho "no commits on Friday" >&2\nexit 1\n'),
    'no commits on Friday',
  ],
  [
    'nobody who commits',
    (rig) => rig.write('../home/.gitconfig', '[user]\nuseConfigOnly = true\n[init]\ndefaultBranch = main\n'),
    'Please tell me who you are',
  ],
  [
    'a merge that is going on',
    (rig) => rig.write('.git/MERGE_HEAD', `${rig.git('rev-parse', 'HEAD')}\n`),
    'cannot do a partial commit during a merge',
  ],
])('where %s refuses it, what is staged and every commit is as it was', async (_what, refuse, why) => {
  await using rig = await makeRig({ git: true, files: files('true') });
  rig.write('kept.txt', 'staged by me\n');
  rig.git('add', 'kept.txt');
  rig.write('kept.txt', 'staged by me\nand more\n');
  refuse(rig);
  const staged = rig.git('diff', '--cached');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(0);
  expect(unwrapped(stderr)).toContain('The commit of build was not made: ');
  expect(unwrapped(stderr)).toContain(why);
  expect(rig.git('diff', '--cached')).toBe(staged);
  expect(rig.git('log', '--format=%s', '--all')).toBe('start');
  expect(rig.statuses().build).toBe('DONE');
});

test('on no branch, with a journal that git has: both are in the commit; what was mixed in is said', async () => {
  await using rig = await makeRig({ git: true, files: { ...files('true'), '.gitignore': '' } });
  rig.git('checkout', '--quiet', '--detach');
  rig.write('kept.txt', 'changed by me\n');
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(0);
  expect(rig.git('log', '--format=%s')).toBe('build: Build it\nstart');
  expect(rig.git('log', '--format=%s', 'main')).toBe('start');
  expect(rig.git('show', 'HEAD:logs/run_log.jsonl')).toContain('"COMPLETE_TASK"');
  expect(rig.git('show', 'HEAD:kept.txt')).toBe('changed by me\nmore');
  expect(unwrapped(stderr)).toContain('It has, too, what you had not committed before in kept.txt.');
});

test('of what git ignores, the journal is left out, and work is named; if it is all there is, that is said', async () => {
  const plan = `models: {m: {provider: scripted, replies: r.yaml}}
tasks:
  - id: draft
    status: READY
    type: AI_ASSISTED
    commit: true
    output_artifact: outputs/draft.md
    ai_details: {prompt_template: p.md, model: m}
`;
  const files = { 'r.yaml': 'replies: [{reply: new}]\n', 'p.md': 'x\n', 'outputs/.keep': '' };
  await using rig = await makeRig({
    files: { ...files, 'runbook.yaml': plan, '.gitignore': 'outputs/\nlogs/\n' },
    git: true,
  });
  const { code, stderr } = await rig.run(['next', '--yes=unchecked']);
  expect([code, rig.read('outputs/draft.md')]).toEqual([0, 'new\n']);
  expect(rig.git('show', '--name-only', '--format=%s', 'HEAD')).toBe('draft: draft\n\nrunbook.yaml');
  expect(unwrapped(stderr)).toContain('Not in it, since git ignores it: outputs/draft.md. ');
  expect(rig.git('status', '--porcelain')).toBe('');

  // A plan that git does not have either.
  rig.git('rm', '--cached', '--quiet', 'runbook.yaml');
  rig.git('commit', '--quiet', '--message=without');
  rig.write('.git/info/exclude', 'runbook.yaml\n');
  await rig.run(['reset', 'draft']);
  const again = await rig.run(['next', '--yes=unchecked']);
  expect(again.code).toBe(0);
  expect(unwrapped(again.stderr)).toContain('There was nothing to commit for draft: git ignores what it has changed. ');
  expect(rig.git('log', '--format=%s')).toBe('without\ndraft: draft\nstart');
});

test('a journal that somebody added to git is in the commit, though its folder is ignored', async () => {
  await using rig = await makeRig({ git: true, files: files('true') });
  rig.write('logs/run_log.jsonl', '');
  rig.git('add', '--force', 'logs/run_log.jsonl');
  rig.git('commit', '--quiet', '--message=journal');
  const { code, stderr } = await rig.run(['next']);
  expect([code, stderr]).toEqual([0, expect.stringContaining('build: Build it\n')]);
  expect(rig.git('show', 'HEAD:logs/run_log.jsonl')).toContain('"COMPLETE_TASK"');
  // The full output of the script stands in the same folder.
  expect(rig.git('ls-files', 'logs')).toBe('logs/run_log.jsonl');
});

test('names that look like patterns take nothing else with them; beside a link to a folder, what changes is seen', async () => {
  const build = '#!/bin/sh\nmkdir -p "app/[id]"\necho x > "app/[id]/*.txt"\necho more >> kept.txt\n';
  await using rig = await makeRig({
    git: true,
    files: { ...files('true'), 'build.sh': build, 'app/[id]/mine.txt': 'old\n' },
  });
  rig.write('app/[id]/mine.txt', 'mine\n');
  rig.write('app/i/new.txt', 'mine\n');
  rig.write('kept.txt', 'changed by me\n');
  symlinkSync('app', `${rig.dir}/link`);
  rig.write('.git/hooks/pre-commit', '#!/bin/sh\ngit diff --cached --name-only -- "*.yaml" > "$TMPDIR/hooked"\n');
  expect((await rig.run(['next'])).code).toBe(0);
  expect(rig.git('show', '-z', '--name-only', '--format=', 'HEAD').split('\0').filter(Boolean)).toEqual([
    'app/[id]/*.txt',
    'kept.txt',
    'runbook.yaml',
    'tasks/build.yaml',
  ]);
  expect(rig.read('../tmp/hooked')).toBe('runbook.yaml\ntasks/build.yaml\n');
});
