// Hand edits of the plan itself, between two commands and under a running task: they count, are said once, and are journaled with
// what was there before.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const FILES = {
  'runbook.yaml': `name: Trial
tasks:
  - id: build
    status: DONE
    type: AUTOMATED_SCRIPT
    script_details: make all
  - id: draft
    status: READY
    type: AI_ASSISTED
    task_detail_file: draft.yaml
  - id: check
    depends_on: [build]
    status: READY
  - id: ship
    depends_on: [draft, check]
`,
  'draft.yaml': 'id: draft\nstatus: READY\nai_details:\n  model: scripted\n  prompt_template: p.md\n',
  'p.md': 'Write.\n',
  'q.md': 'Write more.\n',
};

/** After one command has read the plan, `edit` is made, and the next command is asked what it saw. */
async function seenAfter(edit: (rig: Rig) => void): Promise<{ said: string; journal: unknown[]; again: string }> {
  await using rig = await makeRig({ files: FILES });
  const first = await rig.run(['skip', 'check']);
  expect(first.stderr).not.toContain('You ');
  const before = rig.journal().length;
  edit(rig);
  const { code, stderr } = await rig.run(['reset', 'check']);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const journal = rig
    .journal()
    .slice(before)
    .filter((line) => line.event_type === 'HAND_EDIT')
    .map(({ task_id, details }) => (task_id === undefined ? details : { task_id, ...details }));
  const again = await rig.run(['skip', 'check']);
  const sentences = unwrapped(stderr).match(/You .*? Journaled\.|And \d+ more .*?\./g) ?? [];
  return { said: sentences.join('\n'), journal, again: again.stderr };
}

const replacing = (from: string, to: string, file = 'runbook.yaml') => {
  return (rig: Rig) => {
    expect(rig.read(file)).toContain(from);
    rig.write(file, rig.read(file).replace(from, to));
  };
};

const field = (task_id: string | undefined, name: string, from: unknown, to: unknown, at: string) => ({
  ...(task_id === undefined ? {} : { task_id }),
  change: 'field',
  field: name,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
  at,
});

describe('between two commands', () => {
  test.each([
    [
      'a command',
      replacing('make all', 'make most'),
      'You changed `script_details` of build: make all → make most (runbook.yaml:6). Journaled.',
      field('build', 'script_details', 'make all', 'make most', 'runbook.yaml:6'),
    ],
    [
      'a dependency',
      replacing('[draft, check]', '[draft, build]'),
      'You changed `depends_on` of ship: [draft, check] → [draft, build] (runbook.yaml:15). Journaled.',
      field('ship', 'depends_on', ['draft', 'check'], ['draft', 'build'], 'runbook.yaml:15'),
    ],
    [
      'a name that was not there',
      replacing('- id: ship', '- id: ship\n    name: "To the \\u001b[2Jharbour"'),
      'You gave ship `name`: To the harbour (runbook.yaml:15). Journaled.',
      field('ship', 'name', undefined, 'To the \u001b[2Jharbour', 'runbook.yaml:15'),
    ],
    [
      'a key of a map in the task file',
      replacing('p.md', 'q.md', 'draft.yaml'),
      'You changed `ai_details.prompt_template` of draft: p.md → q.md (draft.yaml:5). Journaled.',
      field('draft', 'ai_details.prompt_template', 'p.md', 'q.md', 'draft.yaml:5'),
    ],
    [
      'a field that is taken away',
      replacing('    depends_on: [build]\n', ''),
      'You took `depends_on` from check; it was [build] (runbook.yaml:11). Journaled.',
      field('check', 'depends_on', ['build'], undefined, 'runbook.yaml:11'),
    ],
    [
      'a field of the runbook',
      replacing('name: Trial', 'name: Trial\nskipped_satisfies: true'),
      'You gave the runbook `skipped_satisfies`: true (runbook.yaml:2). Journaled.',
      field(undefined, 'skipped_satisfies', undefined, true, 'runbook.yaml:2'),
    ],
    [
      'a task that is new',
      replacing('  - id: check', '  - id: read\n    status: SKIPPED\n  - id: check'),
      'You added read, behind draft (runbook.yaml:11). Journaled.',
      { task_id: 'read', change: 'added', after: 'draft', at: 'runbook.yaml:11' },
    ],
    [
      'a task that is gone',
      replacing('  - id: ship\n    depends_on: [draft, check]\n', ''),
      'You took ship out of the runbook. Journaled.',
      { task_id: 'ship', change: 'removed' },
    ],
    [
      'a task with a new name',
      replacing('- id: ship', '- id: sail'),
      'You renamed ship to sail (runbook.yaml:14). Journaled.',
      { task_id: 'sail', change: 'renamed', from: 'ship', at: 'runbook.yaml:14' },
    ],
    [
      'the order',
      (rig: Rig) => {
        const [head = '', ...tasks] = rig.read('runbook.yaml').split(/(?=^ {2}- id)/m);
        rig.write('runbook.yaml', [head, tasks[3], tasks[0], tasks[1], tasks[2]].join(''));
      },
      'You moved ship, to the beginning (runbook.yaml:3). Journaled.',
      { task_id: 'ship', change: 'moved', at: 'runbook.yaml:3' },
    ],
    [
      'the text of a template',
      replacing('Write.', 'Write well.', 'p.md'),
      'You changed p.md, the template of draft. Journaled.',
      {
        task_id: 'draft',
        path: 'p.md',
        from: expect.stringMatching(/^\w{64}$/),
        to: expect.stringMatching(/^\w{64}$/),
      },
    ],
  ])('%s', async (_what, edit, sentence, details) => {
    const { said, journal, again } = await seenAfter(edit);
    expect(said).toBe(sentence);
    expect(journal).toEqual([details]);
    expect(again).not.toContain('You ');
  });

  test.each([
    ['nothing', () => {}],
    ['a comment', replacing('tasks:', '# a remark\ntasks:')],
    ['the style', replacing('depends_on: [draft, check]', 'depends_on:\n      - "draft"\n      - check')],
    [
      'the order of keys',
      replacing('model: scripted\n  prompt_template: p.md', 'prompt_template: p.md\n  model: scripted', 'draft.yaml'),
    ],
    [
      'a field that went to the other file',
      (rig: Rig) => {
        replacing('    type: AI_ASSISTED\n', '')(rig);
        replacing('ai_details', 'type: AI_ASSISTED\nai_details', 'draft.yaml')(rig);
      },
    ],
    ['what a newer version has kept', (rig: Rig) => rig.write('.runbook/plan.json', '{"format": 99}')],
    ['a torn file of what was seen', (rig: Rig) => rig.write('.runbook/plan.json', '{"format": 1, "pl')],
  ])('that says nothing else: %s', async (_what, edit) => {
    const { said, journal } = await seenAfter(edit);
    expect([said, journal]).toEqual(['', []]);
  });

  test('many: five are said and the others counted; the journal has all', async () => {
    const { said, journal } = await seenAfter((rig) => {
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
        rig.write('runbook.yaml', `${rig.read('runbook.yaml')}  - {id: ${id}, status: SKIPPED}\n`);
    });
    expect(said.split('\n')).toHaveLength(6);
    expect(said).toContain('And 2 more of your edits: the journal names them.');
    expect(journal).toHaveLength(7);
  });
});

describe('a status that the tool never wrote', () => {
  const TWO_FILES = {
    'runbook.yaml': `tasks:
  - {id: a, status: READY}
  - {id: b, status: PENDING, depends_on: [a], task_detail_file: b.yaml}
`,
    'b.yaml': 'id: b\nstatus: PENDING\n',
  };

  test.each([
    ['runbook.yaml', 'b.yaml'],
    ['b.yaml', 'runbook.yaml'],
  ])('wins where a hand changes it, here in %s', async (edited, other) => {
    await using rig = await makeRig({ files: TWO_FILES });
    await rig.run(['skip', 'a']);
    rig.write(edited, rig.read(edited).replace('PENDING', 'DONE'));
    const { stderr } = await rig.run(['reset', 'a']);
    expect(unwrapped(stderr)).toContain(`You changed b: PENDING → DONE (${edited}:`);
    expect(unwrapped(stderr)).toContain(`${other} now agrees.`);
    expect(rig.read(other)).toBe(
      TWO_FILES[other as keyof typeof TWO_FILES].replace('PENDING', 'DONE').replace('READY', rig.statuses().a ?? ''),
    );
    expect(rig.journal()).toContainEqual(
      expect.objectContaining({ task_id: 'b', event_type: 'HAND_EDIT', status_change: 'PENDING -> DONE' }),
    );
  });

  test('without a journal nothing is known of it, and the runbook wins', async () => {
    await using rig = await makeRig({ files: TWO_FILES });
    await rig.run(['skip', 'a']);
    rmSync(join(rig.dir, 'logs'), { recursive: true });
    rig.write('b.yaml', rig.read('b.yaml').replace('PENDING', 'DONE'));
    await rig.run(['skip', 'a']);
    expect(rig.read('b.yaml')).toBe(TWO_FILES['b.yaml']);
  });
});

test('a value that is a secret in one shell and not in the next is no edit, and is kept nowhere', async () => {
  const secret = 'ghp_9fK3LmQ2xVt7RzYb';
  const runbook = `tasks:\n  - {id: a, script_details: curl -H ${secret} localhost, status: READY}\n  - {id: b, status: READY}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook } });
  await rig.run(['skip', 'a'], { env: { GITHUB_TOKEN: secret } });
  expect(rig.read('.runbook/plan.json')).toContain('curl -H [GITHUB_TOKEN] localhost');
  expect(rig.read('.runbook/plan.json')).not.toContain(secret);
  expect((await rig.run(['reset', 'a'])).stderr).not.toContain('You ');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace(' localhost', ' 127.0.0.1'));
  const { stderr } = await rig.run(['skip', 'a'], { env: { GITHUB_TOKEN: secret } });
  expect(unwrapped(stderr)).toContain('→ curl -H [GITHUB_TOKEN] 127.0.0.1 (');
  expect(stderr + rig.read('logs/run_log.jsonl')).not.toContain(secret);
});

const RUNNING = {
  'runbook.yaml': `tasks:
  - {id: one, status: READY, type: AUTOMATED_SCRIPT, script_details: ./wait.sh}
  - {id: two, status: READY, type: AUTOMATED_SCRIPT, script_details: echo old >> said.txt}
`,
  'wait.sh': '#!/bin/sh\necho begun\nwhile [ ! -e go ]; do sleep 0.02; done\n',
};

describe('under a running task', () => {
  test('the command of the next one: the new one runs, and it is said', async () => {
    await using rig = await makeRig({ files: RUNNING });
    const child = rig.start(['run']);
    await child.waitForOutput('begun');
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace('echo old', 'echo new'));
    rig.write('go', '');
    const { code, stderr } = await child.exit;
    expect(code).toBe(0);
    expect(rig.read('said.txt')).toBe('new\n');
    expect(unwrapped(stderr)).toContain(
      'You changed `script_details` of two: echo old >> said.txt → echo new >> said.txt (runbook.yaml:3). Journaled.',
    );
  });

  test('another branch, on which the task is not: what that branch says stays, and all is told', async () => {
    await using rig = await makeRig({ files: { ...RUNNING, '.gitignore': 'logs/\n.runbook/\ngo\nsaid.txt\n' } });
    rig.git('init');
    rig.git('add', '.');
    rig.git('commit', '-m', 'one');
    rig.git('checkout', '-b', 'other');
    const other = 'tasks:\n  - {id: three, status: SKIPPED}\n';
    rig.write('runbook.yaml', other);
    rig.git('commit', '-am', 'two');
    rig.git('checkout', 'main');
    const child = rig.start(['run']);
    await child.waitForOutput('begun');
    rig.git('stash');
    rig.git('checkout', 'other');
    rig.write('go', '');
    const { code, stderr } = await child.exit;
    expect(code).toBe(0);
    expect(rig.read('runbook.yaml')).toBe(other);
    expect(unwrapped(stderr)).toContain('`one` is no longer in the runbook; its status was not written.');
    for (const sentence of ['You added three', 'You took one out', 'You took two out'])
      expect(stderr).toContain(sentence);
  });
});
