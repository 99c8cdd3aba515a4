// Servers that speak OpenAI's language with an accent: older names, thoughts in the reply, replies in two parts.
import { expect, test } from 'vitest';
import { asIfOpenai, openaiServer } from './openaiServer.ts';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { bodyOf, chunk, refusing, streamed, webServer } from './webServer.ts';

test('a server of one’s own is told `max_tokens`, OpenAI `max_completion_tokens`', async () => {
  await using server = await openaiServer({ 'zebra-1': 'hi\n' });
  await using rig = await textRig();
  await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  await rig.run(['reset', 'greet']);
  await rig.run(['next', '--yes=unchecked'], { env: asIfOpenai(rig, server.url) });
  const [own, openai] = server.requests() as Record<string, unknown>[];
  expect([own?.max_tokens, own?.max_completion_tokens]).toEqual([99, undefined]);
  expect([openai?.max_tokens, openai?.max_completion_tokens]).toEqual([undefined, 99]);
});

test('a server that refuses a name is asked by the other one, once, and that is said', async () => {
  const bodies: Record<string, unknown>[] = [];
  await using server = await webServer(async (request, response) => {
    const body = (await bodyOf(request)) as Record<string, unknown>;
    bodies.push(body);
    if ('max_tokens' in body)
      refusing(response, "Unsupported parameter: 'max_tokens' is not supported with this model.", 'max_tokens');
    else if ('stream_options' in body) refusing(response, 'body.stream_options: Extra inputs are not permitted');
    else response.end(streamed('hi\n'));
  });
  await using rig = await textRig();
  const env = { OPENAI_BASE_URL: server.url };
  const finished = await rig.run(['next', '--answer', 'retry', 'accept'], { env });
  expect(finished.code).toBe(0);
  expect(unwrapped(finished.stderr)).toContain('✘ the server does not take `max_tokens`; asking again at once');
  expect(unwrapped(finished.stderr)).toContain('✘ the server does not take `stream_options`; asking again at once');
  // What was found out holds for the requests that follow.
  expect(bodies).toHaveLength(4);
  expect(bodies.slice(2).map((body) => [body.max_completion_tokens, 'stream_options' in body])).toEqual([
    [99, false],
    [99, false],
  ]);
});

test('a server that refuses both names is not asked for ever; a value that is refused is not asked again', async () => {
  for (const message of ['max_tokens and max_completion_tokens: unknown', 'max_tokens is too large: 99']) {
    let requests = 0;
    await using server = await webServer((_request, response) => {
      requests++;
      refusing(response, message);
    });
    await using rig = await textRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain(' says: max_tokens ');
    expect(requests).toBe(message.includes('unknown') ? 3 : 1);
  }
});

test('a thought in the reply goes to the log, and to nothing else', async () => {
  const reply = '<think>\nI could say hello.\n</think>\n\nhi\n';
  await using server = await openaiServer({ 'zebra-1': reply });
  await using rig = await textRig();
  const env = { OPENAI_BASE_URL: server.url };
  const finished = await rig.run(['next', '--answer', 'retry', 'accept'], { env });
  expect(finished.code).toBe(0);
  expect(rig.read('hello.txt')).toBe('hi\n');
  expect(rig.read('runbook.yaml')).toContain('llm_response: hi\n');
  const received = rig.journal().filter(({ event_type: type }) => type === 'AI_RESPONSE_RECEIVED');
  expect(rig.read(String(received[0]?.details?.reply))).toBe(reply);
  // Nor is it sent back.
  expect(JSON.stringify(server.requests()[1])).toContain('Your previous reply was:\\n\\nhi');
  expect(JSON.stringify(server.requests())).not.toContain('hello');
});

test('a thought that the server tells apart is seen to come, and is no part of the reply', async () => {
  let goOn = () => {};
  await using server = await webServer((_request, response) => {
    const piece = (delta: object) => chunk({ choices: [{ index: 0, delta, finish_reason: null }] });
    response.write(piece({ reasoning_content: 'x'.repeat(4000) }));
    goOn = () => response.end(`${piece({ reasoning: 'so' })}${streamed('hi\n')}`);
  });
  await using rig = await textRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('thinking · 1,000 tokens');
  goOn();
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.txt')).toBe('hi\n');
});

test('c: a reply that was cut at its token limit is gone on with, as often as it takes', async () => {
  const cut = (text: string) => ({ text, finishReason: 'length' as const });
  await using server = await openaiServer({
    'zebra-1': cut('Here:\n\n```python\nprint("one")\npri'),
    'Go on exactly': [cut('nt("two")\n'), '```python\nprint("three")\n```\n'],
  });
  await using rig = await textRig('python_code_block');
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await press(term, 'This reply can’t be used. What now?', 'c');
  await press(term, 'This reply can’t be used. What now?', 'c');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.txt')).toBe('print("one")\nprint("two")\nprint("three")\n');
  expect(rig.read('runbook.yaml')).toContain('resolution: Continued\n');
  expect(server.requests()[2]).toMatchObject({
    messages: [
      { role: 'user', content: 'Write zebra-1.\n' },
      { role: 'assistant', content: 'Here:\n\n```python\nprint("one")\nprint("two")\n' },
      { role: 'user', content: expect.stringContaining('Go on exactly where it stopped') },
    ],
  });
});

test('c, and the request fails: what came before is not lost, and c is offered again', async () => {
  await using server = await openaiServer({
    'zebra-1': { text: 'one, ', finishReason: 'length' },
    'Go on exactly': [{ status: 401, message: 'Expired' }, 'two\n'],
  });
  await using rig = await textRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await press(term, 'This reply can’t be used. What now?', 'c');
  await term.waitForNew('Expired (401)');
  await press(term, 'This reply can’t be used. What now?', 'c');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.txt')).toBe('one, two\n');
});

async function textRig(parser = 'text'): Promise<Rig> {
  const runbook = `models:
  local: {provider: openai, model: qwen3, max_tokens: 99}
tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.txt
    ai_details: {prompt_template: p.md, model: local, output_parser: ${parser}}
`;
  return makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
}
