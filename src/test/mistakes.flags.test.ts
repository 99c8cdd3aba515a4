// The command line, misused: commands, flags and their values. What was meant is suggested, and nothing is written.
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

test('commands that are not known', async () => {
  expect(
    await refusals(rig, lines('nxt', 'stauts', 'frobnicate', 'NEXT', '--quiet nxt', 'help nxt', '-- nxt')),
  ).toMatchInlineSnapshot(`
    "
    nxt
      USAGE
      there is no command \`nxt\`. Did you mean \`next\`?
      runbook --help  lists them all
    stauts
      USAGE
      there is no command \`stauts\`. Did you mean \`status\`?
      runbook --help  lists them all
    frobnicate
      USAGE
      there is no command \`frobnicate\`.
      runbook --help  lists them all
    NEXT
      USAGE
      there is no command \`NEXT\`. Did you mean \`next\`?
      runbook --help  lists them all
    --quiet nxt
      USAGE
      there is no command \`nxt\`. Did you mean \`next\`?
      runbook --help  lists them all
    help nxt
      USAGE
      there is no command \`nxt\`. Did you mean \`next\`?
      runbook --help  lists them all
    -- nxt
      USAGE
      there is no command \`nxt\`. Did you mean \`next\`?
      runbook --help  lists them all
    "
  `);
});

test('flags that are not known', async () => {
  expect(
    await refusals(
      rig,
      lines('--frobnicate', 'next --dry-rnu', 'next --until build_it', 'status --color', '-x', 'next -z'),
    ),
  ).toMatchInlineSnapshot(`
    "
    --frobnicate
      USAGE
      unknown option \`--frobnicate\`
      runbook --help  tells what it takes
    next --dry-rnu
      USAGE
      unknown option \`--dry-rnu\`. Did you mean \`--dry-run\`?
      runbook next --help  tells what it takes
    next --until build_it
      USAGE
      unknown option \`--until\`
      runbook next --help  tells what it takes
    status --color
      USAGE
      unknown option \`--color\`. Did you mean \`--no-color\`?
      runbook status --help  tells what it takes
    -x
      USAGE
      unknown option \`-x\`
      runbook --help  tells what it takes
    next -z
      USAGE
      unknown option \`-z\`
      runbook next --help  tells what it takes
    "
  `);
});

test('values that are missing, or too many', async () => {
  const all = [
    'run --until',
    'next --answer',
    'next --model',
    '-C',
    '--file',
    'show',
    'done',
    'next build_it',
    'show a b',
    'init a b',
  ];
  expect(await refusals(rig, lines(...all))).toMatchInlineSnapshot(`
    "
    run --until
      USAGE
      option \`--until <id>\` argument missing
      runbook run --help  tells what it takes
    next --answer
      USAGE
      option \`--answer <decision...>\` argument missing
      runbook next --help  tells what it takes
    next --model
      USAGE
      option \`--model <name>\` argument missing
      runbook next --help  tells what it takes
    -C
      USAGE
      option \`-C, --cd <dir>\` argument missing
      runbook --help  tells what it takes
    --file
      USAGE
      option \`--file <file>\` argument missing
      runbook --help  tells what it takes
    show
      USAGE
      \`runbook show\` needs the id of a task
      runbook list  shows them all
    done
      USAGE
      \`runbook done\` needs the id of a task
      runbook list  shows them all
    next build_it
      USAGE
      too many arguments for \`next\`. Expected 0 arguments but got 1.
      runbook next --start-from build_it  does that one, if it is READY
    show a b
      USAGE
      too many arguments for \`show\`. Expected 1 argument but got 2.
      runbook show --help  tells what it takes
    init a b
      USAGE
      too many arguments for \`init\`. Expected 1 argument but got 2.
      runbook init --help  tells what it takes
    "
  `);
});

test('values that mean nothing', async () => {
  const all = [
    'next --answer yes',
    'next --answer acept',
    'next --answer=',
    'next --answer accept nonsense',
    'next --yes=all',
    'next --yes=',
    'next -y=unchecked',
    'next --dry-run=1',
    'list --status REDAY',
    'schema runbok',
    'run --start-from finished --until build_it',
  ];
  expect(await refusals(rig, lines(...all))).toMatchInlineSnapshot(`
    "
    next --answer yes
      USAGE
      option \`--answer <decision...>\` argument \`yes\` is invalid. Allowed choices are accept, retry, edit, error, skip, quit.
      runbook next --help  tells what it takes
    next --answer acept
      USAGE
      option \`--answer <decision...>\` argument \`acept\` is invalid. Allowed choices are accept, retry, edit, error, skip, quit. Did you mean \`accept\`?
      runbook next --help  tells what it takes
    next --answer=
      USAGE
      option \`--answer <decision...>\` argument \`\` is invalid. Allowed choices are accept, retry, edit, error, skip, quit.
      runbook next --help  tells what it takes
    next --answer accept nonsense
      USAGE
      option \`--answer <decision...>\` argument \`nonsense\` is invalid. Allowed choices are accept, retry, edit, error, skip, quit.
      runbook next --help  tells what it takes
    next --yes=all
      USAGE
      \`--yes=all\` is not known
      \`--yes\` accepts what its checks prove, \`--yes=unchecked\` also what has no checks.
    next --yes=
      USAGE
      \`--yes=\` is not known
      \`--yes\` accepts what its checks prove, \`--yes=unchecked\` also what has no checks.
    next -y=unchecked
      USAGE
      \`-y=unchecked\` is not known
      \`--yes\` accepts what its checks prove, \`--yes=unchecked\` also what has no checks.
    next --dry-run=1
      USAGE
      unknown option \`--dry-run=1\`. Did you mean \`--dry-run\`?
      runbook next --help  tells what it takes
    list --status REDAY
      USAGE
      \`REDAY\` is not a status. Did you mean \`READY\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    schema runbok
      USAGE
      command-argument value \`runbok\` is invalid for argument \`which\`. Allowed choices are runbook, task,  … skill, json/schema, json/error, all. Did you mean \`runbook\`?
      runbook schema --help  tells what it takes
    run --start-from finished --until build_it
      USAGE
      \`--until build_it\` comes before \`--start-from finished\` in the runbook: no task is between them
      runbook list  shows their order
    "
  `);
});

test('`--json` may stand anywhere, and an error in words has the same words', async () => {
  rig.write('words/runbook.yaml', runbook);
  const { code, stdout, stderr } = await rig.run(['nxt'], { cwd: 'words' });
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: there is no command `nxt`. Did you mean `next`?\n  runbook --help  lists them all\n',
  });
  const first = await rig.run(['--json', 'nxt'], { cwd: 'words' });
  const last = await rig.run(['nxt', '--json'], { cwd: 'words' });
  expect(first).toEqual(last);
});

/** Each command line is its own name; an empty word at its end stays one. */
function lines(...all: string[]): Record<string, { args: string[]; files: Record<string, string> }> {
  return Object.fromEntries(all.map((line) => [line, { args: line.split(' '), files: { 'runbook.yaml': runbook } }]));
}

test('what is called so elsewhere, or takes its word by a flag: what was likely meant is named', async () => {
  await using plain = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - {id: error, status: ERROR}\n' } });
  const told = async (...args: string[]) => {
    const { code, stderr } = await plain.run(args);
    return [code, ...stderr.trimEnd().split('\n')];
  };
  const all = 'runbook --help  lists them all';
  expect(await told('check')).toEqual([2, 'error: there is no command `check`. Did you mean `validate`?', `  ${all}`]);
  expect((await told('rm', 'a'))[2]).toBe('  A task is taken out in the YAML, by hand: `runbook edit` opens it.');
  for (const [args, hint] of [
    [['run', 'a b'], "runbook run --until 'a b'  stops after that one"],
    [['next', 'a'], 'runbook next --start-from a  does that one, if it is READY'],
    [['report', 'r.html'], 'runbook report --output r.html  writes it there'],
    [['export', 'P.md'], 'runbook export --output P.md  writes it there'],
    [['list', 'pending'], 'runbook list --status PENDING'],
    [['ls', 'error_task'], 'runbook show error_task'],
    [['status', 'a'], 'runbook show a'],
    // The command is the first word, and not the first that is also the name of one.
    [['list', '--tag'], 'runbook list --help  tells what it takes'],
    [['show', 'error', 'error'], 'runbook show --help  tells what it takes'],
  ] as const)
    expect([args, (await told(...args)).at(-1)]).toEqual([args, `  ${hint}`]);
  expect((await plain.run(['list', '--status', 'error', 'done'])).stdout).toBe('ERROR    error\n');
});
