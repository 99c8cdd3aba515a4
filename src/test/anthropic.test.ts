// AI_ASSISTED with the model `anthropic`: what is asked, and what is kept of the answer. Its faults are in models.faults.test.ts.
import { expect, test } from 'vitest';
import { asIfAnthropic, openaiServer } from './openaiServer.ts';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { anthropicEvent, bodyOf, webServer } from './webServer.ts';

test('a reply is accepted, and its tokens and cost are kept', async () => {
  const reply = { text: 'hi\n', usage: { input_tokens: 12_000, output_tokens: 5_000 } };
  await using server = await openaiServer({ 'zebra-1': reply });
  await using rig = await aiRig();
  const env = asIfAnthropic(rig, server.origin);
  const finished = await rig.run(['next', '--yes=unchecked', '--model', 'anthropic:claude-haiku-4-5'], { env });
  expect(finished.code).toBe(0);
  expect(rig.read('hello.txt')).toBe('hi\n');
  expect(rig.read('runbook.yaml')).toContain(
    'model: claude-haiku-4-5\n        input_tokens: 12000\n        output_tokens: 5000\n        cost_usd: 0.037\n',
  );
  const received = rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_RECEIVED');
  expect(received?.details).toMatchObject({ provider: 'anthropic', cost_usd: 0.037 });
  expect(unwrapped(finished.stderr)).toContain('17,000 tokens · $0.0370');
});

test('a model of `models` says where its server is and how it is asked, with or without the version', async () => {
  const bodies: unknown[] = [];
  const keys: unknown[] = [];
  await using server = await webServer(async (request, response) => {
    expect(request.url).toBe('/v1/messages');
    keys.push([request.headers['x-api-key'], request.headers.authorization]);
    bodies.push(await bodyOf(request));
    response.setHeader('content-type', 'text/event-stream').end(message('hi\n'));
  });
  for (const url of [server.url, server.url.replace('/v1', '')]) {
    await using rig = await aiRig(
      `{provider: anthropic, model: claude-x, base_url: "${url}", temperature: 0.2, max_tokens: 99, api_key_env: MINE}`,
    );
    const env = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1', MINE: 'sk-mine' };
    expect((await rig.run(['next', '--yes=unchecked'], { env })).code).toBe(0);
    // Nobody knows what a server of one's own costs.
    expect(rig.read('runbook.yaml')).toContain('cost_usd: unknown\n');
  }
  expect(keys).toEqual([
    ['sk-mine', 'Bearer sk-mine'],
    ['sk-mine', 'Bearer sk-mine'],
  ]);
  const body = { model: 'claude-x', temperature: 0.2, max_tokens: 99, stream: true };
  expect(bodies).toEqual([expect.objectContaining(body), expect.objectContaining(body)]);
  expect(bodies[0]).toMatchObject({ messages: [{ role: 'user', content: 'Write zebra-1.\n' }] });
});

test('a model that gives fewer tokens than is usual is asked for as many as it gives', async () => {
  const limits: unknown[] = [];
  await using server = await webServer(async (request, response) => {
    const { max_tokens: limit } = (await bodyOf(request)) as { max_tokens: number };
    limits.push(limit);
    const text = `max_tokens: ${limit} > 8192, which is the maximum allowed number of output tokens for claude-old`;
    const error = { type: 'error', error: { type: 'invalid_request_error', message: text } };
    if (limit > 8192) response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(error));
    else response.setHeader('content-type', 'text/event-stream').end(message('hi\n'));
  });
  await using rig = await aiRig('{provider: anthropic, model: claude-old}');
  const env = { ANTHROPIC_BASE_URL: server.url };
  const finished = await rig.run(['next', '--answer', 'retry', 'accept'], { env });
  expect(finished.code).toBe(0);
  expect(finished.stderr).toContain('✘ claude-old gives at most 8192 tokens; asking again at once');
  expect(limits).toEqual([32_000, 8192, 8192]);
  // What the person wrote is not changed for them.
  await using own = await aiRig('{provider: anthropic, model: claude-old, max_tokens: 9000}');
  expect((await own.run(['next', '--yes=unchecked'], { env })).code).toBe(1);
  expect(limits.slice(3)).toEqual([9000]);
});

test('its thoughts are seen to come, and are no part of the reply', async () => {
  let goOn = () => {};
  await using server = await webServer((_request, response) => {
    response.setHeader('content-type', 'text/event-stream').write(begun + thought('x'.repeat(4000)));
    goOn = () => response.end(spoken('hi\n'));
  });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { ANTHROPIC_BASE_URL: server.url } });
  await term.waitFor('thinking · 1,000 tokens');
  goOn();
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.txt')).toBe('hi\n');
});

test('c goes on with a reply that was cut', async () => {
  await using server = await openaiServer({
    'zebra-1': { text: 'one, ', finishReason: 'length' },
    'Go on exactly': 'two\n',
  });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { ANTHROPIC_BASE_URL: server.origin } });
  await press(term, 'This reply can’t be used. What now?', 'c');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.txt')).toBe('one, two\n');
});

const begun = anthropicEvent('message_start', {
  message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
});

function thought(thinking: string): string {
  const start = { index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } };
  const delta = { index: 0, delta: { type: 'thinking_delta', thinking } };
  return anthropicEvent('content_block_start', start) + anthropicEvent('content_block_delta', delta);
}

function spoken(text: string): string {
  const end = { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } };
  return (
    anthropicEvent('content_block_start', { index: 1, content_block: { type: 'text', text: '' } }) +
    anthropicEvent('content_block_delta', { index: 1, delta: { type: 'text_delta', text } }) +
    anthropicEvent('message_delta', end) +
    anthropicEvent('message_stop', {})
  );
}

function message(text: string): string {
  return begun + spoken(text);
}

async function aiRig(model = '{provider: anthropic}'): Promise<Rig> {
  const runbook = `models:
  asked: ${model}
tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.txt
    ai_details: {prompt_template: p.md, model: asked}
`;
  return makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
}
