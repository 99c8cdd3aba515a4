// A step by a model, with the keys of a person in a real terminal: what each of y, e, s, d, m, q and Ctrl-C does to a reply.
import { expect, test } from 'vitest';
import { block, drafted, next, OLD, rigWithDraft } from './drafting.ts';
import { events, personsFiles, press, type } from './person.ts';

const HI = block("print('hi')");

test('y: what was shown is written, and only then', async () => {
  await using rig = await rigWithDraft([HI], { ai: '  review_points: [It greets, It is short]\n' });
  rig.write('greet.py', '#!/usr/bin/env python3\n');
  const term = next(rig);
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ greet  Write the greeting                                          step 1 of 1
      scripted replies (no model) · greet.md · 12 tokens
      writes greet.py once you accept

      ────────────────────────────────────────────────────────────────────────────
      greet.py                                                               +1 -1
      @@ line 1 @@
      - #!/usr/bin/env python3
      + print('hi')
      ────────────────────────────────────────────────────────────────────────────
      Look for   · It greets
                 · It is short

    ? Accept?
      y accept · r retry · m edit · e error · s skip · d diff · q leave  ›"
  `);
  expect(term.styleOf("+ print('hi')")).toMatchObject({ fg: 'green' });
  expect(term.styleOf('- #!/usr')).toMatchObject({ fg: 'red' });
  expect(rig.read('greet.py')).toBe('#!/usr/bin/env python3\n');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen().split('\n').slice(-4).join('\n'))).toMatchInlineSnapshot(`
    "? Accept? accept
      wrote greet.py
    ✔ DONE  greet  <duration>  logs/greet/<stamp>.log
      all done"
  `);
  expect(rig.read('greet.py')).toBe("print('hi')\n");
  // The file may be executed, as before.
  expect(rig.tree()['greet.py']).toMatch(/^755 /);
  expect(drafted(rig)).toMatchObject({
    status: 'DONE',
    last_run: { outcome: 'SUCCESS', llm_response: "Here it is: ```python print('hi') ```" },
  });
  expect(drafted(rig).issues).toBeUndefined();
  expect(events(rig)).toEqual([
    'START_TASK  greet  READY -> RUNNING',
    'AI_PROMPT_SENT  greet',
    'AI_RESPONSE_RECEIVED  greet',
    'MANUAL_ACTION: accept  greet',
    'FILE_WRITTEN  greet',
    'COMPLETE_TASK  greet  RUNNING -> DONE',
  ]);
});

test('e: asks what is wrong; the reply is not written', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = next(rig);
  await press(term, 'Accept?', 'e');
  await type(term, 'What is wrong?', 'not a greeting');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.read('greet.py')).toBe(OLD);
  expect(drafted(rig)).toMatchObject({
    status: 'ERROR',
    last_run: { outcome: 'FAILURE', llm_response: "Here it is: ```python print('hi') ```" },
    issues: [{ type: 'VALIDATION_FAIL', detail: 'not a greeting' }],
  });
  expect(events(rig).slice(-2)).toEqual(['MANUAL_ACTION: error  greet', 'ERROR_TASK  greet  RUNNING -> ERROR']);
});

test('s: SKIPPED; the reply is not written', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = next(rig);
  await press(term, 'Accept?', 's');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe(OLD);
  expect(drafted(rig).status).toBe('SKIPPED');
  expect(events(rig).slice(-2)).toEqual(['MANUAL_ACTION: skip  greet', 'SKIP_TASK  greet  RUNNING -> SKIPPED']);
});

test('q: READY again, and no file is changed', async () => {
  await using rig = await rigWithDraft([HI]);
  const before = personsFiles(rig);
  const term = next(rig);
  await press(term, 'Accept?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(events(rig).at(-1)).toBe('LEAVE_TASK  greet  RUNNING -> READY');
});

test.each([
  ['Accept?', undefined],
  ['What is wrong?', 'e'],
  ['What should change?', 'r'],
] as const)('Ctrl-C at `%s` leaves the files as they were', async (question, key) => {
  await using rig = await rigWithDraft([HI]);
  const before = personsFiles(rig);
  const term = next(rig);
  await press(term, 'Accept?', key ?? 'ctrl-c');
  if (key) {
    await term.waitForNew(`? ${question}`);
    term.press('ctrl-c');
  }
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(term.screen()).toMatch(/\n○ left {2}greet is READY again\ninterrupted$/);
  expect(personsFiles(rig)).toEqual(before);
});

test('d: a long diff is cut at first, and shown whole on demand', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => `print(${i + 1})`);
  await using rig = await rigWithDraft([block(lines.join('\n'))]);
  const term = next(rig, { rows: 100 });
  await term.waitFor('›');
  expect(term.screen()).toContain('  … 23 more lines (d shows all)\n');
  expect(term.screen()).not.toContain('print(60)');
  await press(term, 'Accept?', 'd');
  await term.waitForNew('+ print(60)');
  await press(term, 'Accept?', 'q');
  await term.exit;
  expect(rig.read('greet.py')).toBe(OLD);
});

test('m: what comes back from the editor is shown, written, and journaled as edited by hand', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = next(rig, { edited: "print('servus')\n" });
  await press(term, 'Accept?', 'm');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).toContain("  + print('servus')\n");
  expect(rig.read('../tmp/before')).toBe("print('hi')\n");
  expect(rig.read('greet.py')).toBe("print('servus')\n");
  expect(drafted(rig).status).toBe('DONE');
  const edit = rig.journal().find(({ details }) => details?.decision === 'edit');
  expect(edit).toMatchObject({ event_type: 'MANUAL_ACTION', details: { by: 'person', manual_edit: true } });
});

test('m: VISUAL is the editor, where both are set', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = rig.terminal(['next'], { rows: 40, env: { EDITOR: 'false', VISUAL: 'sed -i s/hi/servus/' } });
  await press(term, 'Accept?', 'm');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe("print('servus')\n");
});

test('m, and the editor fails: the reply is not lost, and the question comes again', async () => {
  await using rig = await rigWithDraft([HI]);
  const term = rig.terminal(['next'], { rows: 40, env: { EDITOR: 'false' } });
  await press(term, 'Accept?', 'm');
  await term.waitForNew('the editor `false` failed: exit 1');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('greet.py')).toBe("print('hi')\n");
});

test('a file that is new, and a folder that the person has made for it', async () => {
  await using rig = await rigWithDraft([HI], { files: { 'src/.gitkeep': '' } });
  rig.write('greet.yaml', rig.read('greet.yaml').replace('greet.py', 'src/greet.py'));
  const term = next(rig);
  await term.waitFor('›');
  expect(term.screen()).toMatch(/^ {2}src\/greet\.py +new, \+1 line$/m);
  expect(rig.exists('src/greet.py')).toBe(false);
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('src/greet.py')).toBe("print('hi')\n");
});

test('without an artifact the reply goes to the log alone', async () => {
  await using rig = await rigWithDraft([HI]);
  rig.write('greet.yaml', rig.read('greet.yaml').replace('output_artifact: greet.py\n', ''));
  const before = personsFiles(rig);
  const term = next(rig);
  await term.waitFor('writes nothing: the reply goes to the log');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  const changed = Object.keys(before).filter((path) => personsFiles(rig)[path] !== before[path]);
  expect(changed).toEqual(['greet.yaml', 'runbook.yaml']);
  const received = rig.journal().find(({ event_type }) => event_type === 'AI_RESPONSE_RECEIVED');
  expect(rig.read(String(received?.details?.reply))).toBe(HI);
});
