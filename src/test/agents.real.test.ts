// A task through each of the real agent CLIs, pointed at a server on the loopback. `npm run test:agents` installs them.
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

async function agentRig(name: string): Promise<Rig> {
  const model = name === 'gemini' ? 'gemini:gemini-2.5-flash' : name;
  const rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    timeout: 40s
    ai_details: {prompt_template: p.md, model: "${model}", output_parser: python_code_block}
`,
      'p.md': 'Write zebra-1.\n',
    },
  });
  rig.command(name, `#!/bin/sh\nexec "${join(folder ?? '', 'node_modules/.bin', name)}" "$@"\n`);
  return rig;
}
