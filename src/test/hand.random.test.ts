// Random interleavings: while `run` works through a plan, a hand edits its files between any two calls to the file system. All
// that the hand wrote is there in the end, and nothing else has changed but what the tool is there to write.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectRunbook } from '../runbook/read.ts';
import { makeRig, type Rig } from './rig.ts';

const PRELOAD = fileURLToPath(new URL('hand/preload.cjs', import.meta.url));
const RUNS = Number(process.env.RUNBOOK_TEST_HANDS ?? (process.env.RUNBOOK_RELIABILITY ? 1000 : 12));
/** Others with another seed: RUNBOOK_TEST_SEED=7. */
const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? (Date.now() % 2 ** 31) - 1);
const IDS = ['one', 'two', 'three', 'four', 'five'] as const;
type Id = (typeof IDS)[number];

const entry = (id: Id, after: string, rest: string) =>
  `  - id: ${id}\n    name: The ${id}\n    status: ${id === 'one' ? 'READY' : 'PENDING'}\n    depends_on: [${after}]\n${rest}`;
const FILES = {
  'runbook.yaml': `# The plan.\ntasks:\n${entry('one', '', '    task_detail_file: one.yaml\n')}${entry('two', 'one', '    type: AUTOMATED_SCRIPT\n    script_details: echo two\n')}\n${entry('three', '', '    task_detail_file: three.yaml\n')}${entry('four', 'two', '    type: AUTOMATED_SCRIPT   # quick\n    script_details: echo four\n')}${entry('five', 'three', '    type: AUTOMATED_SCRIPT\n    script_details: exit 3\n')}# The end.\n`,
  'one.yaml': 'id: one\nstatus: READY   # mine\ntype: AUTOMATED_SCRIPT\nscript_details: echo one\n',
  'three.yaml': '# Three.\nid: three\ntype: AUTOMATED_SCRIPT\nscript_details: [echo, three]\n',
};
const OWN_FILE: Partial<Record<Id, string>> = { one: 'one.yaml', three: 'three.yaml' };

interface Edit {
  /** Of the calls that the tool makes in all, how far on: 0 to 1. */
  readonly when: number;
  readonly how: 'write' | 'rename';
  readonly file: string;
  readonly pattern: string;
  readonly replacement: string;
  readonly status?: { readonly id: Id; readonly to: string };
}

const when = fc.double({ min: 0, max: 1, noNaN: true });
const how = fc.constantFrom('write' as const, 'rename' as const);
const file = fc.constantFrom('runbook.yaml', 'runbook.yaml', 'one.yaml', 'three.yaml');

const remark = fc.record({ when, how, file, mark: fc.integer({ min: 0, max: 9999 }), end: fc.boolean() }).map(
  ({ mark, end, ...edit }): Edit => ({
    ...edit,
    pattern: end ? '$(?![^])' : '^',
    replacement: `# hand ${mark}\n`,
  }),
);
const name = fc.record({ when, how, id: fc.constantFrom(...IDS), to: fc.stringMatching(/^[a-z]{1,9}$/) }).map(
  ({ id, to, ...edit }): Edit => ({
    ...edit,
    file: 'runbook.yaml',
    pattern: `(- id: ${id}\\n {4}name: ).*`,
    replacement: `$1Now ${to}`,
  }),
);
const newTask = fc.record({ when, how, number: fc.integer({ min: 0, max: 9999 }) }).map(
  ({ number, ...edit }): Edit => ({
    ...edit,
    file: 'runbook.yaml',
    pattern: '^# The end\\.$',
    replacement: `  - {id: new_${number}, status: SKIPPED}\n# The end.`,
  }),
);
/** Of a status that the tool would not go on from. */
const status = fc
  .record({
    when,
    how,
    id: fc.constantFrom(...IDS),
    to: fc.constantFrom('DONE', 'SKIPPED', 'ERROR'),
    inOwnFile: fc.boolean(),
  })
  .map(({ id, to, inOwnFile, ...edit }): Edit => {
    const own = inOwnFile ? OWN_FILE[id] : undefined;
    const pattern = own ? '^(status: )\\w+' : `(- id: ${id}\\n(?: {4}.*\\n)*? {4}status: )\\w+`;
    return { ...edit, file: own ?? 'runbook.yaml', pattern, replacement: `$1${to}`, status: { id, to } };
  });

const scenario = fc
  .tuple(
    // A hand may well write the same twice, but two tasks of one name are a mistake.
    fc.uniqueArray(fc.oneof(remark, name, newTask), { maxLength: 3, selector: ({ replacement }) => replacement }),
    fc.uniqueArray(status, { maxLength: 2, selector: (edit) => edit.status?.id }),
  )
  .filter(([others, statuses]) => others.length + statuses.length > 0);

test(`in ${RUNS} of them nothing of the hand’s is overwritten`, { timeout: RUNS * 60_000 }, async () => {
  const files = await knownPlan();
  await using counting = await makeRig({ files });
  const { calls } = await work(counting, []);
  expect(calls).toBeGreaterThan(100);
  // Two at a time, each with a seed of its own.
  const halves = [Math.ceil(RUNS / 2), Math.floor(RUNS / 2)].filter((runs) => runs > 0);
  const made = await Promise.all(halves.map((runs, i) => interleaved(files, calls, runs, SEED + i)));
  const edits = made.reduce((sum, some) => sum + some, 0);
  console.info(`${edits} edits were made in ${RUNS} runs of ${calls} calls each, from seed ${SEED} on`);
});

/** How many edits were made in so many runs. */
async function interleaved(files: Record<string, string>, calls: number, runs: number, seed: number): Promise<number> {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ([others, statuses]) => {
      await using rig = await makeRig({ files });
      const planned = [...others, ...statuses];
      const done = await work(
        rig,
        planned.map((edit) => ({ ...edit, at: 1 + Math.floor(edit.when * calls) })),
      );
      made += done.edits.length;
      // What came after the last look is seen by the next command.
      const { code, stderr } = await rig.run(['run', '--no-input']);
      expect([[0, 1, 3].includes(code ?? -1), stderr]).toEqual([
        true,
        expect.not.stringContaining('mistake in runbook itself'),
      ]);
      expectHandsWork(rig, done.edits);
      expect(inspectRunbook(join(rig.dir, 'runbook.yaml')).mistakes).toEqual([]);
    }),
    { numRuns: runs, seed },
  );
  return made;
}

/** The project with a journal, without which nobody can know which of two files is the hand's. */
async function knownPlan(): Promise<Record<string, string>> {
  await using rig = await makeRig({ files: FILES });
  expect((await rig.run(['skip', 'five'])).code).toBe(0);
  expect((await rig.run(['reset', 'five'])).code).toBe(0);
  const paths = Object.entries(rig.tree()).filter(([, what]) => what !== 'folder');
  return Object.fromEntries(paths.map(([path]) => [path, rig.read(path)]));
}

async function work(rig: Rig, edits: (Edit & { at: number })[]): Promise<{ calls: number; edits: Edit[] }> {
  const trace = join(rig.dir, '..', 'trace');
  const hand = JSON.stringify({ root: rig.dir, trace, edits });
  const finished = await rig.run(['run', '--no-input'], {
    env: { NODE_OPTIONS: `--require=${PRELOAD}`, RUNBOOK_HAND: hand },
  });
  expect([[0, 1, 2, 3].includes(finished.code ?? -1), finished.stderr]).toEqual([
    true,
    expect.not.stringContaining('mistake in runbook itself'),
  ]);
  const lines = existsSync(trace) ? readFileSync(trace, 'utf8').trimEnd().split('\n') : [];
  const notes = lines.map((line) => JSON.parse(line) as { made?: Edit; calls?: number });
  return { calls: notes.find((note) => note.calls)?.calls ?? 0, edits: notes.flatMap(({ made }) => made ?? []) };
}

function expectHandsWork(rig: Rig, made: readonly Edit[]): void {
  for (const path of Object.keys(FILES) as (keyof typeof FILES)[]) {
    const edits = made.filter((edit) => edit.file === path && !edit.status);
    const wanted = edits.reduce(
      (text, { pattern, replacement }) => text.replace(new RegExp(pattern, 'm'), replacement),
      FILES[path],
    );
    expect(withoutOurs(rig.read(path))).toBe(withoutOurs(wanted));
  }
  for (const { status: set } of made) {
    if (!set) continue;
    expect(rig.statuses()[set.id], `${set.id} in runbook.yaml`).toBe(set.to);
    const own = OWN_FILE[set.id];
    const written = own && /^status: (\w+)/m.exec(rig.read(own))?.[1];
    if (written) expect(written, `${set.id} in its file`).toBe(set.to);
  }
}

/** Without the words of statuses, and without `last_run` and `issues`, which are the tool's. */
function withoutOurs(text: string): string {
  return text
    .replace(/^( *)(?:last_run|issues):.*\n(?:\1 .*\n)*/gm, '')
    .replace(/^ *status: \w+.*\n/gm, (line) => line.replace(/\w+(?=\s*(#.*)?\n$)/, '…'))
    .replace(/^status: …\n/m, '');
}
