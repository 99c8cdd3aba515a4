// A step by hand that is a list, walked point by point, and one with checks, which run after y.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { events, personsFiles, press, type } from './person.ts';
import { makeRig } from './rig.ts';

const LIST = `tasks:
  - id: look
    status: READY
    manual_instructions:
      - Look to the left.
      - Look to the right, and then once more to the left, since somebody may have come meanwhile.
      - Go.
`;
const CHECKED = `tasks:
  - id: mend
    name: Mend it
    status: READY
    checks:
      - "true"
      - {name: it is mended, command: "test -e mended || { echo not yet; exit 3; }"}
`;

test('a list is walked step by step', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': LIST } });
  const term = rig.terminal(['next']);
  await press(term, 'Step 1 of 3 done?', 'y');
  await press(term, 'Step 2 of 3 done?', 'y');
  await press(term, 'Step 3 of 3 done?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ look                                                               step 1 of 1

      1. Look to the left.
      2. Look to the right, and then once more to the left, since somebody may
         have come meanwhile.
      3. Go.

    ? Step 1 of 3 done? next
    ? Step 2 of 3 done? next
    ? Step 3 of 3 done? done
    ✔ DONE  look  <duration>
      all done"
  `);
  expect(events(rig).filter((line) => line.startsWith('MANUAL_ACTION'))).toEqual(['MANUAL_ACTION: accept  look']);
});

test.each([
  ['e', 1, 'ERROR'],
  ['s', 0, 'SKIPPED'],
  ['q', 4, 'READY'],
  ['ctrl-c', 130, 'READY'],
] as const)('%s in the middle of a list ends the whole step', async (key, code, status) => {
  await using rig = await makeRig({ files: { 'runbook.yaml': LIST } });
  const before = personsFiles(rig);
  const term = rig.terminal(['next']);
  await press(term, 'Step 1 of 3 done?', 'y');
  await press(term, 'Step 2 of 3 done?', key);
  if (key === 'e') await type(term, 'What is wrong?', 'the second');
  expect(await term.exit).toEqual({ code, signal: null });
  expect(rig.statuses()).toEqual({ look: status });
  if (status === 'READY') expect(personsFiles(rig)).toEqual(before);
});

test('checks run after y: while they fail it is not DONE, and y runs them again', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': CHECKED } });
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'y');
  await press(term, 'A check failed. What now?', 'y');
  await term.waitForNew('✘ it is mended');
  rig.write('mended', '');
  await press(term, 'A check failed. What now?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ mend  Mend it                                                      step 1 of 1

    ? Done? done
      ✔ true
      ✘ it is mended             exit 3: test -e mended || { echo not yet; exit 3; }
        │ not yet
    ? A check failed. What now? mended, check again
      ✔ true
      ✘ it is mended             exit 3: test -e mended || { echo not yet; exit 3; }
        │ not yet
    ? A check failed. What now? mended, check again
      ✔ true
      ✔ it is mended                     test -e mended || { echo not yet; exit 3; }
    ✔ DONE  mend  <duration>  logs/mend/<stamp>.log
      all done"
  `);
  expect(rig.statuses()).toEqual({ mend: 'DONE' });
  const checks = rig.journal().filter(({ event_type }) => event_type === 'CHECK_RUN');
  expect(checks.map(({ details }) => [details?.name, details?.ok])).toEqual([
    ['true', true],
    ['it is mended', false],
    ['true', true],
    ['it is mended', false],
    ['true', true],
    ['it is mended', true],
  ]);
});

test.each([
  ['e', 1, 'ERROR'],
  ['s', 0, 'SKIPPED'],
  ['q', 4, 'READY'],
  ['ctrl-c', 130, 'READY'],
] as const)('%s after a check that failed', async (key, code, status) => {
  await using rig = await makeRig({ files: { 'runbook.yaml': CHECKED } });
  const before = personsFiles(rig);
  const term = rig.terminal(['next']);
  await press(term, 'Done?', 'y');
  await press(term, 'A check failed. What now?', key);
  expect(await term.exit).toEqual({ code, signal: null });
  expect(rig.statuses()).toEqual({ mend: status });
  if (status === 'READY') expect(personsFiles(rig)).toEqual(before);
  if (key !== 'e') return;
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues: unknown }[] };
  expect(tasks[0]?.issues).toMatchObject([
    { type: 'VALIDATION_FAIL', detail: 'check `it is mended` exit 3:\nnot yet' },
  ]);
});
