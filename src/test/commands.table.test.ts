// The table of DESIGN §4, cell by cell, for `done`, `skip`, `retry` and `reset`: what is allowed changes the status scalars in
// both files and not one byte more, however the files are written; what is not, is refused and changes nothing.
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const statuses = ['PENDING', 'READY', 'RUNNING', 'DONE', 'ERROR', 'SKIPPED'] as const;
type Status = (typeof statuses)[number];

/** Where a cell names no status, the command is refused. */
const table: Record<string, Partial<Record<Status, Status>>> = {
  done: { PENDING: 'DONE', READY: 'DONE', DONE: 'DONE', ERROR: 'DONE', SKIPPED: 'DONE' },
  skip: { PENDING: 'SKIPPED', READY: 'SKIPPED', DONE: 'SKIPPED', ERROR: 'SKIPPED', SKIPPED: 'SKIPPED' },
  retry: { READY: 'READY', ERROR: 'READY' },
  reset: { READY: 'READY', DONE: 'READY', SKIPPED: 'READY' },
};
const cells = Object.entries(table).flatMap(([command, row]) =>
  statuses.map((from): [string, Status, Status | undefined] => [command, from, row[from]]),
);
const allowed = cells.flatMap(([command, from, to]): [string, Status, Status][] => (to ? [[command, from, to]] : []));
const refused = cells.flatMap(([command, from, to]): [string, Status][] => (to ? [] : [[command, from]]));
const ids = ['block', 'flow', 'quoted', 'spaced', 'last'];

const asWritten = (text: string) => text;
const otherwise = (text: string) => `\uFEFF${text.trimEnd().replaceAll('\n', '\r\n')}`;

test.each([
  ...allowed.map((cell) => [...cell, 'LF', asWritten] as const),
  // The form of the files is not the command's business, so that one cell of each is enough.
  ...allowed
    .filter(oneOfEach)
    .map((cell) => [...cell, 'CRLF, a byte order mark, no last line end', otherwise] as const),
])('`%s` from %s to %s (%s)', async (command, from, to, _form, inForm) => {
  await using rig = await makeRig({ files: filesWith(from, inForm) });
  const finished = await rig.run([command, ...ids, '--json']);
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(dataOf('changed', finished)).toEqual({ tasks: ids.map((id) => ({ id, from, to })) });
  expect(yamlOf(rig)).toEqual(filesWith(to, inForm));
});

test.each(refused)('`%s` from %s is refused, and says what to do instead', async (command, from) => {
  await using rig = await makeRig({ files: filesWith(from, asWritten) });
  const before = rig.tree();
  const finished = await rig.run([command, 'flow', 'block', '--json']);
  expect(finished).toMatchObject({ code: 2, stdout: '' });
  expect(errorOf(finished)).toMatchObject({
    code: 'STATUS_REFUSED',
    message: `\`flow\` is ${from}; \`runbook ${command}\` is for ${takes[command]}`,
    at: { file: 'runbook.yaml', line: 11, column: 58, length: from.length },
    hint: instead[from === 'PENDING' ? `${from} ${command}` : from],
  });
  expect(rig.tree()).toEqual(before);
});

const takes: Record<string, string> = {
  done: 'PENDING, READY, ERROR, SKIPPED',
  skip: 'PENDING, READY, DONE, ERROR',
  retry: 'ERROR',
  reset: 'DONE, SKIPPED',
};
const instead: Record<string, string> = {
  RUNNING: 'Its runner is gone. `runbook next` asks what to do about it.',
  'PENDING retry': 'It waits for others; `runbook why flow` says for which.',
  'PENDING reset': 'It was not done yet.',
  ERROR: '`runbook retry flow` is for that.',
  DONE: '`runbook reset flow` makes it READY again.',
  SKIPPED: '`runbook reset flow` makes it READY again.',
};

test('what has that status already is left, and it is said', async () => {
  await using rig = await makeRig({ files: filesWith('DONE', asWritten) });
  expect(said(rig, await rig.run(['done', 'block', 'flow']))).toMatchInlineSnapshot(`
    "exit 0
    ── stderr
      block is DONE already
      flow is DONE already"
  `);
  expect(rig.journal()).toEqual([]);
});

test('of several ids, one that is refused or unknown keeps all as they were', async () => {
  const files = filesWith('DONE', asWritten);
  await using rig = await makeRig({ files });
  expect((await rig.run(['reset', 'block', 'nobody'])).code).toBe(2);
  expect((await rig.run(['reset', 'block', 'gate', 'flow'])).code).toBe(0);
  expect((await rig.run(['retry', 'block', 'flow', 'last'])).code).toBe(2);
  expect(rig.statuses()).toEqual({
    gate: 'READY',
    block: 'READY',
    flow: 'READY',
    quoted: 'DONE',
    spaced: 'DONE',
    last: 'DONE',
  });
});

test('a status that is not written is inserted in both files, and nothing else', async () => {
  const runbook = 'tasks:\n  # the only one\n  - id: a # first\n    task_detail_file: a.yaml\n\n# the end\n';
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook, 'a.yaml': '# mine\nname: A\nchecks: []\n' } });
  expect((await rig.run(['done', 'a'])).code).toBe(0);
  expect(yamlOf(rig)).toEqual({
    'runbook.yaml': runbook.replace('    task_detail_file', '    status: DONE\n    task_detail_file'),
    'a.yaml': '# mine\nname: A\nstatus: DONE\nchecks: []\n',
  });
});

/** `gate` is never done, so that a PENDING task stays PENDING. */
function filesWith(status: Status, inForm: (text: string) => string): Record<string, string> {
  const runbook = `# A plan that was written by hand.
name:   by hand
tasks:
  - {id: gate, status: READY}
  - id: block
    status: ${status}   # of my own

    depends_on: [gate]
    task_detail_file: tasks/block.yaml

  - {id: flow, depends_on: [gate], name: Status, status: ${status} , tags: [ DONE, 'status: DONE' ]}
  - "id": quoted
    "status": "${status}"
    "depends_on": ["gate"]
    task_detail_file: tasks/quoted.yaml
  -   status   :    ${status}
      id: spaced
      depends_on:
      - gate
      description: >-
        status: DONE
        is not its status
  - depends_on: [gate]
    id: last
    task_detail_file: tasks/last.yaml
    status: ${status}
`;
  return {
    'runbook.yaml': inForm(runbook),
    'tasks/block.yaml': inForm(`---\n# status: DONE\nid: block\nstatus: ${status}\n\n\n# the end\n`),
    'tasks/quoted.yaml': inForm(`{ "id": "quoted", 'status': '${status}', notes: {status: DONE} } # flow\n`),
    'tasks/last.yaml': inForm(`issues: []\nnotes: |\n  status: DONE\nstatus: ${status}\n`),
  };
}

/** The last cell of each command in which something changes. */
function oneOfEach([command, from, to]: [string, Status, Status]): boolean {
  return allowed.findLast((cell) => cell[0] === command && cell[1] !== cell[2])?.[1] === from && from !== to;
}

function yamlOf(rig: Rig): Record<string, string> {
  const paths = Object.keys(rig.tree()).filter((path) => path.endsWith('.yaml'));
  return Object.fromEntries(paths.map((path) => [path, rig.read(path)]));
}
