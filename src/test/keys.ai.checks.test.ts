// What a model replies, before it may be accepted: checks that fail, replies that can't be used, several blocks of code. And
// the file on disk, which is the old one at every moment but two: while a check looks at the new one, and after accept.
import { expect, test } from 'vitest';
import { block, drafted, next, OLD, rigWithDraft } from './drafting.ts';
import { events, personsFiles, press, type } from './person.ts';

const [HI, HELLO] = [block("print('hi')"), block("print('hello')")];
/** Keeps what it sees, then wants a hello. */
const CHECKS = `checks:
  - name: it says hello
    command: cp greet.py "$TMPDIR/seen"; grep hello greet.py || { echo no hello; exit 1; }
`;

test('a check sees the new file in its place; when it fails, the old one is back, and y is not offered', async () => {
  await using rig = await rigWithDraft([HI], { task: CHECKS });
  const before = personsFiles(rig);
  const term = next(rig);
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting                                          step 1 of 1
      scripted replies (no model) · greet.md · 12 tokens
      writes greet.py once you accept

      ────────────────────────────────────────────────────────────────────────────
      greet.py                                                               +1 -1
      @@ line 1 @@
      - print('old')
      + print('hi')
      ────────────────────────────────────────────────────────────────────────────
      ✘ it says hello
      exit 1: cp greet.py "$TMPDIR/seen"; grep hello greet.py || { echo no hello;…
        │ no hello

    ? A check failed. What now?
      r retry · m edit · e error · s skip · d diff · q leave  ›"
  `);
  expect(rig.read('../tmp/seen')).toBe("print('hi')\n");
  expect(rig.read('greet.py')).toBe(OLD);
  for (const key of ['y', 'q']) term.press(key);
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(personsFiles(rig)).toEqual(before);
});

test('a file that was not there is not there after its checks', async () => {
  await using rig = await rigWithDraft([HELLO], { task: CHECKS });
  rig.write('greet.yaml', rig.read('greet.yaml').replaceAll('greet.py', 'new.py'));
  const term = next(rig);
  await term.waitFor('›');
  expect(rig.read('../tmp/seen')).toBe("print('hello')\n");
  expect(rig.exists('new.py')).toBe(false);
  await press(term, 'Accept?', 'y');
  await term.exit;
  expect(rig.read('new.py')).toBe("print('hello')\n");
});

test('several files at once: all are seen by the checks, and all are gone with their folders when it is refused', async () => {
  const files = '```python new/folder/a.py\nprint(1)\n```\n\n```python greet.py\nprint(2)\n```\n';
  await using rig = await rigWithDraft([files], { task: 'checks: [cat new/folder/a.py greet.py > "$TMPDIR/seen"]\n' });
  rig.write('greet.yaml', rig.read('greet.yaml').replace('parser: python_code_block', 'parser: files'));
  const before = personsFiles(rig);
  const left = next(rig);
  await left.waitFor('writes the files that the reply names once you accept');
  await press(left, 'Accept?', 'q');
  expect(await left.exit).toEqual({ code: 4, signal: null });
  expect(rig.read('../tmp/seen')).toBe('print(1)\nprint(2)\n');
  expect(personsFiles(rig)).toEqual(before);
  const accepted = next(rig);
  await press(accepted, 'Accept?', 'y');
  expect(await accepted.exit).toEqual({ code: 0, signal: null });
  expect([rig.read('new/folder/a.py'), rig.read('greet.py')]).toEqual(['print(1)\n', 'print(2)\n']);
});

test('checks that pass let y through; the journal has each of them', async () => {
  await using rig = await rigWithDraft([HELLO], { task: CHECKS });
  const term = next(rig);
  await term.waitFor('›');
  expect(term.screen()).toMatch(/^ {2}✔ it says hello$/m);
  expect(rig.read('greet.py')).toBe(OLD);
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  expect(events(rig).slice(3)).toEqual([
    'CHECK_RUN  greet',
    'MANUAL_ACTION: accept  greet',
    'FILE_WRITTEN  greet',
    'COMPLETE_TASK  greet  RUNNING -> DONE',
  ]);
});

test.each([
  ['e', 1, 'ERROR'],
  ['s', 0, 'SKIPPED'],
  ['ctrl-c', 130, 'READY'],
] as const)('%s after a check that failed: the old file stays', async (key, code, status) => {
  await using rig = await rigWithDraft([HI], { task: CHECKS });
  const term = next(rig);
  await press(term, 'A check failed. What now?', key);
  if (key === 'e') await type(term, 'What is wrong?', '');
  expect(await term.exit).toEqual({ code, signal: null });
  expect(rig.read('greet.py')).toBe(OLD);
  const issue = { type: 'VALIDATION_FAIL', detail: 'check `it says hello` exit 1:\nno hello' };
  expect(drafted(rig).status).toBe(status);
  expect(drafted(rig).issues).toEqual(status === 'READY' ? undefined : [expect.objectContaining(issue)]);
});

test('m: what is edited is checked, too, and accepted only when the checks pass', async () => {
  await using rig = await rigWithDraft([HI], { task: CHECKS });
  const refused = next(rig, { edited: "print('servus')\n" });
  await press(refused, 'A check failed. What now?', 'm');
  await refused.waitForNew("+ print('servus')");
  await press(refused, 'A check failed. What now?', 'q');
  await refused.exit;
  expect(rig.read('greet.py')).toBe(OLD);

  const accepted = next(rig, { edited: "print('hello, by hand')\n" });
  await press(accepted, 'A check failed. What now?', 'm');
  expect(await accepted.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe("print('hello, by hand')\n");
  expect(drafted(rig)).toMatchObject({ status: 'DONE', issues: [{ resolution: 'Manually edited' }] });
});

test('Ctrl-C while a check runs: the old file is back, no process is left, and the next start asks', async () => {
  await using rig = await rigWithDraft([HELLO], { task: 'checks: ["touch $TMPDIR/checking; sleep 1000"]\n' });
  const term = next(rig);
  await expect.poll(() => rig.exists('../tmp/checking')).toBe(true);
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  term.press('ctrl-c');
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(rig.processes()).toEqual([]);
  expect(rig.read('greet.py')).toBe(OLD);
  expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
  const again = next(rig);
  await press(again, 'What now?', 'q');
  expect(await again.exit).toEqual({ code: 4, signal: null });
  expect(rig.stable(again.screen())).toMatchInlineSnapshot(`
    "greet was RUNNING and no runner is at it.
    Its reply was not accepted; its log ends at logs/greet/<stamp>.log.

    ? What now? leave"
  `);
});

test('a runner that is killed while a check runs: the next start puts the old file back, and says so', async () => {
  await using rig = await rigWithDraft([HELLO], {
    task: 'checks: ["test -e $TMPDIR/checking || { touch $TMPDIR/checking; sleep 1000; }"]\n',
  });
  const term = next(rig);
  await expect.poll(() => rig.exists('../tmp/checking')).toBe(true);
  term.kill();
  await term.exit;
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  const again = next(rig);
  await press(again, 'What now?', 'r');
  expect(rig.read('greet.py')).toBe(OLD);
  await press(again, 'Accept?', 'y');
  expect(await again.exit).toEqual({ code: 0, signal: null });
  expect(again.screen()).toMatch(
    /^greet\.py was on trial for greet when the runner ended; it is as it was before\.\ngreet was RUNNING when/,
  );
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  expect(events(rig)).toContain('FILE_RESTORED  greet');
});

test('several blocks where one was asked for: one is picked by its number', async () => {
  await using rig = await rigWithDraft([`${HI}\nOr shorter:\n\n${HELLO}`]);
  const before = personsFiles(rig);
  const left = next(rig);
  await left.waitFor('›');
  expect(left.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting                                          step 1 of 1
      scripted replies (no model) · greet.md · 12 tokens
      writes greet.py once you accept

    ? the reply has 2 code blocks where one was asked for. Which one?
      1 python · 1 line · print('hi')
      2 python · 1 line · print('hello')  ›"
  `);
  for (const key of ['3', 'y', 'ctrl-c']) left.press(key);
  expect(await left.exit).toEqual({ code: 130, signal: null });
  expect(personsFiles(rig)).toEqual(before);

  const term = next(rig);
  await press(term, 'the reply has 2 code blocks where one was asked for. Which one?', '2');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe("print('hello')\n");
});

test('a reply that can’t be used: neither y nor d is offered, and r asks again', async () => {
  await using rig = await rigWithDraft(['Good morning!', HELLO]);
  const term = next(rig);
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting                                          step 1 of 1
      scripted replies (no model) · greet.md · 12 tokens
      writes greet.py once you accept

      ✘ a fenced python code block was asked for, and the reply has no fenced
        block
    ? This reply can’t be used. What now?
      r retry · m edit · e error · s skip · q leave  ›"
  `);
  await press(term, 'This reply can’t be used. What now?', 'r');
  await type(term, 'What should change?', '');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(drafted(rig)).toMatchObject({
    status: 'DONE',
    issues: [{ type: 'GENERATION_ERROR', detail: NO_BLOCK, resolution: 'Retried' }],
  });
  expect(events(rig)).toContain('AI_RESPONSE_FAILED  greet');
});

test('m on a reply that can’t be used: the whole reply is in the editor, what comes back is the file', async () => {
  await using rig = await rigWithDraft(['Good morning!']);
  const term = next(rig, { edited: "print('hello')\n" });
  await press(term, 'This reply can’t be used. What now?', 'm');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('../tmp/before')).toBe('Good morning!');
  expect(rig.read('greet.py')).toBe("print('hello')\n");
});

test.each([
  ['e', 1, 'ERROR'],
  ['s', 0, 'SKIPPED'],
  ['q', 4, 'READY'],
  ['ctrl-c', 130, 'READY'],
] as const)('%s on a reply that can’t be used', async (key, code, status) => {
  await using rig = await rigWithDraft(['Good morning!']);
  const before = personsFiles(rig);
  const term = next(rig);
  await press(term, 'This reply can’t be used. What now?', key);
  if (key === 'e') await type(term, 'What is wrong?', '');
  expect(await term.exit).toEqual({ code, signal: null });
  expect(drafted(rig).status).toBe(status);
  if (status === 'READY') expect(personsFiles(rig)).toEqual(before);
  if (status === 'ERROR') expect(drafted(rig).issues).toMatchObject([{ type: 'GENERATION_ERROR', detail: NO_BLOCK }]);
});

const NO_BLOCK = 'a fenced python code block was asked for, and the reply has no fenced block';
