// Only the bytes we mean, in YAML that others wrote: every case of the public test suite and the files of public projects, each
// used as it is and embedded in a task, with an edit beside it. Fetched, so only with RUNBOOK_RELIABILITY=1.
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RunbookError } from '../errors.ts';
import { type Edit, patch } from '../runbook/patch.ts';
import { publicFiles, type Sample, testSuite } from './hostile/corpora.ts';
import { makeRig } from './rig.ts';

const LONG = Boolean(process.env.RUNBOOK_RELIABILITY);
/** How many of each corpus also go through the program. */
const THROUGH_THE_PROGRAM = 40;

test.skipIf(!LONG)('the public YAML test suite', async () => tryAll('test suite', await testSuite(), 300), 3_600_000);
test.skipIf(!LONG)('files of public projects', async () => tryAll('projects', await publicFiles(), 200), 3_600_000);

async function tryAll(what: string, samples: readonly Sample[], atLeast: number): Promise<void> {
  const valid = samples.filter(({ text }) => isValid(text));
  expect(valid.length).toBeGreaterThanOrEqual(atLeast);
  const told = new Map<string, number>();
  const count = (key: string) => told.set(key, (told.get(key) ?? 0) + 1);
  const embeddable: string[] = [];
  for (const { name, text } of valid) {
    for (const edit of EDITS) count(`as it is: ${outcomeOf(name, text, edit)}`);
    const runbook = embedded(text);
    if (runbook === undefined) {
      count('embedded: can not be, for what it is (several documents, directives, less indented lines)');
      continue;
    }
    embeddable.push(runbook);
    for (const edit of EDITS_BESIDE) count(`embedded: ${outcomeOf(name, runbook, edit)}`);
  }
  for (const { name, text, invalid } of samples) {
    if (isValid(text)) continue;
    count(
      `no YAML: ${outcomeOf(name, text, EDITS[0] as Edit).replace(/: .*/, '')}${invalid ? '' : ' (meant as YAML)'}`,
    );
  }
  await throughTheProgram(embeddable, count);
  const figures = [...told].sort().map(([key, n]) => `${String(n).padStart(6)}  ${key}`);
  console.log(`${what}: ${samples.length} files, ${valid.length} valid\n${figures.join('\n')}`);
}

const RECORD = { timestamp: '2026-11-20T10:00:00.000Z', outcome: 'SUCCESS' };
const ISSUE = { timestamp: '2026-11-20T10:00:00.000Z', type: 'SCRIPT_ERROR', detail: 'exit 1\nwith: more' };

const EDITS: readonly Edit[] = [
  { op: 'set', path: ['status'], value: 'DONE' },
  { op: 'set', path: ['last_run'], value: RECORD },
  { op: 'append', path: ['issues'], value: ISSUE },
];
const EDITS_BESIDE: readonly Edit[] = [0, 1].flatMap((task) =>
  EDITS.map((edit) => ({ ...edit, path: ['tasks', task, ...edit.path] })),
);

/** `done`, or why it was refused. Throws if a byte beyond the wanted ones changed. */
function outcomeOf(name: string, text: string, edit: Edit): string {
  let after: string;
  try {
    after = patch(text, [edit], 'f.yaml');
  } catch (error) {
    if (!(error instanceof RunbookError) || error.code !== 'PATCH_UNSAFE') throw new Error(name, { cause: error });
    return `refused: ${error.message
      .replace(/^.*?(?:it is|YAML): /s, '')
      .replaceAll(/`[^`]*`/g, '`…`')
      .slice(0, 100)}`;
  }
  // What stands before and behind is the same: only at one place there is something else, and of the old file at most one scalar.
  let start = 0;
  while (start < text.length && text[start] === after[start]) start++;
  let end = 0;
  while (end < text.length - start && text.at(-1 - end) === after.at(-1 - end)) end++;
  const replaced = text.slice(start, text.length - end);
  const mayGo = edit.path.at(-1) === 'status' ? /^(?:["']?\w+["']?)?$/ : /^\s*(?:\{\}|\[\]|~|null)?\s*$/;
  const hasOne = /^["']?(?:status|last_run|issues)["']? *:/m.test(text) && edit.path.length === 1;
  if (!hasOne && !mayGo.test(replaced))
    throw new Error(`${name}: ${JSON.stringify(edit)} also changed ${JSON.stringify(replaced)}`);
  return 'done';
}

function isValid(text: string): boolean {
  const documents = parseAllDocuments(text, { logLevel: 'silent', merge: true });
  return documents.every(({ errors }) => errors.length === 0);
}

const HEAD = `# a plan\ntasks:\n  - id: a # first\n    status: READY\n    x_notes:\n`;
const TAIL = `  - id: b\n    status: PENDING\n    depends_on: [a]\n`;

/** A runbook with the text as the value of a task's field; undefined if it means something else there. */
function embedded(text: string): string | undefined {
  const inside = text.replace(/^---[ \t]*\n/, '').replaceAll(/^(?=.)/gm, '      ');
  const runbook = `${HEAD}${inside}${inside.endsWith('\n') ? '' : '\n'}${TAIL}`;
  if (!isValid(runbook)) return undefined;
  try {
    const [alone, ...more] = parseAllDocuments(text, { merge: true, logLevel: 'silent' });
    const [whole] = parseAllDocuments(runbook, { merge: true, logLevel: 'silent' });
    const { tasks = [] } = (whole?.toJS() ?? {}) as { tasks?: { id: string; x_notes: unknown }[] };
    const same = isDeepStrictEqual(tasks[0]?.x_notes ?? null, alone?.toJS() ?? null);
    return same && more.length === 0 && tasks.length === 2 ? runbook : undefined;
  } catch {
    return undefined;
  }
}

/** Of the whole file, two words change: the task's status, and that of the one that waited for it. */
async function throughTheProgram(runbooks: readonly string[], count: (key: string) => void): Promise<void> {
  const step = Math.max(1, Math.floor(runbooks.length / THROUGH_THE_PROGRAM));
  for (let i = 0; i < runbooks.length; i += step) {
    const runbook = runbooks[i] ?? '';
    await using rig = await makeRig({ files: { 'runbook.yaml': runbook } });
    const { code, stderr } = await rig.run(['done', 'a']);
    const changed = runbook.replace('status: READY', 'status: DONE');
    const at = changed.lastIndexOf('status: PENDING');
    const wanted = `${changed.slice(0, at)}status: READY${changed.slice(at + 'status: PENDING'.length)}`;
    if (code === 0) expect(rig.read('runbook.yaml'), runbook).toBe(wanted);
    else expect({ code, text: rig.read('runbook.yaml') }, stderr).toEqual({ code: 2, text: runbook });
    count(
      `through the program: ${code === 0 ? 'done, other bytes as they were' : `refused: ${stderr.split('\n')[0]?.slice(0, 90)}`}`,
    );
  }
}
