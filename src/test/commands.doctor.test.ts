// `doctor`: what is wrong with the machine, the runbook and its models; and what --fix puts in order.
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf } from './said.ts';
import { webServer } from './webServer.ts';

const PLAN = 'tasks:\n  - {id: a, status: READY, task_detail_file: a.yaml}\n  - {id: b, depends_on: [a]}\n';
const KEY = 'sk-4-quiet-zebras';

interface Finding {
  area: string;
  level: string;
  text: string;
  hint: string | null;
  fixable: boolean;
}

async function examined(rig: Rig, args: string[] = [], env: Record<string, string> = {}) {
  const finished = await rig.run(['doctor', '--json', ...args], { env });
  const { findings, healthy } = dataOf('doctor', finished) as { findings: Finding[]; healthy: boolean };
  expect(finished.code).toBe(healthy ? 0 : 1);
  expect(healthy).toBe(findings.every(({ level }) => level !== 'wrong'));
  return findings;
}

const wrongOf = (findings: Finding[]) => findings.filter(({ level }) => level === 'wrong').map(({ text }) => text);

test('a machine and a runbook that are well; without a runbook only the machine; nothing is written', async () => {
  await using rig = await makeRig({ git: true, files: { 'runbook.yaml': PLAN, 'a.yaml': 'status: READY\n' } });
  rig.command('codex', '#!/bin/sh\necho codex-cli 1.2.3\n');
  const before = rig.tree();
  const { code, stdout, stderr } = await rig.run(['doctor']);
  expect(
    stdout.replace(/Node [\d.]+/, 'Node <version>').replace(/git version [\d.]+/, 'git version <version>'),
  ).toMatchInlineSnapshot(`
      "machine
        ✔ Node <version>
        ✔ git version <version>
        · no terminal
            Nothing is asked there: \`--yes\`, \`--answer\` and the exit codes are for
            that.

      runbook
        ✔ the runbook: 2 tasks
        · no journal yet

      models
        ✔ codex is on this machine (codex-cli 1.2.3); no model here names it

      nothing is wrong
      "
    `);
  expect([code, stderr]).toEqual([0, '']);
  expect(rig.tree()).toEqual(before);
  await using empty = await makeRig();
  const plain = await empty.run(['doctor', '--plain', '--fix']);
  expect(plain.code).toBe(0);
  expect(plain.stdout).toContain('runbook\tnote\tthere is no runbook here\t');
  expect(empty.tree()).toEqual({});
});

test('of each model: whether its key is set, its program there, its server answers; a key is never said', async () => {
  await using well = await webServer((request, response) => {
    response
      .writeHead(request.headers.authorization === `Bearer ${KEY}` && request.url === '/v1/models' ? 200 : 500)
      .end();
  });
  await using refusing = await webServer((_request, response) => void response.writeHead(401).end());
  await using silent = await webServer(() => {});
  const local = (name: string, url: string) => `  ${name}: {provider: openai, model: x, base_url: "${url}"}\n`;
  const models = `models:\n  none: {provider: anthropic}\n  agent: {provider: claude}\n  lost: {provider: gemini}\n${local('well', well.url)}${local('refused', refusing.url)}${local('silent', silent.url)}${local('gone', 'http://127.0.0.1:1/v1')}`;
  await using rig = await makeRig({ files: { 'runbook.yaml': `${models}${PLAN}`, 'a.yaml': 'status: READY\n' } });
  rig.command('claude', '#!/bin/sh\necho 2.0.1\n');
  rig.write('.env', `OPENAI_API_KEY=${KEY}\n`);
  const findings = await examined(rig);
  const host = (server: { url: string }) => new URL(server.url).host;
  expect(findings.filter(({ area }) => area === 'models').map(({ level, text }) => `${level} ${text}`)).toEqual([
    'wrong `none`: ANTHROPIC_API_KEY is not set',
    'well `agent`: claude 2.0.1',
    'wrong `lost`: the program `gemini` is not in the PATH, or does not start',
    `well \`well\`: ${host(well)} answers; OPENAI_API_KEY is set`,
    `wrong \`refused\`: ${host(refusing)} refuses the key (401); OPENAI_API_KEY is set`,
    `wrong \`silent\`: ${host(silent)} did not answer within 4 s; OPENAI_API_KEY is set`,
    'wrong `gone`: 127.0.0.1:1 can’t be reached; OPENAI_API_KEY is set',
  ]);
  expect(JSON.stringify(findings)).not.toContain(KEY);
});

test('what a kill left is named, and --fix puts it in order as the next start would', async () => {
  const plan = `models:\n  m: {provider: scripted, replies: r.yaml}\ntasks:\n  - id: a\n    status: READY\n    type: AI_ASSISTED\n    output_artifact: out.txt\n    ai_details: {prompt_template: p.md, model: m}\n    checks: ['touch "$TMPDIR/checking"; sleep 1000']\n`;
  const files = { 'runbook.yaml': plan, 'r.yaml': 'replies: [{reply: new}]\n', 'p.md': 'x\n', 'out.txt': 'old\n' };
  await using rig = await makeRig({ files });
  const child = rig.start(['next', '--yes']);
  await expect.poll(() => rig.exists('../tmp/checking')).toBe(true);
  expect(wrongOf(await examined(rig))).toContain(
    '.runbook/trial.json: files are as checks tried them, not as they were',
  );
  expect((await rig.run(['doctor', '--fix'])).code).toBe(5);
  child.kill('SIGKILL');
  await child.exit;
  rig.write('.runbook/copy/x', 'an agent was here\n');
  rig.write('.runbook.yaml.runbook-tmp', 'half of');
  rig.write('logs/run_log.jsonl', `${rig.read('logs/run_log.jsonl')}{"timestamp": "20`);
  const before = rig.tree();
  const findings = await examined(rig, ['--fix', '--dry-run']);
  expect(rig.tree()).toEqual(before);
  expect(wrongOf(findings).map((text) => rig.stable(text))).toEqual([
    `a lease of a runner that is gone: pid <pid> on \`${hostname()}\`, since <time> for \`a\``,
    '`a` is RUNNING, and its runner is gone',
    '.runbook/trial.json: files are as checks tried them, not as they were',
    '.runbook/copy: the copy in which an agent worked',
    '.runbook.yaml.runbook-tmp: what a kill left of a write',
  ]);
  expect(findings.find(({ text }) => text.startsWith('the journal'))?.text).toMatch(/; 1 line can’t be read$/);
  const fixed = await examined(rig, ['--fix']);
  // What became of the task is for a person to say.
  expect(wrongOf(fixed)).toEqual(['`a` is RUNNING, and its runner is gone']);
  expect(rig.read('out.txt')).toBe('old\n');
  for (const path of ['.runbook/trial.json', '.runbook/copy', '.runbook/lease.json', '.runbook.yaml.runbook-tmp'])
    expect(rig.exists(path)).toBe(false);
  expect(rig.read('logs/run_log.jsonl')).toContain('"FILE_RESTORED"');
});

test('files that disagree, mistakes, and keys that git would take', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN, 'a.yaml': 'status: READY\n' }, git: true });
  await rig.run(['done', 'a']);
  rig.write('a.yaml', rig.read('a.yaml').replace('DONE', 'ERROR'));
  rig.write('.env', `X_KEY=${KEY}\n`);
  const found = await examined(rig);
  expect(wrongOf(found)).toEqual([
    '`a`: DONE → ERROR (a.yaml:1) is not in the journal yet; runbook.yaml says otherwise',
    'git does not ignore .env, which holds keys',
  ]);
  rig.write('.gitignore', '.env\n');
  expect(wrongOf(await examined(rig, ['--fix']))).toEqual([]);
  expect(rig.statuses()).toMatchObject({ a: 'ERROR' });
  expect(rig.journal().at(-1)).toMatchObject({ event_type: 'HAND_EDIT', task_id: 'a', status_change: 'DONE -> ERROR' });
  rig.write('runbook.yaml', `${PLAN}  - {id: c, depends_on: [nobody]}\n`);
  expect(wrongOf(await examined(rig))).toEqual(['the runbook has 1 mistake']);
});

test('what lies beside the files, and nothing tells of, is taken away by --fix; what only looks like it is not', async () => {
  const plan = `${PLAN}  - {id: c, type: AI_ASSISTED, output_artifact: out/c.txt}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': plan, 'a.yaml': 'status: READY\n', '../beside': '' } });
  const left = ['.runbook.yaml.runbook-tmp', '.a.yaml.runbook-tmp', 'out/.c.txt.runbook-tmp'];
  const kept = ['mine.runbook-tmp', 'elsewhere/.x.runbook-tmp', '.folder.runbook-tmp/x', '../.beside.runbook-tmp'];
  for (const path of [...left, ...kept]) rig.write(path, 'half of');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('id: b,', 'id: b, output_artifact: ../beside,'));
  expect(wrongOf(await examined(rig)).filter((text) => text.includes('runbook-tmp'))).toEqual(
    left.toSorted().map((path) => `${path}: what a kill left of a write`),
  );
  const fixed = await examined(rig, ['--fix']);
  expect(wrongOf(fixed).filter((text) => text.includes('runbook-tmp'))).toEqual([]);
  expect(left.filter((path) => rig.exists(path))).toEqual([]);
  expect(kept.filter((path) => !rig.exists(path))).toEqual([]);
});

test('a .env that is no text is one thing that is wrong, and the rest is looked at; one with a BOM is read', async () => {
  const models = 'models:\n  m: {provider: anthropic}\n';
  await using rig = await makeRig({ files: { 'runbook.yaml': models + PLAN, 'a.yaml': 'status: READY\n' } });
  // As Windows PowerShell writes it.
  writeFileSync(`${rig.dir}/.env`, Buffer.from(`\uFEFFANTHROPIC_API_KEY=${KEY}\r\n`, 'utf16le'));
  const found = await examined(rig);
  expect(found.filter(({ level }) => level === 'wrong')).toMatchObject([
    {
      area: 'runbook',
      text: '`.env` is not valid UTF-8',
      hint: 'It is a text file in UTF-8, with lines such as `NAME=value`.',
    },
    { area: 'models', text: '`m`: ANTHROPIC_API_KEY is not set' },
  ]);
  expect(found).toContainEqual(expect.objectContaining({ text: 'the runbook: 2 tasks' }));
  expect(wrongOf(await examined(rig, ['--fix']))).toHaveLength(2);
  rig.write('.env', `\uFEFFANTHROPIC_API_KEY=${KEY}\r\n`);
  rig.write('runbook.yaml', (models + PLAN).replace('anthropic', 'anthropic, base_url: "http://127.0.0.1:1"'));
  expect(wrongOf(await examined(rig))).toEqual(['`m`: 127.0.0.1:1 can’t be reached; ANTHROPIC_API_KEY is set']);
});
