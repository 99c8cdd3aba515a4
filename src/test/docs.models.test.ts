// docs/models.md: each runbook that stands there is run as it stands, once with each of its models, against servers on the
// loopback and small programs in the place of the agent CLIs.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { PROVIDERS } from '../runbook/vocabulary.ts';
import { openaiServer } from './openaiServer.ts';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf } from './said.ts';

const PAGE = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
const RUNBOOKS = BLOCKS.filter((block) => block.includes('tasks:'));
const REPLIES = BLOCKS.find((block) => block.includes('replies:\n')) ?? '';

/** By name, each model of the page, with the runbook in which it stands. */
const MODELS = RUNBOOKS.flatMap((runbook) => {
  const { models = {} } = parse(runbook) as { models?: Record<string, { provider: string; model?: string }> };
  return Object.entries(models).map(([name, settings]) => ({ name, ...settings, runbook }));
});

const KEYS = { OPENAI_API_KEY: 'sk-loopback', ANTHROPIC_API_KEY: 'sk-loopback', OPENROUTER_API_KEY: 'sk-loopback' };

test('each provider has a runbook of at most ten lines, with its comment; the local servers share one', () => {
  const providers = new Set(MODELS.map(({ provider }) => provider));
  expect([...providers, 'paste'].toSorted()).toEqual(PROVIDERS.toSorted());
  const lines = RUNBOOKS.map((runbook) => runbook.trimEnd().split('\n').length);
  expect(lines.filter((count) => count > 10)).toEqual([12]);
  expect(PAGE).toContain('### LM Studio, Ollama, vLLM, OpenRouter\n');
});

test.each(MODELS)(
  '$name, of $provider: its runbook, as it stands, comes to its end',
  async ({ name, model, provider, runbook }) => {
    await using server = await openaiServer({ 'zebra-1': 'The notes.\n' });
    await using rig = await pageRig(runbook, server.origin);
    const { code, stderr } = await rig.run(['next', '--yes=unchecked', '--model', name], { env: env(rig) });
    expect([code, stderr]).toEqual([0, expect.stringContaining('✔ DONE  draft_notes')]);
    expect(rig.read('outputs/notes.md')).toBe(provider === 'scripted' ? '...\n' : 'The notes.\n');
    const isAsked = ['openai', 'anthropic'].includes(provider);
    expect(server.requests()).toEqual(isAsked ? [expect.objectContaining({ model })] : []);
    if (['claude', 'codex', 'gemini'].includes(provider) && model)
      expect(rig.read('../tmp/flags')).toContain(`--model ${model}`);
  },
);

test('paste: the prompt lies in its file, and the reply is taken from the other', async () => {
  const runbook = RUNBOOKS.find((block) => block.includes('model: paste')) ?? '';
  await using rig = await pageRig(runbook, 'http://127.0.0.1:1');
  const term = rig.terminal(['next']);
  await term.waitFor('press Ctrl-D');
  expect(rig.read('.runbook/prompt.md')).toBe('Write zebra-1.\n');
  rig.write('.runbook/reply.md', 'The notes.\n');
  term.press('ctrl-d');
  await press(term, 'Accept?', 'y');
  expect((await term.exit).code).toBe(0);
  expect(rig.read('outputs/notes.md')).toBe('The notes.\n');
});

test('doctor says of each of them that it is well; of those whose key or server is missing, what is missing', async () => {
  await using server = await openaiServer({ 'zebra-1': 'The notes.\n' });
  const models = RUNBOOKS.flatMap((block) => /^models:\n((?: {2}.*\n)+)tasks/m.exec(block)?.[1] ?? []).join('');
  await using rig = await pageRig('', server.origin);
  const task = RUNBOOKS[0]?.split('tasks:\n')[1] ?? '';
  rig.write('runbook.yaml', `models:\n${models}tasks:\n${task}`);
  expect((await rig.run(['validate'])).stdout).toContain('0 mistakes, 0 warnings');
  const found = async (settings: Record<string, string>) => {
    const { findings } = dataOf('doctor', await rig.run(['doctor', '--json'], { env: settings })) as {
      findings: { area: string; level: string; text: string }[];
    };
    return findings.filter(({ area }) => area === 'models');
  };
  const well = await found(env(rig));
  expect(well.filter(({ level }) => level !== 'well')).toEqual([]);
  expect(well).toHaveLength(MODELS.length);
  const bare = await found({ NODE_OPTIONS: redirectedTo(rig, 'http://127.0.0.1:1') });
  const wrong = bare.flatMap(({ level, text }) => (level === 'wrong' ? [text] : []));
  expect(wrong).toEqual([
    '`drafter`: OPENAI_API_KEY is not set',
    ...[
      ['ollama', '127.0.0.1:11434', 'OPENAI_API_KEY'],
      ['lm_studio', '127.0.0.1:1234', 'OPENAI_API_KEY'],
      ['vllm', '127.0.0.1:8000', 'OPENAI_API_KEY'],
      ['router', 'openrouter.ai', 'OPENROUTER_API_KEY'],
    ].map(([name, host, key]) => `\`${name}\`: ${host} can’t be reached; ${key} is not set`),
    '`writer`: ANTHROPIC_API_KEY is not set',
  ]);
});

/** Where the page leads, the loopback answers. */
function redirectedTo(rig: Rig, origin: string): string {
  const places =
    /^https:\/\/(?:api\.openai\.com|api\.anthropic\.com|openrouter\.ai\/api)|^http:\/\/127\.0\.0\.1:(?:11434|1234|8000)(?=\/)/;
  rig.write(
    '../redirect.mjs',
    `const real = globalThis.fetch;
globalThis.fetch = (target, options) => real(String(target).replace(${places}, '${origin}'), options);`,
  );
  return `--import ${rig.dir}/../redirect.mjs`;
}

const env = (rig: Rig) => ({ ...KEYS, NODE_OPTIONS: `--import ${rig.dir}/../redirect.mjs` });

async function pageRig(runbook: string, origin: string): Promise<Rig> {
  const files = { 'prompt_templates/notes.md': 'Write zebra-1.\n', 'outputs/.keep': '', 'replies/other.md': '...\n' };
  const rig = await makeRig({ files: { ...files, 'runbook.yaml': runbook, 'replies.yaml': REPLIES } });
  redirectedTo(rig, origin);
  const reply = {
    claude: '{"type":"result","result":"The notes."}',
    codex: '{"type":"item.completed","item":{"type":"agent_message","text":"The notes."}}',
    gemini: '{"type":"message","role":"assistant","content":"The notes."}',
  };
  for (const [name, says] of Object.entries(reply))
    rig.command(
      name,
      `#!/bin/sh\necho "$@" > "$TMPDIR/flags"\ncase "$1" in --version) echo 1.2.3; exit;; esac\ncat > /dev/null\n[ ! -d outputs ] || echo "The notes." > outputs/notes.md\necho '${says}'\n`,
    );
  return rig;
}
