// Wherever a command waits for a person or for a program of theirs: Ctrl-C, SIGTERM and SIGHUP end it with 130, change nothing in
// the files, and leave no process.
import { expect, test } from 'vitest';
import { personsFiles, press, type } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

const PLAN =
  'tasks:\n  - {id: a, status: READY}\n  - {id: b, status: READY, checks: ["echo $$ > $TMPDIR/up; exec sleep 1000"]}\n';
/** Of one sort: opens, says so, and does not end by itself. */
const PROGRAM = '#!/bin/sh\necho opened > "$TMPDIR/up"\nexec sleep 1000\n';
const MISTAKE = '#!/bin/sh\necho "tasks: [{id: a, status: DOEN}]" > runbook.yaml\n';

interface Place {
  readonly args: readonly string[];
  readonly reach: (term: Terminal, rig: Rig) => Promise<unknown>;
  readonly editor?: string;
}
const isUp = (_term: Terminal, rig: Rig) => expect.poll(() => rig.exists('../tmp/up')).toBe(true);

const PLACES: Readonly<Record<string, Place>> = {
  'the first question of `add`': { args: ['add'], reach: (term) => term.waitFor('? What is to be done?') },
  'a later question of `add`': {
    args: ['add'],
    reach: async (term) => {
      await type(term, 'What is to be done?', 'Pack it');
      await term.waitFor('? Who does it?');
    },
  },
  'the last question of `add`': {
    args: ['add', '--script', 'true', '--depends-on', 'a'],
    reach: async (term) => {
      await type(term, 'What is to be done?', 'Pack it');
      await term.waitFor('? Write it?');
    },
  },
  'the question of `import`': { args: ['import', 'PLAN.md'], reach: (term) => term.waitFor('? Write it?') },
  'the question of `error`': { args: ['error', 'a'], reach: (term) => term.waitFor('? What is wrong?') },
  'the check of `done`': { args: ['done', 'b'], reach: isUp },
  'the editor of `edit`': { args: ['edit', 'a'], reach: isUp, editor: PROGRAM },
  'the question after the editor': {
    args: ['edit', 'a'],
    reach: (term) => term.waitFor('? Open it again?'),
    editor: MISTAKE,
  },
};

const STOPS: Readonly<Record<string, (term: Terminal) => void>> = {
  'Ctrl-C': (term) => term.press('ctrl-c'),
  SIGTERM: (term) => term.kill('SIGTERM'),
  SIGHUP: (term) => term.kill('SIGHUP'),
};

/** In plain `npm test`, each place in two of the three ways. */
const isTried = (place: number, way: number) => process.env.RUNBOOK_RELIABILITY === '1' || way !== 1 + (place % 2);

test.each(
  Object.keys(PLACES).flatMap((where, place) =>
    Object.keys(STOPS).flatMap((how, way) => (isTried(place, way) ? [[where, how] as const] : [])),
  ),
)('at %s, %s', async (where, how) => {
  const { args, reach, editor = '' } = PLACES[where] ?? { args: [], reach: async () => {} };
  await using rig = await makeRig({ files: { 'runbook.yaml': PLAN, 'PLAN.md': '- [ ] one\n' } });
  rig.command('theirs', editor);
  const term = rig.terminal([...args], { env: { EDITOR: 'theirs' } });
  await reach(term, rig);
  const before = personsFiles(rig);
  STOPS[how]?.(term);
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(rig.processes()).toEqual([]);
});

test.each(['SIGTERM', 'SIGHUP'] as const)('in the pager of a review, %s: the task is as it was', async (signal) => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml':
        'models: {told: {provider: scripted, replies: r.yaml}}\ntasks:\n  - {id: a, status: READY, type: AI_ASSISTED, output_artifact: out.txt, ai_details: {model: told, prompt_template: p.md}}\n',
      'p.md': 'Write.\n',
      'r.yaml': `replies: [{reply: ${JSON.stringify('line\n'.repeat(60))}}]\n`,
    },
  });
  rig.command('theirs', PROGRAM);
  const before = personsFiles(rig);
  const term = rig.terminal(['next'], { env: { PAGER: 'theirs' } });
  await press(term, 'Accept?', 'd');
  await isUp(term, rig);
  term.kill(signal);
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(personsFiles(rig)).toEqual(before);
  expect(rig.processes()).toEqual([]);
});

test.each(Object.keys(STOPS))(
  'where a reply is to be pasted, %s: the task is as it was, also while the clipboard takes its time',
  async (how) => {
    await using rig = await makeRig({
      files: {
        'runbook.yaml':
          'tasks:\n  - {id: a, status: READY, type: AI_ASSISTED, ai_details: {model: paste, prompt_template: p.md}}\n',
        'p.md': 'Write.\n',
      },
    });
    for (const name of ['xsel', 'wl-copy'])
      rig.command(name, '#!/bin/sh\necho > "$TMPDIR/up"\nwhile [ ! -e "$TMPDIR/go" ]; do sleep 0.02; done\nexit 1\n');
    const early = rig.terminal(['next'], { env: { DISPLAY: ':9' } });
    await isUp(early, rig);
    STOPS[how]?.(early);
    rig.write('../tmp/go', '');
    expect(await early.exit).toEqual({ code: 130, signal: null });
    const late = rig.terminal(['next']);
    await late.waitFor('then press Ctrl-D');
    STOPS[how]?.(late);
    expect(await late.exit).toEqual({ code: 130, signal: null });
    expect(rig.statuses()).toEqual({ a: 'READY' });
    expect(rig.processes()).toEqual([]);
  },
);
