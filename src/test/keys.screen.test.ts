// What is seen in a narrow terminal, in one that is resized meanwhile, and in one without colour.
import { expect, test } from 'vitest';
import { block, OLD, rigWithDraft } from './drafting.ts';
import { press } from './person.ts';
import { makeRig } from './rig.ts';

const BY_HAND = `tasks:
  - id: read_release_notes_of_the_new_version
    name: Read the release notes of the new version
    status: READY
    description: The notes are what people see first, and for most of them all that they see.
    manual_instructions: |
      Open \`outputs/release_notes.md\`. Each breaking change must say what to do about it.
`;

test('40 columns: a step by hand', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': BY_HAND } });
  const term = rig.terminal(['next'], { cols: 40 });
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ read_release_notes_of_the_new_version…
      step 1 of 1
      The notes are what people see first,
      and for most of them all that they
      see.

      Open outputs/release_notes.md. Each
      breaking change must say what to do
      about it.

    ? Done?
      y done · e error · s skip
      q leave  ›"
  `);
  await press(term, 'Done?', 'e');
  await term.waitForNew('? What is wrong?');
  term.type('the second of the breaking changes does not say what to do');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.stable(term.screen().split('? What is wrong?')[1] ?? '')).toMatchInlineSnapshot(`
    " the second of the break
    ing changes does not say what to do
    ✘ ERROR
      read_release_notes_of_the_new_version
      <duration>
      the second of the breaking changes
      does not say what to do
      next: mend it, then runbook retry 
      read_release_notes_of_the_new_version
      runbook show
      read_release_notes_of_the_new_version"
  `);
});

test('40 columns: a reply, its checks, and the question', async () => {
  await using rig = await rigWithDraft([block("print('good morning, and a very good morning to you')")], {
    ai: '  review_points: [It greets everybody who may be listening at this hour]\n',
    task: 'checks: [{name: it greets everybody who listens, command: grep morning greet.py}]\n',
  });
  const term = rig.terminal(['next'], { cols: 40, rows: 40 });
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting  step 1 of 1
      scripted replies (no model) · greet.md
      12 tokens
      writes greet.py once you accept

      ────────────────────────────────────
      greet.py                       +1 -1
      @@ line 1 @@
      - print('old')
      + print('good morning, and a very good
     morning to you')
      ────────────────────────────────────
      ✔ it greets everybody who listens
      grep morning greet.py
      Look for   · It greets everybody who
                   may be listening at this
                   hour

    ? Accept?
      y accept · r retry · m edit
      e error · s skip · d diff
      q leave  ›"
  `);
  await press(term, 'Accept?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(rig.read('greet.py')).toBe(OLD);
});

test('a terminal that is resized while a question waits', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': BY_HAND } });
  const term = rig.terminal(['next'], { cols: 100 });
  await term.waitFor('›');
  term.resize(40, 24);
  term.resize(60, 24);
  term.press('e');
  await term.waitForNew('? What is wrong?');
  term.resize(90, 30);
  term.type('too narrow');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(term.screen()).toMatch(/^\? Done\? error\n\? What is wrong\? too narrow\n✘ ERROR {2}/m);
});

test('a terminal that is resized while a script runs: the moving line takes the new width', async () => {
  const runbook = `tasks:
  - id: wait
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: echo one; while ! test -e go; do sleep 0.02; done; echo two
`;
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook } });
  const term = rig.terminal(['next'], { cols: 100 });
  await term.waitFor('s · running');
  term.resize(16, 24);
  await term.waitFor(/^ {2}\S \d+\.\d s · ru…$/m);
  rig.write('go', '');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).not.toContain('· ru');
});

test('NO_COLOR: the same screen, and not one colour in it', async () => {
  await using rig = await rigWithDraft([block("print('hi')")]);
  const coloured = rig.terminal(['next'], { rows: 40 });
  await coloured.waitFor('›');
  const screen = coloured.screen();
  await press(coloured, 'Accept?', 'q');
  await coloured.exit;
  for (const [args, env] of [
    [['next'], { NO_COLOR: '1' }],
    [['next', '--no-color'], {}],
  ] as const) {
    const term = rig.terminal([...args], { rows: 40, env });
    await term.waitFor('›');
    expect(term.screen()).toBe(screen);
    // Colours are set by SGR sequences with parameters; the prompt moves the cursor by others.
    expect(term.raw()).not.toMatch(/\u001b\[[\d;]*[1-9][\d;]*m/);
    await press(term, 'Accept?', 'q');
    await term.exit;
  }
});
