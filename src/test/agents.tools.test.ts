// `tools: true`: an agent works on a copy of the project, and what it changed there is what is reviewed. The agents here are small
// programs that do as the real ones do; the real ones are in agents.real.test.ts.
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const MODELS = 'models:\n  worker: {provider: claude, tools: true}\n';
const PLAN = `${MODELS}tasks:
  - id: work
    status: READY
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md, model: worker}
`;
const FILES = {
  'p.md': 'Work on it.\n',
  'src/kept.txt': 'kept\n',
  'src/changed.txt': 'old\n',
  'src/gone.txt': 'gone\n',
  '.gitignore': 'logs/\n.env\nbuilt/\n',
  '.env': 'API_TOKEN=very-secret-value\n',
  'built/out.txt': 'built\n',
};
const CHANGES = 'echo new > src/changed.txt\nmkdir -p made\nprintf "no end" > made/new.txt\nrm src/gone.txt\n';

test('what it changed, made and deleted is shown, and is the project’s on accept: in git or not', async () => {
  for (const git of [true, false]) {
    await using rig = await workRig(`${CHANGES}${tools()}`, { git });
    const { code, stderr } = await rig.run(['next', '--yes=unchecked']);
    expect(stderr).toContain('writes what it changes in a copy of the project once you accept');
    expect(stderr).toMatch(/src\/changed\.txt +\+1 -1\n/);
    expect(stderr).toMatch(/src\/gone\.txt +deleted, -1 line\n/);
    expect(stderr).toMatch(/made\/new\.txt +new, \+1 line\n/);
    expect(stderr).toContain('claude: Edit src/changed.txt\n');
    expect(code).toBe(0);
    expect(rig.read('src/changed.txt')).toBe('new\n');
    expect(rig.read('made/new.txt')).toBe('no end');
    expect(rig.exists('src/gone.txt')).toBe(false);
    expect(rig.read('src/kept.txt')).toBe('kept\n');
    expect(rig.exists('.runbook/copy')).toBe(false);
    const kinds = rig
      .journal()
      .flatMap(({ event_type: type, details }) => (/^FILE_/.test(type) ? [`${type} ${details?.path}`] : []));
    expect(kinds).toEqual(['FILE_WRITTEN made/new.txt', 'FILE_WRITTEN src/changed.txt', 'FILE_REMOVED src/gone.txt']);
  }
});

test('anything but accept leaves every file as it was, after checks that saw its work', async () => {
  const check = '    checks: ["test ! -e src/gone.txt && grep -q new src/changed.txt"]\n';
  await using rig = await workRig(CHANGES, { git: true, more: check });
  rig.write('src/kept.txt', 'kept, and changed by me\n');
  const before = rig.tree();
  for (const answer of ['quit', 'skip', 'error']) {
    const { stderr } = await rig.run(['next', '--answer', answer]);
    expect(stderr).toContain('✔ test ! -e src/gone.txt');
    expect(sourcesOf(rig.tree())).toEqual(sourcesOf(before));
    await rig.run([answer === 'error' ? 'retry' : 'reset', 'work']);
  }
  // What only its checks prove is accepted; and what they refuse is not.
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('grep -q new', 'grep -q nothing'));
  expect((await rig.run(['next', '--yes'])).code).toBe(1);
  expect(sourcesOf(rig.tree())).toEqual(sourcesOf(before));
});

test('a kill while it works, and while checks try its work, changes nothing of the project', async () => {
  await using rig = await workRig(`${CHANGES}touch "$TMPDIR/working"; sleep 1000\n`, { git: true });
  const before = sourcesOf(rig.tree());
  const child = rig.start(['next', '--yes=unchecked']);
  await expect.poll(() => rig.exists('../tmp/working')).toBe(true);
  child.kill('SIGKILL');
  await child.exit;
  expect(sourcesOf(rig.tree())).toEqual(before);
  expect(rig.exists('.runbook/copy')).toBe(true);
  rig.command('claude', program(CHANGES));
  rig.write('runbook.yaml', `${PLAN}    checks: ['touch "$TMPDIR/checking"; sleep 1000']\n`);
  const checking = rig.start(['next', '--yes']);
  await expect.poll(() => rig.exists('../tmp/checking')).toBe(true);
  expect(rig.exists('src/gone.txt')).toBe(false);
  checking.kill('SIGKILL');
  await checking.exit;
  rig.write('runbook.yaml', PLAN.replace('status: READY', 'status: DONE'));
  await rig.run(['next', '--no-input']);
  expect(sourcesOf(rig.tree())).toEqual(before);
  expect(rig.exists('.runbook/copy')).toBe(false);
});

test('a runner that is killed: the agent, which goes on, is named and ended', async () => {
  await using rig = await workRig('echo $$ > "$TMPDIR/pid"; setsid sleep 1000 & sleep 1000\n', { git: false });
  const child = rig.start(['next', '--yes=unchecked']);
  await expect.poll(() => rig.exists('../tmp/pid') && rig.read('../tmp/pid')).toMatch(/\n/);
  child.kill('SIGKILL');
  await child.exit;
  const pid = rig.read('../tmp/pid').trim();
  const left = rig.terminal(['next'], { cols: 300 });
  await press(left, 'What now?', 'q');
  expect((await left.exit).code).toBe(4);
  expect(unwrapped(left.screen())).toMatch(new RegExp(` It still runs: \\S+ \\S+claude -p .* \\(pid ${pid}\\)\\. `));
  expect(left.screen()).toContain('? What now? leave');
  expect(rig.processes()).toContain(Number(pid));
  rig.command('claude', program('echo new > src/changed.txt\n'));
  const again = rig.terminal(['next'], { cols: 300 });
  await again.waitFor('r end it, and run again');
  await press(again, 'What now?', 'r');
  await press(again, 'Accept?', 'y');
  expect((await again.exit).code).toBe(0);
  expect(rig.processes()).toEqual([]);
});

test('keys, the plan, git and the tool’s own files are not seen, or not taken; what is left out is said', async () => {
  const look = 'ls -A . > "$TMPDIR/seen"; cat src/kept.txt > "$TMPDIR/kept"\n';
  const bad =
    'echo "tasks: []" > runbook.yaml; echo X=1 > .env; mkdir -p .runbook built; echo x > .runbook/lease.json; echo x > built/o\n' +
    'printf "\\0" > pixels; ln -s /etc/passwd link; mkdir -p .git; printf "[core]\\n\\tfsmonitor = touch $TMPDIR/ran\\n" > .git/config\n';
  await using rig = await workRig(`${look}${bad}${CHANGES}`, { git: true });
  rig.write('src/kept.txt', 'not committed\n');
  const before = rig.tree();
  const finished = await rig.run(['next', '--yes=unchecked']);
  expect(unwrapped(finished.stderr)).toContain(
    'Left out of what was changed: link (no plain file), pixels (binary), runbook.yaml (not for a reply to write)',
  );
  expect(finished.code).toBe(0);
  expect(rig.read('../tmp/seen').split('\n').filter(Boolean)).toEqual([
    '.git',
    '.gitignore',
    'p.md',
    'runbook.yaml',
    'src',
  ]);
  expect(rig.read('../tmp/kept')).toBe('not committed\n');
  expect(rig.exists('../tmp/ran')).toBe(false);
  const after = rig.tree();
  for (const path of ['.env', '.git/config', '.git/HEAD', 'built/out.txt', 'src/kept.txt'])
    expect(after[path]).toBe(before[path]);
  for (const path of ['link', 'pixels', 'built/o']) expect(after[path]).toBeUndefined();
  expect(rig.statuses()).toEqual({ work: 'DONE' });
});

test('what a hand changes meanwhile is not overwritten', async () => {
  await using rig = await workRig(`${CHANGES}echo mine > "${'$PROJECT'}/src/changed.txt"\n`, { git: true });
  const finished = await rig.run(['next', '--yes=unchecked'], { env: { PROJECT: rig.dir } });
  expect(finished.code).toBe(1);
  expect(unwrapped(finished.stderr)).toContain(
    'src/changed.txt was changed in the project while the agent changed it in its copy',
  );
  expect(rig.read('src/changed.txt')).toBe('mine\n');
  expect(rig.exists('src/gone.txt')).toBe(true);
});

test('a retry goes on with its work; what it was refused and a reply without work are said', async () => {
  const denied = { tool_name: 'Bash', tool_input: { command: 'npm test' } };
  const work = 'echo more >> src/changed.txt\n';
  await using rig = await workRig(`${work}${tools([denied])}`, { git: true });
  const term = rig.terminal(['next']);
  await press(term, 'Accept?', 'r');
  await term.waitFor('What should change?');
  term.press('enter');
  await term.waitFor('+ more\n  + more');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(term.screen()).toContain('claude: was refused Bash npm test');
  expect(rig.read('src/changed.txt')).toBe('old\nmore\nmore\n');
  rig.command('claude', program(''));
  await rig.run(['reset', 'work']);
  const finished = await rig.run(['next', '--yes=unchecked']);
  expect(unwrapped(finished.stderr)).toContain('✘ nothing was changed; it says: I have done it.');
  expect(finished.code).toBe(1);
});

test.each([
  ['claude', '--permission-mode acceptEdits'],
  ['codex', '--sandbox workspace-write'],
  ['gemini', '--approval-mode auto_edit'],
])('%s gets its tools', async (name, flags) => {
  await using rig = await workRig('', { git: false });
  rig.write('runbook.yaml', PLAN.replace('claude', name));
  rig.command(name, `#!/bin/sh\necho "$@" > "$TMPDIR/flags"\ncat > /dev/null\necho new > src/changed.txt\n`);
  expect((await rig.run(['next', '--yes=unchecked'])).code).toBe(0);
  expect(rig.read('../tmp/flags')).toContain(flags);
  expect(rig.read('src/changed.txt')).toBe('new\n');
});

test('only an agent has tools', async () => {
  await using rig = await workRig('', { git: false });
  rig.write('runbook.yaml', PLAN.replace('claude', 'openai'));
  const { code, stderr } = await rig.run(['next']);
  expect(code).toBe(2);
  expect(stderr).toContain('`tools` is for claude, codex and gemini; the model `worker` is of `openai`');
  expect(stderr).toContain('runbook.yaml:2:30');
});

/** All but what the tool writes. */
function sourcesOf(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) => !/^(?:runbook\.yaml|logs|\.runbook)(?:\/|$)/.test(path)),
  );
}

/** What Claude Code prints of an edit and at its end. */
function tools(denials: object[] = []): string {
  const edit = { type: 'tool_use', name: 'Edit', input: { file_path: '/x/.runbook/copy/src/changed.txt' } };
  const result = { type: 'result', is_error: false, result: 'I have done it.', permission_denials: denials };
  return [{ type: 'assistant', message: { content: [edit] } }, result]
    .map((line) => `echo '${JSON.stringify(line)}'\n`)
    .join('');
}

function program(work: string): string {
  const says = work.includes('permission_denials') ? '' : tools();
  return `#!/bin/sh\ncat > /dev/null\n${work}${says}`;
}

async function workRig(work: string, { git, more = '' }: { git: boolean; more?: string }): Promise<Rig> {
  const rig = await makeRig({ git, files: { ...FILES, 'runbook.yaml': PLAN + more } });
  rig.command('claude', program(work));
  return rig;
}
