// A step by a model that is asked again: what the second prompt holds, with a fallback template and without; and --review.
import { expect, test } from 'vitest';
import { block, drafted, next, OLD, prompts, rigWithDraft } from './drafting.ts';
import { events, personsFiles, press, type } from './person.ts';

const [HI, HELLO] = [block("print('hi')"), block("print('hello')")];
const FALLBACK = '  fallback_prompt_template: simple.md\n';

test('r: the same template, and under it the last reply and what should change', async () => {
  await using rig = await rigWithDraft([HI, HELLO]);
  const term = next(rig);
  await press(term, 'Accept?', 'r');
  await type(term, 'What should change?', 'more formal, please');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(prompts(rig)[1]).toMatchInlineSnapshot(`
    "Write a greeting, as Write the greeting says.


    Your previous reply was:

    Here it is:

    \`\`\`python
    print('hi')
    \`\`\`


    What to change:

    more formal, please"
  `);
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  expect(drafted(rig)).toMatchObject({
    status: 'DONE',
    last_run: { outcome: 'SUCCESS', llm_response: "Here it is: ```python print('hello') ```" },
    issues: [{ type: 'VALIDATION_FAIL', detail: 'more formal, please', resolution: 'Retried' }],
  });
});

test('r, and nothing to add: no issue, and no empty heading in the prompt', async () => {
  await using rig = await rigWithDraft([HI, HELLO]);
  const term = next(rig);
  await press(term, 'Accept?', 'r');
  await type(term, 'What should change?', '');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(prompts(rig)[1]).not.toContain('What to change');
  expect(drafted(rig).issues).toBeUndefined();
});

test('r with a fallback template, which gets what was wrong, what was said, and the last reply', async () => {
  const simple = 'Simply.\nwrong: {{ error }}\nchange: {{ feedback }}\nlast: {{ previous_response }}\n';
  await using rig = await rigWithDraft([HI, HELLO], {
    ai: FALLBACK,
    task: 'checks: [grep -q hello greet.py]\n',
    files: { 'simple.md': simple },
  });
  const term = next(rig);
  await term.waitFor('r retry with the fallback');
  await press(term, 'A check failed. What now?', 'r');
  await type(term, 'What should change?', 'say hello');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(prompts(rig)).toEqual([
    'Write a greeting, as Write the greeting says.\n',
    `Simply.\nwrong: check \`grep -q hello greet.py\` exit 1\nchange: say hello\nlast: ${HI}\n`,
  ]);
  expect(drafted(rig).issues).toMatchObject([
    { detail: 'check `grep -q hello greet.py` exit 1', resolution: 'Retried with fallback' },
    { detail: 'say hello', resolution: 'Retried with fallback' },
  ]);
});

test('r again and again: each prompt speaks of the reply before it', async () => {
  await using rig = await rigWithDraft([HI, HELLO, block("print('servus')")]);
  const term = next(rig);
  for (const words of ['one', 'two']) {
    await press(term, 'Accept?', 'r');
    await type(term, 'What should change?', words);
  }
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(prompts(rig).map((prompt) => [prompt.includes("'hi'"), prompt.includes("'hello'")])).toEqual([
    [false, false],
    [true, false],
    [false, true],
  ]);
  expect(rig.read('greet.py')).toBe("print('servus')\n");
});

test('a fallback template with a mistake in it is found before anything is sent', async () => {
  await using rig = await rigWithDraft([HI], { ai: FALLBACK, files: { 'simple.md': 'Simply: {{ feedbak }}\n' } });
  const before = rig.tree();
  const { code, stderr } = await rig.run(['next', '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'TEMPLATE_UNDEFINED', at: { file: 'simple.md', line: 1, column: 12 } },
  });
  expect(rig.tree()).toEqual(before);
});

test('--review: the prompt is read first; y sends it', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = next(rig, { args: ['--review'] });
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting                                          step 1 of 1
      scripted replies (no model) · greet.md · 12 tokens
      writes greet.py once you accept

      ────────────────────────────────────────────────────────────────────────────
      Write a greeting, as Write the greeting says.
      ────────────────────────────────────────────────────────────────────────────
    ? Send this prompt?  y send · m edit · q leave  ›"
  `);
  expect(prompts(rig)).toEqual([]);
  await press(term, 'Send this prompt?', 'y');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(prompts(rig)).toEqual(['Write a greeting, as Write the greeting says.\n']);
});

test('--review: m changes the prompt, which is shown again, and sent as it is then', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = next(rig, { args: ['--review'], edited: 'Say servus.\n' });
  await press(term, 'Send this prompt?', 'm');
  await term.waitForNew('  Say servus.');
  await press(term, 'Send this prompt?', 'y');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('../tmp/before')).toBe('Write a greeting, as Write the greeting says.\n');
  expect(prompts(rig)).toEqual(['Say servus.\n']);
  expect(rig.read('greet.md')).toBe('Write a greeting, as {{ task.name }} says.\n');
  expect(events(rig)).toContain('MANUAL_ACTION: edit prompt  greet');
});

test('--review: the prompt of a retry is read, too', async () => {
  await using rig = await rigWithDraft([HI, HELLO]);
  const term = next(rig, { args: ['--review'] });
  await press(term, 'Send this prompt?', 'y');
  await press(term, 'Accept?', 'r');
  await type(term, 'What should change?', 'say hello');
  await term.waitForNew('  say hello');
  await press(term, 'Send this prompt?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(prompts(rig)).toHaveLength(1);
  expect(rig.read('greet.py')).toBe(OLD);
});

test.each([
  ['q', 4],
  ['ctrl-c', 130],
] as const)('--review: %s sends nothing, and changes no file', async (key, code) => {
  await using rig = await rigWithDraft([HI]);
  const before = personsFiles(rig);
  const term = next(rig, { args: ['--review'] });
  await press(term, 'Send this prompt?', key);
  expect(await term.exit).toEqual({ code, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(events(rig)).toEqual(['START_TASK  greet  READY -> RUNNING', 'LEAVE_TASK  greet  RUNNING -> READY']);
});
