// What can go wrong between us and a model. Each fault becomes an issue in words that a person understands; the task is never
// left RUNNING behind a runner that is gone, and nothing is asked again in silence.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Answer, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { chunk, streamed, webServer } from './webServer.ts';

const CODE = '```python\nprint("hi")\n```\n';

/** What the server does, and what then stands in the issue. `<host>` is where the server listens. */
const FAULTS: Record<string, { answer: Answer | Answer[]; detail: string; requests?: number }> = {
  'a refused key': {
    answer: { status: 401, message: 'Incorrect API key provided: sk-pr***234' },
    detail:
      '<host> says: Incorrect API key provided: sk-pr***234 (401). The key in `OPENAI_API_KEY` was refused. Is it the right one?',
  },
  'a model that the server does not have': {
    answer: { status: 404, message: 'The model `gpt-4o-mini` does not exist' },
    detail: '<host> says: The model `gpt-4o-mini` does not exist (404). Is `gpt-4o-mini` a model of this server?',
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
    answer: { status: 429, message: 'You exceeded your current quota', code: 'insufficient_quota' },
    detail: '<host> says: You exceeded your current quota (429). There is no credit left on that account.',
  },
  'a server that goes on failing': {
    answer: { status: 500, message: 'The server had an error' },
    detail: '<host> says: The server had an error (500). Retry, or ask another model.',
    requests: 3,
  },
  'a prompt that is too long': {
    answer: { status: 400, code: 'context_length_exceeded', message: 'The maximum context length is 128000 tokens.' },
    detail:
      '<host> says: The maximum context length is 128000 tokens (400). The prompt is too long for this model: give it less, or take a larger one.',
  },
  'an empty reply': { answer: '', detail: 'the reply is empty. Retry, or ask another model.' },
  'a refusal': {
    answer: { text: 'I can’t', finishReason: 'content_filter' },
    detail: 'the model refused to answer this prompt. Change the prompt, or ask another model.',
  },
  'a reply cut at its token limit': {
    answer: { text: CODE, finishReason: 'length' },
    detail: 'the reply was cut off at its token limit',
  },
  'a connection that breaks off': {
    answer: { text: CODE, cutAfter: 2 },
    detail: 'the connection to <host> was lost before the reply was complete (terminated). Retry.',
  },
};

describe('without a person, it ends in ERROR with an issue that says what to do:', () => {
  test.each(Object.entries(FAULTS))('%s', async (_name, { answer, detail, requests = 1 }) => {
    await using server = await openaiServer({ 'zebra-1': answer });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expectIssue(rig, finished, detail.replace('<host>', new URL(server.url).host));
    expect(server.requests()).toHaveLength(requests);
  });

  test('nobody listening', async () => {
    await using rig = await aiRig();
    // Port 1 is nobody's.
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' } });
    expectIssue(rig, finished, '127.0.0.1:1 can’t be reached. Is the network up, and the server running?');
    expect(finished.stderr.match(/asking again/g)).toHaveLength(2);
  });

  test('an error in the middle of the stream', async () => {
    await using server = await webServer((_request, response) => {
      response.write(chunk({ choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] }));
      response.end(chunk({ error: { message: 'The model is overloaded' } }));
    });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    const { host } = new URL(server.url);
    expectIssue(rig, finished, `${host} says: The model is overloaded. Retry, or ask another model.`);
  });

  test('a gateway that answers with a page', async () => {
    await using server = await webServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<html>\n<h1>Forbidden</h1></html>');
    });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    const hint = 'The key in `OPENAI_API_KEY` was refused. Is it the right one?';
    expectIssue(rig, finished, `${new URL(server.url).host} says: no reason given (403). ${hint}`);
  });

  test('a reply that takes longer than the `timeout` of the task', async () => {
    await using server = await webServer((_request, response) => {
      response.write(chunk({ choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] }));
    });
    await using rig = await aiRig('    timeout: 500ms\n');
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    const { host } = new URL(server.url);
    expectIssue(rig, finished, `${host} did not answer in time. Retry, or set a longer \`timeout\`.`);
  });
});

describe('what passes is waited for, and that is said:', () => {
  test('a rate limit, for as long as the server asks', async () => {
    const asked: number[] = [];
    await using server = await webServer((_request, response) => {
      asked.push(performance.now());
      if (asked.length > 1) response.end(streamed(CODE));
      else response.writeHead(429, { 'retry-after': '1' }).end(JSON.stringify({ error: { message: 'Slow down' } }));
    });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(0);
    const [first = 0, second = 0] = asked;
    expect(second - first).toBeGreaterThanOrEqual(990);
    const { host } = new URL(server.url);
    expect(unwrapped(finished.stderr)).toContain(`✘ ${host} says: Slow down (429); asking again in 1.0 s `);
    const delayed = rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_DELAYED');
    expect(delayed?.details).toEqual({ why: `${host} says: Slow down (429)`, wait_ms: 1000 });
    expect(rig.statuses()).toEqual({ greet: 'DONE' });
    expect(rig.read('runbook.yaml')).not.toContain('issues');
  });

  test('a fault of the server', async () => {
    await using server = await openaiServer({ 'zebra-1': [{ status: 500 }, CODE] });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/ says: fault 500 \(500\); asking again in 0\.\d s\n/);
    expect(server.requests()).toHaveLength(2);
  });

  test('until Ctrl-C', async () => {
    await using server = await openaiServer({ 'zebra-1': { status: 429, retryAfter: 59 } });
    await using rig = await aiRig();
    const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
    await term.waitFor('asking again in 59.0 s');
    term.press('ctrl-c');
    expect(await term.exit).toEqual({ code: 130, signal: null });
    expect(server.requests()).toHaveLength(1);
  });
});

test('with a person, the menu offers to retry, and what was wrong is settled when it is done', async () => {
  await using server = await openaiServer({ 'zebra-1': [{ status: 401, message: 'Bad key' }, CODE] });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('What now?');
  expect(rig.stable(term.screen()).replace(/127[\d.:]+/, '<host>')).toMatchInlineSnapshot(`
    "▶ greet                                                              step 1 of 1
      gpt-4o-mini · p.md · 4 tokens · cost unknown
      writes hello.py once you accept

      ✘ <host> says: Bad key (401). The key in \`OPENAI_API_KEY\` was
        refused. Is it the right one?
    ? This reply can’t be used. What now?
      r retry · m edit · e error · s skip · q leave  ›"
  `);
  expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
  term.press('r');
  await term.waitFor('What should change?');
  term.press('enter');
  await term.waitFor('Accept?');
  term.press('y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(issuesOf(rig)).toEqual([expect.objectContaining({ type: 'GENERATION_ERROR', resolution: 'Retried' })]);
  expect(rig.statuses()).toEqual({ greet: 'DONE' });
});

test('with a person, `e` keeps the fault as the issue, without a second one', async () => {
  await using server = await openaiServer({ 'zebra-1': '' });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('What now?');
  term.press('e');
  await term.waitFor('What is wrong?');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(issuesOf(rig)).toEqual([
    expect.objectContaining({ detail: 'the reply is empty. Retry, or ask another model.' }),
  ]);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
});

describe('Ctrl-C while the reply comes', () => {
  const slow: Answer = { text: 'x'.repeat(10_000), pauseMs: 50 };

  test('ends it at once; the task is asked about next time, and nothing was changed', async () => {
    await using server = await openaiServer({ 'zebra-1': slow });
    await using rig = await aiRig();
    const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
    await term.waitFor(/· \d+ tokens$/);
    term.press('ctrl-c');
    expect(await term.exit).toEqual({ code: 130, signal: null });
    expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
      "▶ greet                                                              step 1 of 1
        gpt-4o-mini · p.md · 4 tokens · cost unknown
        writes hello.py once you accept

      ◌ greet stays RUNNING: it may have done part of its work.
        runbook next  asks what to do about it
      interrupted"
    `);
    expect(rig.exists('hello.py')).toBe(false);
    expect(issuesOf(rig)).toEqual([]);

    const again = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
    await again.waitFor('What now?');
    expect(rig.stable(again.screen())).toMatchInlineSnapshot(`
      "greet was RUNNING and no runner is at it.
      Its reply was not accepted; its log ends at logs/greet/<stamp>.log.

      ? What now?  r run again · y it is done · e mark as error · q leave  ›"
    `);
    again.press('q');
    expect(await again.exit).toEqual({ code: 4, signal: null });
  });

  test('without a person it is the same, and the next run makes it an ERROR', async () => {
    await using server = await openaiServer({ 'zebra-1': slow });
    await using rig = await aiRig();
    const env = { OPENAI_BASE_URL: server.url };
    const child = rig.start(['next', '--yes=unchecked'], { env });
    await expect.poll(() => server.requests().length).toBe(1);
    child.kill('SIGINT');
    const { code, stderr } = await child.exit;
    expect(code).toBe(130);
    expect(stderr).not.toContain('✘');
    expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
    expect((await rig.run(['next', '--yes=unchecked'], { env })).code).toBe(1);
    expect(rig.statuses()).toEqual({ greet: 'ERROR' });
    expect(issuesOf(rig)).toEqual([expect.objectContaining({ type: 'INTERRUPTED' })]);
  });
});

async function aiRig(more = ''): Promise<Rig> {
  const runbook = `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details: {prompt_template: p.md, model: gpt-4o-mini, output_parser: python_code_block}
${more}`;
  return makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
}

function issuesOf(rig: Rig): unknown[] {
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues?: unknown[] }[] };
  return tasks.flatMap(({ issues = [] }) => issues);
}

function expectIssue(rig: Rig, { code, stderr }: { code: number | null; stderr: string }, detail: string): void {
  expect(code).toBe(1);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
  expect(issuesOf(rig)).toEqual([
    { timestamp: expect.stringMatching(/^\d{4}-.*Z$/), type: 'GENERATION_ERROR', detail },
  ]);
  const failed = rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_FAILED');
  expect(failed?.details).toEqual({ type: 'GENERATION_ERROR', detail });
  expect(unwrapped(stderr)).toContain(`✘ ${detail} `);
  expect(stderr).not.toMatch(/^ +at |bug:/m);
  expect(rig.exists('hello.py')).toBe(false);
  expect(rig.exists('.runbook/lease.json')).toBe(false);
}
