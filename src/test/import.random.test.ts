// A plan changes, and the runbook that was made of it is edited by hand: whatever both do, importing again loses no status, no hand
// edit and no comment, and importing once more changes nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KnownStep } from '../checklist/known.ts';
import { readOutline } from '../checklist/markdown.ts';
import { merge } from '../checklist/merge.ts';
import { stepsOf } from '../checklist/steps.ts';
import { amendedFiles, blankRunbook } from '../runbook/amend.ts';
import { readRunbook } from '../runbook/read.ts';
import type { Runbook } from '../runbook/task.ts';

const RUNS = 40 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);
const NO_LIMIT = { timeout: 24 * 3_600_000 };

interface Line {
  readonly words: readonly string[];
  readonly depth: number;
  readonly form: 'box' | 'ticked' | 'number' | 'heading';
  readonly work: string;
}

const word = fc.constantFrom(
  ...'run the tests pack it publish read notes write draft ship "yes" a:b #1 `x` ünï [1] *'.split(' '),
);
const line: fc.Arbitrary<Line> = fc.record({
  words: fc.array(word, { minLength: 1, maxLength: 4 }),
  depth: fc.nat(2),
  form: fc.constantFrom('box', 'box', 'ticked', 'number', 'heading'),
  work: fc.constantFrom(
    '',
    '',
    'Some text: here.',
    '```sh\nnpm test\n```',
    '```bash\na\nb\n```',
    '- a bullet',
    '> 1. quoted',
  ),
});
type Change = { readonly kind: 'drop' | 'tick' | 'word' | 'add' | 'swap'; readonly at: number; readonly line: Line };
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('drop', 'tick', 'word', 'add', 'swap'),
  at: fc.nat(20),
  line,
});
type Hand = {
  readonly kind: 'status' | 'comment' | 'name' | 'key' | 'drop';
  readonly at: number;
  readonly status: string;
};
const hand: fc.Arbitrary<Hand> = fc.record({
  kind: fc.constantFrom('status', 'status', 'comment', 'name', 'key', 'drop'),
  at: fc.nat(20),
  status: fc.constantFrom('READY', 'DONE', 'ERROR', 'SKIPPED'),
});
const round = fc.record({ hands: fc.array(hand, { maxLength: 4 }), changes: fc.array(change, { maxLength: 4 }) });

test('nothing of the runbook is lost', NO_LIMIT, () => {
  const folder = mkdtempSync(join(tmpdir(), 'r'));
  const path = join(folder, 'runbook.yaml');
  try {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 9 }),
        fc.array(round, { minLength: 1, maxLength: 3 }),
        (first, rounds) => {
          let plan: readonly Line[] = first;
          let known: readonly KnownStep[] = [];
          rmSync(path, { force: true });
          known = imported(path, plan, known);
          let marks = 0;
          for (const { hands, changes } of rounds) {
            if (known.length === 0) return;
            for (const edit of hands) byHand(path, edit, `hand ${marks++}`);
            const before = readRunbook(path);
            plan = changes.reduce(changed, plan);
            const ticked = new Set(known.filter((step) => !step.ticked).map(({ id }) => id));
            known = imported(path, plan, known);
            expectKept(before, readRunbook(path), ticked);
            const after = readRunbook(path).source.text;
            known = imported(path, plan, known);
            expect(readRunbook(path).source.text).toBe(after);
          }
        },
      ),
      { numRuns: RUNS },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function imported(path: string, plan: readonly Line[], known: readonly KnownStep[]): readonly KnownStep[] {
  const steps = stepsOf(readOutline(markdown(plan), 'PLAN.md'));
  if (steps.length === 0) return known;
  const runbook = blankRunbook(path, 'name: x\n\ntasks:\n') ?? readRunbook(path);
  const { amendment, known: now } = merge(runbook, steps, known, 'PLAN.md');
  for (const { after } of amendedFiles(runbook, amendment)) writeFileSync(path, after);
  return now;
}

function markdown(plan: readonly Line[]): string {
  return plan
    .map(({ words, depth, form, work }) => {
      const text = words.join(' ');
      if (form === 'heading') return `${'#'.repeat(depth + 2)} ${text}\n\n${work}\n`;
      const start = form === 'number' ? '1. ' : '- ';
      const box = form === 'number' ? '' : form === 'ticked' ? '[x] ' : '[ ] ';
      const pad = ' '.repeat(depth * 3);
      const below = work === '' ? '' : `\n\n${work.replaceAll(/^/gm, `${pad}   `)}\n`;
      return `${pad}${start}${box}${text}${below}`;
    })
    .join('\n');
}

function changed(plan: readonly Line[], { kind, at, line: drawn }: Change): readonly Line[] {
  const index = at % plan.length;
  const old = plan[index] ?? drawn;
  if (kind === 'add') return plan.toSpliced(index, 0, drawn);
  if (kind === 'drop') return plan.length > 1 ? plan.toSpliced(index, 1) : plan;
  if (kind === 'swap') return plan.toSpliced(index, 1).toSpliced(at % Math.max(1, plan.length - 1), 0, old);
  if (kind === 'tick') return plan.with(index, { ...old, form: old.form === 'box' ? 'ticked' : 'box' });
  return plan.with(index, { ...old, words: [...old.words, ...drawn.words.slice(0, 1)] });
}

/** As a person edits: lines of the file, with a mark to be found again. */
function byHand(path: string, { kind, at, status }: Hand, mark: string): void {
  const { source, tasks } = readRunbook(path);
  const task = tasks[at % Math.max(1, tasks.length)];
  if (!task) return;
  const lines = source.text.split('\n');
  const first = task.place('id').line - 1;
  const next = lines.findIndex((text, i) => i > first && /^ {2}[-#]/.test(text));
  const end = next < 0 ? lines.length : next;
  const own = (pattern: RegExp) => lines.findIndex((text, i) => i >= first && i < end && pattern.test(text));
  if (kind === 'comment') lines.splice(first, 0, `  # ${mark}`);
  else if (kind === 'key') lines.splice(first + 1, 0, `    ${mark.replace(' ', '_')}: ${mark}`);
  else if (kind === 'status' && own(/^ {4}status:/) >= 0)
    lines[own(/^ {4}status:/)] = `    status: ${status} # ${mark}`;
  else if (kind === 'name' && own(/^ {4}name:/) >= 0) lines[own(/^ {4}name:/)] = `    name: ${mark}`;
  else if (kind === 'drop' && tasks.every(({ dependsOn }) => !dependsOn.includes(task.id)) && tasks.length > 1)
    lines.splice(first, end - first);
  writeFileSync(path, lines.join('\n'));
}

function expectKept(before: Runbook, after: Runbook, mayBeDone: ReadonlySet<string>): void {
  const old = new Map(before.tasks.map((task) => [task.id, task]));
  expect(after.tasks.map(({ id }) => id).filter((id) => old.has(id))).toEqual([...old.keys()]);
  for (const { id, status } of after.tasks) {
    const was = old.get(id)?.status;
    if (was === undefined || was === status) continue;
    expect([status, mayBeDone.has(id), ['PENDING', 'READY'].includes(was)]).toEqual(['DONE', true, true]);
  }
  const marks = (text: string) => text.match(/.*(?:# |: )hand \d+.*/g) ?? [];
  // A status that a box has set keeps the comment behind it.
  const plain = (text: string) => marks(text).map((one) => one.replace(/status: \w+/, 'status'));
  expect(plain(after.source.text)).toEqual(plain(before.source.text));
}
