// Every field of the schema with every wrong kind of value, generated from the schema, so that no field is forgotten; and
// the values that no generator thinks of.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { inspectRunbook } from '../runbook/read.ts';
import { runbookSchema } from '../runbook/schema.ts';
import { refusals, requirePlace, requireSense } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('every wrong kind of value, in every field, has its own mistake with its own place', () => {
  const fields = fieldsOf(z.toJSONSchema(runbookSchema, { io: 'input' }) as Node);
  const wrong = fields.flatMap(({ path, node }) =>
    KINDS.filter(({ types }) => !accepts(node, types)).map((kind) => ({ path, ...kind })),
  );
  // As many as there were when this was written, so that the walk can't lose any.
  expect([fields.length, wrong.length]).toEqual([245, 454]);
  for (const { path, written, words } of wrong) {
    const name = `${path.join('.')} is ${written}`;
    const text = runbookWith(path, written);
    rig.write('kinds/runbook.yaml', text);
    const { runbook, mistakes } = inspectRunbook(join(rig.dir, 'kinds/runbook.yaml'));
    expect(runbook, name).toBeUndefined();
    const [mistake, ...more] = mistakes;
    expect({ mistake, more }, name).toEqual({ mistake: expect.anything(), more: [] });
    if (!mistake?.at) throw new Error(`${name} has no place: ${mistake?.message}`);
    requireSense({ ...mistake, hint: mistake.hint ?? null }, name);
    requirePlace(mistake.at, Buffer.from(text), name);
    expect(mistake.at.text.slice(mistake.at.column - 1, mistake.at.column - 1 + mistake.at.length), name).toBe(written);
    if (/^`some text` is not a (?:status|task type|provider)\.$/.test(mistake.message)) continue;
    const field = path.at(-1) ?? 'the file';
    expect(mistake.message, name).toContain(/^\d$/.test(field) ? `[${field}]` : field);
    expect(mistake.message, name).toMatch(new RegExp(` must be .+, not ${words}$`));
  }
});

test('values of the right kind that mean nothing', async () => {
  const cases = {
    'an unknown status': task('status: REDAY'),
    'a status in small letters': task('status: ready'),
    'a status in other letters': task('status: Done'),
    'a status of others': task('status: in_progress'),
    'a type in small letters': task('type: manual'),
    'a word of a type': task('type: script'),
    'an unknown type': task('type: HTTP_REQUEST'),
    'a misspelt provider': `models:\n  fast: {provider: opneai}\n${task('status: READY')}`,
    'a provider in other letters': `models:\n  fast: {provider: OpenAI}\n${task('status: READY')}`,
    'a model without a provider': `models:\n  fast: {model: gpt-4o-mini}\n${task('status: READY')}`,
    'a duration in parsecs': task('timeout: 10 parsecs'),
    'a duration with a blank': task('timeout: 10 m'),
    'a negative duration': task('timeout: -5'),
    'no duration': task('timeout: 0s'),
    'an endless duration': task('timeout: .inf'),
    'half a retry': task('retries: 1.5'),
    'a retry in quotes': task('retries: "3"'),
    'a negative exit code': task('script_details: {command: make, ok_exit_codes: [0, -1]}'),
    'one exit code': task('script_details: {command: make, ok_exit_codes: 1}'),
    'a variable with a map': task('env: {PATHS: {bin: /bin}}'),
    'a variable without a value': task('env:\n      HOME:'),
    'one check': task('checks: npm test'),
    'a check without a command': task('checks: [{name: tests pass}]'),
    'a check with a misspelt command': task('checks: [{comand: npm test}]'),
    'a misspelt id': 'tasks:\n  - ID: a\n    name: Build\n',
    'misspelt tasks': 'name: Release\ntask:\n  - id: a\n',
    'an empty id': 'tasks:\n  - id: ""\n',
    'a blank id': 'tasks:\n  - id: "  "\n',
    'a number as id': 'tasks:\n  - id: 2.10\n',
    'a truth value as id': 'tasks:\n  - id: true\n',
    'an empty check': task('checks: [""]'),
    'a check of no words': task('checks: [[]]'),
    'no money': `budget: lots\n${task('status: READY')}`,
    'other money': `budget: 5 EUR\n${task('status: READY')}`,
    'less than no money': `budget: -1\n${task('status: READY')}`,
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    an unknown status
      RUNBOOK_INVALID runbook.yaml:3:13 REDAY
      \`REDAY\` is not a status. Did you mean \`READY\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    a status in small letters
      RUNBOOK_INVALID runbook.yaml:3:13 ready
      \`ready\` is not a status. Did you mean \`READY\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    a status in other letters
      RUNBOOK_INVALID runbook.yaml:3:13 Done
      \`Done\` is not a status. Did you mean \`DONE\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    a status of others
      RUNBOOK_INVALID runbook.yaml:3:13 in_progress
      \`in_progress\` is not a status.
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    a type in small letters
      RUNBOOK_INVALID runbook.yaml:3:11 manual
      \`manual\` is not a task type. Did you mean \`MANUAL\`?
      It is one of MANUAL, AI_ASSISTED, AUTOMATED_SCRIPT.
    a word of a type
      RUNBOOK_INVALID runbook.yaml:3:11 script
      \`script\` is not a task type. Did you mean \`AUTOMATED_SCRIPT\`?
      It is one of MANUAL, AI_ASSISTED, AUTOMATED_SCRIPT.
    an unknown type
      RUNBOOK_INVALID runbook.yaml:3:11 HTTP_REQUEST
      \`HTTP_REQUEST\` is not a task type.
      It is one of MANUAL, AI_ASSISTED, AUTOMATED_SCRIPT.
    a misspelt provider
      RUNBOOK_INVALID runbook.yaml:2:20 opneai
      \`opneai\` is not a provider. Did you mean \`openai\`?
      It is one of openai, anthropic, claude, codex, gemini, paste, scripted.
    a provider in other letters
      RUNBOOK_INVALID runbook.yaml:2:20 OpenAI
      \`OpenAI\` is not a provider. Did you mean \`openai\`?
      It is one of openai, anthropic, claude, codex, gemini, paste, scripted.
    a model without a provider
      RUNBOOK_INVALID runbook.yaml:2:9 {model: gpt-4o-mini}
      \`models.fast.provider\` is missing: it must be a provider
      It is one of openai, anthropic, claude, codex, gemini, paste, scripted.
    a duration in parsecs
      RUNBOOK_INVALID runbook.yaml:3:14 10 parsecs
      \`timeout\` must be a duration such as \`90s\`, \`10m\` or \`1h30m\`, not the text \`10 parsecs\`
    a duration with a blank
      RUNBOOK_INVALID runbook.yaml:3:14 10 m
      \`timeout\` must be a duration such as \`90s\`, \`10m\` or \`1h30m\`, not the text \`10 m\`
    a negative duration
      RUNBOOK_INVALID runbook.yaml:3:14 -5
      \`timeout\` must be a duration such as \`90s\`, \`10m\` or \`1h30m\`, not the number -5
    no duration
      RUNBOOK_INVALID runbook.yaml:3:14 0s
      \`timeout\` must be a duration such as \`90s\`, \`10m\` or \`1h30m\`, not the text \`0s\`
    an endless duration
      RUNBOOK_INVALID runbook.yaml:3:14 .inf
      \`timeout\` must be a duration such as \`90s\`, \`10m\` or \`1h30m\`, not the number Infinity
    half a retry
      RUNBOOK_INVALID runbook.yaml:3:14 1.5
      \`retries\` must be a whole number, 0 or more, not the number 1.5
    a retry in quotes
      RUNBOOK_INVALID runbook.yaml:3:14 "3"
      \`retries\` must be a whole number, 0 or more, not the text \`3\`
      Take the quotes off: 3
    a negative exit code
      RUNBOOK_INVALID runbook.yaml:3:56 -1
      \`script_details.ok_exit_codes[1]\` must be a whole number, 0 or more, not the number -1
    one exit code
      RUNBOOK_INVALID runbook.yaml:3:52 1
      \`script_details.ok_exit_codes\` must be a list of numbers, not the number 1
      Write it as a list: [1].
    a variable with a map
      RUNBOOK_INVALID runbook.yaml:3:18 {bin: /bin}
      \`env.PATHS\` must be text, a number or a truth value, not a map
    a variable without a value
      RUNBOOK_INVALID runbook.yaml:4:7 HOME
      \`env.HOME\` must be text, a number or a truth value, not empty
    one check
      RUNBOOK_INVALID runbook.yaml:3:13 npm test
      \`checks\` must be a list of commands, not the text \`npm test\`
      Write it as a list: [npm test].
    a check without a command
      RUNBOOK_INVALID runbook.yaml:3:14 {name: tests pass}
      \`checks[0].command\` is missing: it must be a command, or a list of a program and its arguments
    a check with a misspelt command
      RUNBOOK_INVALID runbook.yaml:3:15 comand
      \`checks[0].command\` is missing: it must be a command, or a list of a program and its arguments. Is it meant by \`comand\`?
    a misspelt id
      RUNBOOK_INVALID runbook.yaml:2:5 ID
      \`id\` is missing: it must be text. Is it meant by \`ID\`?
    misspelt tasks
      RUNBOOK_INVALID runbook.yaml:2:1 task
      \`tasks\` is missing: it must be a list of tasks. Is it meant by \`task\`?
      Each task begins with \`- id: \`.
    an empty id
      RUNBOOK_INVALID runbook.yaml:2:9 ""
      \`id\` must be an id, not an empty text
    a blank id
      RUNBOOK_INVALID runbook.yaml:2:9 "  "
      \`id\` must be an id, not an empty text
    a number as id
      RUNBOOK_INVALID runbook.yaml:2:9 2.10
      \`id\` must be text, not the number 2.1
      Put quotes around it: "2.10".
    a truth value as id
      RUNBOOK_INVALID runbook.yaml:2:9 true
      \`id\` must be text, not the truth value \`true\`
      Put quotes around it: "true".
    an empty check
      RUNBOOK_INVALID runbook.yaml:3:14 ""
      \`checks[0]\` must be a command, not an empty text
    a check of no words
      RUNBOOK_INVALID runbook.yaml:3:14 []
      \`checks[0]\` must be a list with at least the program, not an empty list
    no money
      RUNBOOK_INVALID runbook.yaml:1:9 lots
      \`budget\` must be an amount of US dollars, not \`lots\`
      For example: budget: 0.50
    other money
      RUNBOOK_INVALID runbook.yaml:1:9 5 EUR
      \`budget\` must be an amount of US dollars, not \`5 EUR\`
      For example: budget: 0.50
    less than no money
      RUNBOOK_INVALID runbook.yaml:1:9 -1
      \`budget\` must be an amount of US dollars, not \`-1\`
      For example: budget: 0.50
    "
  `);
});

test('a duration that is too long for a timer is no mistake, and does not end at once', async () => {
  for (const timeout of ['2000h', '1e300']) {
    const work = 'type: AUTOMATED_SCRIPT\n    script_details: sleep 0.1';
    rig.write('long/runbook.yaml', task(`status: READY\n    ${work}\n    timeout: ${timeout}`));
    const { code, stderr } = await rig.run(['next'], { cwd: 'long' });
    expect({ code, stderr: rig.stable(stderr) }).toEqual({ code: 0, stderr: expect.stringContaining('✔ DONE  a') });
    expect(stderr).not.toContain('Warning');
  }
});

function task(fields: string): string {
  return `tasks:\n  - id: a\n    ${fields}\n`;
}

/** A JSON Schema, as far as it is looked at here. */
interface Node {
  type?: string | string[];
  enum?: string[];
  anyOf?: Node[];
  properties?: Record<string, Node>;
  additionalProperties?: Node;
  items?: Node;
}

const KINDS = [
  { types: ['string'], written: '"some text"', words: 'the text `some text`' },
  { types: ['number', 'integer'], written: '17', words: 'the number 17' },
  { types: ['boolean'], written: 'true', words: 'the truth value `true`' },
  { types: ['array'], written: '[{"x": 1}]', words: 'a list' },
  { types: ['object'], written: '{"x": {"y": 1}}', words: 'a map' },
];

function fieldsOf(node: Node, path: string[] = []): { path: string[]; node: Node }[] {
  const children = new Map<string, Node[]>();
  for (const { properties = {}, additionalProperties = {}, items } of branchesOf(node)) {
    const named = Object.entries(properties);
    const others: [string, Node][] = named.length > 0 ? [] : [['SOME_NAME', additionalProperties]];
    for (const [key, child] of [...named, ...others, ...(items ? [['0', items] as const] : [])])
      children.set(key, [...(children.get(key) ?? []), child]);
  }
  const below = [...children].flatMap(([key, nodes]) => fieldsOf({ anyOf: nodes }, [...path, key]));
  return [{ path, node }, ...below];
}

/** A union of unions as one. What takes anything at all has nothing below it, and nothing wrong. */
function branchesOf(node: Node): Node[] {
  return node.anyOf ? node.anyOf.flatMap(branchesOf) : [node].filter(({ type }) => type !== undefined);
}

function accepts(node: Node, types: string[]): boolean {
  if (node.anyOf) return node.anyOf.some((branch) => accepts(branch, types));
  const own = [node.type ?? types].flat();
  return node.enum === undefined && types.some((type) => own.includes(type));
}

/** A runbook that is right but for the value at `path`. JSON is YAML. */
function runbookWith(path: readonly string[], written: string): string {
  if (path.length === 0) return `${written}\n`;
  const runbook: Record<string, unknown> = { tasks: [{ id: 'a' }] };
  let at = runbook;
  for (const [i, key] of path.entries()) {
    const next = path[i + 1];
    if (key === 'SOME_NAME' && path[0] === 'models') at[key] = { provider: 'paste' };
    if (key === 'price') at[key] = { input: 1, output: 1 };
    if (path[i - 1] === 'checks' && next === 'name') at[key] = { command: 'true' };
    if (next === undefined) at[key] = 'THE VALUE';
    else at[key] ??= next === '0' ? [] : {};
    at = at[key] as Record<string, unknown>;
  }
  return `${JSON.stringify(runbook, null, 2).replace('"THE VALUE"', written)}\n`;
}
