// A long plan with what is kept of it, and its twin of which nothing is kept: whatever hands and commands do to both, they say and
// write the same.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const COUNT = 600;
const STEPS = 12 * Number(process.env['RUNBOOK_TEST_RUNS'] ?? 1);

const entry = (i: number) =>
  `  - id: t${i}\n    name: Task ${i}\n    status: ${i === 0 ? 'READY' : 'PENDING'}\n    depends_on: [${i > 0 ? `t${i - 1}` : ''}]\n${i % 97 === 5 ? `    task_detail_file: tasks/t${i}.yaml\n` : '    type: AUTOMATED_SCRIPT\n    script_details: "true"\n'}`;
const FILES = {
  'runbook.yaml': `name: Long\ntasks:\n${Array.from({ length: COUNT }, (_, i) => entry(i)).join('')}`,
  ...Object.fromEntries(
    Array.from({ length: COUNT }, (_, i) => i)
      .filter((i) => i % 97 === 5)
      .map((i) => [`tasks/t${i}.yaml`, `id: t${i}\nstatus: PENDING\nmanual_instructions: Look at ${i}.\n`]),
  ),
};

type Hand = (text: string, i: number) => string;
const at = (i: number) => new RegExp(`  - id: t${i}\\n(?: {4}.*\\n)+`);
const within =
  (from: RegExp, to: string): Hand =>
  (text, i) =>
    text.replace(at(i), (lines) => lines.replace(from, to));

const HANDS: Record<string, Hand> = {
  status: within(/status: \w+/, 'status: SKIPPED'),
  ready: within(/status: \w+/, 'status: READY'),
  'no status': within(/ {4}status: \w+\n/, ''),
  name: within(/name: .*/, 'name: Another'),
  script: within(/script_details: .*/, 'script_details: "false"'),
  'free of others': within(/depends_on: .*/, 'depends_on: []'),
  'a later one': within(/depends_on: .*/, `depends_on: [t${COUNT - 1}]`),
  'another id': within(/id: (\w+)/, 'id: $1_x'),
  'an unknown field': within(/name: .*/, 'nome: Another'),
  removed: (text, i) => text.replace(at(i), ''),
  added: (text, i) => text.replace(at(i), (lines) => `  - id: new${text.length}\n    status: READY\n${lines}`),
  moved: (text, i) => text.replace(at(i), '') + (at(i).exec(text)?.[0] ?? ''),
  'in braces': (text, i) => text.replace(at(i), `  - {id: t${i}, status: READY, name: "In braces"}\n`),
  'with a comment': within(/status: (\w+)/, 'status: $1 # by hand'),
  'the top': (text) => text.replace(/^name: .*/, 'name: Long, and longer'),
  'broken by hand': within(/name: .*/, 'name: "Not closed'),
};

const step = fc.oneof(
  fc.record({ hand: fc.constantFrom(...Object.keys(HANDS)), i: fc.nat(COUNT - 1) }),
  fc.record({ command: fc.constantFrom('skip', 'reset', 'done'), i: fc.nat(COUNT - 1) }),
  fc.record({
    command: fc.constantFrom('status', 'next -n', 'list --json', 'next -y', 'validate'),
    i: fc.constant(-1),
  }),
);

/** The first lines that are not the same; to show all that differs of thousands takes minutes. */
function firstOther(one = '', other = ''): string | undefined {
  const [ours, theirs] = [one.split('\n'), other.split('\n')];
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at < 0 && ours.length === theirs.length) return undefined;
  return `${ours[at]}\n${theirs[at]}`;
}

async function both(rigs: readonly [Rig, Rig], args: readonly string[]) {
  const [kept, other] = rigs;
  rmSync(join(other.dir, '.runbook/reading.json'), { force: true });
  const said = await Promise.all(rigs.map((rig) => rig.run([...args])));
  const [one, two] = said.map(({ code, stdout, stderr }) => ({
    code,
    // Times, and how long it took.
    text: `${stdout}\n${stderr}`.replaceAll(/\d{8}T\d{6}|(?:< )?\d+(?:\.\d+)? s\b/g, '…').replaceAll(/ +/g, ' '),
  }));
  expect(one?.code).toBe(two?.code);
  expect(firstOther(one?.text, two?.text)).toBeUndefined();
  const files = (rig: Rig) => rig.read('runbook.yaml').replaceAll(/timestamp: .*/g, 'timestamp');
  expect(firstOther(files(kept), files(other))).toBeUndefined();
  const events = (rig: Rig) =>
    rig.exists('logs')
      ? rig
          .journal()
          .map(({ event_type: type, task_id: id }) => `${type} ${id}`)
          .join('\n')
      : '';
  expect(firstOther(events(kept), events(other))).toBeUndefined();
}

test('they say and write the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
      await using kept = await makeRig({ files: FILES });
      await using other = await makeRig({ files: FILES });
      const rigs = [kept, other] as const;
      await both(rigs, ['skip', 't300']);
      expect(kept.exists('.runbook/reading.json')).toBe(true);
      for (const one of steps) {
        const sound = kept.read('runbook.yaml');
        if ('hand' in one) for (const rig of rigs) rig.write('runbook.yaml', HANDS[one.hand]?.(sound, one.i) ?? sound);
        else await both(rigs, [...one.command.split(' '), ...(one.i < 0 ? [] : [`t${one.i}`])]);
        await both(rigs, ['status']);
        // What is wrong was said of both; the hand takes it back.
        if ((await kept.run(['status'])).code !== 0) for (const rig of rigs) rig.write('runbook.yaml', sound);
      }
    }),
    {
      numRuns: 2 * Number(process.env['RUNBOOK_TEST_RUNS'] ?? 1),
      seed: Number(process.env['RUNBOOK_TEST_SEED'] ?? 27),
    },
  );
});
