// Wherever a command waits for a person or for a program of theirs: Ctrl-C, SIGTERM and SIGHUP end it with 130, change nothing in
// the files, and leave no process.
import { expect, test } from 'vitest';
import { personsFiles, type } from './person.ts';
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

test.each(Object.keys(PLACES).flatMap((where) => Object.keys(STOPS).map((how) => [where, how] as const)))(
  'at %s, %s',
  async (where, how) => {
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
  },
);
