// `prompt`: what would be sent, its size, and where each part comes from; and prompts that no model takes.
import { expect, test } from 'vitest';
import { openaiServer } from './openaiServer.ts';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said, unwrapped } from './said.ts';

const TEMPLATE = `Write {{ name }}.

The rules:
{{ file("docs/rules.md") }}
What was decided: {{ outputs.decide }}
{{ git.log }}`;

test('the text on stdout, and on stderr its size and what it is made of', async () => {
  await using rig = await promptRig();
  const before = rig.tree();
  const finished = await rig.run(['prompt', 'draft']);
  expect(said(rig, finished).replace(/[0-9a-f]{7} start/, '<hash> start')).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    Write zebra-1.

    The rules:
    Be clear.
    Be short.

    What was decided: Hello.

    <hash> start
    ── stderr

    22 tokens, estimated:
      p.md           13
      docs/rules.md   5  lines 4–5
      decision.md     2  line 7
      git.log         4  line 9"
  `);
  expect(rig.tree()).toEqual(before);
});

test('it is what is sent, to the byte', async () => {
  await using server = await openaiServer({ 'Write zebra-1': 'hi\n' });
  await using rig = await promptRig();
  const env = { OPENAI_BASE_URL: server.url };
  const { text } = dataOf('prompt', await rig.run(['prompt', 'draft', '--json'], { env })) as { text: string };
  await rig.run(['next', '--yes=unchecked'], { env });
  expect(server.requests()).toMatchObject([{ messages: [{ content: text }] }]);
});

test('as data: each part with its lines, and the model that would be asked', async () => {
  await using rig = await promptRig();
  const data = dataOf('prompt', await rig.run(['prompt', 'draft', '--json', '--model', 'paste']));
  expect(data).toMatchObject({
    task_id: 'draft',
    template: 'p.md',
    model: 'paste',
    context_window: null,
    parts: [
      { source: 'p.md', lines: null },
      { source: 'docs/rules.md', tokens: 5, lines: [4, 5] },
      { source: 'decision.md', tokens: 2, lines: [7, 7] },
      { source: 'git.log', lines: [9, 9] },
    ],
  });
});

test('the value of a secret is not shown, and that is said', async () => {
  await using rig = await promptRig();
  rig.write('.env', 'MY_TOKEN=be-clear-be-short\n');
  rig.write('docs/rules.md', 'be-clear-be-short');
  const { stdout, stderr } = await rig.run(['prompt', 'draft']);
  expect(stdout).toContain('[MY_TOKEN]');
  expect(stdout + stderr).not.toContain('be-clear-be-short');
  expect(stderr).toContain('Values of secrets are shown by their names here; they would be sent as they are.');
});

test('a task that asks no model, one that is not there, a template with a mistake', async () => {
  await using rig = await promptRig();
  expect(errorOf(await rig.run(['prompt', 'decide', '--json']))).toMatchObject({
    code: 'USAGE',
    message: '`decide` is MANUAL: nothing is sent to a model for it',
  });
  expect(errorOf(await rig.run(['prompt', 'drfat', '--json']))).toMatchObject({ code: 'UNKNOWN_TASK' });
  rig.write('p.md', 'Write {{ nmae }}.');
  expect(errorOf(await rig.run(['prompt', 'draft', '--json']))).toMatchObject({
    code: 'TEMPLATE_UNDEFINED',
    at: { file: 'p.md', line: 1 },
  });
});

test('too large for the model: refused before anything is written, with the largest parts', async () => {
  await using server = await openaiServer({ 'zebra-1': 'hi\n' });
  await using rig = await promptRig({ contextWindow: 1000 });
  rig.write('docs/rules.md', 'word '.repeat(2000));
  const env = { OPENAI_BASE_URL: server.url };
  const before = rig.tree();
  const refused = await rig.run(['next', '--yes=unchecked', '--json'], { env });
  expect(refused.code).toBe(2);
  expect(errorOf(refused)).toMatchObject({
    code: 'PROMPT_TOO_LARGE',
    message: expect.stringMatching(
      /^the prompt has about 2,5\d\d tokens, and `gpt-4o-mini` takes 1,000\. The largest parts: docs\/rules\.md \(2,500\), p\.md \(\d+\), /,
    ),
  });
  const tree = Object.entries(rig.tree()).filter(([path]) => !path.startsWith('.runbook'));
  expect(Object.fromEntries(tree)).toEqual(before);
  const looked = await rig.run(['prompt', 'draft'], { env });
  expect(looked.code).toBe(2);
  expect(unwrapped(looked.stderr)).toContain('for gpt-4o-mini of the 1,000 that it takes:');
  expect(unwrapped(looked.stderr)).toContain('! the prompt has about 2,5');
  expect(server.requests()).toEqual([]);
});

test('perhaps too large: said before it is sent, and sent', async () => {
  await using server = await openaiServer({ 'zebra-1': 'hi\n' });
  await using rig = await promptRig({ contextWindow: 2300 });
  rig.write('docs/rules.md', 'word '.repeat(2000));
  const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  expect(finished.code).toBe(0);
  expect(unwrapped(finished.stderr)).toContain('and `gpt-4o-mini` takes 2,300. The largest parts: docs/rules.md');
});

test('a retry that grows too large is not sent; the person is asked what now', async () => {
  const long = 'word '.repeat(2000);
  await using server = await openaiServer({ 'zebra-1': long });
  await using rig = await promptRig({ contextWindow: 1000 });
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await press(term, 'Accept?', 'r');
  await term.waitForNew('What should change?');
  term.press('enter');
  await press(term, 'This reply can’t be used. What now?', 'q');
  await term.exit;
  expect(unwrapped(term.scrollback())).toContain('The largest parts: the reply before (2,500)');
  expect(server.requests()).toHaveLength(1);
});

async function promptRig({ contextWindow = 0 } = {}): Promise<Rig> {
  const runbook = `models:
  asked: {provider: openai, model: gpt-4o-mini${contextWindow === 0 ? '' : `, context_window: ${contextWindow}`}}
tasks:
  - {id: decide, status: DONE, output_artifact: decision.md}
  - id: draft
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.txt
    ai_details: {prompt_template: p.md, model: asked, input_context: {name: zebra-1}}
`;
  return makeRig({
    git: true,
    files: {
      'runbook.yaml': runbook,
      'p.md': TEMPLATE,
      'docs/rules.md': 'Be clear.\nBe short.\n',
      'decision.md': 'Hello.\n',
    },
  });
}
