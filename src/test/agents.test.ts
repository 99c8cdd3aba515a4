// The agent CLIs, by programs that print what the real ones have printed: so that each way in which they fail is tried. The
// real ones are asked by `npm run test:agents` (agents.real.test.ts).
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const CODE = 'Here:\n\n```python\nprint("hi")\n```\n';

const lines = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n');

/** What each prints, for a reply that costs something. */
const REPLIES: Record<string, { says: string; kept: string }> = {
  claude: {
    says: lines(
      { type: 'system', subtype: 'init', tools: [] },
      {
        type: 'stream_event',
        event: { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Here:\n\n``' } },
      },
      { type: 'stream_event', event: { type: 'message_delta', delta: { stop_reason: 'end_turn' } } },
      {
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: CODE,
        total_cost_usd: 0.25,
        usage: { input_tokens: 100, cache_read_input_tokens: 900, output_tokens: 50 },
      },
    ),
    kept: 'input_tokens: 1000\n        output_tokens: 50\n        cost_usd: 0.25\n',
  },
  codex: {
    says: lines(
      { type: 'thread.started', thread_id: 'x' },
      { type: 'item.completed', item: { type: 'agent_message', text: 'I will write it.' } },
      { type: 'item.completed', item: { type: 'agent_message', text: CODE } },
      { type: 'turn.completed', usage: { input_tokens: 1000, cached_input_tokens: 0, output_tokens: 50 } },
    ),
    kept: 'input_tokens: 1000\n        output_tokens: 50\n        cost_usd: unknown\n',
  },
  gemini: {
    says: `Ripgrep is not available.\n${lines(
      { type: 'init', model: 'gemini-2.5-flash' },
      { type: 'message', role: 'user', content: 'Write zebra-1.\n' },
      { type: 'message', role: 'assistant', content: CODE.slice(0, 20), delta: true },
      { type: 'message', role: 'assistant', content: CODE.slice(20), delta: true },
      { type: 'result', status: 'success', stats: { input_tokens: 1000, output_tokens: 50 } },
    )}`,
    kept: 'input_tokens: 1000\n        output_tokens: 50\n        cost_usd: unknown\n',
  },
};

test.each(Object.entries(REPLIES))(
  '%s: its reply is accepted, and what it counted is kept',
  async (name, { says, kept }) => {
    await using rig = await agentRig(name, says);
    const finished = await rig.run(['next', '--yes=unchecked']);
    expect(finished.code).toBe(0);
    expect(rig.read('hello.py')).toBe('print("hi")\n');
    expect(rig.read('runbook.yaml')).toContain(`model: ${name}\n        ${kept}`);
    expect(rig.read('../tmp/prompt')).toBe('Write zebra-1.\n');
    // An empty folder that is not the project, and is gone.
    const folder = rig.read('../tmp/where').trim();
    expect(folder).not.toContain(rig.dir);
    expect(rig.read('../tmp/files').trim()).toBe('no-tools.toml');
    expect(existsSync(folder)).toBe(false);
  },
);

test.each([
  [
    'claude',
    lines({ type: 'result', subtype: 'success', is_error: true, result: 'Not logged in · Please run /login' }),
    'claude says: Not logged in · Please run /login. Log in: start `claude` by itself.',
  ],
  [
    'codex',
    lines({ type: 'turn.failed', error: { message: '{"error":{"message":"stream disconnected"}}' } }),
    'codex says: stream disconnected. Is the network up?',
  ],
  [
    'gemini',
    lines({ type: 'result', status: 'error', error: { message: '[API Error: {"error":{"message":"no"}}]' } }),
    'gemini says: no. Retry, or ask another model.',
  ],
  ['gemini', '', 'the reply is empty. Retry, or ask another model.'],
])('%s fails: %s', async (name, says, detail) => {
  await using rig = await agentRig(name, says);
  const finished = await rig.run(['next', '--yes=unchecked']);
  expect(finished.code).toBe(1);
  expect(unwrapped(finished.stderr)).toContain(`✘ ${detail}`);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
});

test('one that ends badly without a word of its own; one that asks again itself', async () => {
  await using rig = await agentRig('codex', '', 'echo "unknown flag --ephemeral" >&2; exit 2');
  const finished = await rig.run(['next', '--yes=unchecked']);
  expect(unwrapped(finished.stderr)).toContain('✘ codex: exit 2: unknown flag --ephemeral. Try it by itself: `codex`.');
  const retry = { type: 'system', subtype: 'api_retry', attempt: 1, retry_delay_ms: 587.2, error_status: 529 };
  await using again = await agentRig('claude', `${lines(retry)}\n${REPLIES['claude']?.says}`);
  const said = await again.run(['next', '--yes=unchecked']);
  expect(said.code).toBe(0);
  expect(said.stderr).toContain('✘ claude can’t get an answer (529); asking again in 0.6 s');
});

test('one that was cut at its token limit is gone on with', async () => {
  const cut = 'Incomplete response returned, reason: max_output_tokens';
  const says = lines(
    { type: 'item.completed', item: { type: 'agent_message', text: 'Here:\n\n```python\nprint(' } },
    { type: 'error', message: cut },
    { type: 'turn.failed', error: { message: cut } },
  );
  const rest = lines({ type: 'item.completed', item: { type: 'agent_message', text: '"hi")\n```\n' } });
  await using rig = await agentRig('codex', says, 'exit 1');
  const term = rig.terminal(['next']);
  await term.waitFor('the reply was cut off at its token limit');
  rig.write('../says', rest);
  rig.command('codex', '#!/bin/sh\ncat > "$TMPDIR/prompt"\ncat "$TMPDIR/../says"\n');
  await press(term, 'This reply can’t be used. What now?', 'c');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.py')).toBe('print("hi")\n');
  expect(rig.read('../tmp/prompt')).toContain('Your reply so far:\n\nHere:\n\n```python\nprint(');
});

test('gemini’s telemetry goes where the person has it go', async () => {
  await using rig = await agentRig(
    'gemini',
    REPLIES['gemini']?.says ?? '',
    'env | grep TELEMETRY > "$TMPDIR/telemetry"',
  );
  await rig.run(['next', '--yes=unchecked']);
  expect(rig.read('../tmp/telemetry')).toContain('GEMINI_TELEMETRY_LOG_PROMPTS=false\n');
  await rig.run(['reset', 'greet']);
  await rig.run(['next', '--yes=unchecked'], { env: { GEMINI_TELEMETRY_ENABLED: 'false' } });
  expect(rig.read('../tmp/telemetry')).toBe('GEMINI_TELEMETRY_ENABLED=false\n');
});

test('Ctrl-C ends it, and what it has started', async () => {
  await using rig = await agentRig('claude', '', 'touch "$TMPDIR/asked"; sleep 1000');
  const term = rig.terminal(['next']);
  await expect.poll(() => rig.exists('../tmp/asked')).toBe(true);
  term.press('ctrl-c');
  expect(await term.exit).toEqual({ code: 130, signal: null });
  expect(rig.processes()).toEqual([]);
  expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
});

test('one that is not installed is said to be missing; one that is, is offered where no model is set', async () => {
  await using rig = await agentRig('claude', REPLIES['claude']?.says ?? '');
  const missing = await rig.run(['next', '--yes=unchecked', '--model', 'codex', '--json']);
  expect(missing.code).toBe(2);
  expect(JSON.parse(missing.stderr)).toMatchObject({
    error: {
      code: 'MODEL_NO_KEY',
      message: 'the model `codex` is the program of that name, which is not in the PATH',
    },
  });
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('model: claude, ', ''));
  const term = rig.terminal(['next']);
  await term.waitFor('Which one answers?');
  expect(term.screen()).toContain('  c claude (the program, as you are logged in)');
  expect(term.screen()).not.toContain('codex');
  await press(term, 'Which one answers?', 'c');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('hello.py')).toBe('print("hi")\n');
});

async function agentRig(name: string, says: string, then = ''): Promise<Rig> {
  const rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details: {prompt_template: p.md, model: ${name}, output_parser: python_code_block}
`,
      'p.md': 'Write zebra-1.\n',
      '../says': says,
    },
  });
  const look = `cat > "$TMPDIR/prompt"; pwd > "$TMPDIR/where"; ls > "$TMPDIR/files"`;
  rig.command(name, `#!/bin/sh\n${look}\ncat "${rig.dir}/../says"\n${then}\n`);
  return rig;
}
