// Every object that `--json` prints has the form that its schema in the package says, and every kind has a schema.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const folder = join(dirname(resolve(process.env.RUNBOOK_TEST_BIN ?? 'dist/cli.cjs')), 'schemas');
const ajv = new Ajv({ strict: true, allErrors: true });
const schemas = Object.fromEntries(
  readdirSync(join(folder, 'json')).map((file) => {
    const schema = JSON.parse(readFileSync(join(folder, 'json', file), 'utf8')) as Record<string, unknown>;
    return [file.replace(/\.json$/, ''), ajv.compile(schema)];
  }),
);

const RUNBOOK = `name: Of all kinds
models:
  recorded: {provider: scripted, replies: replies.yaml}
tasks:
  - id: build
    type: AUTOMATED_SCRIPT
    script_details: {command: echo built, timeout: 10m}
    tags: [a]
  - id: draft
    depends_on: [build]
    type: AI_ASSISTED
    task_detail_file: draft.yaml
  - id: read
    depends_on: [draft]
    manual_instructions: [one, two]
    checks: [{name: always, command: "true"}]
  - id: fail
    depends_on: [read]
    type: AUTOMATED_SCRIPT
    script_details: exit 3
  - {id: tell, depends_on: [read], description: Tell them}
  - {id: last, depends_on: [fail]}
`;
const FILES = {
  'runbook.yaml': RUNBOOK,
  'draft.yaml':
    'status: PENDING\nai_details: {model: recorded, prompt_template: p.md, input_context: {n: 1}, review_points: [x]}\noutput_artifact: notes.md\n',
  'p.md': 'Draft {{ n }}.\n',
  'replies.yaml': 'replies: [{reply: text}]\n',
  'broken/runbook.yaml': 'tasks: [{id: a, status: DOEN, colour: red}]\n',
  'broken/.git/x': '',
  'empty/runbook.yaml': 'tasks: []\n',
  'empty/.git/x': '',
  'new/.git/x': '',
};

/** What a person would do to all of these tasks, and what they would look at on the way. */
const STORY: string[][] = [
  ['status'],
  ['history'],
  ['next', '--dry-run'],
  ['next'],
  ['done', 'draft', '--dry-run'],
  ['next', '--yes'],
  ['next', '--yes=unchecked'],
  ['next'],
  ['next', '--answer', 'error', '--reason', 'not yet'],
  ['status'],
  ['list', '--status', 'ERROR'],
  ['why', 'last'],
  ['run'],
  ['retry', 'read'],
  ['next', '--answer', 'accept'],
  ['run', '--answer', 'skip', 'skip'],
  ['show', 'fail'],
  ['skip', 'fail', 'tell'],
  ['run'],
  ['reset', 'fail', '--with-dependents'],
  ['start', 'fail', '--by', 'bot'],
  ['status'],
  ['why', 'fail'],
  ['start', 'fail', '--by', 'ada'],
  ['error', 'fail', '--reason', 'no luck'],
  ['done', 'fail', 'tell', 'last'],
  ['run'],
  ['status'],
  ['list'],
  ['schema'],
  ['completion', 'fish'],
  ['skill'],
  ['schema', 'task'],
  ['schema', 'all'],
  ['validate'],
  ['doctor'],
  ['add', 'One more', '--dry-run'],
  ['add', 'One more', '--depends-on', 'last'],
  ['add', 'One more'],
  ['export', '-o', 'PLAN.md'],
  ['import', 'PLAN.md'],
  ['edit', 'one_more'],
  ['show', 'nobody'],
  ['nonsense'],
  ['list', '--status', 'DOEN'],
  ['-C', 'broken', 'validate'],
  ['-C', 'broken', 'status'],
  ['-C', 'empty', 'status'],
  ['-C', 'empty', 'list'],
  ['-C', 'empty', 'next'],
  ['-C', 'empty', 'next', '--dry-run'],
  ['-C', 'new', 'init', '--dry-run'],
  ['-C', 'new', 'init'],
  ['-C', 'new', 'init'],
  ...['build', 'draft', 'read'].map((id) => ['show', id]),
  ['why', 'draft'],
  ['prompt', 'draft'],
  ['prompt', 'read'],
  ['history', 'draft', '--all', '--limit', '9'],
  ['graph', 'read'],
  ['report'],
];

test('every object of a whole story has the form of its kind, and every kind occurs', async () => {
  await using rig = await makeRig({ files: FILES });
  const seen = new Set<string>();
  for (const args of STORY) seen.add(await kindOf(rig, args));
  expect([...seen].sort()).toEqual(Object.keys(schemas).sort());
}, 300_000);

test('the schemas in the package are those that `runbook schema` prints', async () => {
  await using rig = await makeRig();
  const all = JSON.parse((await rig.run(['schema', 'all'])).stdout) as Record<string, unknown>;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  expect(Object.keys(all).sort()).toEqual(names.map((name) => name.replace(/\.json$/, '')).sort());
  for (const [name, schema] of Object.entries(all))
    expect(schema, name).toEqual(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
});

test('a program that is told more, or less, than the schema says would be told so', () => {
  const { changed } = schemas;
  const task = { id: 'a', from: 'READY', to: 'DONE' };
  const object = { schema_version: 1, kind: 'changed', data: { tasks: [task] } };
  expect(changed?.(object)).toBe(true);
  expect(changed?.({ ...object, more: 1 })).toBe(false);
  expect(changed?.({ ...object, data: { tasks: [{ ...task, to: 'DOEN' }] } })).toBe(false);
  expect(changed?.({ ...object, data: {} })).toBe(false);
});

/** One object, on stdout if all went well and on stderr if not. Held against the schema of its kind. */
async function kindOf(rig: Rig, args: string[]): Promise<string> {
  const { stdout, stderr } = await rig.run(['--json', ...args]);
  const text = stdout === '' ? stderr : stdout;
  expect(text, args.join(' ')).toMatch(/^\{.*\}\n$/);
  const object = JSON.parse(text) as { kind: string };
  const validate = schemas[object.kind];
  if (!validate) throw new Error(`\`${args.join(' ')}\` printed the kind ${object.kind}, which has no schema`);
  validate(object);
  expect(validate.errors, `${args.join(' ')}: ${text}`).toBeNull();
  return object.kind;
}
