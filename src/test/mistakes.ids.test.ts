// Commands for tasks that are not there, or have another status; `init` where something stands already.
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const runbook = `tasks:
  - id: build_it
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: "true"
  - id: test_it
    status: PENDING
    depends_on: [build_it]
  - id: broken
    status: ERROR
  - id: finished
    status: DONE
  - id: left_out
    status: SKIPPED
  - id: cut_off
    status: RUNNING
`;

test('tasks that are not there', async () => {
  const all = [
    'run --until tset_it',
    'run --until deploy',
    'next --start-from buildit',
    'show tset_it',
    'show build',
    'done tset_it',
    'skip deploy',
    'retry brokne',
    'reset Finished',
    'done build_it tset_it',
  ];
  expect(await refusals(rig, lines(...all, 'show '))).toMatchInlineSnapshot(`
    "
    run --until tset_it
      UNKNOWN_TASK
      \`--until\`: there is no task \`tset_it\`. Did you mean \`test_it\`?
      runbook list  shows them all
    run --until deploy
      UNKNOWN_TASK
      \`--until\`: there is no task \`deploy\`.
      runbook list  shows them all
    next --start-from buildit
      UNKNOWN_TASK
      \`--start-from\`: there is no task \`buildit\`. Did you mean \`build_it\`?
      runbook list  shows them all
    show tset_it
      UNKNOWN_TASK
      \`show\`: there is no task \`tset_it\`. Did you mean \`test_it\`?
      runbook list  shows them all
    show build
      UNKNOWN_TASK
      \`show\`: there is no task \`build\`. Did you mean \`build_it\`?
      runbook list  shows them all
    done tset_it
      UNKNOWN_TASK
      \`done\`: there is no task \`tset_it\`. Did you mean \`test_it\`?
      runbook list  shows them all
    skip deploy
      UNKNOWN_TASK
      \`skip\`: there is no task \`deploy\`.
      runbook list  shows them all
    retry brokne
      UNKNOWN_TASK
      \`retry\`: there is no task \`brokne\`. Did you mean \`broken\`?
      runbook list  shows them all
    reset Finished
      UNKNOWN_TASK
      \`reset\`: there is no task \`Finished\`. Did you mean \`finished\`?
      runbook list  shows them all
    done build_it tset_it
      UNKNOWN_TASK
      \`done\`: there is no task \`tset_it\`. Did you mean \`test_it\`?
      runbook list  shows them all
    show 
      UNKNOWN_TASK
      \`show\`: there is no task \`\`.
      runbook list  shows them all
    "
  `);
});

test('statuses from which a command does not start', async () => {
  const all = [
    'retry test_it',
    'retry finished',
    'retry left_out',
    'reset test_it',
    'reset broken',
    'done cut_off',
    'skip cut_off',
    'retry cut_off',
    'reset cut_off',
    'retry broken finished',
  ];
  expect(await refusals(rig, lines(...all))).toMatchInlineSnapshot(`
    "
    retry test_it
      STATUS_REFUSED runbook.yaml:7:13 PENDING
      \`test_it\` is PENDING; \`runbook retry\` is for ERROR
      It waits for others; \`runbook why test_it\` says for which.
    retry finished
      STATUS_REFUSED runbook.yaml:12:13 DONE
      \`finished\` is DONE; \`runbook retry\` is for ERROR
      \`runbook reset finished\` makes it READY again.
    retry left_out
      STATUS_REFUSED runbook.yaml:14:13 SKIPPED
      \`left_out\` is SKIPPED; \`runbook retry\` is for ERROR
      \`runbook reset left_out\` makes it READY again.
    reset test_it
      STATUS_REFUSED runbook.yaml:7:13 PENDING
      \`test_it\` is PENDING; \`runbook reset\` is for DONE, SKIPPED
      It was not done yet.
    reset broken
      STATUS_REFUSED runbook.yaml:10:13 ERROR
      \`broken\` is ERROR; \`runbook reset\` is for DONE, SKIPPED
      \`runbook retry broken\` is for that.
    done cut_off
      STATUS_REFUSED runbook.yaml:16:13 RUNNING
      \`cut_off\` is RUNNING; \`runbook done\` is for PENDING, READY, ERROR, SKIPPED
      Its runner is gone. \`runbook next\` asks what to do about it.
    skip cut_off
      STATUS_REFUSED runbook.yaml:16:13 RUNNING
      \`cut_off\` is RUNNING; \`runbook skip\` is for PENDING, READY, DONE, ERROR
      Its runner is gone. \`runbook next\` asks what to do about it.
    retry cut_off
      STATUS_REFUSED runbook.yaml:16:13 RUNNING
      \`cut_off\` is RUNNING; \`runbook retry\` is for ERROR
      Its runner is gone. \`runbook next\` asks what to do about it.
    reset cut_off
      STATUS_REFUSED runbook.yaml:16:13 RUNNING
      \`cut_off\` is RUNNING; \`runbook reset\` is for DONE, SKIPPED
      Its runner is gone. \`runbook next\` asks what to do about it.
    retry broken finished
      STATUS_REFUSED runbook.yaml:12:13 DONE
      \`finished\` is DONE; \`runbook retry\` is for ERROR
      \`runbook reset finished\` makes it READY again.
    "
  `);
});

test('`init` where something stands already', async () => {
  const cases = {
    ...lines('init', 'init runbook.yaml'),
    'init, and tasks is a file': { args: ['init'], files: { tasks: '' } },
    'init, and .runbook is a file': { args: ['init'], files: { '.runbook': '' } },
    'init sub, and sub is a file': { args: ['init', 'sub'], files: { sub: '' } },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    init
      USAGE
      there is a \`runbook.yaml\` in <dir> already; nothing was written
      runbook status  shows where it stands
    init runbook.yaml
      USAGE
      <dir>/runbook.yaml is in the way: a folder is to stand there; nothing was written
    init, and tasks is a file
      USAGE
      <dir>/tasks is in the way: a folder is to stand there; nothing was written
    init, and .runbook is a file
      USAGE
      <dir>/.runbook is in the way: a folder is to stand there; nothing was written
    init sub, and sub is a file
      USAGE
      <dir>/sub is in the way: a folder is to stand there; nothing was written
    "
  `);
});

/** Each command line is its own name; an empty word at its end stays one. */
function lines(...all: string[]): Record<string, { args: string[]; files: Record<string, string> }> {
  return Object.fromEntries(all.map((line) => [line, { args: line.split(' '), files: { 'runbook.yaml': runbook } }]));
}
