// What replies cost, from where that is known, and the budgets that hold it: reached, nothing more is sent, and that is said.
import { expect, test } from 'vitest';
import { openaiServer, redirected } from './openaiServer.ts';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { errorOf, unwrapped } from './said.ts';

/** Each request and reply: 4 and 1 tokens, 2 cents. */
const PRICED = '{provider: scripted, replies: replies.yaml, price: {input: 2500, output: 10000}}';

test('the budget of a run: once it is spent, the next task is not begun', async () => {
  await using rig = await pricedRig({ top: 'budget: 0.03\n' });
  const finished = await rig.run(['run', '--yes=unchecked']);
  expect(finished.code).toBe(1);
  // Less was spent before the second one; after it, more.
  expect(rig.statuses()).toEqual({ one: 'DONE', two: 'DONE', three: 'READY' });
  expect(unwrapped(finished.stderr)).toContain('4 tokens · $0.0300 of the budget left writes');
  expect(unwrapped(finished.stderr)).toContain('$0.0100 of the budget left');
  expect(finished.stderr).toContain(
    'error: this run has spent $0.0400, and its `budget` is $0.03; nothing more was sent\n ——▶ runbook.yaml:1:9\n',
  );
  expect(sent(rig)).toEqual(['one', 'two']);
  // A new run starts from zero.
  expect((await rig.run(['run', '--yes=unchecked'])).code).toBe(0);
  expect(sent(rig)).toEqual(['one', 'two', 'three']);
});

test('the budget of a task holds its retries, and not the other tasks', async () => {
  await using rig = await pricedRig({ task: 'budget: $0.02' });
  const finished = await rig.run(['run', '--answer', 'retry', 'accept', '--json']);
  expect(finished.code).toBe(1);
  expect(errorOf(finished)).toMatchObject({
    code: 'BUDGET_REACHED',
    message: '`one` has spent $0.0200, and its `budget` is $0.02; nothing more was sent',
    at: { file: 'runbook.yaml', line: 10 },
  });
  expect(sent(rig)).toEqual(['one']);
  expect(rig.statuses()).toEqual({ one: 'READY', two: 'READY', three: 'READY' });
  expect((await rig.run(['run', '--yes=unchecked'])).code).toBe(0);
});

test('the budget of each task may stand in the defaults', async () => {
  await using rig = await pricedRig({ top: 'defaults: {budget: 0.02}\n' });
  const finished = await rig.run(['run', '--answer', 'accept', 'retry', 'accept']);
  expect(finished.code).toBe(1);
  expect(finished.stderr).toContain('error: `two` has spent $0.0200');
});

test('a person is told too, at the retry that would cost more', async () => {
  await using rig = await pricedRig({ top: 'budget: 0.01\n' });
  const term = rig.terminal(['next']);
  await press(term, 'Accept?', 'r');
  await term.waitForNew('What should change?');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(unwrapped(term.screen())).toContain('error: this run has spent $0.0200, and its `budget` is $0.01');
  expect(rig.statuses().one).toBe('READY');
});

test('a budget can’t hold what nobody knows the price of: that is said before', async () => {
  await using server = await openaiServer({ 'zebra-1': 'hi\n' });
  await using rig = await pricedRig({ top: 'budget: 0.01\n' });
  const finished = await rig.run(['next', '--yes=unchecked', '--model', 'qwen3'], {
    env: { OPENAI_BASE_URL: server.url },
  });
  expect(unwrapped(finished.stderr)).toContain('4 tokens · cost unknown · the budget can’t count it');
});

test('prices are those of the server that is asked, or those that the runbook says', async () => {
  const reply = { text: 'hi\n', usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 } };
  await using server = await openaiServer({ 'zebra-1': reply });
  await using rig = await pricedRig();
  const costs = async (model: string, env: Record<string, string>) => {
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace(/^ {2}m: .*$/m, `  m: ${model}`));
    await rig.run(['reset', 'one']);
    const { code } = await rig.run(['next', '--yes=unchecked'], { env });
    expect(code).toBe(0);
    const received = rig.journal().filter(({ event_type: type }) => type === 'AI_RESPONSE_RECEIVED');
    return received.at(-1)?.details?.cost_usd ?? 'unknown';
  };
  const own = { OPENAI_BASE_URL: server.url };
  expect(await costs('{provider: openai, model: gpt-4o-mini}', own)).toBe('unknown');
  expect(await costs('{provider: openai, model: gpt-4o-mini, price: {input: 1, output: 2.5}}', own)).toBe(3.5);
  const openrouter = 'https://openrouter.ai/api/v1';
  const env = { OPENAI_API_KEY: 'sk-x', NODE_OPTIONS: redirected(rig, openrouter, server.url) };
  const router = `{provider: openai, model: openai/gpt-4o-mini, base_url: "${openrouter}"}`;
  expect(await costs(router, env)).toBe(0.75);
});

test.each(['budget: lots', 'budget: -1'])('a mistake in it: %s', async (task) => {
  await using rig = await pricedRig({ task });
  const finished = await rig.run(['validate', '--json']);
  expect(finished.code).toBe(2);
  expect(finished.stdout).toContain('`budget` must be an amount of US dollars');
});

async function pricedRig({ top = '', task = '' } = {}): Promise<Rig> {
  const entry = (id: string, more: string) => `  - id: ${id}
    status: READY
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md, model: m}
    ${more}
`;
  const runbook = `${top}models:
  m: ${PRICED}
tasks:
${entry('one', task)}${entry('two', '')}${entry('three', '')}`;
  return makeRig({
    files: {
      'runbook.yaml': `${top === '' ? '# A plan.\n# It costs.\n' : ''}${runbook}`,
      'p.md': 'Write zebra-1.\n',
      'replies.yaml': 'replies: [{reply: "hi!\\n"}]\n',
    },
  });
}

function sent(rig: Rig): unknown[] {
  return rig
    .journal()
    .filter(({ event_type: type }) => type === 'AI_PROMPT_SENT')
    .map(({ task_id: id }) => id);
}

test('a reply that breaks off counts, as the least that it cost: in the YAML, the journal and the budget', async () => {
  const models = (url: string) =>
    `models:\n  dear: {provider: openai, model: x, base_url: "${url}", price: {input: 2500, output: 10000}}\n`;
  const task = (id: string) =>
    `  - {id: ${id}, status: READY, type: AI_ASSISTED, ai_details: {prompt_template: p.md, model: dear}}\n`;
  await using server = await openaiServer({ 'zebra-1': { text: 'x'.repeat(100), cutAfter: 4 } });
  const runbook = `budget: 0.10\n${models(server.url)}tasks:\n${task('one')}${task('two')}`;
  await using rig = await makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
  expect((await rig.run(['next', '--yes=unchecked'])).code).toBe(1);
  // 4 tokens of the prompt, and of the reply the 40 characters that came: 1 cent and 10.
  const counted = { input_tokens: 4, output_tokens: 10, cost_usd: 0.11, at_least: true };
  expect(rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_BROKEN')?.details).toMatchObject(counted);
  expect(rig.read('runbook.yaml')).toContain('input_tokens: 4, output_tokens: 10, cost_usd: 0.11, at_least: true}');
  expect((await rig.run(['status', '--json'])).stdout).toContain('"cost_usd":0.11');
  await rig.run(['retry', 'one']);
  const finished = await rig.run(['run', '--yes=unchecked', '--keep-going']);
  expect(finished.stderr).toContain(
    'error: this run has spent $0.1100, and its `budget` is $0.1; nothing more was sent',
  );
});
