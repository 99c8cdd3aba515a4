// AI_ASSISTED with the model `openai`: what is asked, what is kept of the answer, and where the server and the key come from.
// The server is real, on the loopback, and is reached through the real package. Its faults are in openai.faults.test.ts.
import { expect, test } from 'vitest';
import { type Answer, asIfOpenai, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { streamed, webServer } from './webServer.ts';

const GREETING = 'Sure.\n\n```python\nprint("hi")\n```\n';
const MODEL = 'model: gpt-4o-mini';

test('a reply that proves itself is accepted with --yes, and its tokens and cost are kept', async () => {
  await using server = await openaiServer({ 'zebra-1': counted(GREETING, 12_000, 5_000) });
  await using rig = await aiRig({ more: '    checks: [grep -q hi hello.py]\n' });
  const finished = await rig.run(['next', '--yes'], { env: asIfOpenai(rig, server.url) });
  expect(finished.code).toBe(0);
  expect(finished.stdout).toBe('');
  expect(rig.stable(finished.stderr)).toMatchInlineSnapshot(`
    "▶ greet                                                              step 1 of 1
      gpt-4o-mini · p.md · 4 tokens · about $0.0000
      writes hello.py once you accept

      ────────────────────────────────────────────────────────────────────────────
      hello.py                                                        new, +1 line
      + print("hi")
      ────────────────────────────────────────────────────────────────────────────
      ✔ grep -q hi hello.py

      wrote hello.py
    ✔ DONE  greet  <duration> · 17,000 tokens · $0.0048  logs/greet/<stamp>.log
      all done
    "
  `);
  expect(rig.read('hello.py')).toBe('print("hi")\n');
  expect(rig.stable(rig.read('runbook.yaml').split('checks:')[1] ?? '')).toMatchInlineSnapshot(`
    " [grep -q hi hello.py]
        last_run:
          timestamp: "<time>"
          outcome: SUCCESS
          llm_response: Sure. \`\`\`python print("hi") \`\`\`
          cost_estimate:
            model: gpt-4o-mini
            input_tokens: 12000
            output_tokens: 5000
            cost_usd: 0.0048
    "
  `);
  const lines = rig.journal().filter(({ event_type: type }) => type.startsWith('AI_') || type === 'COMPLETE_TASK');
  expect(lines.map(({ event_type: type, details }) => [type, details])).toEqual([
    ['AI_PROMPT_SENT', expect.objectContaining({ model: 'gpt-4o-mini', provider: 'openai', attempt: 1 })],
    ['AI_RESPONSE_RECEIVED', expect.objectContaining({ input_tokens: 12_000, output_tokens: 5_000, cost_usd: 0.0048 })],
    ['COMPLETE_TASK', expect.objectContaining({ input_tokens: 12_000, output_tokens: 5_000, cost_usd: 0.0048 })],
  ]);
  expect(server.requests()).toEqual([
    expect.objectContaining({
      model: 'gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: 'Write zebra-1.\n' }],
    }),
  ]);
});

test('two requests of one start are counted together', async () => {
  const answers = [counted('no code', 1000, 100), counted(GREETING, 2000, 200)];
  await using server = await openaiServer({ 'zebra-1': answers });
  await using rig = await aiRig();
  const finished = await rig.run(['next', '--answer', 'retry', 'accept'], { env: asIfOpenai(rig, server.url) });
  expect(finished.code).toBe(0);
  expect(rig.read('runbook.yaml')).toContain(
    'input_tokens: 3000\n        output_tokens: 300\n        cost_usd: 0.00063\n',
  );
  expect(rig.journal().at(-1)?.details).toMatchObject({ input_tokens: 3000, output_tokens: 300, cost_usd: 0.00063 });
});

test('a person sees the tokens come, then what would change, and accepts', async () => {
  await using server = await openaiServer({ 'zebra-1': { text: GREETING, pauseMs: 200 } });
  await using rig = await aiRig({ more: '      review_points: [It greets, It is short]\n' });
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor(/· \d+ tokens$/);
  await term.waitFor('Accept?');
  expect(rig.exists('hello.py')).toBe(false);
  expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
  term.press('y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
    "▶ greet                                                              step 1 of 1
      gpt-4o-mini · p.md · 4 tokens · cost unknown
      writes hello.py once you accept

      ────────────────────────────────────────────────────────────────────────────
      hello.py                                                        new, +1 line
      + print("hi")
      ────────────────────────────────────────────────────────────────────────────
      Look for   · It greets
                 · It is short

    ? Accept? accept
      wrote hello.py
    ✔ DONE  greet  <duration> · 13 tokens · cost unknown  logs/greet/<stamp>.log
      all done"
  `);
  expect(rig.statuses()).toEqual({ greet: 'DONE' });
});

test('where nobody knows the price, the cost is `unknown`; where nobody counts, the tokens are too', async () => {
  await using server = await webServer((_request, response) => response.end(streamed(GREETING)));
  await using rig = await aiRig();
  const finished = await rig.run(['next', '--answer', 'accept'], { env: { OPENAI_BASE_URL: server.url } });
  expect(finished.code).toBe(0);
  expect(rig.read('runbook.yaml')).toContain(
    'model: gpt-4o-mini\n        input_tokens: unknown\n        output_tokens: unknown\n        cost_usd: unknown\n',
  );
});

test('a model of `models` says where its server is and how it is asked; OPENAI_BASE_URL is for the others', async () => {
  await using mine = await openaiServer({ 'zebra-1': GREETING });
  await using other = await openaiServer({ 'zebra-1': GREETING });
  const models = `models:\n  local: {provider: openai, model: qwen3, base_url: "${mine.url}", temperature: 0.2, max_tokens: 99}\n`;
  await using rig = await aiRig({ models, model: 'model: local' });
  const env = { OPENAI_BASE_URL: other.url };
  expect((await rig.run(['next', '--answer', 'accept'], { env })).code).toBe(0);
  expect(mine.requests()).toEqual([expect.objectContaining({ model: 'qwen3', temperature: 0.2, max_tokens: 99 })]);
  expect(other.requests()).toEqual([]);
  await rig.run(['reset', 'greet']);
  expect((await rig.run(['next', '--answer', 'accept', '--model', 'openai:gpt-5'], { env })).code).toBe(0);
  expect(other.requests()).toEqual([expect.objectContaining({ model: 'gpt-5' })]);
  expect(mine.requests()).toHaveLength(1);
});

test('the key comes from .env, from the environment before that, or from the variable that `api_key_env` names', async () => {
  const keys: (string | undefined)[] = [];
  await using server = await webServer((request, response) => {
    keys.push(request.headers.authorization);
    response.end(streamed(GREETING));
  });
  const models = `models:\n  hosted: {provider: openai, base_url: "${server.url}", api_key_env: HOSTED}\n`;
  await using rig = await aiRig({ models });
  const runbook = rig.read('runbook.yaml');
  rig.write('.env', 'OPENAI_API_KEY=sk-from-dotenv\nHOSTED=sk-of-the-host\n');
  const ask = async (env: Record<string, string>, ...flags: string[]) => {
    const base = { OPENAI_BASE_URL: server.url, ...env };
    expect((await rig.run(['next', '--answer', 'accept', ...flags], { env: base })).code).toBe(0);
    rig.write('runbook.yaml', runbook);
  };
  await ask({});
  await ask({ OPENAI_API_KEY: 'sk-from-environment' });
  await ask({}, '--model', 'hosted');
  rig.write('.env', '');
  await ask({});
  expect(keys).toEqual([
    'Bearer sk-from-dotenv',
    'Bearer sk-from-environment',
    'Bearer sk-of-the-host',
    // A server of one's own wants none.
    'Bearer none',
  ]);
});

test('without a key it is said where the model is named and what to do, and nothing is written', async () => {
  await using rig = await aiRig();
  const before = rig.tree();
  const { code, stderr } = await rig.run(['next', '--yes=unchecked']);
  expect(code).toBe(2);
  expect(stderr).toMatchInlineSnapshot(`
    "error: \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
     ——▶ runbook.yaml:8:14
      │
    8 │       model: gpt-4o-mini
      │              ^^^^^^^^^^^
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    "
  `);
  const asJson = await rig.run(['next', '--yes=unchecked', '--json']);
  expect(asJson).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(asJson.stderr)).toMatchObject({
    error: { code: 'MODEL_NO_KEY', at: { file: 'runbook.yaml', line: 8, column: 14 } },
  });
  expect(withoutLocks(rig)).toEqual(before);
});

test('the variable that `api_key_env` names is named where it is missing', async () => {
  const models = 'models:\n  hosted: {provider: openai, model: gpt-4o, api_key_env: MY_KEY}\n';
  await using rig = await aiRig({ models, model: 'model: hosted' });
  const { code, stderr } = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_API_KEY: 'sk-another' } });
  expect(code).toBe(2);
  expect(stderr).toContain('error: `gpt-4o` needs the key `MY_KEY`, which is not set\n');
});

test('without a key, a person at a terminal may paste the reply of any chat', async () => {
  await using rig = await aiRig();
  const before = rig.tree();
  const leaving = rig.terminal(['next']);
  await leaving.waitFor('Which one answers?');
  leaving.press('q');
  expect((await leaving.exit).code).toBe(2);
  expect(withoutLocks(rig)).toEqual(before);

  const term = rig.terminal(['next']);
  await term.waitFor('Which one answers?');
  term.press('p');
  await term.waitFor('press Ctrl-D');
  expect(rig.read('.runbook/prompt.md')).toBe('Write zebra-1.\n');
  term.paste(GREETING);
  term.press('ctrl-d');
  await term.waitFor('Accept?');
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.py')).toBe('print("hi")\n');
  expect(rig.statuses()).toEqual({ greet: 'DONE' });
});

test('a base URL that is none is a mistake in a setting, wherever it stands', async () => {
  await using rig = await aiRig();
  const before = rig.tree();
  for (const url of ['nonsense', 'localhost:1234/v1', 'file:///etc/passwd']) {
    const { code, stderr } = await rig.run(['next', '--yes=unchecked', '--json'], { env: { OPENAI_BASE_URL: url } });
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'RUNBOOK_INVALID',
        message: `the variable \`OPENAI_BASE_URL\` of \`gpt-4o-mini\` is not a URL: \`${url}\``,
      },
    });
  }
  expect(withoutLocks(rig)).toEqual(before);
});

async function aiRig({ models = '', model = MODEL, more = '' } = {}): Promise<Rig> {
  const task = `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details:
      prompt_template: p.md
      ${model}
      output_parser: python_code_block
${more}`;
  return makeRig({ files: { 'runbook.yaml': models + task, 'p.md': 'Write zebra-1.\n' } });
}

function counted(text: string, inputTokens: number, outputTokens: number): Answer {
  return { text, usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens } };
}

/** `.runbook/` holds nothing that would be missed. */
function withoutLocks(rig: Rig): Record<string, string> {
  return Object.fromEntries(Object.entries(rig.tree()).filter(([path]) => !path.startsWith('.runbook')));
}
