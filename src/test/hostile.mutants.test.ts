// Mutants of the plans that ship with the project: whatever comes, it is read, or refused in words with a place that is there;
// nothing unforeseen is thrown, no file is changed. 200 of them; 20,000 with RUNBOOK_RELIABILITY=1.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { formatTrouble, RunbookError, type Trouble } from '../errors.ts';
import { findProblem } from '../handlers/index.ts';
import { inspectRunbook } from '../runbook/read.ts';
import { plannedChanges } from '../runbook/save.ts';
import type { Runbook } from '../runbook/task.ts';
import { mutant, pick, randomFrom } from './hostile/mutate.ts';
import { requirePlace, requireSense } from './refusals.ts';
import { makeRig } from './rig.ts';

const LONG = Boolean(process.env.RUNBOOK_RELIABILITY);
const MUTANTS = LONG ? 20_000 : 200;
const THROUGH_THE_PROGRAM = LONG ? 400 : 12;
const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261120);

/** The plans of the repository, each in a folder with what it names. */
const PLANS: Record<string, readonly string[]> = {
  '.': ['runbook.yaml', 'tasks', 'prompt_templates', 'package.json'],
  'examples/happy-llm-cli': ['.'],
  'examples/express-release': ['.'],
};

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());
for (const [from, names] of Object.entries(PLANS))
  for (const name of names) cpSync(join(from, name), join(rig.dir, from, name), { recursive: true });
/** Each file that is mutated, with the plan that it belongs to. */
const files = Object.keys(rig.tree())
  .filter((path) => path.endsWith('.yaml'))
  .map((path) => {
    const plan = Object.keys(PLANS).find((folder) => folder !== '.' && path.startsWith(folder)) ?? '.';
    return { path, plan, bytes: readFileSync(join(rig.dir, path)) };
  });

test(`${MUTANTS} mutants are read or refused, with a place, and nothing is written`, async () => {
  const random = randomFrom(SEED);
  const told = { read: 0, refused: 0, writable: 0, unsafe: 0 };
  let slowest = 0;
  for (let i = 0; i < MUTANTS; i++) {
    const { path, plan, bytes } = pick(files, random);
    const mutated = mutant(bytes, random);
    writeFileSync(join(rig.dir, path), mutated);
    // Of the whole folder only now and then: it costs more than the mutant.
    const before = i % 20 === 0 ? rig.tree() : undefined;
    try {
      const began = performance.now();
      const { runbook, readable, mistakes, warnings } = inspectRunbook(join(rig.dir, plan, 'runbook.yaml'));
      slowest = Math.max(slowest, performance.now() - began);
      told[runbook ? 'read' : 'refused']++;
      const problems = readable ? await Promise.all(readable.tasks.map((task) => findProblem(readable, task))) : [];
      for (const trouble of [...mistakes, ...warnings, ...problems.filter((problem) => problem !== undefined)])
        requireGood(trouble, join(rig.dir, plan));
      if (runbook) for (const kind of writes(runbook)) told[kind]++;
      if (before) expect(rig.tree()).toEqual(before);
    } catch (error) {
      throw new Error(`mutant ${i} of seed ${SEED}, ${path}: ${JSON.stringify(mutated.toString('latin1'))}`, {
        cause: error,
      });
    }
    expect(readFileSync(join(rig.dir, path)).equals(mutated)).toBe(true);
    writeFileSync(join(rig.dir, path), bytes);
  }
  console.info(`${MUTANTS} mutants: ${JSON.stringify(told)}; the slowest took ${Math.round(slowest)} ms to read`);
  expect(told.read).toBeGreaterThan(MUTANTS / 50);
  expect(told.refused).toBeGreaterThan(MUTANTS / 4);
}, 3_600_000);

test(`${THROUGH_THE_PROGRAM} mutants through the program: an exit code of the design, no stack, no control character`, async () => {
  const commands = [
    ['validate'],
    ['status'],
    ['list', '--json'],
    ['next', '--dry-run', '--no-input'],
    ['run', '-n'],
    ['done', '-n', 'x'],
  ];
  const random = randomFrom(SEED + 1);
  for (let i = 0; i < THROUGH_THE_PROGRAM; i++) {
    const { path, plan, bytes } = pick(files, random);
    const mutated = mutant(bytes, random);
    writeFileSync(join(rig.dir, path), mutated);
    const before = rig.tree();
    const args = pick(commands, random);
    const { code, stdout, stderr } = await rig.run(args, { cwd: plan });
    const said = `${args.join(' ')}, ${path}: ${JSON.stringify(mutated.toString('latin1'))}\n${stdout}${stderr}`;
    expect([0, 1, 2, 3, 4], said).toContain(code);
    expect(stderr, said).not.toMatch(/^bug:|^ +at .+:\d+:\d+\)?$|"BUG"|Warning:/m);
    expect(stdout + stderr, said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    if (code === 2) expect(stdout + stderr, said).toMatch(/error: \S|"kind":"error"/);
    expect(rig.tree(), said).toEqual(before);
    writeFileSync(join(rig.dir, path), bytes);
  }
}, 3_600_000);

function requireGood(trouble: Trouble, folder: string): void {
  const { code, message, hint = null, at } = trouble;
  const name = JSON.stringify(trouble);
  requireSense({ code, message, hint }, name);
  // Only of a file that can't be opened, or is no text, there is no line to show.
  if (!at && code !== 'FILE_UNREADABLE') throw new Error(`no place: ${name}`);
  if (at && /\.(?:yaml|md)$/.test(at.file)) requirePlace(at, readFileSync(join(folder, at.file)), name);
  expect(formatTrouble(trouble), name).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
}

/** What was read can be written, or is refused by the one that writes. */
function writes({ tasks }: Runbook): ('writable' | 'unsafe')[] {
  return tasks.slice(0, 3).map((task) => {
    try {
      plannedChanges([[task, { taskId: task.id, from: task.status, to: 'SKIPPED', lastRun: { outcome: 'SUCCESS' } }]]);
      return 'writable';
    } catch (error) {
      if (!(error instanceof RunbookError) || error.code !== 'PATCH_UNSAFE') throw error;
      return 'unsafe';
    }
  });
}
