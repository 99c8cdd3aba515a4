// docs/commands.md and docs/commands/ are what `npm run docs` writes, tell of every flag and exit status, and each example in them
// is tried.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../errors.ts';
import { inTurns } from './faults/turns.ts';
import { makeRig } from './rig.ts';

const FOLDER = resolve('docs/commands');
const pages = readdirSync(FOLDER);
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const overview = readFileSync('docs/commands.md', 'utf8');

test('they are as `npm run docs` writes them', async () => {
  await using rig = await makeRig();
  execFileSync(process.execPath, ['scripts/docs.js', rig.dir]);
  const hint = 'npm run docs';
  expect(readdirSync(join(rig.dir, 'commands')), hint).toEqual(pages);
  for (const name of pages) expect(rig.read(`commands/${name}`), hint).toBe(read(name));
  expect(rig.read('commands.md'), hint).toBe(overview);
});

test('every flag that stands in the source, every command and every exit status is told', () => {
  const sources = ['src/main.ts', ...readdirSync('src/commands').map((name) => `src/commands/${name}`)];
  const texts = sources.map((path) => readFileSync(path, 'utf8')).join('\n');
  const flags = [...texts.matchAll(/(?:[oO]ption|new Option)\(\s*'(?:-\w, )?(--[\w-]+)/g)].map(([, flag = '']) => flag);
  const hidden = ['--yes-unchecked', '--non-interactive'];
  expect(flags.length).toBeGreaterThan(20);
  expect([...new Set(flags)].filter((flag) => !hidden.includes(flag) && !overview.includes(flag))).toEqual([]);
  const names = [...readFileSync('src/commands/index.ts', 'utf8').matchAll(/name: '(\w+)'/g)].map(([, name]) => name);
  expect(names.map((name) => `${name}.md`).sort()).toEqual([...pages].sort());
  for (const name of names) expect(overview).toContain(`[${name}](commands/${name}.md)`);
  for (const code of Object.values(EXIT)) expect(overview).toMatch(new RegExp(`^\\| \`${code}\` \\| \\S`, 'm'));
});

/** The status in which a command finds the tasks that its examples name. Of the others, READY. */
const STATUS: Readonly<Record<string, string>> = { retry: 'ERROR', reset: 'DONE' };
/** They need what is not on every machine. */
const ELSEWHERE = /Out-String|^eval .*zsh/;

/** In plain `npm test` a part of them, spread over all commands. */
const EVERY = process.env.RUNBOOK_RELIABILITY === '1' ? 1 : 3;

test('each example is tried, as it stands there: it is never a mistake of the command line, nor a bug', async () => {
  const examples = pages.flatMap((page) => {
    const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(read(page)) ?? [];
    return block
      .trimEnd()
      .split('\n')
      .map((line) => ({ command: page.replace('.md', ''), line }));
  });
  expect(examples.length).toBeGreaterThan(pages.length);
  const results = await inTurns(
    2,
    examples.filter(({ line }, i) => i % EVERY === 0 && !ELSEWHERE.test(line)),
    tried,
  );
  expect(results.filter(({ code }) => ![0, 1, 3, 4].includes(code))).toEqual([]);
}, 120_000);

async function tried({ command, line }: { command: string; line: string }) {
  const ids = pages.flatMap((page) => [...read(page).matchAll(/^runbook \w+ ([a-z]\w+)/gm)].map(([, id = '']) => id));
  const named = [...new Set([...ids, 'run_tests', 'pack', 'publish'])];
  const entry = (id: string) =>
    `  - {id: ${id}, status: ${STATUS[command] ?? 'READY'}${command === 'prompt' ? ', type: AI_ASSISTED, ai_details: {model: paste, prompt_template: p.md}' : ''}}\n`;
  await using rig = await makeRig({ files: { 'p.md': 'Draft.\n', 'PLAN.md': '# Plan\n\n- [ ] One\n' } });
  if (command !== 'init') rig.write('runbook.yaml', `tasks:\n${named.map(entry).join('')}`);
  rig.command('runbook', `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/cli.cjs')}" "$@"\n`);
  rig.write('../home/.config/fish/completions/x', '');
  // The one before it may have to have been said.
  if (command === 'start' && !line.includes('start'))
    await rig.run(['start', /draft\w+/.exec(line)?.[0] ?? '', '--by', 'ada']);
  rig.write('try.sh', `cd '${rig.dir}'\n${line}\n`);
  const env = { PATH: `${rig.dir}/../bin:/usr/bin:/bin`, HOME: `${rig.dir}/../home`, EDITOR: 'true', VISUAL: 'true' };
  try {
    execFileSync('/bin/bash', ['try.sh'], { cwd: rig.dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    return { line, code: 0, said: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { line, code: status, said: stderr.toString() };
  }
}
