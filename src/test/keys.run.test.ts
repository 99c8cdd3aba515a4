// `run` in a real terminal: one step after the other, and the reasons to stop; --until, --start-from and --keep-going.
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';

/** Each line is a step: `id <- what it depends on: script`, by hand where there is no script. */
function rigWith(...steps: string[]): Promise<Rig> {
  const tasks = steps.map((step) => {
    const [, id, after, script] = /^(\w+)(?: <- ([\w, ]+))?(?:: (.+))?$/.exec(step) ?? [];
    const work = script ? ['type: AUTOMATED_SCRIPT', `script_details: ${JSON.stringify(script)}`] : [];
    return [`  - id: ${id}`, 'status: PENDING', ...(after ? [`depends_on: [${after}]`] : []), ...work].join('\n    ');
  });
  return makeRig({ files: { 'runbook.yaml': `tasks:\n${tasks.join('\n')}\n` } });
}

test('run goes on from step to step, also past one by hand, to the end', async () => {
  await using rig = await rigWith('fetch: echo fetched', 'look <- fetch', 'pack <- look: echo packed');
  const term = rig.terminal(['run']);
  await press(term, 'Done?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ fetch                                                              step 1 of 3
      echo fetched                                                              in .

      │ fetched
    ✔ DONE  fetch  <duration>  logs/fetch/<stamp>.log

    ▶ look                                                               step 2 of 3

    ? Done? done
    ✔ DONE  look  <duration>

    ▶ pack                                                               step 3 of 3
      echo packed                                                               in .

      │ packed
    ✔ DONE  pack  <duration>  logs/pack/<stamp>.log
    Nothing is left to do: every task is DONE or SKIPPED."
  `);
  expect(rig.statuses()).toEqual({ fetch: 'DONE', look: 'DONE', pack: 'DONE' });
});

test('Ctrl-C at a question in the middle of a run: what is DONE stays DONE', async () => {
  await using rig = await rigWith('fetch: echo fetched', 'look <- fetch', 'pack <- look: echo packed');
  const term = rig.terminal(['run']);
  await press(term, 'Done?', 'ctrl-c');
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(rig.statuses()).toEqual({ fetch: 'DONE', look: 'READY', pack: 'PENDING' });
});

test('q in the middle of a run ends it', async () => {
  await using rig = await rigWith('look', 'pack: echo packed');
  const term = rig.terminal(['run']);
  await press(term, 'Done?', 'q');
  expect(await term.exit).toEqual({ code: 4, signal: null });
  expect(rig.statuses()).toEqual({ look: 'READY', pack: 'READY' });
});

test('s in the middle of a run: those that wait for it are named when nothing else is READY', async () => {
  await using rig = await rigWith('look', 'pack <- look: echo packed', 'ship <- pack: echo shipped');
  const term = rig.terminal(['run']);
  await press(term, 'Done?', 's');
  expect(await term.exit).toEqual({ code: 3, signal: null });
  expect(term.screen()).toMatchInlineSnapshot(`
    "▶ look                                                               step 1 of 3

    ? Done? skip
    ↷ SKIPPED  look
      Now waiting: pack, ship. They go on with \`skipped_satisfies: true\` in the
        runbook, or when look is DONE.
    Nothing is READY:
      pack is PENDING, waits for look (SKIPPED)
      ship is PENDING, waits for pack (PENDING)

      A SKIPPED task does not let those after it go on. Either write
      \`skipped_satisfies: true\` at the top of the runbook, or run \`runbook done ID\`
      if its work is done after all, or take it out of their \`depends_on\`."
  `);
});

test('run --until stops after that step, and says what would be next', async () => {
  await using rig = await rigWith('one: echo 1', 'two <- one: echo 2', 'three <- two: echo 3', 'four: echo 4');
  const term = rig.terminal(['run', '--until', 'two']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ one: 'DONE', two: 'DONE', three: 'READY', four: 'READY' });
  expect(term.screen()).toMatch(/✔ DONE {2}two .*\n {2}next: three$/);
});

test('run --until a step that is DONE already does nothing, and does not say that nothing is left', async () => {
  await using rig = await rigWith('one: echo 1', 'two: echo 2');
  await rig.run(['next']);
  const before = rig.tree();
  const term = rig.terminal(['run', '--until', 'one']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).toMatchInlineSnapshot(`"Nothing is left to do: every task up to one is DONE or SKIPPED."`);
  expect(rig.tree()).toEqual(before);
});

test('run --start-from leaves alone what stands before it, also an ERROR', async () => {
  await using rig = await rigWith('one: "false"', 'two: echo 2', 'three: echo 3');
  await rig.run(['next']);
  const term = rig.terminal(['run', '--start-from', 'two']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ one: 'ERROR', two: 'DONE', three: 'DONE' });
});

test('next --start-from does one step from there on', async () => {
  await using rig = await rigWith('one: echo 1', 'two: echo 2', 'three: echo 3');
  const term = rig.terminal(['next', '--start-from', 'two']);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.statuses()).toEqual({ one: 'READY', two: 'DONE', three: 'READY' });
});

test('run --start-from a step that has to wait does not start it', async () => {
  await using rig = await rigWith('one: echo 1', 'two <- one: echo 2');
  const term = rig.terminal(['run', '--start-from', 'two']);
  expect(await term.exit).toEqual({ code: 3, signal: null });
  expect(term.screen()).toMatchInlineSnapshot(`
    "Nothing from two on is READY:
      two is PENDING, waits for one (READY)"
  `);
  expect(rig.statuses()).toEqual({ one: 'READY', two: 'PENDING' });
});

test.each(['--until', '--start-from'])(
  '%s with an id that no step has: a suggestion, and nothing is done',
  async (flag) => {
    await using rig = await rigWith('fetch: echo fetched', 'pack <- fetch: echo packed');
    const before = rig.tree();
    const term = rig.terminal(['run', flag, 'pakc']);
    expect(await term.exit).toEqual({ code: 2, signal: null });
    expect(term.screen()).toContain(`error: \`${flag}\`: there is no task \`pakc\`. Did you mean \`pack\`?`);
    expect(rig.tree()).toEqual(before);
  },
);

test('run stops at an ERROR; --keep-going goes past it, and says at the end what stands in ERROR', async () => {
  await using rig = await rigWith('one: echo 1', 'two: exit 3', 'three <- two: echo 3', 'four: echo 4');
  const stopped = rig.terminal(['run']);
  expect(await stopped.exit).toEqual({ code: 1, signal: null });
  expect(rig.statuses()).toEqual({ one: 'DONE', two: 'ERROR', three: 'PENDING', four: 'READY' });

  const going = rig.terminal(['run', '--keep-going']);
  expect(await going.exit).toEqual({ code: 1, signal: null });
  expect(rig.statuses()).toEqual({ one: 'DONE', two: 'ERROR', three: 'PENDING', four: 'DONE' });
  expect(rig.stable(going.screen())).toMatchInlineSnapshot(`
    "▶ four                                                               step 4 of 4
      echo 4                                                                    in .

      │ 4
    ✔ DONE  four  <duration>  logs/four/<stamp>.log
    ✘ ERROR  two  runbook.yaml:10
      SCRIPT_ERROR: exit 3
      runbook retry two · runbook skip two · runbook show two"
  `);

  const again = rig.terminal(['run', '--keep-going']);
  expect(await again.exit).toEqual({ code: 1, signal: null });
  expect(again.screen()).toMatchInlineSnapshot(`
    "✘ ERROR  two  runbook.yaml:10
      SCRIPT_ERROR: exit 3
      runbook retry two · runbook skip two · runbook show two"
  `);
});

test('run --keep-going does not run again what ended in ERROR in the same run', async () => {
  await using rig = await rigWith('one: echo run >> runs; exit 3', 'two: echo 2');
  const term = rig.terminal(['run', '--keep-going']);
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(rig.read('runs')).toBe('run\n');
  expect(rig.statuses()).toEqual({ one: 'ERROR', two: 'DONE' });
});
