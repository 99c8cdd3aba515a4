// OpenAI's responses API: asked where the model says so, or where the server does. Its faults are in models.faults.test.ts.
import { expect, test } from 'vitest';
import { asIfOpenai, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { bodyOf, chunk, webServer } from './webServer.ts';

test('with `api: responses` it is asked so; tokens and cost are kept as with the other', async () => {
  const usage = { input_tokens: 12_000, output_tokens: 5_000, total_tokens: 17_000 };
  await using server = await openaiServer({ 'zebra-1': { text: 'hi', usage } });
  await using rig = await textRig(', api: responses, temperature: 0.2, max_tokens: 99');
  const finished = await rig.run(['next', '--yes=unchecked'], { env: asIfOpenai(rig, server.url) });
  expect(finished.code).toBe(0);
  expect(rig.read('out.txt')).toBe('hi\n');
  expect(rig.read('runbook.yaml')).toContain('input_tokens: 12000, output_tokens: 5000, cost_usd: 0.0048}');
  expect(rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_RECEIVED')?.details).toMatchObject({
    input_tokens: 12_000,
    output_tokens: 5_000,
  });
});

test('what is asked, what it thinks and how a reply that was cut is gone on with', async () => {
  const bodies: unknown[] = [];
  await using server = await webServer(async (request, response) => {
    bodies.push([request.url, await bodyOf(request)]);
    const [text, type, details] =
      bodies.length === 1
        ? ['begun', 'response.incomplete', { reason: 'max_output_tokens' }]
        : [' and ended', 'response.completed', null];
    response.setHeader('content-type', 'text/event-stream');
    response.write(event('response.reasoning_summary_text.delta', { delta: 'Let me think.' }));
    response.write(event('response.output_text.delta', { delta: text }));
    response.end(event(type, { response: { error: null, incomplete_details: details } }));
  });
  await using rig = await textRig(', api: responses, max_tokens: 99');
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('What now?');
  expect(term.screen()).toContain('the reply was cut off at its token limit');
  term.press('c');
  await term.waitFor('Accept?');
  term.press('y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('out.txt')).toBe('begun and ended\n');
  const asked = { model: 'gpt-4o-mini', stream: true, store: false, max_output_tokens: 99 };
  const first = { role: 'user', content: 'Write zebra-1.\n' };
  expect(bodies).toEqual([
    ['/v1/responses', { ...asked, input: [first] }],
    ['/v1/responses', { ...asked, input: [first, { role: 'assistant', content: 'begun' }, expect.anything()] }],
  ]);
});

test('a model that is to be had by responses alone is asked by them once the server has said so, and that is seen', async () => {
  const urls: (string | undefined)[] = [];
  const message = 'This model is only supported in v1/responses and not in v1/chat/completions.';
  await using server = await webServer((request, response) => {
    urls.push(request.url);
    if (request.url?.endsWith('/chat/completions'))
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }));
    else
      response
        .setHeader('content-type', 'text/event-stream')
        .end(event('response.output_text.delta', { delta: 'hi' }) + event('response.completed', { response: {} }));
  });
  await using rig = await textRig();
  const finished = await rig.run(['next', '--answer', 'retry', 'accept'], { env: { OPENAI_BASE_URL: server.url } });
  expect(finished.code).toBe(0);
  expect(unwrapped(finished.stderr)).toContain(
    '✘ the server answers for this model by its responses API only; asking again',
  );
  expect(urls).toEqual(['/v1/chat/completions', '/v1/responses', '/v1/responses']);
});

test('a refusal, in words of the model’s own, and an error between the events', async () => {
  for (const [events, said] of [
    [
      event('response.refusal.delta', { delta: 'I can’t.' }) + event('response.completed', { response: {} }),
      'refused to answer this prompt: I can’t. Change the prompt',
    ],
    [
      event('response.output_text.delta', { delta: 'I c' }) +
        event('response.incomplete', { response: { incomplete_details: { reason: 'content_filter' } } }),
      'refused to answer this prompt. Change the prompt',
    ],
    [event('error', { code: 'server_error', message: 'It broke.' }), 'says: It broke.'],
  ] as const) {
    await using server = await webServer((_request, response) => {
      response.setHeader('content-type', 'text/event-stream').end(events);
    });
    await using rig = await textRig(', api: responses');
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(1);
    expect(unwrapped(finished.stderr)).toContain(said);
  }
});

function event(type: string, fields: object): string {
  return `event: ${type}\n${chunk({ type, ...fields })}`;
}

async function textRig(settings = ''): Promise<Rig> {
  const models = `models:\n  asked: {provider: openai, model: gpt-4o-mini${settings}}\n`;
  const task =
    '  - {id: greet, status: READY, type: AI_ASSISTED, output_artifact: out.txt, ai_details: {prompt_template: p.md, model: asked}}\n';
  return makeRig({ files: { 'runbook.yaml': `${models}tasks:\n${task}`, 'p.md': 'Write zebra-1.\n' } });
}
