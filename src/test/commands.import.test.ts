// `import` and `export`: a plan in Markdown becomes a runbook, a changed plan is merged into it, and a runbook becomes a checklist.
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const PLAN = `# Release 2.0

What we do for it.

## Prepare
- [x] Check the **machine**
- [ ] Run the tests

  \`\`\`sh
  npm ci
  npm test
  \`\`\`
- [ ] Write the notes
  1. Read the log
  2. Draft them

     Not too long.

## Ship
1. Pack \`it\`
2. Publish

   \`\`\`console
   $ npm publish
   done
   \`\`\`

## Background
Only text.
`;

test('a new runbook: shown and asked first, then written, with all that the plan says', async () => {
  await using rig = await makeRig({ files: { 'PLAN.md': PLAN } });
  const before = rig.tree();
  const refused = await rig.run(['import', 'PLAN.md'], { stdin: 'closed' });
  expect(said(rig, refused)).toMatchInlineSnapshot(`
    "exit 4
    ── stderr
    error: a change of the plan must be confirmed, and there is no terminal to ask in
      \`--yes\` writes it, \`--dry-run\` only shows it."
  `);
  await rig.run(['import', 'PLAN.md', '--dry-run']);
  expect(rig.tree()).toEqual(before);
  const term = rig.terminal(['import', 'PLAN.md'], { rows: 60 });
  await term.waitForNew('+     name: Prepare / Run the tests');
  await press(term, 'Write it?', 'y');
  expect(await term.exit).toMatchObject({ code: 0 });
  expect(rig.read('runbook.yaml')).toMatchInlineSnapshot(`
    "# yaml-language-server: $schema=.runbook/schemas/runbook.json
    name: Release 2.0
    description: What we do for it.

    tasks:
      - id: check_the_machine
        name: Prepare / Check the machine
        status: DONE
        type: MANUAL

      - id: run_the_tests
        name: Prepare / Run the tests
        status: READY
        type: AUTOMATED_SCRIPT
        script_details: |-
          set -e
          npm ci
          npm test

      - id: read_the_log
        name: Prepare / Read the log
        status: READY
        type: MANUAL

      - id: draft_them
        name: Prepare / Draft them
        status: PENDING
        depends_on: [read_the_log]
        type: MANUAL
        manual_instructions: Not too long.

      - id: write_the_notes
        name: Prepare / Write the notes
        status: PENDING
        depends_on: [draft_them]
        type: MANUAL

      - id: pack_it
        name: Ship / Pack \`it\`
        status: READY
        type: MANUAL

      - id: publish
        name: Ship / Publish
        status: PENDING
        depends_on: [pack_it]
        type: AUTOMATED_SCRIPT
        script_details: npm publish
    "
  `);
  expect((await rig.run(['validate'])).code).toBe(0);
  expect(said(rig, await rig.run(['import', 'PLAN.md']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    PLAN.md brings nothing new"
  `);
  expect(rig.journal().some(({ event_type }) => event_type === 'HAND_EDIT')).toBe(false);
});

test('a changed plan: new, renamed, ticked and lost steps, and what a hand has changed', async () => {
  await using rig = await makeRig({ files: { 'PLAN.md': PLAN } });
  await rig.run(['import', 'PLAN.md', '--yes']);
  await rig.run(['skip', 'read_the_log']);
  const edited = rig
    .read('runbook.yaml')
    .replace('name: Ship / Publish', "name: 'To the registry' # mine")
    .replace('npm test', 'npm test # all');
  rig.write('runbook.yaml', edited);
  const plan = PLAN.replace('Pack `it`', 'Pack `it` well')
    .replace('2. Publish', '2. Tag\n3. Publish it all')
    .replace('- [ ] Write', '- [x] Write')
    .replace('  npm ci\n', '  npm ci --quiet\n')
    .replace('     Not too long.\n', '')
    .replace('- [x] Check the **machine**\n', '')
    .replace('What we do', '- [ ] Tell *everyone*\n\nWhat we do');
  rig.write('PLAN.md', plan);
  const merged = await rig.run(['import', 'PLAN.md', '--yes', '--json']);
  expect(merged).toMatchObject({ code: 0, stderr: '' });
  expect((dataOf('imported', merged) as { notes: object[] }).notes).toMatchInlineSnapshot(`
    [
      {
        "id": "tell_everyone",
        "kind": "added",
        "text": "Tell everyone",
      },
      {
        "id": "tag",
        "kind": "added",
        "text": "Ship / Tag",
      },
      {
        "id": "publish_it_all",
        "kind": "added",
        "text": "Ship / Publish it all",
      },
      {
        "id": "run_the_tests",
        "kind": "kept",
        "text": "script_details is another in the plan; the runbook’s stays",
      },
      {
        "id": "draft_them",
        "kind": "kept",
        "text": "manual_instructions is another in the plan; the runbook’s stays",
      },
      {
        "id": "write_the_notes",
        "kind": "done",
        "text": "PENDING → DONE",
      },
      {
        "id": "pack_it",
        "kind": "renamed",
        "text": ""Pack \`it\`" → "Pack \`it\` well"",
      },
      {
        "id": "pack_it",
        "kind": "changed",
        "text": "name",
      },
      {
        "id": "check_the_machine",
        "kind": "gone",
        "text": ""Check the machine" is not in the plan any more; the task stays",
      },
      {
        "id": "publish",
        "kind": "gone",
        "text": ""Publish" is not in the plan any more; the task stays",
      },
    ]
  `);
  expect(rig.read('runbook.yaml')).toMatchInlineSnapshot(`
    "# yaml-language-server: $schema=.runbook/schemas/runbook.json
    name: Release 2.0
    description: What we do for it.

    tasks:
      - id: check_the_machine
        name: Prepare / Check the machine
        status: DONE
        type: MANUAL

      - id: tell_everyone
        name: Tell everyone
        status: READY
        type: MANUAL

      - id: run_the_tests
        name: Prepare / Run the tests
        status: READY
        type: AUTOMATED_SCRIPT
        script_details: |-
          set -e
          npm ci
          npm test # all

      - id: read_the_log
        name: Prepare / Read the log
        status: SKIPPED
        type: MANUAL

      - id: draft_them
        name: Prepare / Draft them
        status: PENDING
        depends_on: [read_the_log]
        type: MANUAL
        manual_instructions: Not too long.

      - id: write_the_notes
        name: Prepare / Write the notes
        status: DONE
        depends_on: [draft_them]
        type: MANUAL

      - id: pack_it
        name: Ship / Pack \`it\` well
        status: READY
        type: MANUAL

      - id: tag
        name: Ship / Tag
        status: PENDING
        depends_on: [pack_it]
        type: MANUAL

      - id: publish_it_all
        name: Ship / Publish it all
        status: PENDING
        depends_on: [tag]
        type: AUTOMATED_SCRIPT
        script_details: npm publish

      - id: publish
        name: 'To the registry' # mine
        status: PENDING
        depends_on: [pack_it]
        type: AUTOMATED_SCRIPT
        script_details: npm publish
    "
  `);
  const again = await rig.run(['import', 'PLAN.md', '--json']);
  expect(dataOf('imported', again)).toMatchObject({ files: [] });
});

test('a section that is a step has its text without the empty lines around it', async () => {
  await using rig = await makeRig({
    files: { 'PLAN.md': '# Plan\n\n## Step 1: Run it\n\n\nDo `this`: now.\n\n## Step 2: End\n' },
  });
  expect((await rig.run(['import', 'PLAN.md', '--yes'])).code).toBe(0);
  expect(rig.read('runbook.yaml')).toMatch(/manual_instructions: (['"]?)Do `this`: now\.\1\n/);
});

test('what is no plan is refused', async () => {
  await using rig = await makeRig({
    files: {
      'PLAN.md': 'Only text.\n',
      'LOOP.md': '- [ ] a <!-- id: a; after: b -->\n- [ ] b <!-- id: b; after: a -->\n',
    },
  });
  const before = rig.tree();
  expect(errorOf(await rig.run(['import', 'PLAN.md', '--yes', '--json']))).toMatchObject({
    code: 'RUNBOOK_INVALID',
    message: 'there is no step in `PLAN.md`',
  });
  expect(errorOf(await rig.run(['import', 'NONE.md', '--yes', '--json']))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(errorOf(await rig.run(['import', 'LOOP.md', '--yes', '--json']))).toMatchObject({
    code: 'DEPENDENCY_CYCLE',
    at: { file: 'LOOP.md', line: 1 },
  });
  expect(rig.tree()).toEqual(before);
});

test('export, and what it does not overwrite', async () => {
  const runbook = `name: Release
tasks:
  - {id: look, name: Look, status: DONE, manual_instructions: [Open it, Close it]}
  - {id: test, name: Ship / Test, status: ERROR, type: AUTOMATED_SCRIPT, script_details: npm test, description: All of them.}
  - {id: pack, name: Ship / Pack, depends_on: [look, test], manual_instructions: "1. so\\n2. so"}
`;
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook, 'PLAN.md': 'mine\n' } });
  expect(said(rig, await rig.run(['export']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    # Release

    - [x] Look <!-- id: look -->

      - Open it
      - Close it

    ## Ship

    - [ ] Test <!-- id: test; status: ERROR -->

      All of them.

      \`\`\`sh
      npm test
      \`\`\`

    - [ ] Pack <!-- id: pack; after: look, test -->

      > 1. so
      > 2. so"
  `);
  expect(errorOf(await rig.run(['export', '-o', 'PLAN.md', '--json']))).toMatchObject({ code: 'USAGE' });
  expect(rig.read('PLAN.md')).toBe('mine\n');
  expect(dataOf('exported', await rig.run(['export', '-o', 'NEW.md', '--json']))).toMatchObject({
    file: 'NEW.md',
    tasks: 3,
    text: rig.read('NEW.md'),
  });
  expect(said(rig, await rig.run(['import', 'NEW.md', '--yes']))).toContain('NEW.md brings nothing new');
});
