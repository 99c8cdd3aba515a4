// The journal cut at any byte, or with anything behind it: whole lines are read, what is torn is kept and stepped over, and the
// next line begins on a line of its own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journalFile, lastChanges, readJournal } from '../journal.ts';
import { openJournal } from '../journaling.ts';
import { SCENARIOS } from './faults/project.ts';
import { inTurns } from './faults/turns.ts';
import { makeRig, type Rig } from './rig.ts';

const JOURNAL_FILE = journalFile('');

const ALL = process.env.RUNBOOK_RELIABILITY === '1';
const EVERY = ALL ? 1 : 29;

const EVENT = {
  kind: 'statusSet',
  taskId: 'tell',
  from: 'DONE',
  to: 'READY',
  command: 'reset',
  reason: 'ä\n',
} as const;
const now = () => new Date('2026-11-20T10:00:00.000Z');

test('cut at each byte: the whole lines are read, the rest is kept, and the next line is whole', {
  timeout: 600_000,
}, async () => {
  await using rig = await finished();
  const whole = Buffer.from(rig.read(JOURNAL_FILE));
  const cuts = Array.from({ length: whole.length + 1 }, (_, i) => i).filter((i) => i % EVERY === 0);
  for (const cut of cuts) requireNextLine(rig, whole.subarray(0, cut), linesIn(whole, cut));
  console.log(`a journal of ${whole.length} bytes, cut at ${cuts.length} of them`);
});

test('with anything behind it: nothing of it is believed or lost', { timeout: 600_000 }, async () => {
  await using rig = await finished();
  const whole = Buffer.from(rig.read(JOURNAL_FILE));
  const lines = readJournal(rig.dir).length;
  const torn = [
    '{',
    '}',
    'null',
    '[]',
    '"',
    '{"event_type":1}',
    '\0\0\0\0',
    '{"timestamp":"2026',
    '\r',
    '💥'.slice(0, 1),
    ' ',
  ];
  const bytes = Array.from({ length: 256 }, (_, i) => Buffer.of(i)).filter((byte) => byte.toString() !== '\n');
  for (const garbage of [...torn.map((text) => Buffer.from(text)), ...bytes.filter((_, i) => i % EVERY === 0)])
    requireNextLine(rig, Buffer.concat([whole, garbage]), lines);
});

test('cut anywhere: `status` and `next` go on without a word of complaint', { timeout: 1_800_000 }, async () => {
  await using rig = await finished();
  const whole = Buffer.from(rig.read(JOURNAL_FILE));
  const files = Object.keys(rig.tree()).filter((path) => /\.(yaml|md)$/.test(path) && !path.startsWith('logs/'));
  const texts = Object.fromEntries(files.map((path) => [path, rig.read(path)]));
  const cuts = Array.from({ length: ALL ? 60 : 4 }, (_, i) => Math.floor(((i + 0.37) * whole.length) / (ALL ? 60 : 4)));
  await inTurns(2, cuts, async (cut) => {
    await using other = await makeRig({ files: texts });
    put(other, whole.subarray(0, cut));
    expect((await other.run(['status'])).code).toBe(0);
    const before = other.read(JOURNAL_FILE);
    expect(await other.run(['next'])).toMatchObject({ code: 0 });
    expect(await other.run(['reset', 'tell'])).toMatchObject({ code: 0 });
    expect(other.read(JOURNAL_FILE).startsWith(before)).toBe(true);
    expect(other.read(JOURNAL_FILE).slice(before.length)).toMatch(/^\n?\{.*\}\n(\{.*\}\n)*$/);
    expect(lastChanges(other.dir).get('tell')?.to).toBe('READY');
  });
});

/** A project in which all is done, with the journal that this left. */
async function finished(): Promise<Rig> {
  const scenario = SCENARIOS.find(({ args }) => args[0] === 'run');
  if (!scenario) throw new Error('no scenario runs to the end');
  const rig = await makeRig({ files: scenario.files });
  expect(await rig.run([...scenario.args])).toMatchObject({ code: 0 });
  return rig;
}

function requireNextLine(rig: Rig, before: Buffer, lines: number): void {
  put(rig, before);
  const read = readJournal(rig.dir);
  expect(read.length).toBe(lines);
  openJournal(
    rig.dir,
    () => 'r',
    now,
    (text) => text,
  ).keep(EVENT);
  const after = readFileSync(join(rig.dir, JOURNAL_FILE));
  expect(after.subarray(0, before.length).equals(before)).toBe(true);
  const added = after.subarray(before.length).toString();
  expect(added).toMatch(before.length === 0 || before.at(-1) === NEWLINE ? /^\{.*\}\n$/ : /^\n\{.*\}\n$/);
  expect(readJournal(rig.dir).slice(0, lines)).toEqual(read);
  expect(readJournal(rig.dir).at(-1)).toMatchObject({ task_id: 'tell', details: { reason: 'ä\n' } });
  expect(lastChanges(rig.dir).get('tell')?.to).toBe('READY');
}

const NEWLINE = 10;

/** How many lines can be read of what is left: a last one may have lost its line break alone. */
function linesIn(whole: Buffer, cut: number): number {
  const breaks = whole.subarray(0, cut).filter((byte) => byte === NEWLINE).length;
  return whole[cut] === NEWLINE ? breaks + 1 : breaks;
}

function put(rig: Rig, text: Buffer): void {
  mkdirSync(join(rig.dir, 'logs'), { recursive: true });
  writeFileSync(join(rig.dir, JOURNAL_FILE), text);
}
