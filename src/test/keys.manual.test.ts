// A step by hand, with the keys of a person in a real terminal: y, e, s, q and Ctrl-C.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { events, personsFiles, press, type } from './person.ts';
import { makeRig, type Rig } from './rig.ts';

const RUNBOOK = `tasks:
  - id: read_notes
    name: Read the release notes
    status: READY
    task_detail_file: notes.yaml
  - id: announce
    name: Announce
    depends_on: [read_notes]
`;
const DETAIL = `id: read_notes
status: READY
manual_instructions: |
  Open **notes.md**. Each breaking change must say
  what to do about it.

  1. Mend what is wrong.
  2. The file is yours.
`;

test('y: the step is DONE, and what depended on it is next', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ read_notes  Read the release notes                                 step 1 of 2

      Open notes.md. Each breaking change must say what to do about it.

        1. Mend what is wrong.
        2. The file is yours.

    ? Done? done
    ✔ DONE  read_notes  <duration>
      next: announce  Announce"
  `);
  expect(rig.statuses()).toEqual({ read_notes: 'DONE', announce: 'READY' });
  expect(detail(rig)).toMatchObject({ status: 'DONE', last_run: { outcome: 'SUCCESS' } });
  expect(events(rig)).toEqual([
    'START_TASK  read_notes  READY -> RUNNING',
    'MANUAL_ACTION: accept  read_notes',
    'COMPLETE_TASK  read_notes  RUNNING -> DONE',
    'READY_TASK  announce  PENDING -> READY',
  ]);
});

test('the question, before it is answered', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await term.waitFor('›');
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ read_notes  Read the release notes                                 step 1 of 2

      Open notes.md. Each breaking change must say what to do about it.

        1. Mend what is wrong.
        2. The file is yours.

    ? Done?  y done · e error · s skip · q leave  ›"
  `);
  expect(rig.statuses()).toMatchObject({ read_notes: 'RUNNING' });
  expect(detail(rig)).toMatchObject({ status: 'RUNNING' });
  expect(term.styleOf('read_notes')).toMatchObject({ bold: true });
  expect(term.styleOf('notes.md')).toMatchObject({ bold: true });
});

test('e: asks what is wrong, and keeps it as an issue', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'e');
  await type(term, 'What is wrong?', 'no word on `--force`');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ read_notes  Read the release notes                                 step 1 of 2

      Open notes.md. Each breaking change must say what to do about it.

        1. Mend what is wrong.
        2. The file is yours.

    ? Done? error
    ? What is wrong? no word on \`--force\`
    ✘ ERROR  read_notes  <duration>
      no word on \`--force\`
      next: mend it, then runbook retry read_notes · runbook show read_notes"
  `);
  expect(rig.statuses()).toEqual({ read_notes: 'ERROR', announce: 'not written' });
  expect(detail(rig)).toMatchObject({
    status: 'ERROR',
    last_run: { outcome: 'FAILURE' },
    issues: [{ timestamp: expect.any(String), type: 'MANUAL_BLOCKER', detail: 'no word on `--force`' }],
  });
  expect(events(rig)).toEqual([
    'START_TASK  read_notes  READY -> RUNNING',
    'MANUAL_ACTION: error  read_notes',
    'ERROR_TASK  read_notes  RUNNING -> ERROR',
  ]);
});

test('e, and nothing more to say', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'e');
  await type(term, 'What is wrong?', '');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(detail(rig).issues).toMatchObject([{ type: 'MANUAL_BLOCKER', detail: 'marked as error by hand' }]);
});

test('s: SKIPPED, and it is said who waits now, and how they go on', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 's');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ read_notes  Read the release notes                                 step 1 of 2

      Open notes.md. Each breaking change must say what to do about it.

        1. Mend what is wrong.
        2. The file is yours.

    ? Done? skip
    ↷ SKIPPED  read_notes
      Now waiting: announce. They go on with \`skipped_satisfies: true\` in the
        runbook, or when read_notes is DONE.
      next: nothing is READY; 1 task waits. runbook status"
  `);
  expect(rig.statuses()).toEqual({ read_notes: 'SKIPPED', announce: 'not written' });
  expect(detail(rig).status).toBe('SKIPPED');
  expect(events(rig)).toEqual([
    'START_TASK  read_notes  READY -> RUNNING',
    'MANUAL_ACTION: skip  read_notes',
    'SKIP_TASK  read_notes  RUNNING -> SKIPPED',
  ]);
});

test('q: it is READY again, and nothing else is written', async () => {
  await using rig = await rigWithNotes();
  const before = personsFiles(rig);
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(term.screen()).toMatch(/\n\? Done\? leave\n○ left {2}read_notes is READY again$/);
  expect(personsFiles(rig)).toEqual(before);
  expect(events(rig)).toEqual(['START_TASK  read_notes  READY -> RUNNING', 'LEAVE_TASK  read_notes  RUNNING -> READY']);
});

test('Ctrl-C at either question leaves the files as they were', async () => {
  await using rig = await rigWithNotes();
  const before = personsFiles(rig);
  const first = rig.terminal(['next']);
  await press(first, 'Done?', 'ctrl-c');
  expect(await first.exit).toEqual({ code: 130, signal: null });
  expect(first.screen()).toMatch(/\n○ left {2}read_notes is READY again\ninterrupted$/);
  expect(personsFiles(rig)).toEqual(before);

  const second = rig.terminal(['next']);
  await press(second, 'Done?', 'e');
  await second.waitForNew('? What is wrong?');
  second.type('half a sent');
  await second.waitFor('half a sent');
  second.press('ctrl-c');
  expect(await second.exit).toEqual({ code: 130, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(rig.journal().map(({ event_type, details }) => [event_type, details?.why])).toEqual([
    ['START_TASK', undefined],
    ['LEAVE_TASK', 'interrupted'],
    ['START_TASK', undefined],
    ['LEAVE_TASK', 'interrupted'],
  ]);
});

test('other keys do nothing, and capital letters are the same keys', async () => {
  await using rig = await rigWithNotes();
  const term = rig.terminal(['next']);
  await term.waitFor('›');
  const asked = term.screen();
  for (const key of ['x', 'enter', 'space', 'esc', 'up', 'ctrl-y', 'r', 'm', 'd']) term.press(key);
  // What comes after them is answered, so they have been read.
  term.press('Y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.scrollback()).toContain(asked.replace(/\? Done\?.*$/, '? Done? done\n✔ DONE  read_notes'));
});

function rigWithNotes(): Promise<Rig> {
  return makeRig({ files: { 'runbook.yaml': RUNBOOK, 'notes.yaml': DETAIL } });
}

interface Detail {
  status: string;
  last_run?: unknown;
  issues?: unknown;
}

function detail(rig: Rig): Detail {
  return parse(rig.read('notes.yaml')) as Detail;
}
