// What a person is shown before they accept: file by file, in their pager, binary files, and work of theirs that would be lost.
import { expect, test } from 'vitest';
import { block, drafted, next, OLD, rigWithDraft } from './drafting.ts';
import { personsFiles, press } from './person.ts';
import type { Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const THREE = ['a.py', 'b.py', 'c.py'].map((path, i) => `\`\`\`python ${path}\nprint(${i + 1})\n\`\`\`\n`).join('\n');

test('f: of several files each is shown and asked about; the rest is checked anew, and accepted', async () => {
  await using rig = await filesRig(THREE, 'checks: [ls *.py > "$TMPDIR/seen"]\n');
  const term = next(rig, { rows: 60 });
  await term.waitFor('y accept · f file by file · r retry');
  await press(term, 'Accept?', 'f');
  await term.waitFor(/^ {2}a\.py +new, \+1 line\n {2}\+ print\(1\)\n[^\n]*\n\? Take this file\? \(1 of 3\)/m);
  await press(term, 'Take this file? (1 of 3)', 'y');
  await press(term, 'Take this file? (2 of 3)', 'n');
  await press(term, 'Take this file? (3 of 3)', 'y');
  await term.waitForNew('Accept?');
  expect(rig.read('../tmp/seen')).toBe('a.py\nc.py\ngreet.py\n');
  expect(rig.exists('a.py')).toBe(false);
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect([rig.exists('a.py'), rig.exists('b.py'), rig.exists('c.py')]).toEqual([true, false, true]);
  const some = rig.journal().find(({ details }) => details?.decision === 'take some');
  expect(some?.details).toMatchObject({ by: 'person', detail: 'a.py, c.py' });
});

test.each([
  ['none', 'n'],
  ['all', 'y'],
])('f, and %s is taken: it stays as it was, and is asked about again', async (_, key) => {
  await using rig = await filesRig(THREE);
  const before = personsFiles(rig);
  const term = next(rig, { rows: 60 });
  await press(term, 'Accept?', 'f');
  for (const i of [1, 2, 3]) await press(term, `Take this file? (${i} of 3)`, key);
  await press(term, 'Accept?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(personsFiles(rig)).toEqual(before);
});

test('of one file, f is not offered; Ctrl-C at a file changes nothing', async () => {
  await using one = await filesRig('```python a.py\nprint(1)\n```\n');
  const term = next(one);
  await press(term, 'Accept?', 'q');
  expect(term.screen()).not.toContain('file by file');
  await using rig = await filesRig(THREE);
  const before = personsFiles(rig);
  const cut = next(rig, { rows: 60 });
  await press(cut, 'Accept?', 'f');
  await press(cut, 'Take this file? (1 of 3)', 'ctrl-c');
  expect(await cut.exit).toEqual({ code: 130, signal: null });
  expect(personsFiles(rig)).toEqual(before);
});

const LONG = block(Array.from({ length: 60 }, (_, i) => `print(${i + 1})`).join('\n'));

test('d: what is longer than the screen is shown in the pager, coloured and whole', async () => {
  await using rig = await rigWithDraft([LONG]);
  rig.command('pager', '#!/bin/sh\ncat > "$TMPDIR/paged"\necho closed >&2\n');
  const term = rig.terminal(['next'], { rows: 30, env: { PAGER: 'pager' } });
  await press(term, 'Accept?', 'd');
  await term.waitForNew('closed');
  const paged = rig.read('../tmp/paged');
  expect(paged).toContain('\u001b[32m+ print(60)\u001b[39m');
  expect(paged).toContain('\u001b[31m- print(');
  expect(term.scrollback()).not.toContain('print(60)');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
});

test('d, and there is no pager: it is printed; Ctrl-C in the pager is the pager’s', async () => {
  await using rig = await rigWithDraft([LONG]);
  const bare = rig.terminal(['next'], { rows: 30, env: { PAGER: 'no-such-pager' } });
  await press(bare, 'Accept?', 'd');
  await bare.waitForNew('+ print(60)');
  await press(bare, 'Accept?', 'q');
  await bare.exit;
  rig.command(
    'pager',
    '#!/bin/sh\ntrap "echo closed >&2; exit 0" INT\ncat >/dev/null\necho open >&2\nwhile :; do sleep 0.1; done\n',
  );
  const term = rig.terminal(['next'], { rows: 30, env: { PAGER: 'pager' } });
  await press(term, 'Accept?', 'd');
  await term.waitForNew('open');
  term.press('ctrl-c');
  await term.waitForNew('closed');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
});

test('a binary file that would be replaced is said to be one; a file that would be emptied, too', async () => {
  await using rig = await filesRig('```python greet.py\nprint(1)\n```\n```python full.py\n```\n');
  rig.write('greet.py', 'a\0b\n');
  rig.write('full.py', 'one\ntwo\n');
  const term = next(rig);
  await term.waitFor('Accept?');
  expect(term.screen()).toMatch(/^ {2}greet\.py +binary \(4 bytes\), replaced by 1 line\n {2}\+ print\(1\)$/m);
  expect(term.screen()).toMatch(/^ {2}full\.py +emptied, -2 lines$/m);
  await press(term, 'Accept?', 'y');
  await term.exit;
  expect(rig.read('greet.py')).toBe('print(1)\n');
});

test('changes of the person’s that no commit has are named before they are replaced; those of the tool are not', async () => {
  await using rig = await rigWithDraft([block("print('hi')"), block("print('hello')")]);
  rig.write('.gitignore', 'logs/\n.runbook/\n');
  rig.git('init', '--quiet');
  rig.git('add', '--all');
  rig.git('commit', '--quiet', '--message=start');
  const warning = 'greet.py has changes of yours that no commit has; accepting replaces them';
  const look = async (key: string) => {
    const term = next(rig);
    await press(term, 'Accept?', key);
    await term.exit;
    return unwrapped(term.screen()).includes(warning);
  };
  expect(await look('q')).toBe(false);
  rig.write('greet.py', `${OLD}print('mine')\n`);
  expect(await look('q')).toBe(true);
  expect(await look('y')).toBe(true);
  // What stands there now is the reply, uncommitted too.
  rig.write('replies.yaml', rig.read('replies.yaml').replaceAll('hi', 'servus'));
  await rig.run(['reset', 'greet']);
  expect(await look('q')).toBe(false);
  rig.write('greet.py', "print('mine again')\n");
  expect(await look('q')).toBe(true);
  // Outside a repository nobody knows.
  await using bare = await rigWithDraft([block("print('hi')")]);
  const term = next(bare);
  await press(term, 'Accept?', 'q');
  await term.exit;
  expect(term.screen()).not.toContain('no commit has');
});

test('auto_retry: what a check says goes back without a key press, N times at most, each time seen', async () => {
  const replies = ['one', 'two', 'three', 'four'].map((word) => block(`print('${word}')`));
  await using rig = await rigWithDraft(replies, {
    ai: '  auto_retry: 2\n',
    task: 'checks: ["grep -q four greet.py || { cat greet.py; exit 1; }"]\n',
  });
  const term = next(rig, { rows: 80 });
  await press(term, 'A check failed. What now?', 'r');
  await term.waitForNew('What should change?');
  term.press('enter');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.scrollback().match(/↻ what was wrong goes back to the model: retry \d of 2/g)).toEqual([
    '↻ what was wrong goes back to the model: retry 1 of 2',
    '↻ what was wrong goes back to the model: retry 2 of 2',
  ]);
  const sent = rig.journal().filter(({ event_type: type }) => type === 'AI_PROMPT_SENT');
  const second = rig.read(String(sent[1]?.details?.prompt));
  expect(second).toContain('What was wrong with it:');
  expect(second).toContain("exit 1:\nprint('one')");
  const again = rig.journal().filter(({ event_type: type }) => type === 'AUTO_RETRY');
  expect(again.map(({ details }) => details)).toEqual([
    { attempt: 1, of: 2 },
    { attempt: 2, of: 2 },
  ]);
  expect(drafted(rig).issues).toHaveLength(3);
  expect((await rig.run(['history'])).stdout).toContain('3 retries');
});

test('auto_retry without a person: for checks, for what can’t be parsed, and for a schema; not where it is cut', async () => {
  const schema = '  output_schema: {type: object, required: [name]}\n';
  await using rig = await rigWithDraft(['prose', '{"nmae": 1}', '{"name": 1}'], { ai: `  auto_retry: 2\n${schema}` });
  rig.write('greet.yaml', rig.read('greet.yaml').replace('python_code_block', 'json'));
  expect((await rig.run(['next', '--yes=unchecked'])).code).toBe(0);
  expect(rig.read('greet.py')).toBe('{"name": 1}\n');
  const sent = rig.journal().filter(({ event_type: type }) => type === 'AI_PROMPT_SENT');
  expect(rig.read(String(sent[2]?.details?.prompt))).toContain("the whole must have required property 'name'");

  await using spent = await rigWithDraft([block("print('hi')")], {
    ai: '  auto_retry: 1\n',
    task: 'checks: ["false"]\n',
  });
  expect((await spent.run(['next', '--yes'])).code).toBe(1);
  expect(spent.journal().filter(({ event_type: type }) => type === 'AI_PROMPT_SENT')).toHaveLength(2);
});

test('several blocks where one was asked for, and nobody to ask: a refusal, not a guess', async () => {
  await using rig = await rigWithDraft([`${block("print('hi')")}\n${block("print('hello')")}`]);
  const { code, stderr } = await rig.run(['next', '--yes=unchecked']);
  expect(code).toBe(1);
  expect(stderr).toContain('✘ the reply has 2 code blocks where one was asked for\n');
  expect(rig.read('greet.py')).toBe(OLD);
});

async function filesRig(reply: string, task = ''): Promise<Rig> {
  const rig = await rigWithDraft([reply], { task });
  rig.write('greet.yaml', rig.read('greet.yaml').replace('python_code_block', 'files'));
  return rig;
}
