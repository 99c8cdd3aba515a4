// Paths that lead out of the project: by `..`, by being absolute, by symlinks, in the form of another system. And what a reply
// may not write although it lies inside.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rigWithDraft } from './drafting.ts';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';
import { unwrapped } from './said.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const WAYS_OUT = {
  up: '../out/x.md',
  'up from within': 'sub/../../out/x.md',
  absolute: '/outside/x.md',
  'a linked folder': 'linked/x.md',
  'a linked file': 'file.md',
  home: '~/x.md',
  "another's home": '~root/x.md',
  'a drive': 'C:\\x.md',
  'a server': '\\\\server\\x.md',
  'up, on Windows': '..\\x.md',
};

/** A third of them, another one for each field; all with RUNBOOK_RELIABILITY=1. */
function few<T>(list: readonly T[], from: number): T[] {
  return process.env.RUNBOOK_RELIABILITY ? [...list] : list.filter((_, i) => i % 3 === from % 3);
}

/** Each field in which a path may stand. */
const FIELDS: Record<string, (path: string) => string> = {
  task_detail_file: (path) => `task_detail_file: ${path}`,
  manual_instructions: (path) => `manual_instructions: ${path}`,
  output_artifact: (path) =>
    `type: AI_ASSISTED, ai_details: {model: m, prompt_template: p.md}, output_artifact: ${path}`,
  prompt_template: (path) => `type: AI_ASSISTED, ai_details: {model: m, prompt_template: ${path}}`,
  cwd: (path) => `type: AUTOMATED_SCRIPT, script_details: "true", cwd: ${path}`,
};

test('each way out, in each field, is refused with its place, and nothing is written', async () => {
  const cases = Object.entries(FIELDS).flatMap(([field, write], i) =>
    few(Object.entries(WAYS_OUT), i).map(([way, path]) => [
      `${field}: ${way}`,
      {
        files: {
          'runbook.yaml': `tasks: [{id: a, status: READY, ${write(JSON.stringify(path))}}]\n`,
          'p.md': 'x\n',
          'sub/x': '',
        },
        before: linksOut,
      },
    ]),
  );
  const told = await refusals(rig, Object.fromEntries(cases), { args: ['next'] });
  const codes = told.split('\n').filter((line) => /^ {2}[A-Z_]+( |$)/.test(line));
  expect(codes).toHaveLength(cases.length);
  expect([...new Set(codes.map((line) => line.trim().split(' ')[0]))]).toEqual(['PATH_OUTSIDE']);
  expect(codes.every((line) => /runbook\.yaml:1:\d+ /.test(line))).toBe(true);
}, 120_000);

test('allow_outside: the folder it names, and no other', async () => {
  await using own = await makeRig({
    files: {
      '../shared/do.md': 'From **outside**.\n',
      '../other/do.md': 'Not this.\n',
      'runbook.yaml':
        'allow_outside: [../shared]\ntasks:\n  - {id: a, status: READY, manual_instructions: ../shared/do.md}\n  - {id: b, status: READY, manual_instructions: ../other/do.md}\n  - {id: c, status: READY, type: AUTOMATED_SCRIPT, script_details: pwd, cwd: ../shared}\n',
    },
  });
  const first = await own.run(['next', '--answer', 'accept']);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('From outside.') });
  expect(await own.run(['next', '--answer', 'accept'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('`../other/do.md` lies outside the project folder'),
  });
  const third = await own.run(['next', '--start-from', 'c']);
  expect(third).toMatchObject({ code: 0, stderr: expect.stringContaining('/shared\n') });
});

test('an absolute path inside the project is that file', async () => {
  await using own = await makeRig();
  own.write('sub/x', '');
  own.write(
    'runbook.yaml',
    `tasks: [{id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: pwd, cwd: ${JSON.stringify(join(own.dir, 'sub'))}}]\n`,
  );
  expect(await own.run(['next'])).toMatchObject({ code: 0, stderr: expect.stringContaining('/w/sub\n') });
});

/** What a reply may not write: what git or the tool would run or believe, or what lies outside. */
const NOT_FOR_A_REPLY = {
  'the runbook': 'runbook.yaml',
  'the detail file': 'greet.yaml',
  'the detail file, through a folder and back': 'sub/../greet.yaml',
  'the runbook, through a link': 'plan.yaml',
  'a hook of git': '.git/hooks/pre-commit',
  'a hook, through a folder and back': 'sub/../.git/hooks/pre-commit',
  'a hook, in capitals': '.GIT/hooks/pre-commit',
  'a hook, in the short form of Windows': 'git~1/hooks/pre-commit',
  'a hook, through a link': 'hooks/pre-commit',
  'a hook of a repository inside': 'sub/.git/hooks/pre-commit',
  'the locks': '.runbook/lease.json',
  'the journal': 'logs/run_log.jsonl',
  keys: '.env',
  ...Object.fromEntries(Object.entries(WAYS_OUT).map(([way, path]) => [`outside: ${way}`, path])),
};

test('a reply that names what it may not write is refused, also with --yes=unchecked, and nothing is written', async () => {
  const paths = few(Object.values(NOT_FOR_A_REPLY), 0);
  const fence = (path: string) => `\`\`\`text ${path}\nevil\n\`\`\`\n`;
  for (const path of paths) {
    await using own = await rigWithDraft([fence(path)], {
      files: { 'sub/x': '', '.git/hooks/x': '', 'sub/.git/x': '' },
    });
    own.write('greet.yaml', own.read('greet.yaml').replace('python_code_block', 'files'));
    linksOut(own.dir);
    symlinkSync('runbook.yaml', join(own.dir, 'plan.yaml'));
    symlinkSync('.git/hooks', join(own.dir, 'hooks'));
    const before = keptOf(own.tree());
    const { code, stderr } = await own.run(['next', '--yes=unchecked', '--no-input']);
    expect(code, path).toBe(1);
    expect(unwrapped(stderr), path).toMatch(/not for a reply to write|lies outside|of another form|names no file/);
    expect(keptOf(own.tree()), path).toEqual(before);
  }
}, 120_000);

/** Without what the run itself writes. */
function keptOf(tree: Record<string, string>): Record<string, string> {
  const own = /^(?:logs|\.runbook)(?:\/|$)|^(?:runbook|greet)\.yaml$/;
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !own.test(path)));
}

function linksOut(folder: string): void {
  const out = join(folder, '../out');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'x.md'), 'outside\n');
  symlinkSync(out, join(folder, 'linked'));
  symlinkSync(join(out, 'x.md'), join(folder, 'file.md'));
}
