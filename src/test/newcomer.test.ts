// What a newcomer does: a clean clone, `npm ci && npx runbook next`, no key and no network after the packages are there; then
// the whole of the playbook that the repository ships, down to the packed file that is tried in an empty folder.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { said } from './said.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** Nothing asks, and nothing is fetched. The cache of npm is the rig's own, and empty. */
const npmSettings = { npm_config_offline: 'true', npm_config_yes: 'true', npm_config_update_notifier: 'false' };
/** Far beyond what a slow machine needs. */
const long = 300_000;

let rig: Rig;
beforeAll(async () => {
  rig = await makeRig({ bin: '../any.mjs', files: { '../any.mjs': anyCommand } });
  // One that is deleted and not yet committed is still listed.
  const deleted = new Set(list('ls-files', '--deleted'));
  for (const path of list('ls-files', '--cached', '--others', '--exclude-standard')) {
    mkdirSync(dirname(join(rig.dir, path)), { recursive: true });
    if (!deleted.has(path)) cpSync(join(repository, path), join(rig.dir, path));
  }
  beginAnew();
  rig.git('init', '--quiet');
  rig.git('add', '--all');
  rig.git('commit', '--quiet', '--message=start');
  rig.git('branch', 'start');
  const installed = await rig.run(['npm', 'ci', '--prefer-offline'], { env: machinesNpm(), timeoutMs: long });
  expect(said(rig, installed)).toMatch(/^exit 0\n/);
}, long);
afterAll(() => rig[Symbol.asyncDispose]());

beforeEach(() => {
  rig.git('reset', '--quiet', '--hard', 'start');
  rig.git('clean', '-dfxq', '--exclude=node_modules', '--exclude=dist');
});

/** `npm test` is itself a step of the playbook: where it is run as that, the playbook is under way. */
function beginAnew(): void {
  const tasks = readdirSync(join(rig.dir, 'tasks')).map((name) => `tasks/${name}`);
  for (const path of ['runbook.yaml', ...tasks]) {
    const text = rig
      .read(path)
      .replaceAll(/^( *)(?:last_run|issues):.*\n(?:\1 .*\n)*/gm, '')
      .replaceAll(/^( *status: )\w+/gm, '$1PENDING');
    const isFirst = path === 'runbook.yaml' || path === 'tasks/check_machine.yaml';
    rig.write(path, isFirst ? text.replace('status: PENDING', 'status: READY') : text);
  }
}

test('the README says these two lines', () => {
  for (const line of ['npm ci && npx runbook next', 'npm ci && npm test'])
    expect(rig.read('README.md')).toContain(line);
});

test('after `npm ci` nothing has changed that git would see', () => {
  expect(rig.git('status', '--porcelain')).toBe('');
});

test('`npx runbook next` carries out the first step without a terminal', async () => {
  const finished = await rig.run(['npx', 'runbook', 'next'], { env: npmSettings });
  expect(withoutVersions(said(rig, finished))).toMatchInlineSnapshot(`
    "exit 0
    ── stderr
    ▶ check_machine  Is this machine fit for a release?                  step 1 of 8
      Node, npm and git are there, and new enough. Nothing is changed.
      node scripts/check-machine.js  in . · at most <duration>

      │ ok      runbook  <version>
      │ ok      node     <version>
      │ ok      npm      <version>
      │ ok      git      <version>
    ✔ DONE  check_machine  <duration>  logs/check_machine/<stamp>.log
      next: run_tests  Run every check and test"
  `);
  expect(rig.statuses()).toMatchObject({ check_machine: 'DONE', run_tests: 'READY', draft_notes: 'PENDING' });
  expectOnlyStatusesIn(['runbook.yaml', 'tasks/check_machine.yaml', 'tasks/run_tests.yaml']);
});

test('`npx runbook next` carries it out in a terminal, and asks nothing', async () => {
  const term = rig.terminal(['npx', 'runbook', 'next'], { env: npmSettings });
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(withoutVersions(rig.stable(term.screen()))).toMatchInlineSnapshot(`
    "▶ check_machine  Is this machine fit for a release?                  step 1 of 8
      Node, npm and git are there, and new enough. Nothing is changed.
      node scripts/check-machine.js  in . · at most <duration>

      │ ok      runbook  <version>
      │ ok      node     <version>
      │ ok      npm      <version>
      │ ok      git      <version>
    ✔ DONE  check_machine  <duration>  logs/check_machine/<stamp>.log
      next: run_tests  Run every check and test"
  `);
  expectOnlyStatusesIn(['runbook.yaml', 'tasks/check_machine.yaml', 'tasks/run_tests.yaml']);
});

test('the first step that needs a model says so, without a key', async () => {
  await rig.run(['npx', 'runbook', 'done', 'check_machine', 'run_tests'], { env: npmSettings });
  const finished = await rig.run(['npx', 'runbook', 'next', '--yes'], { env: npmSettings });
  expect(said(rig, finished)).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: no model is set for \`draft_notes\`
     ——▶ tasks/draft_notes.yaml:7:1
      │
    7 │ ai_details:
      │ ^^^^^^^^^^
      Say which one answers: \`--model NAME\`, \`model:\` in \`ai_details\`, or \`model:\` in the \`defaults\` of the runbook."
  `);
});

test(
  'the whole playbook, from its first step to its last',
  async () => {
    rig.write(
      'tasks/run_tests.yaml',
      rig.read('tasks/run_tests.yaml').replace('script_details: npm test', 'script_details: "true"'),
    );
    rig.write(
      'runbook.yaml',
      `models: {notes: {provider: scripted, replies: replies.yaml}}\n${rig.read('runbook.yaml')}`,
    );
    rig.write('replies.yaml', `replies: [{reply: ${JSON.stringify(notes)}}]\n`);
    rig.git('add', '--all');
    rig.git('commit', '--quiet', '--message=a model of our own');

    // One answer for the notes, three for the steps that are done by hand.
    const answers = ['--answer', 'accept', 'accept', 'accept', 'accept'];
    const options = { env: npmSettings, timeoutMs: long };
    const finished = await rig.run(['npx', 'runbook', 'run', '--model', 'notes', ...answers], options);
    expect([finished.code, finished.stderr]).toEqual([0, expect.stringContaining('Nothing is left to do')]);
    expect(Object.entries(rig.statuses()).filter(([, status]) => status !== 'DONE')).toEqual([]);

    const { version } = JSON.parse(rig.read('package.json')) as { version: string };
    expect(rig.read('outputs/release_notes.md')).toBe(`# ${version}\n\n## New\n\n- A playbook runner.\n`);
    expect(rig.exists(`outputs/runbook-${version}.tgz`)).toBe(true);
    expect(finished.stderr).toContain('│ ok  two steps of the playbook are DONE\n');
    expect(finished.stderr).toContain('│ ok  it brought no other package\n');
    const ids = Object.keys(rig.statuses());
    expectOnlyStatusesIn(['runbook.yaml', ...ids.map((id) => `tasks/${id}.yaml`).sort()]);
  },
  long,
);

const notes = `Here they are:

\`\`\`markdown
# ${(JSON.parse(execFileSync('git', ['show', 'HEAD:package.json'], { cwd: repository, encoding: 'utf8' })) as { version: string }).version}

## New

- A playbook runner.
\`\`\`
`;

/** `git diff` shows these files and no others, and in them status lines and `last_run` alone. */
function expectOnlyStatusesIn(paths: string[]): void {
  expect(rig.git('status', '--porcelain').split('\n')).toEqual(
    paths.map((path) => expect.stringMatching(`^ ?M ${path}$`)),
  );
  for (const path of paths) {
    const before = `${rig.git('show', `HEAD:${path}`)}\n`;
    expect(rig.read(path)).not.toBe(before);
    expect(withoutStatuses(rig.read(path))).toBe(withoutStatuses(before));
  }
}

function withoutStatuses(yaml: string): string {
  return yaml.replaceAll(/^( *)last_run:\n(?:\1 +.*\n)+/gm, '').replaceAll(/^( *)status: [A-Z]+$/gm, '$1status: …');
}

function withoutVersions(text: string): string {
  return text.replaceAll(/(│ ok {6}\w+ +).*/g, '$1<version>');
}

function list(...args: string[]): string[] {
  return execFileSync('git', [...args, '-z'], { cwd: repository, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
}

/** To fetch packages as this machine does: its cache, its registry, its way into the network. */
function machinesNpm(): Record<string, string> {
  const config = (name: string) =>
    execFileSync('npm', ['config', 'get', name], { cwd: repository, encoding: 'utf8', stdio: 'pipe' }).trim();
  const network = Object.entries(process.env).filter(([name]) =>
    /^(https?_proxy|no_proxy|node_extra_ca_certs)$/i.test(name),
  );
  return {
    ...(Object.fromEntries(network) as Record<string, string>),
    npm_config_cache: config('cache'),
    npm_config_userconfig: config('userconfig'),
    npm_config_yes: 'true',
  };
}

/** What the rig starts instead of the binary: the command that it is given, with its terminal or without. */
const anyCommand = `import { spawnSync } from 'node:child_process';
const [command, ...args] = process.argv.slice(2);
const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
`;
