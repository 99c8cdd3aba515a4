// Runbooks that nobody would write, drawn by mutating those that somebody did: by bytes and by lines. Whatever comes, it is
// read, or refused in words with a place; nothing unforeseen is thrown, and nothing hangs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { formatTrouble, RunbookError, type Trouble } from '../errors.ts';
import { findProblem } from '../handlers/index.ts';
import { inspectRunbook } from '../runbook/read.ts';
import { plannedChanges } from '../runbook/save.ts';
import type { Runbook } from '../runbook/task.ts';
import { requirePlace, requireSense } from './refusals.ts';
import { makeRig } from './rig.ts';

const RUNS = 800 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);
const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261120);

const rig = await makeRig({ files: { 'p.md': 'Write {{ class_name }}.\n', 'tasks/x': '' } });
afterAll(() => rig[Symbol.asyncDispose]());

const runbook = `# The plan of a small release.
name: Release
defaults: {model: local, timeout: 10m, env: {CI: "1"}}
models:
  local: {provider: openai, base_url: "http://127.0.0.1:1234/v1"}
budget: $0.50
x-common: &common
  tags: [release, core]
tasks:
  - id: phase_0_setup
    name: "Phase 0: Setup"
    status: DONE
    type: AUTOMATED_SCRIPT
    script_details: {command: [npm, ci], ok_exit_codes: [0, 2]}
    last_run: {timestamp: "2026-11-20T10:00:00.000Z", outcome: SUCCESS}

  - <<: *common
    id: task_2.1_implement_abc # the base class
    status: READY
    depends_on: [phase_0_setup]
    task_detail_file: tasks/task_2.1.yaml
    type: AI_ASSISTED
  - id: read_it
    depends_on:
      - task_2.1_implement_abc
    manual_instructions: |
      Read **every** line.

      - Does it say what is new?
    checks: [test -s notes.md, {name: it is short, command: "test $(wc -l < notes.md) -lt 40"}]
    issues:
    - {timestamp: "2026-11-20T10:00:00.000Z", type: MANUAL_BLOCKER, detail: 'It isn''t there.'}
`;

const detail = `id: task_2.1_implement_abc
name: Implement Base Adapter Class
status: READY
description: >
  The abstract base class
  that every adapter implements.
ai_details:
  prompt_template: p.md
  input_context: {class_name: BaseProvider, methods: [generate, stream]}
  output_parser: python_code_block
  review_points: [All methods are abstract]
output_artifact: base.py
`;

interface Mutant {
  readonly runbook: Buffer;
  readonly detail: Buffer;
}

test(`${RUNS} mutants are read or refused, with a place, and nothing else happens`, async () => {
  const told = { refused: 0, read: 0 };
  const property = fc.asyncProperty(mutants(), async (mutant) => {
    write(mutant);
    const { runbook: right, readable, mistakes, warnings } = inspectRunbook(join(rig.dir, 'runbook.yaml'));
    expect(right === undefined).toBe(mistakes.length > 0);
    told[right ? 'read' : 'refused']++;
    for (const trouble of [...mistakes, ...warnings]) requireGood(trouble, mutant);
    if (readable)
      for (const task of readable.tasks) {
        const problem = await findProblem(readable, task);
        if (problem) requireGood(problem, mutant);
      }
    if (right) requireWritable(right);
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
  // Neither are all mutants mild, nor all of them beyond reading.
  expect(told.read).toBeGreaterThan(RUNS / 20);
  expect(told.refused).toBeGreaterThan(RUNS / 4);
}, 300_000);

test('40 mutants through the program: an exit code that means something, words, and nothing written', async () => {
  const commands = [
    ['validate'],
    ['status'],
    ['list', '--json'],
    ['next', '--dry-run', '--no-input'],
    ['show', 'read_it'],
    ['why', 'read_it', '--json'],
    ['history', 'read_it'],
  ];
  for (const [i, mutant] of fc.sample(mutants(), { numRuns: 40, seed: SEED + 1 }).entries()) {
    write(mutant);
    const before = rig.tree();
    const args = commands[i % commands.length] ?? [];
    const { code, stdout, stderr } = await rig.run(args);
    const said = `${args.join(' ')} of ${JSON.stringify(text(mutant.runbook))}\n${stdout}${stderr}`;
    expect([0, 1, 2, 3], said).toContain(code);
    expect(stderr, said).not.toMatch(/^bug:|^ +at .+:\d+:\d+\)?$|"BUG"|Warning:/m);
    if (code === 2) expect(stderr, said).toMatch(/^error: \S|^\{"schema_version":1,"kind":"error"/m);
    expect(rig.tree(), said).toEqual(before);
  }
}, 120_000);

function requireGood(trouble: Trouble, mutant: Mutant): void {
  const { code, message, hint = null, at } = trouble;
  const name = JSON.stringify({ ...trouble, runbook: text(mutant.runbook), detail: text(mutant.detail) });
  requireSense({ code, message, hint }, name);
  if (!at) throw new Error(`no place: ${name}`);
  const bytes = { 'runbook.yaml': mutant.runbook, 'tasks/task_2.1.yaml': mutant.detail }[at.file];
  if (bytes) requirePlace(at, bytes, name);
  // No control character reaches a terminal.
  expect(formatTrouble(trouble), name).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
}

/** What was read can be written: each status, and nothing else; or it is refused by the one that writes. */
function requireWritable({ tasks }: Runbook): void {
  for (const task of tasks) {
    try {
      plannedChanges([[task, { taskId: task.id, from: task.status, to: 'SKIPPED' }]]);
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      expect(error.code).toBe('PATCH_UNSAFE');
    }
  }
}

function write(mutant: Mutant): void {
  writeFileSync(join(rig.dir, 'runbook.yaml'), mutant.runbook);
  writeFileSync(join(rig.dir, 'tasks/task_2.1.yaml'), mutant.detail);
}

const text = (bytes: Buffer) => bytes.toString();

/** One to four changes to the runbook; sometimes also to the detail file. */
function mutants(): fc.Arbitrary<Mutant> {
  const ofRunbook = fc.array(change, { minLength: 1, maxLength: 4 });
  const ofDetail = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
  );
  return fc.tuple(ofRunbook, ofDetail).map(([some, others]) => ({
    runbook: some.reduce<Buffer>((bytes, apply) => apply(bytes), Buffer.from(runbook)),
    detail: others.reduce<Buffer>((bytes, apply) => apply(bytes), Buffer.from(detail)),
  }));
}

type Change = (bytes: Buffer) => Buffer;

const HOSTILE = [
  ...['', '\t', '\r', '\r\n', '\0', '\uFEFF', '\u2028', '\u001b[2J', '---\n', '...\n', '%YAML 9.9\n', '<<<<<<< HEAD\n'],
  ...[
    '"',
    "'",
    '`',
    '@',
    '&a ',
    '*a',
    '*common',
    '<<: ',
    '<<: [*common, 5]\n',
    '!!binary ',
    '!!set ',
    '!!str ',
    '!x ',
    '? ',
    ': ',
    '- ',
    '#',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '|',
    '>-\n',
    '~',
    'null',
    'true',
    '.nan',
    '-.inf',
    '0x1F',
    '1e400',
    '2026-11-20',
    '9'.repeat(400),
  ],
  ...[
    '__proto__: {x: 1}\n',
    'constructor: 1\n',
    'tasks:\n',
    'id: read_it\n',
    'depends_on: [read_it]',
    'status: ready',
    '日本',
    '🙂',
  ],
];

/** Where: a share of the length, so that one number fits texts of all lengths. */
const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fc.nat(255)).map(([at, byte]) => bytewise(at, 1, [byte])),
  fc.tuple(share, fc.nat(12)).map(([at, length]) => bytewise(at, length, [])),
  fc
    .tuple(share, fc.constantFrom(...HOSTILE), fc.nat(6))
    .map(([at, hostile, length]) => bytewise(at, length, [...Buffer.from(hostile)])),
  fc.tuple(share, fc.nat(60)).map(
    ([at, length]): Change =>
      (bytes) => {
        const from = Math.floor(at * bytes.length);
        return bytewise(at, 0, [...bytes.slice(from, from + length)])(bytes);
      },
  ),
  share.map((at) => linewise(at, () => [])),
  share.map((at) => linewise(at, (line) => [line, line])),
  fc
    .tuple(share, fc.constantFrom('', ' ', '  ', '\t', '      '))
    .map(([at, indent]) => linewise(at, (line) => [indent + line.trimStart()])),
  fc
    .tuple(share, fc.constantFrom(...HOSTILE))
    .map(([at, hostile]) => linewise(at, (line) => [line.replace(/: .*$/, `: ${hostile}`)])),
  fc
    .tuple(share, fc.constantFrom(...HOSTILE))
    .map(([at, hostile]) => linewise(at, (line) => [line.replace(/^( *(?:- )?)\w+:/, `$1${hostile}:`)])),
  fc
    .tuple(share, fc.constantFrom(...HOSTILE))
    .map(([at, hostile]) => linewise(at, (line) => [line, /^ */.exec(line)?.[0] + hostile])),
  fc.tuple(share, share).map(
    ([a, b]): Change =>
      (bytes) => {
        const lines = text(bytes).split('\n');
        const [i, j] = [Math.floor(a * lines.length), Math.floor(b * lines.length)];
        return Buffer.from(
          lines
            .with(i, lines[j] ?? '')
            .with(j, lines[i] ?? '')
            .join('\n'),
        );
      },
  ),
);

function bytewise(at: number, length: number, others: readonly number[]): Change {
  return (bytes) => {
    const from = Math.floor(at * bytes.length);
    return Buffer.from([...bytes.slice(0, from), ...others, ...bytes.slice(from + length)]);
  };
}

function linewise(at: number, change: (line: string) => string[]): Change {
  return (bytes) => {
    const lines = text(bytes).split('\n');
    const i = Math.floor(at * lines.length);
    return Buffer.from(lines.toSpliced(i, 1, ...change(lines[i] ?? '')).join('\n'));
  };
}
