// A line that is understood without commander says what commander would have found in it.
import { expect, test } from 'vitest';
import { bareLine } from '../bareLine.ts';
import type { GlobalFlags } from '../commands/context.ts';
import { obey } from '../program.ts';
import { makeRig } from './rig.ts';

const WORDS = [
  'status',
  'next',
  'list',
  '--json',
  '--plain',
  '-n',
  '--dry-run',
  '-q',
  '--quiet',
  '--no-input',
  '--no-color',
];
const OTHERS = [
  'ls',
  'skip',
  'staus',
  'help',
  '-h',
  '-y',
  '--yes',
  '-C',
  '--file',
  '--',
  '',
  '-nq',
  '--jso',
  '--json=1',
];

async function byCommander(argv: readonly string[]): Promise<GlobalFlags | undefined> {
  let found: GlobalFlags | undefined;
  await obey(argv, async (flags) => {
    found = flags;
    return 0;
  });
  return found;
}

/** Without what commander sets where nothing is said. */
function said({ color, input, ...flags }: GlobalFlags): GlobalFlags {
  return { ...flags, ...(color === false ? { color } : {}), ...(input === false ? { input } : {}) };
}

test('flags of lines with up to three words', async () => {
  const lines = [[], ...WORDS.flatMap((a) => [[a], ...WORDS.flatMap((b) => [[a, b], ...WORDS.map((c) => [a, b, c])])])];
  let bare = 0;
  for (const argv of lines) {
    const line = bareLine(argv);
    if (!line || line.words.length > 0) continue;
    bare++;
    const found = await byCommander(argv);
    expect([argv, found && said(found)]).toEqual([argv, line.flags]);
  }
  expect(bare).toBeGreaterThan(500);
});

test('what is not quite so is left to commander', () => {
  for (const word of OTHERS.filter((other) => /^(?:-|$)/.test(other))) {
    if (word !== '') expect([word, bareLine([word])]).toEqual([word, undefined]);
    expect([word, bareLine(['status', word])]).toEqual([word, undefined]);
  }
  expect(bareLine(['next', 'a', '--json', 'b'])).toEqual({ name: 'next', words: ['a', 'b'], flags: { json: true } });
});

test('the command is the one that is named, and a misspelt one is told', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: [{id: a, status: READY}]\n' } });
  for (const name of ['status', 'list', 'next'] as const) {
    const [bare, full] = await Promise.all([
      rig.run([name, '--dry-run', '--plain']),
      // The value of a flag is nothing for the short way.
      rig.run([name, '--dry-run', '--plain', '--file', 'runbook.yaml']),
    ]);
    expect(bare).toEqual(full);
  }
  expect(await rig.run(['status', 'word'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('too many arguments'),
  });
  expect(await rig.run(['skip'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('needs the id of a task'),
  });
  for (const name of ['skip', 'reset', 'done', 'retry'] as const) {
    const [bare, full] = await Promise.all([
      rig.run([name, 'a', '-n', 'a', '--json']),
      rig.run([name, 'a', '-n', 'a', '--json', '--file', 'runbook.yaml']),
    ]);
    expect(bare).toEqual(full);
  }
  expect(await rig.run(['staus'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean `status`?'),
  });
});
