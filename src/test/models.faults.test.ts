// The same faults from all providers, each put in on a loopback server: each becomes the same issue, in the same words, and is
// asked again as often. What a person sees and does of it is in openai.faults.test.ts.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Answer, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { anthropicEvent, chunk, webServer } from './webServer.ts';

const CODE = '```python\nprint("hi")\n```\n';

interface Provider {
  readonly model: string;
  readonly keyName: string;
  readonly urlName: string;
  readonly settings?: string;
  /** How its server says that it will not answer. */
  readonly refusal: string;
  /** The beginning of a stream. */
  readonly begun: string;
  /** An error in the middle of it. */
  readonly overloaded: string;
}

/** An event of OpenAI's responses. */
const responseEvent = (type: string, fields: object) => `event: ${type}\n${chunk({ type, ...fields })}`;

const PROVIDERS: Record<string, Provider> = {
  openai: {
    model: 'gpt-4o-mini',
    keyName: 'OPENAI_API_KEY',
    urlName: 'OPENAI_BASE_URL',
    refusal: 'content_filter',
    begun: chunk({ choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] }),
    overloaded: chunk({ error: { message: 'Overloaded' } }),
  },
  'openai by its responses': {
    model: 'gpt-4o-mini',
    settings: ', api: responses',
    keyName: 'OPENAI_API_KEY',
    urlName: 'OPENAI_BASE_URL',
    refusal: 'content_filter',
    begun: responseEvent('response.output_text.delta', { item_id: 'm', delta: 'x' }),
    overloaded: responseEvent('response.failed', {
      response: { status: 'failed', error: { code: 'server_error', message: 'Overloaded' } },
    }),
  },
  anthropic: {
    model: 'anthropic:claude-haiku-4-5',
    keyName: 'ANTHROPIC_API_KEY',
    urlName: 'ANTHROPIC_BASE_URL',
    refusal: 'refusal',
    begun:
      anthropicEvent('message_start', { message: { id: 'm', role: 'assistant', content: [], usage: {} } }) +
      anthropicEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
      anthropicEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x' } }),
    overloaded: anthropicEvent('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
};

/** What the server does, and what then stands in the issue. `<host>` is where the server listens. */
const faultsOf = ({
  keyName,
  model,
  refusal,
}: Provider): Record<string, { answer: Answer; detail: string; requests?: number }> => ({
  'a refused key': {
    answer: { status: 401, message: 'Incorrect key' },
    detail: `<host> says: Incorrect key (401). The key in \`${keyName}\` was refused. Is it the right one?`,
  },
  'a model that the server does not have': {
    answer: { status: 404, message: 'No such model' },
    detail: `<host> says: No such model (404). Is \`${model.replace(/^.*:/, '')}\` a model of this server?`,
  },
  'a rate limit that does not end': {
    answer: { status: 429, message: 'Rate limit reached', retryAfter: 0 },
    detail: '<host> says: Rate limit reached (429). Wait a few s, then retry.',
    requests: 3,
  },
  'a rate limit that asks for a long wait': {
    answer: { status: 429, message: 'Rate limit reached', retryAfter: 86_400 },
    detail: '<host> says: Rate limit reached (429). Wait 86400 s, then retry.',
  },
  'an account without credit': {
    answer: { status: 400, message: 'Your credit balance is too low to access the API.' },
    detail:
      '<host> says: Your credit balance is too low to access the API (400). There is no credit left on that account.',
  },
  'a server that goes on failing': {
    answer: { status: 500, message: 'The server had an error' },
    detail: '<host> says: The server had an error (500). Retry, or ask another model.',
    requests: 3,
  },
  'a server that stays overloaded': {
    answer: { status: 529, message: 'Overloaded' },
    detail: '<host> says: Overloaded (529). Retry, or ask another model.',
    requests: 3,
  },
  'a prompt that is too long': {
    answer: { status: 400, message: 'prompt is too long: 208310 tokens > 200000 maximum' },
    detail:
      '<host> says: prompt is too long: 208310 tokens > 200000 maximum (400). The prompt is too long for this model: give it less, or take a larger one.',
  },
  'an empty reply': { answer: '', detail: 'the reply is empty. Retry, or ask another model.' },
  'a refusal': {
    answer: { text: 'I can’t', finishReason: refusal },
    detail: 'the model refused to answer this prompt. Change the prompt, or ask another model.',
  },
  'a reply cut at its token limit': {
    answer: { text: CODE, finishReason: 'length' },
    detail: 'the reply was cut off at its token limit',
  },
  'a connection that breaks off in the middle': {
    answer: { text: CODE, cutAfter: 2 },
    detail: 'the connection to <host> was lost before the reply was complete (terminated). Retry.',
  },
});

/** By its other API, OpenAI is asked through the same code: what differs is in openai.responses.test.ts, and all of it here now and then. */
const asked = Object.entries(PROVIDERS).filter(([, { settings }]) => !settings || process.env['RUNBOOK_RELIABILITY']);

describe.each(asked)('%s:', (_name, provider) => {
  // The server of the tests has no words of that API for these two.
  const served = Object.entries(faultsOf(provider)).filter(
    ([fault]) => !provider.settings || !['a refusal', 'a reply cut at its token limit'].includes(fault),
  );
  test.each(served)('%s', async (_fault, { answer, detail, requests = 1 }) => {
    await using server = await openaiServer({ 'zebra-1': answer });
    await using rig = await aiRig(provider);
    const url = provider.urlName === 'OPENAI_BASE_URL' ? server.url : server.origin;
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: url } });
    expectIssue(rig, finished, detail.replace('<host>', new URL(url).host));
    expect(server.requests()).toHaveLength(requests);
    // Each time that it was asked again was said.
    expect(finished.stderr.match(/asking again (?:at once|in)/g) ?? []).toHaveLength(requests - 1);
  });

  test('no key', async () => {
    await using rig = await aiRig(provider);
    const { code, stderr } = await rig.run(['next', '--yes=unchecked', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'MODEL_NO_KEY', message: expect.stringContaining(`needs the key \`${provider.keyName}\``) },
    });
    expect(rig.statuses()).toEqual({ greet: 'READY' });
  });

  test('nobody listening', async () => {
    await using rig = await aiRig(provider);
    // Port 1 is nobody's.
    const env = { [provider.urlName]: 'http://127.0.0.1:1/v1' };
    const finished = await rig.run(['next', '--yes=unchecked'], { env });
    expectIssue(rig, finished, '127.0.0.1:1 can’t be reached. Is the network up, and the server running?');
    expect(finished.stderr.match(/asking again/g)).toHaveLength(2);
  });

  test('a name that nobody knows', async () => {
    await using rig = await aiRig(provider);
    const env = { [provider.urlName]: 'http://no-such-host.invalid/v1' };
    const finished = await rig.run(['next', '--yes=unchecked'], { env });
    const detail = 'the name of no-such-host.invalid can’t be resolved. Is the network up, and the name right?';
    expectIssue(rig, finished, detail);
  });

  test('a stream that stalls', async () => {
    await using server = await webServer((_request, response) => void begin(response, provider));
    await using rig = await aiRig(provider, { stall: '300ms' });
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: server.url } });
    const { host } = new URL(server.url);
    const detail = `${host} began its reply, and then was silent for 0.3 s. Retry, or set a longer \`stall_timeout\`.`;
    expectIssue(rig, finished, detail);
  });

  test('a reply that takes longer than it may', async () => {
    await using server = await webServer(() => {});
    await using rig = await aiRig(provider, { task: '    timeout: 500ms\n' });
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: server.url } });
    const { host } = new URL(server.url);
    expectIssue(rig, finished, `${host} did not answer in time. Retry, or set a longer \`timeout\`.`);
  });

  test('an error in the middle of the stream', async () => {
    await using server = await webServer((_request, response) => begin(response, provider).end(provider.overloaded));
    await using rig = await aiRig(provider);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: server.url } });
    expectIssue(rig, finished, `${new URL(server.url).host} says: Overloaded. Retry, or ask another model.`);
  });

  test('a stream that ends in the middle, as if nothing were wrong', async () => {
    await using server = await webServer((_request, response) => begin(response, provider).end());
    await using rig = await aiRig(provider);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: server.url } });
    const detail = 'the stream was cut off before the reply was complete. Retry, or look at the connection.';
    expectIssue(rig, finished, detail);
  });

  test('a gateway that answers with a page', async () => {
    await using server = await webServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<html>\n<h1>Forbidden</h1></html>');
    });
    await using rig = await aiRig(provider);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { [provider.urlName]: server.url } });
    const hint = `The key in \`${provider.keyName}\` was refused. Is it the right one?`;
    expectIssue(rig, finished, `${new URL(server.url).host} says: no reason given (403). ${hint}`);
  });

  test('Ctrl-C ends the wait at once', async () => {
    await using server = await openaiServer({ 'zebra-1': { status: 429, retryAfter: 59 } });
    await using rig = await aiRig(provider);
    const url = provider.urlName === 'OPENAI_BASE_URL' ? server.url : server.origin;
    const term = rig.terminal(['next'], { env: { [provider.urlName]: url } });
    await term.waitFor('asking again in 59.0 s');
    term.press('ctrl-c');
    expect(await term.exit).toEqual({ code: 130, signal: null });
    expect(server.requests()).toHaveLength(1);
  });
});

test('waits without a wish of the server’s grow, and are never twice the same', async () => {
  await using server = await openaiServer({ 'zebra-1': { status: 500 } });
  const [openai] = Object.values(PROVIDERS);
  if (!openai) throw new Error('no provider');
  await using rig = await aiRig(openai);
  await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  await rig.run(['retry', 'greet']);
  await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  const delayed = rig.journal().filter(({ event_type: type }) => type === 'AI_RESPONSE_DELAYED');
  const waits = delayed.map(({ details }) => Number(details?.wait_ms));
  expect(waits).toHaveLength(4);
  for (const [i, wait] of waits.entries()) {
    const most = i % 2 === 0 ? 500 : 1000;
    expect(wait).toBeGreaterThanOrEqual(most * 0.75 - 1);
    expect(wait).toBeLessThanOrEqual(most);
  }
  // Four figures of up to 250 and 500: all alike is what no jitter would be.
  expect(waits[0] === waits[2] && waits[1] === waits[3]).toBe(false);
});

function begin<R extends { write: (text: string) => unknown; setHeader: (name: string, value: string) => unknown }>(
  response: R,
  { begun }: Provider,
): R {
  response.setHeader('content-type', 'text/event-stream');
  response.write(begun);
  return response;
}

async function aiRig({ model, settings = '' }: Provider, { task = '', stall = '' } = {}): Promise<Rig> {
  const [provider = '', name = ''] = model.includes(':') ? model.split(':') : ['openai', model];
  const models = `models:\n  asked: {provider: ${provider}, model: ${name}${stall && `, stall_timeout: ${stall}`}${settings}}\n`;
  const runbook = `${models}tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details: {prompt_template: p.md, model: asked, output_parser: python_code_block}
${task}`;
  return makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
}

function expectIssue(rig: Rig, { code, stderr }: { code: number | null; stderr: string }, detail: string): void {
  expect(unwrapped(stderr)).toContain(`✘ ${detail} `);
  expect(code).toBe(1);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues?: unknown[] }[] };
  expect(tasks[0]?.issues).toEqual([
    { timestamp: expect.stringMatching(/^\d{4}-.*Z$/), type: 'GENERATION_ERROR', detail },
  ]);
  const failed = rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_FAILED');
  expect(failed?.details).toEqual({ type: 'GENERATION_ERROR', detail });
  expect(stderr).not.toMatch(/^ +at |bug:/m);
  expect(rig.exists('hello.py')).toBe(false);
  expect(rig.exists('.runbook/lease.json')).toBe(false);
}
