// Files that hold keys by their name, and places that are not for a reply: wherever they are named, and whatever leads there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rigWithDraft } from './drafting.ts';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';
import { dataOf, unwrapped } from './said.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const KEY = 'sk-live-123456';
/** What a prompt of this template would tell. */
const asked = (template: string, more: Record<string, string> = {}) => ({
  'runbook.yaml':
    'tasks: [{id: a, status: READY, type: AI_ASSISTED, ai_details: {model: openai:m, prompt_template: p.md}}]\n',
  'p.md': `${template}\n`,
  '.env.production': `TOKEN=${KEY}\n`,
  'sub/.env.local': `TOKEN=${KEY}\n`,
  ...more,
});
const link = (to: string, from: string) => (folder: string) => symlinkSync(to, join(folder, from));

test('keys reach no prompt, by whatever name or link', async () => {
  const cases = {
    'by name': { files: asked('{{ file(".env.production") }}') },
    'by name, in a folder': { files: asked('{{ file("sub/.env.local") }}') },
    'by a link': { files: asked('{{ file("x.txt") }}'), before: link('.env.production', 'x.txt') },
    'a link of that name': { files: asked('{{ file(".env") }}', { 'x.txt': KEY }), before: link('x.txt', '.env') },
    'by a linked folder': { files: asked('{{ file("y/.env.local") }}'), before: link('sub', 'y') },
    'by a pattern that finds a link': { files: asked('{{ glob("*.txt") }}'), before: link('.env.production', 'x.txt') },
    'as a part': { files: asked('{% include ".env.production" %}') },
    'as the template': { files: asked(''), before: (folder: string) => relink(folder, 'p.md', '.env.production') },
    'as the output of another task': {
      files: asked('{{ outputs.b }}', {
        'runbook.yaml':
          'tasks: [{id: a, status: READY, type: AI_ASSISTED, ai_details: {model: openai:m, prompt_template: p.md}}, {id: b, output_artifact: .env.production}]\n',
      }),
    },
  };
  const told = await refusals(rig, cases, { args: ['next', '--yes=unchecked'], env: { OPENAI_API_KEY: 'k' } });
  expect(told.split('\n').filter((line) => /^ {2}[A-Z_]+( |$)/.test(line))).toHaveLength(Object.keys(cases).length);
  expect(told.match(/holds keys, which are not for a prompt/g)).toHaveLength(Object.keys(cases).length);
});

test('the files that show how keys are filled in may be read; those that hold them are left out of a pattern', async () => {
  const shown = { '.env.example': 'TOKEN=\n', '.env.sample': 'S=\n', 'sub/.env.template': 'T=\n' };
  await using own = await rigWithDraft(['done']);
  for (const [path, text] of Object.entries({
    ...asked('', shown),
    'greet.md': '{% for f in glob("**/.env*") %}[{{ f.path }}]{% endfor %}{{ file(".env.example") }}\n',
  }))
    if (path !== 'runbook.yaml') own.write(path, text);
  own.write('greet.yaml', own.read('greet.yaml').replace('python_code_block', 'text'));
  expect(await own.run(['next', '--yes=unchecked'])).toMatchObject({ code: 0 });
  const [sent] = own.journal().filter(({ event_type: type }) => type === 'AI_PROMPT_SENT');
  expect(own.read(String(sent?.details?.prompt))).toBe('[.env.example][.env.sample][sub/.env.template]TOKEN=\n\n');
});

const PLACES = [
  'logs/x.md',
  '.git/hooks/post-commit',
  '.runbook/plan.json',
  '.runbook/reading.json',
  '.env',
  '.env.local',
  'b.yaml',
  'through/x.md',
];

test('an `output_artifact` where no reply may write is refused before anything is asked, with its place', async () => {
  const task = (path: string) => `tasks:
  - {id: a, status: READY, type: AI_ASSISTED, ai_details: {model: m, prompt_template: p.md}, output_artifact: ${path}}
  - {id: b, task_detail_file: b.yaml}
`;
  const files = { 'p.md': 'x\n', 'b.yaml': 'name: B\n' };
  const before = (folder: string) => {
    for (const name of ['logs', '.runbook', '.git/hooks']) mkdirSync(join(folder, name), { recursive: true });
    symlinkSync('logs', join(folder, 'through'));
  };
  const cases = Object.fromEntries(
    PLACES.map((path) => [path, { files: { ...files, 'runbook.yaml': task(path) }, before }]),
  );
  const told = await refusals(rig, cases, { args: ['next'] });
  expect(told.match(/PATH_OUTSIDE runbook\.yaml:2:\d+ /g)).toHaveLength(PLACES.length);
  expect(told.match(/is not for a reply to write/g)).toHaveLength(PLACES.length);

  await using own = await makeRig({ files: { ...files, 'runbook.yaml': task('.env') } });
  const validated = await own.run(['validate', '--json']);
  expect(validated.code).toBe(2);
  expect(dataOf('validate', validated)).toMatchObject({
    mistakes: [{ code: 'PATH_OUTSIDE', at: { file: 'runbook.yaml', line: 2 } }],
  });
});

test('a secret in a file name that a reply chooses reaches neither the journal nor the screen', async () => {
  await using own = await rigWithDraft([`\`\`\`text out/${KEY}.txt\nx\n\`\`\`\n`]);
  own.write('.env', `TOKEN=${KEY}\n`);
  own.write('greet.yaml', own.read('greet.yaml').replace('python_code_block', 'files'));
  const { code, stdout, stderr } = await own.run(['next', '--yes=unchecked']);
  expect([code, own.exists(`out/${KEY}.txt`)]).toEqual([0, true]);
  expect(own.journal().find(({ event_type: type }) => type === 'FILE_WRITTEN')?.details?.path).toBe('out/[TOKEN].txt');
  expect(own.read('logs/run_log.jsonl') + stdout + stderr).not.toContain(KEY);
});

test('a pipe, or a device, where a file of the tool should stand: no command waits for it', async () => {
  for (const [path, commands] of [
    ['logs/run_log.jsonl', ['status', 'next', 'history', 'done a', 'why a']],
    ['.runbook/write.lock', ['next', 'done a']],
    ['.runbook/lease.json', ['status', 'next']],
    ['.runbook/trial.json', ['next --answer accept']],
  ] as const) {
    await using own = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}]\n' } });
    mkdirSync(join(own.dir, path, '..'), { recursive: true });
    execFileSync('mkfifo', [join(own.dir, path)]);
    for (const command of commands) {
      const { code, stderr } = await own.run(command.split(' '));
      expect([command, code], stderr).toEqual([command, 2]);
      expect(unwrapped(stderr), command).toMatch(
        new RegExp(`${path.replace('.', '\\.')}.*(it is a pipe|not as it was written)`),
      );
    }
  }
  await using own = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}]\n' } });
  own.write('logs/x', '');
  symlinkSync('/dev/zero', join(own.dir, 'logs/run_log.jsonl'));
  expect(await own.run(['status'])).toMatchObject({ code: 2, stderr: expect.stringContaining('it is a device') });
});

function relink(folder: string, path: string, to: string): void {
  execFileSync('ln', ['-sf', to, join(folder, path)]);
}
