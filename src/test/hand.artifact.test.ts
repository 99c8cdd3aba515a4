// A hand that edits the artifact itself: while a person looks at the diff, or while checks try the proposal. Nothing of it is lost.
import { expect, test } from 'vitest';
import { block, drafted, next, rigWithDraft } from './drafting.ts';
import { unwrapped } from './said.ts';

const HELLO = block("print('hello')");
/** The end of a menu that waits for a key. */
const MENU = /q leave {2}›/;
const MINE = "print('mine')\n";

test('changed while its diff is on the screen: accept writes nothing, shows the new diff, and asks again', async () => {
  await using rig = await rigWithDraft([HELLO]);
  const term = next(rig);
  await term.waitFor('Accept?');
  rig.write('greet.py', MINE);
  term.press('y');
  await term.waitForNew(MENU);
  expect(rig.read('greet.py')).toBe(MINE);
  expect(unwrapped(term.screen())).toContain(
    'greet.py changed since the first comparison; nothing was written. Look at what it would replace now.',
  );
  expect(term.screen()).toContain("- print('mine')");
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('greet.py')).toBe("print('hello')\n");
  expect(drafted(rig).status).toBe('DONE');
  expect(rig.journal().filter(({ event_type: type }) => type === 'HAND_EDIT')).toMatchObject([
    { task_id: 'greet', details: { paths: ['greet.py'] } },
  ]);
});

test('made while its diff is on the screen, where there was none: it is not overwritten unseen', async () => {
  await using rig = await rigWithDraft([HELLO]);
  rig.write('greet.yaml', rig.read('greet.yaml').replaceAll('greet.py', 'new.py'));
  const term = next(rig);
  await term.waitFor('Accept?');
  rig.write('new.py', MINE);
  term.press('y');
  await term.waitForNew(MENU);
  expect(rig.read('new.py')).toBe(MINE);
  term.press('q');
  expect((await term.exit).code).toBe(4);
  expect(rig.read('new.py')).toBe(MINE);
});

test('changed while the proposal is in the editor: what comes back is not accepted before its diff is seen', async () => {
  const editor = '#!/bin/sh\nprintf "%s\\n" "$EDITED" > "$1"\necho "print(\'mine\')" > greet.py\n';
  await using rig = await rigWithDraft([HELLO], { files: { '../bin/editor': editor } });
  const term = next(rig, { edited: "print('edited')" });
  await term.waitFor('Accept?');
  term.press('m');
  await term.waitForNew(MENU);
  expect(rig.read('greet.py')).toBe(MINE);
  expect(term.screen()).toContain("- print('mine')");
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('greet.py')).toBe("print('edited')\n");
});

test('changed while a check tries the proposal: the old file is back, and what was made meanwhile is kept beside it', async () => {
  const checks = 'checks: ["echo \\"print(1)\\" > greet.py; exit 1"]\n';
  await using rig = await rigWithDraft([HELLO], { task: checks });
  rig.write('greet.py.orig', 'not to be overwritten\n');
  const finished = await rig.run(['next', '--answer', 'error']);
  expect(finished.code).toBe(1);
  expect(unwrapped(finished.stderr)).toContain(
    'greet.py was changed by something else while the checks tried it; it is as it was before. What was made of it meanwhile is kept in greet.py.orig.2.',
  );
  expect(rig.read('greet.py')).toBe("print('old')\n");
  expect(rig.read('greet.py.orig')).toBe('not to be overwritten\n');
  expect(rig.read('greet.py.orig.2')).toBe('print(1)\n');
});
