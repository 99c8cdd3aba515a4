// A task through each of the real agent CLIs, pointed at a server on the loopback. `npm run test:agents` installs them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';

/** Where they are installed; without it nothing here runs. */
const folder = process.env['RUNBOOK_AGENTS'];
const CODE = 'Here:\n\n```python\nprint("hi")\n```\n';

const AGENTS = ['claude', 'codex', 'gemini'];

describe.skipIf(folder === undefined)('real agent CLIs', () => {
  test.each(AGENTS)('%s writes a file, without tools', async (name) => {
    await using server = await openaiServer({ 'zebra-1': CODE });
    await using rig = await agentRig(name);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('✔ DONE');
    expect(rig.read('hello.py')).toBe('print("hi")\n');
    const asked = server.requests().filter((body) => JSON.stringify(body).includes('zebra-1'));
    expect(asked.length).toBeGreaterThan(0);
    // No tool was offered to the model.
    for (const body of asked) expect((body as { tools?: unknown[] }).tools ?? []).toEqual([]);
  });

  test('claude goes on by itself after its token limit, and its reply is the whole', async () => {
    const begun = { text: 'Here:\n\n```python\nprint(', finishReason: 'length' };
    await using server = await openaiServer({ 'Resume directly': '"hi")\n```\n', 'zebra-1': begun });
    await using rig = await agentRig('claude');
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('claude: goes on after its token limit');
    expect(rig.read('hello.py')).toBe('print("hi")\n');
  });

  test.each(['codex', 'gemini'])('%s is cut at its token limit, and that is known', async (name) => {
    await using server = await limitedServer();
    await using rig = await agentRig(name);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('✘ the reply was cut off at its token limit');
    expect(rig.statuses()).toEqual({ greet: 'ERROR' });
    expect(rig.journal().some(({ details }) => String(details?.['snippet']).includes('print('))).toBe(true);
  });

  test.each(AGENTS)('%s, and its server refuses the key', async (name) => {
    await using server = await openaiServer({ 'zebra-1': { status: 401, message: 'Bad key' } });
    await using rig = await agentRig(name);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(new RegExp(`✘ ${name} says: `));
    expect(rig.statuses()).toEqual({ greet: 'ERROR' });
  });

  test.each(AGENTS)('%s, and nobody listens', async (name) => {
    await using rig = await agentRig(name);
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, 'http://127.0.0.1:1') });
    expect(finished.code).toBe(1);
    expect(rig.statuses()).toEqual({ greet: 'ERROR' });
    expect(rig.processes()).toEqual([]);
  });
});

/** How each is told by its model to write a file: the names are those of its own tools. */
const WRITES: Record<string, (folder: string) => { name: string; arguments: string }> = {
  claude: (folder) => ({
    name: 'Write',
    arguments: JSON.stringify({ file_path: `${folder}/made.txt`, content: 'made\n' }),
  }),
  codex: () => ({ name: 'exec_command', arguments: JSON.stringify({ cmd: 'echo made > made.txt' }) }),
  gemini: (folder) => ({
    name: 'write_file',
    arguments: JSON.stringify({ file_path: `${folder}/made.txt`, content: 'made\n' }),
  }),
};

describe.skipIf(folder === undefined)('real agent CLIs with their tools', () => {
  test.each(AGENTS)('%s works on a copy of the project', async (name) => {
    await using rig = await agentRig(name, ', tools: true');
    const call = WRITES[name]?.(`${rig.dir}/.runbook/copy`);
    await using server = await openaiServer({ 'zebra-1': [{ toolCalls: call ? [call] : [] }, 'I have made it.'] });
    const finished = await rig.run(['next', '--answer', 'accept'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('made.txt');
    expect(finished.stderr).toContain('✔ DONE');
    expect(rig.read('made.txt')).toBe('made\n');
    expect(rig.exists('.runbook/copy')).toBe(false);
  });

  test('what codex starts is known by its environment, so that a killed runner’s is found', async () => {
    await using rig = await agentRig('codex', ', tools: true');
    const call = { name: 'exec_command', arguments: JSON.stringify({ cmd: 'printenv RUNBOOK_TASK_ID > made.txt' }) };
    await using server = await openaiServer({ 'zebra-1': [{ toolCalls: [call] }, 'I have made it.'] });
    await rig.run(['next', '--answer', 'accept'], { env: pointedAt(rig, server.origin) });
    expect(rig.read('made.txt')).toBe('greet\n');
  });

  test.each(['claude', 'gemini'])('%s may not write elsewhere, and that is seen', async (name) => {
    await using rig = await agentRig(name, ', tools: true');
    const call = WRITES[name]?.(rig.dir);
    await using server = await openaiServer({ 'zebra-1': [{ toolCalls: call ? [call] : [] }, 'I was not let.'] });
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('was refused');
    expect(finished.code).toBe(1);
    expect(rig.exists('made.txt')).toBe(false);
  });

  test.each([
    ['claude', 'Read'],
    ['gemini', 'read_file'],
  ])('%s sees no keys', async (name, tool) => {
    await using rig = await agentRig(name, ', tools: true');
    rig.write('.env', 'SOME_KEY=4-quiet-zebras\n');
    const call = { name: tool, arguments: JSON.stringify({ file_path: `${rig.dir}/.env` }) };
    await using server = await openaiServer({ 'zebra-1': [{ toolCalls: [call] }, 'I was not let.'] });
    const finished = await rig.run(['next', '--yes=unchecked'], { env: pointedAt(rig, server.origin) });
    expect(finished.stderr).toContain('was refused');
    expect(server.requests().length).toBeGreaterThan(1);
    expect(JSON.stringify(server.requests())).not.toContain('4-quiet-zebras');
  });
});

/** Answers as OpenAI and Google do where the tokens do not suffice. */
async function limitedServer() {
  const text = 'Here:\n\n```python\nprint(';
  const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'incomplete' };
  const done = { ...item, content: [{ type: 'output_text', text, annotations: [] }] };
  const response = { id: 'resp_1', object: 'response', status: 'incomplete', output: [done] };
  const openai = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: text },
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.incomplete', response: { ...response, incomplete_details: { reason: 'max_output_tokens' } } },
  ];
  const part = (words: string) => ({ content: { role: 'model', parts: [{ text: words }] }, index: 0 });
  const google = [
    { candidates: [part(text.slice(0, 9))] },
    { candidates: [{ ...part(text.slice(9)), finishReason: 'MAX_TOKENS' }] },
  ];
  const server = createServer(({ url = '' }, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of url.includes('/responses') ? openai : google)
      answer.write(`${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
    answer.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function pointedAt(rig: Rig, origin: string): Record<string, string> {
  rig.write(
    '../home/.gemini/settings.json',
    JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
  );
  const provider = `name = "loopback"\nbase_url = "${origin}/v1"\nenv_key = "OPENAI_API_KEY"\nwire_api = "responses"`;
  const retries = 'request_max_retries = 0\nstream_max_retries = 0';
  rig.write(
    '../home/.codex/config.toml',
    `model_provider = "loopback"\n\n[model_providers.loopback]\n${provider}\n${retries}\n`,
  );
  return {
    ANTHROPIC_BASE_URL: origin,
    ANTHROPIC_API_KEY: 'sk-loopback',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    OPENAI_API_KEY: 'sk-loopback',
    GOOGLE_GEMINI_BASE_URL: origin,
    GEMINI_API_KEY: 'loopback',
  };
}

async function agentRig(name: string, settings = ''): Promise<Rig> {
  const model = name === 'gemini' ? ', model: gemini-2.5-flash' : '';
  const rig = await makeRig({
    files: {
      'runbook.yaml': `models:
  asked: {provider: ${name}${model}${settings}}
tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    timeout: 40s
    ai_details: {prompt_template: p.md, model: asked, output_parser: python_code_block}
`,
      'p.md': 'Write zebra-1.\n',
    },
  });
  rig.command(name, `#!/bin/sh\nexec "${join(folder ?? '', 'node_modules/.bin', name)}" "$@"\n`);
  return rig;
}
