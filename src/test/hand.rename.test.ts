// An editor that puts a new file in place of the old one, at each call of a command: what it saved is there in the end. The one
// moment that is left open, right before our own rename, is let pass (src/test/hand/preload.cjs).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const PRELOAD = fileURLToPath(new URL('hand/preload.cjs', import.meta.url));
const ALL = Boolean(process.env.RUNBOOK_RELIABILITY);
/** In `npm test`: these last calls before our rename. */
const AROUND = 12;

const PLAN = 'tasks:\n  - {id: a, status: READY}\n  - {id: b, status: READY}\n# The end.\n';
const edit = { file: 'runbook.yaml', how: 'rename', pattern: '^# The end\\.$', replacement: '# By hand.' };

/** What is longer than this is compared a piece at a time (src/runbook/write.ts). */
const LARGE = `${PLAN}${`# ${'x'.repeat(97)}\n`.repeat(2200)}`;

test.each([
  ['', PLAN],
  [' of a large plan', LARGE],
])('at each call of `skip`%s, and it stays', { timeout: 600_000 }, async (_, plan) => {
  const makePlan = () => makeProject(plan);
  await using counting = await makePlan();
  const names = await skipped(counting, []);
  const ours = names.findLastIndex((name) => /^renameSync .*runbook-tmp .*runbook\.yaml$/.test(name));
  expect(ours).toBeGreaterThan(AROUND);
  const from = ALL ? 0 : ours - AROUND;
  const calls = Array.from({ length: (ALL ? names.length : ours) - from }, (_, i) => from + i);
  for (const call of calls) {
    await using rig = await makePlan();
    await skipped(rig, [{ ...edit, at: call + 1 }]);
    expect([names[call], rig.read('runbook.yaml')]).toEqual([names[call], expect.stringContaining('# By hand.\n')]);
    expect(rig.statuses()).toEqual({ a: 'SKIPPED', b: 'READY' });
  }
  console.info(`a rename at ${calls.length} of ${names.length} calls`);
});

async function makeProject(plan: string): Promise<Rig> {
  const rig = await makeRig({ files: { 'runbook.yaml': plan } });
  // What the first command makes is there already.
  expect((await rig.run(['skip', 'b'])).code).toBe(0);
  expect((await rig.run(['reset', 'b'])).code).toBe(0);
  return rig;
}

async function skipped(rig: Rig, edits: readonly object[]): Promise<string[]> {
  const trace = join(rig.dir, '..', 'trace');
  const env = {
    NODE_OPTIONS: `--require=${PRELOAD}`,
    RUNBOOK_HAND: JSON.stringify({ root: rig.dir, trace, edits }),
  };
  expect((await rig.run(['skip', 'a'], { env })).code).toBe(0);
  const notes = readFileSync(trace, 'utf8').trimEnd().split('\n');
  return notes.flatMap((line) => (JSON.parse(line) as { names?: string[] }).names ?? []);
}
