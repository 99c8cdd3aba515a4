// The values of secrets, from .env and of variables that are named like keys, reach no journal, no log, no YAML, no screen and
// no error: whatever way they come. After each story all files and all that was said are searched for them.
import { expect, test } from 'vitest';
import { type Answer, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

/** From .env, with what makes a value hard to find: characters that JSON, URLs and base64 write in another way. */
const SHY = 'q"7&zz/Wq+81 =%\\k!';
/** From the environment. */
const LOUD = 'ghp_9fK3LmQ2xVt7RzYbN4cWd8';
/** Of many lines. */
const PEM = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEAx3T5\nq9ZbVd0sQ1fWm2Lk8Hn7\n-----END KEY-----';
/** Named like a key, and begins like a path. */
const SLASHED = '/9j4AAQSkZJRgABAQAAAQ';

const ENVIRONMENT = { GITHUB_TOKEN: LOUD, DB_PASS: SLASHED };
/** The end of a menu that waits for a key. */
const MENU = /q leave {2}›/;
const DOT_ENV = `SHY='${SHY}'\nPEM="${PEM}"\n`;

test('a script that prints them: at once, in pieces, in JSON, in a URL, in base64', async () => {
  const script = `#!/usr/bin/env node
const { SHY, GITHUB_TOKEN: LOUD, DB_PASS, PEM } = process.env;
const say = (text) => new Promise((done) => process.stdout.write(text, done));
await say(\`\${SHY} and \${LOUD}, \${DB_PASS}\\n\${PEM}\\n\`);
for (const letter of LOUD) { await say(letter); await new Promise((done) => setTimeout(done, 5)); }
await say('\\n' + JSON.stringify({ SHY, PEM }) + '\\n');
const inUrl = encodeURIComponent(SHY);
console.error(inUrl, inUrl.replace(/%../g, (hex) => hex.toLowerCase()), '?key=' + LOUD);
for (const user of ['', 'a:', 'me:', 'you:']) console.log('Basic', btoa(user + LOUD + '\\n'), btoa(user + SHY));
console.log(Buffer.from(SHY).toString('base64url'));
for (const line of PEM.split('\\n')) console.log('key: ' + line);
console.log('the end');
process.exit(3);
`;
  await using rig = await secretRig({
    task: 'type: AUTOMATED_SCRIPT\n    script_details: {path: ./tell.mjs}\n    retries: 1\n',
    files: { 'tell.mjs': script },
  });
  const finished = await rig.run(['next'], { env: ENVIRONMENT });
  expect(finished.code).toBe(1);
  expect(finished.stderr).toContain(`│ [SHY] and [GITHUB_TOKEN], [DB_PASS]\n  │ [PEM]\n  │ [GITHUB_TOKEN]\n`);
  expect(rig.read('runbook.yaml')).toContain('the end');
  expectNowhere(rig, finished, { more: encodings(), except: ['tell.mjs'] });
});

test('a prompt that holds them by `file()`, a reply that repeats them, its diff, a failing check, the issue', async () => {
  const code = `token = ${JSON.stringify(LOUD)}\n${PEM}`;
  const answers: Answer[] = [
    `no code, but ${SHY} and ${LOUD}`,
    `\`\`\`python\n${code}\n\`\`\``,
    `\`\`\`python\n${code}\nok = 1\n\`\`\``,
  ];
  await using server = await openaiServer({ 'zebra-1': answers });
  await using rig = await secretRig({
    task: `type: AI_ASSISTED
    output_artifact: out.py
    ai_details: {model: gpt-4o-mini, prompt_template: p.md, output_parser: python_code_block}
    checks: ["cat out.py creds.txt; grep -q ^ok out.py"]
`,
    files: { 'p.md': 'zebra-1 {{ file("creds.txt") }}', 'creds.txt': `${SHY}\n${LOUD}\n${PEM}\n${SLASHED}` },
  });
  const env = { ...ENVIRONMENT, OPENAI_BASE_URL: server.url };
  const term = rig.terminal(['next', '--review'], { env, cols: 60 });
  for (const attempt of [1, 2, 3]) {
    await term.waitForNew(MENU);
    term.press('y');
    await term.waitForNew(MENU);
    if (attempt === 3) break;
    term.press('r');
    await term.waitForNew('What should change?');
    term.press('enter');
  }
  term.press('d');
  await term.waitForNew(MENU);
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(term.scrollback()).toContain('+ token = "[GITHUB_TOKEN]"');
  // What is asked and what is accepted is as it is.
  expect(JSON.stringify(server.requests()[0])).toContain(LOUD);
  expect(rig.read('out.py')).toBe(`${code}\nok = 1\n`);
  const issues = rig.read('runbook.yaml');
  expect(issues).toContain('GENERATION_ERROR');
  expect(issues).toContain('VALIDATION_FAIL');
  const said = { stdout: term.scrollback(), stderr: term.raw() };
  expectNowhere(rig, said, { except: ['creds.txt', 'out.py'] });
});

test('a server that repeats the key in its refusal', async () => {
  await using server = await openaiServer({
    'zebra-1': { status: 401, message: `Incorrect API key provided: ${LOUD}` },
  });
  await using rig = await secretRig({
    task: 'type: AI_ASSISTED\n    ai_details: {model: gpt-4o-mini, prompt_template: p.md}\n',
    files: { 'p.md': 'zebra-1' },
  });
  const env = { ...ENVIRONMENT, OPENAI_API_KEY: LOUD, OPENAI_BASE_URL: server.url };
  const finished = await rig.run(['next', '--yes=unchecked'], { env });
  expect(finished.code).toBe(1);
  expect(unwrapped(finished.stderr)).toContain('Incorrect API key provided: [');
  expectNowhere(rig, finished);
});

test('a person who pastes one into what is wrong, or into a reason', async () => {
  await using rig = await secretRig({ task: 'manual_instructions: Do it.\n' });
  const term = rig.terminal(['next'], { env: ENVIRONMENT });
  await term.waitFor('Done?');
  term.press('e');
  await term.waitFor('What is wrong?');
  term.type(`it says ${LOUD}`);
  term.press('enter');
  expect((await term.exit).code).toBe(1);
  expect(rig.read('runbook.yaml')).toContain('detail: it says [GITHUB_TOKEN]\n');
  const finished = await rig.run(['skip', 'one', '--reason', `has ${SHY} in it`], { env: ENVIRONMENT });
  expect(finished.code).toBe(0);
  expect(rig.journal().at(-1)?.details).toEqual({ command: 'skip', reason: 'has [SHY] in it' });
  expectNowhere(rig, finished);
  const looks = [
    ['status'],
    ['list'],
    ['show', 'one'],
    ['show', 'one', '--json'],
    ['why', 'one'],
    ['history', '--all'],
  ];
  for (const args of looks) expectNowhere(rig, await rig.run(args, { env: ENVIRONMENT }));
});

test('commands that are shown and logged, and errors that stop the program', async () => {
  const task = `type: AUTOMATED_SCRIPT
    script_details: "true ${LOUD}"
    description: with ${LOUD}
    checks: [{name: "is ${LOUD} good", command: "echo $GITHUB_TOKEN; false"}]
`;
  await using rig = await secretRig({ task });
  const env = ENVIRONMENT;
  const failing = await rig.run(['done', 'one'], { env });
  expect(failing.code).toBe(1);
  const running = await rig.run(['next'], { env });
  expect(running.code).toBe(1);
  // The runbook itself is the person's; what they wrote there stays.
  const said = { stdout: failing.stdout + running.stdout, stderr: failing.stderr + running.stderr };
  expectNowhere(rig, said, { except: ['runbook.yaml'] });
  expect(running.stderr).toContain('  true [GITHUB_TOKEN]');

  rig.write('.env', `${DOT_ENV}OPENAI_BASE_URL=secret-host:1234\n`);
  rig.write(
    'runbook.yaml',
    'tasks:\n  - {id: ask, status: READY, type: AI_ASSISTED, ai_details: {model: m, prompt_template: p.md}}\n',
  );
  rig.write('p.md', 'zebra-1');
  for (const flags of [[], ['--json']]) {
    const refused = await rig.run(['next', '--yes=unchecked', ...flags], { env });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('[OPENAI_BASE_URL]');
    expect(refused.stderr).not.toContain('secret-host');
  }
});

test('a value that is part of an id, or of a path of ours, tears neither', async () => {
  await using rig = await makeRig({
    files: {
      '.env': 'TARGET=staging\nSTATE=RUNNING\n',
      'runbook.yaml': `tasks:
  - {id: deploy_staging, status: READY, type: AUTOMATED_SCRIPT, script_details: "echo to $TARGET"}
`,
    },
  });
  const finished = await rig.run(['next']);
  expect(finished.stderr).toContain('│ to [TARGET]\n');
  const lines = rig.journal();
  expect(lines.map(({ task_id: id, status_change: change }) => [id, change])).toEqual([
    ['deploy_staging', 'READY -> RUNNING'],
    ['deploy_staging', undefined],
    ['deploy_staging', 'RUNNING -> DONE'],
  ]);
  expect(rig.read(String(lines[1]?.details?.log))).toContain('to [TARGET]\n');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('DONE', 'SKIPPED'));
  expect(unwrapped((await rig.run(['next'])).stderr)).toContain(
    'You changed deploy_staging: DONE → SKIPPED (runbook.yaml:2)',
  );
});

test('words, paths that exist, and the author of commits are no secrets', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - {id: one, status: READY, type: AUTOMATED_SCRIPT, script_details: 'echo "$DEBUG" "$AUTH_SOCK" "$GIT_AUTHOR_NAME"'}
`,
      '.env': 'DEBUG=true\n',
    },
  });
  const env = { AUTH_SOCK: rig.dir, GIT_AUTHOR_NAME: 'Ada Lovelace' };
  expect((await rig.run(['next'], { env })).stderr).toContain(`│ true ${rig.dir} Ada Lovelace\n`);
});

async function secretRig({ task, files = {} }: { task: string; files?: Record<string, string> }): Promise<Rig> {
  const runbook = `tasks:\n  - id: one\n    status: READY\n    ${task}`;
  return makeRig({ files: { 'runbook.yaml': runbook, '.env': DOT_ENV, ...files } });
}

/** What the script prints of them in other alphabets, in parts that are long enough to be told from anything else. */
function encodings(): string[] {
  const inBase64 = ['', 'a:', 'me:', 'you:'].flatMap((user) =>
    [LOUD, SHY].map((secret) => btoa(user + secret).slice(6, 18)),
  );
  const inUrl = encodeURIComponent(SHY).slice(0, 14);
  return [...inBase64, inUrl, inUrl.replace('%2F', '%2f'), JSON.stringify(SHY).slice(1, 11)];
}

/** No file of the rig but .env, and nothing that was said, has as much as ten characters of a secret. */
function expectNowhere(
  rig: Rig,
  said: { stdout: string; stderr: string },
  { more = [], except = [] }: { more?: string[]; except?: string[] } = {},
): void {
  const needles = [SHY, LOUD, SLASHED, ...PEM.split('\n').slice(1, 3)].map((secret) => secret.slice(0, 10));
  const files = Object.entries(rig.tree()).filter(
    ([path, kind]) => kind !== 'folder' && ![...except, '.env'].includes(path),
  );
  expect(files.length).toBeGreaterThan(2);
  const { stdout, stderr } = said;
  const places = { stdout, stderr, ...Object.fromEntries(files.map(([path]) => [path, rig.read(path)])) };
  const found = Object.entries(places).flatMap(([place, text]) =>
    [...needles, ...more].filter((needle) => text.includes(needle)).map((needle) => `${needle} in ${place}`),
  );
  expect(found).toEqual([]);
}
