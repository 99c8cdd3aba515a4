// What holds for every command there is: nobody is waited for, a program gets an object of the published form, a dry run changes
// nothing, and no screen is wider than its terminal. On a plan with ids and names of all kinds and Windows line ends.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Ajv } from 'ajv';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { EXIT } from '../errors.ts';
import { inTurns } from './faults/turns.ts';
import { makeRig, type Rig } from './rig.ts';

const ID = '日本語 🚀 with spaces';
const OTHER = `it's "quoted" ${'x'.repeat(190)}`;
const NAME = JSON.stringify(`One\nname on two lines 🚀, 日本語の長い名前で、とても長い, ${'word '.repeat(30)}`);
const ERROR = `error ${JSON.stringify('it does not work\nat all, 日本語の長い名前で、とても長い')}`;
const files = {
  'runbook.yaml': [
    `name: ${NAME}`,
    'models: {told: {provider: scripted, replies: replies.yaml}}',
    'tasks:',
    `  - id: ${JSON.stringify(ID)} # mine`,
    '    status: READY',
    `    name: ${NAME}`,
    '    task_detail_file: tasks/a b/日本.yaml',
    `  - {id: ${JSON.stringify(OTHER)}, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: "p p.md"}}`,
    `  - {id: wrong, status: ERROR, name: ${NAME}, issues: [{type: OURS, detail: ${JSON.stringify(ERROR)}}]}`,
    `  - {id: last, depends_on: [${JSON.stringify(ID)}, ${JSON.stringify(OTHER)}], description: ${NAME}}`,
    '',
  ].join('\r\n'),
  'tasks/a b/日本.yaml': 'manual_instructions:\r\n  - Read 日本語の長い名前で、とても長い\r\n  - Sign it\r\n',
  'p p.md': `Write ${'it '.repeat(60)}\n`,
  'replies.yaml': 'replies: [{reply: text}]\n',
  'PLAN of mine.md': `# Plan\n\n- [ ] One 日本語 🚀\n- [x] Two ${'word '.repeat(30)}\n`,
};

/** Of each command, a line that comes to its work; of those that ask, one that leaves open what is asked. */
const LINES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  next: [['next']],
  run: [['run', '--keep-going']],
  start: [['start', ID, '--by', 'somebody with a rather long name, 日本語の長い名前']],
  done: [['done', ID, OTHER]],
  error: [
    ['error', ID],
    ['error', ID, '--reason', ERROR],
  ],
  skip: [['skip', ID, 'wrong']],
  retry: [['retry', 'wrong']],
  reset: [['reset', ID]],
  status: [['status']],
  list: [['list']],
  show: [
    ['show', ID],
    ['show', OTHER],
  ],
  why: [
    ['why', 'last'],
    ['why', 'wrong'],
  ],
  graph: [['graph']],
  prompt: [['prompt', OTHER]],
  history: [['history', '--all']],
  report: [['report', '-o', 'a report.md']],
  init: [['init', 'a folder/日本']],
  add: [['add'], ['add', `Name ${'word '.repeat(30)}`, '--depends-on', ID, '--detail']],
  import: [
    ['import', 'PLAN of mine.md'],
    ['import', 'PLAN of mine.md', '--yes'],
  ],
  export: [['export', '-o', 'a list.md']],
  edit: [['edit', ID]],
  validate: [['validate']],
  doctor: [['doctor']],
  schema: [['schema', 'json/changed']],
  completion: [['completion', 'zsh']],
  skill: [['skill']],
};
/** Mistakes whose words are long. */
const MISTAKES = [
  ['why', 'nobody of that name, nor of any other that would be as long as this one'],
  ['done', 'wrnog'],
  ['list', '--status', 'DOEN'],
  ['next', '--nonsense-of-a-rather-long-kind-that-nobody-knows'],
  ['graph', '-o', `${'folder/'.repeat(12)}plan.svg`],
  ['retry', ID],
  ['-C', 'no folder of this name is to be found here', 'status'],
];
const lines = Object.values(LINES).flat();
/** What prints a form that others read: the lines are theirs. */
const FOR_OTHERS = ['schema', 'completion', 'skill', 'prompt'];

const READING = [
  'status',
  'list',
  'show',
  'why',
  'graph',
  'prompt',
  'history',
  'validate',
  'schema',
  'completion',
  'skill',
];

const foreseen: readonly number[] = Object.values(EXIT).filter(
  (code) => code !== EXIT.bug && code !== EXIT.interrupted,
);
const schemas = join(dirname(resolve(process.env.RUNBOOK_TEST_BIN ?? 'dist/cli.cjs')), 'schemas/json');
const ajv = new Ajv({ strict: true, allErrors: true });
const forms = Object.fromEntries(
  readdirSync(schemas).map((file) => [
    file.replace('.json', ''),
    ajv.compile(JSON.parse(readFileSync(join(schemas, file), 'utf8')) as object),
  ]),
);

/** Each line in a folder of its own, with a past. */
async function each(tried: readonly (readonly string[])[], look: (rig: Rig, args: string[]) => Promise<void>) {
  await inTurns(2, [...tried], async (args) => {
    await using rig = await makeRig({ files });
    await look(rig, [...args]);
    expect(rig.processes(), args.join(' ')).toEqual([]);
  });
}

test('every command is in the list', async () => {
  await using rig = await makeRig();
  const { stdout } = await rig.run(['completion', '--words', 'fish', '']);
  const names = stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0] ?? '');
  expect(Object.keys(LINES).sort()).toEqual(names.filter((name) => name !== 'help').sort());
});

test('stdin is closed: with --json each prints one object of the published form, and waits for nobody', async () => {
  await each([...lines, ...MISTAKES], async (rig, args) => {
    const { code, stdout, stderr } = await rig.run([...args, '--json'], { stdin: 'closed' });
    const what = args.join(' ');
    expect(foreseen, what).toContain(code);
    const object = JSON.parse(stdout || stderr) as { kind: string };
    const form = forms[object.kind];
    form?.(object);
    expect([what, form?.errors]).toEqual([what, null]);
  });
}, 120_000);

test('stdin is a pipe that stays open: --plain is plain, also where colour is forced', async () => {
  await each(lines, async (rig, args) => {
    const { code, stdout, stderr } = await rig.run([...args, '--plain'], { stdin: 'open', env: { FORCE_COLOR: '1' } });
    expect(foreseen, args.join(' ')).toContain(code);
    expect(stdout + stderr, args.join(' ')).not.toMatch(/\x1b/);
  });
}, 120_000);

test('stdin is /dev/null: a dry run of what writes or runs does neither', async () => {
  await each(
    lines.filter(([name = '']) => !READING.includes(name)),
    async (rig, args) => {
      const before = rig.tree();
      const { code } = await rig.run([...args, '--dry-run'], { stdin: 'null' });
      expect(foreseen, args.join(' ')).toContain(code);
      expect(rig.tree(), args.join(' ')).toEqual(before);
    },
  );
}, 120_000);

test('in a terminal of 40 columns, with --no-input: nothing is asked, no line is wider, and CRLF stays', async () => {
  const wide: string[] = [];
  await each([...lines, ...MISTAKES], async (rig, args) => {
    const term = rig.terminal([...args, '--no-input'], { cols: 40 });
    const { code } = await term.exit;
    const what = args.join(' ');
    expect(foreseen, what).toContain(code);
    if (!FOR_OTHERS.includes(args[0] ?? ''))
      wide.push(
        ...tooWide(term.raw(), 40)
          .filter((row) => args[0] !== 'import' || !LINE_OF_DIFF.test(row))
          .map((row) => `${what}: ${row}`),
      );
    expect([what, rig.read('runbook.yaml').match(/(?<!\r)\n/)]).toEqual([what, null]);
  });
  expect(wide).toEqual([]);
}, 120_000);

/** A line of a file is shown as it is. */
const LINE_OF_DIFF = /^ {2}[ +-] /;

/** The rows that the edge of the terminal would break. A place is one word, which a terminal may make a link of. */
function tooWide(raw: string, columns: number): string[] {
  return stripVTControlCharacters(raw)
    .split(/\r?\n/)
    .filter((row) => stringWidth(row) > columns && !row.includes('——▶'));
}
