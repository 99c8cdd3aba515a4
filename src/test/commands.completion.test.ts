// Completion: what is offered for which word, and the real shells, as far as they are on this machine, in which it is pressed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf } from './said.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const RUNBOOK = `tasks:
  - {id: ready, status: READY, name: First of all}
  - {id: b c, status: ERROR}
  - {id: it's, status: DONE}
  - {id: "x:y:z", status: READY}
  - {id: '$(touch pwned) "q"', status: SKIPPED}
  - {id: later, depends_on: [ready]}
  - {id: gone, status: RUNNING}
  - {id: "bad\\eid", status: READY}
`;
const make = () =>
  makeRig({ files: { 'runbook.yaml': RUNBOOK, 'other/runbook.yaml': 'tasks: [{id: far, status: ERROR}]\n' } });

/** The words that are offered behind these, as fish gets them. */
async function offered(rig: Rig, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await rig.run(['completion', '--words', 'fish', ...words]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('what is offered', () => {
  test('the ids that fit the command, none twice, and none that could not be typed', async () => {
    await using rig = await make();
    const ids = async (...words: string[]) => (await offered(rig, ...words, '')).slice(1).join(' ');
    expect(await ids('retry')).toBe('b c');
    expect(await ids('reset')).toBe('it\'s $(touch pwned) "q"');
    expect(await ids('done')).toBe('ready b c x:y:z $(touch pwned) "q" later');
    expect(await ids('done', 'ready', 'later')).toBe('b c x:y:z $(touch pwned) "q"');
    expect(await ids('start')).toBe('ready x:y:z');
    expect(await ids('show')).toBe('ready b c it\'s x:y:z $(touch pwned) "q" later');
    expect(await ids('show', 'ready')).toBe('');
    expect(await ids('next', '--start-from')).toBe('ready b c it\'s x:y:z $(touch pwned) "q" later');
    expect(await ids('-C', 'other', 'retry')).toBe('far');
    expect(await ids('--file=other/runbook.yaml', 'retry')).toBe('far');
    await rig.run(['start', 'ready', '--by', 'bot']);
    expect(await ids('reset')).toBe('ready it\'s $(touch pwned) "q"');
    expect(await ids('start')).toBe('x:y:z');
  });

  test('commands, flags and their values', async () => {
    await using rig = await make();
    expect(await offered(rig, '')).toEqual(expect.arrayContaining(['words', 'next', 'status', 'help']));
    expect(await offered(rig, 'next', '--')).toEqual(expect.arrayContaining(['--answer', '--keep-going', '--json']));
    expect(await offered(rig, 'next', '--')).not.toContain('--yes-unchecked');
    expect(await offered(rig, 'next', '--answer', '')).toEqual([
      'words',
      'accept',
      'retry',
      'edit',
      'error',
      'skip',
      'quit',
    ]);
    expect(await offered(rig, 'list', '--status=')).toEqual(expect.arrayContaining(['--status=READY']));
    expect(await offered(rig, 'list', '--status', 'DONE', '')).toContain('ERROR');
    expect(await offered(rig, 'help', '')).toContain('retry');
    expect(await offered(rig, 'schema', '')).toContain('json/status');
    expect(await offered(rig, '-C', '')).toEqual(['dirs']);
    expect(await offered(rig, '--file', '')).toEqual(['files']);
    const { stdout } = await rig.run(['completion', '--words', 'fish', 'done', '']);
    expect(stdout).toContain('\nready\tREADY  First of all\n');
  });

  test('nothing, and no word of it, where nothing is known', async () => {
    await using rig = await makeRig({
      files: { 'broken/runbook.yaml': 'tasks: [{id: a, status: DOEN}]\n', 'broken/.git/x': '' },
    });
    const nothing = { code: 0, signal: null, stderr: '' };
    for (const words of [
      ['done', ''],
      ['-C', 'broken', 'done', ''],
      ['nonsense', ''],
      ['-C', 'nowhere', 'done', ''],
    ])
      expect(await rig.run(['completion', '--words', 'fish', ...words])).toEqual({ ...nothing, stdout: 'words\n' });
    expect(await rig.run(['completion', '--words'])).toMatchObject(nothing);
    expect(await rig.run(['completion', '--words', 'bash'])).toMatchObject(nothing);
  });

  test.each([
    ['runbook done ', ['ready', 'b\\ c', 'x:y:z', '\\$\\(touch\\ pwned\\)\\ \\"q\\"', 'later']],
    ['runbook done x:', ['y:z']],
    ['runbook done x:y', ['y:z']],
    ['runbook done "x:', ['x:y:z']],
    ['runbook done "b', ['b c']],
    ["runbook done 'b ", ['b c']],
    ['runbook done b\\ ', ['b\\ c']],
    ['runbook done "$', []],
    ["runbook done '$", ['$(touch pwned) "q"']],
    ["runbook reset 'it", []],
    ['runbook reset it', ["it\\'s"]],
    ['runbook list --status=D', ['DONE']],
  ])('in bash, behind `%s`', async (line, expected) => {
    await using rig = await make();
    const { stdout } = await rig.run(['completion', '--words', 'bash', line]);
    expect(stdout.trimEnd().split('\n').slice(1)).toEqual(
      line.endsWith('"$') ? ['\\$(touch pwned) \\"q\\"'] : expected,
    );
  });
});

const SHELLS = {
  bash: { args: ['--norc', '--noprofile', '-i'], load: 'eval "$(runbook completion bash)"' },
  zsh: { args: ['-f', '-i'], load: 'autoload -U compinit && compinit -u; eval "$(runbook completion zsh)"' },
  // What it suggests in grey would look as if it were completed already.
  fish: { args: ['--no-config', '-i'], load: 'set -g fish_autosuggestion_enabled 0; runbook completion fish | source' },
};

function shellCalled(name: string): string | undefined {
  return ['/bin', '/usr/bin', '/usr/local/bin'].map((folder) => join(folder, name)).find(existsSync);
}

async function inShell(rig: Rig, shell = '', args: string[], load: string): Promise<Terminal> {
  rig.command('runbook', `#!/bin/sh\nexec "${process.execPath}" "${join(process.cwd(), 'dist/cli.cjs')}" "$@"\n`);
  const env = {
    PATH: `${join(rig.dir, '../bin')}:/usr/bin:/bin`,
    HOME: rig.dir,
    LANG: 'C.UTF-8',
    XDG_DATA_HOME: rig.dir,
  };
  const term = openTerminal(shell, args, { cwd: rig.dir, env });
  term.type(`${load}; echo lo''aded`);
  term.press('enter');
  await term.waitFor('loaded');
  return term;
}

describe.each(Object.entries(SHELLS))('in a real %s', (name, { args, load }) => {
  const shell = shellCalled(name);
  if (!shell) console.log(`${name} is not on this machine: its completion is not tried`);

  test.skipIf(!shell)('what is completed is what is meant', async () => {
    await using rig = await make();
    const term = await inShell(rig, shell, args, load);
    const complete = async (typed: string, shown: RegExp, then: () => boolean) => {
      term.type(typed);
      await term.waitFor(typed.trim());
      term.press('tab');
      await term.waitFor(shown);
      term.press('enter');
      await vi.waitUntil(then, { timeout: 20_000 });
    };
    const becomes = (id: string, status: string) => () => rig.statuses()[id] === status;
    await complete('runbook retry ', /retry .?b.{1,2}c/, becomes('b c', 'READY'));
    await complete('runbook skip x:y', /skip .?x.?:y.?:z/, becomes('x:y:z', 'SKIPPED'));
    await complete('runbook reset it', /reset .?it\W+s/, becomes("it's", 'READY'));
    await complete('runbook reset \\$', /reset .*pwned.*q/, becomes('$(touch pwned) "q"', 'READY'));
    await complete('runbook done --unch', /--unchecked/, () => true);
    expect(rig.exists('pwned')).toBe(false);
    term.kill();
    await term.exit;
  });
});

/** What a shell, or a command line, would take for something else. Each begins in its own way. */
const ODD = [
  '-dash',
  'a*[b]?',
  'c{d,e}',
  'e!f!!',
  'g~h',
  'i#j',
  'k\\l',
  `o'p"q`,
  'r$HOME',
  's;t&u|v',
  'w<x>y',
  '(p)',
  '日本 語',
  '🚀 go',
  '~root',
  '=ls',
  '!!',
  '#no',
  '{x,y}',
  '%n',
  '^z^',
  // Behind one of these, bash completes nothing more.
  'm`n`',
];
/** Of these, what begins them must be quoted to be typed. */
const typed = (id: string) => {
  const [first = ''] = id;
  return /[\w%-]|[^\x00-\x7f]/.test(first) ? first : `\\${first}`;
};

describe.each(Object.entries(SHELLS))('in a real %s, ids that look like something else', (name, { args, load }) => {
  const shell = shellCalled(name);
  test.skipIf(!shell)(
    'are completed to what means them',
    async () => {
      const plan = ODD.map((id) => `  - {id: ${JSON.stringify(id)}, status: READY}\n`).join('');
      await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${plan}` } });
      const term = await inShell(rig, shell, args, load);
      term.type('runbook done -- ');
      for (const id of ODD) {
        term.type(typed(id));
        term.press('tab');
      }
      term.press('enter');
      const isDone = () => Object.values(rig.statuses()).every((status) => status === 'DONE');
      await vi.waitUntil(isDone, { timeout: 30_000 }).catch(() => {
        throw new Error(`${name} has not sent them all:\n${term.raw().slice(-1500)}`);
      });
      term.kill();
      await term.exit;
    },
    120_000,
  );
});

test('an id that looks like a flag is offered behind --, which is offered where there is one', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}, {id: -b}, {id: --c}]\n' },
  });
  expect(await offered(rig, 'done', '')).toEqual(['words', 'a', '--']);
  expect(await offered(rig, 'done', '-')).toEqual(expect.arrayContaining(['--unchecked', '--']));
  expect(await offered(rig, 'done', '--', '')).toEqual(['words', 'a', '-b', '--c']);
  expect(await offered(rig, 'done', '--', '-')).toEqual(['words', 'a', '-b', '--c']);
  expect(await offered(rig, 'retry', '')).toEqual(['words']);
  expect(await offered(rig, 'next', '--start-from', '-')).toEqual(['words', 'a', '-b', '--c']);
  expect((await rig.run(['next', '--start-from', '-b', '--json'])).code).toBe(4);
  const { stdout } = await rig.run(['completion', '--words', 'fish', 'done', '']);
  expect(stdout).toContain('--\tthen -b, --c\n');
});

test('the scripts are data, and --json has them too', async () => {
  await using rig = await makeRig();
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { code, stdout, stderr } = await rig.run(['completion', shell]);
    expect([code, stderr]).toEqual([0, '']);
    expect(dataOf('completion', await rig.run(['completion', shell, '--json']))).toEqual({ shell, script: stdout });
  }
});
