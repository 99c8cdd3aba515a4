// What the servers send (replies/streams/: in the form of each, down to its line ends) and what the agent CLIs print
// (replies/agents/: recorded from the real ones): all of them in one run each, in odd pieces.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeRig, type Rig } from './rig.ts';
import { cutInto, webServer } from './webServer.ts';

/** What stands in most of them. */
const HI = 'print("hi")\n';

test('the streams of each server: the same file from all, its tokens where it counts them, and no thought in it', async () => {
  await using server = await webServer(async ({ url = '' }, response) => {
    const name = url.split('/')[1] ?? '';
    const stream = readFileSync(new URL(`replies/streams/${name}.sse`, import.meta.url));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await cutInto(response, stream, 13);
  });
  const names = namesIn('streams');
  expect(names.length).toBeGreaterThanOrEqual(15);
  const origin = new URL(server.url).origin;
  const models = names.map((name) => {
    const provider = name.startsWith('anthropic')
      ? `anthropic, base_url: "${origin}/${name}"`
      : `openai, base_url: "${origin}/${name}/v1"`;
    return `  ${name}: {provider: ${provider}, model: x${name === 'responses' ? ', api: responses' : ''}}\n`;
  });
  await using rig = await makeRig({
    files: plan(
      models.join(''),
      names.map((name) => ({ name, model: name })),
    ),
  });
  const finished = await rig.run(['run', '--yes=unchecked', '--keep-going']);
  const uncounted = ['llama-cpp', 'lm-studio-reasoning'];
  expect(cameOf(rig)).toEqual(
    Object.fromEntries(
      names.map((name) => [name, [HI, ...(uncounted.includes(name) ? ['unknown', 'unknown'] : [12, 34])]]),
    ),
  );
  expect(finished.code).toBe(0);
});

test('what the agent CLIs print: their replies, those that were cut or went on at a token limit, and what their servers refuse', async () => {
  const names = namesIn('agents');
  await using rig = await makeRig({
    files: plan(
      '',
      names.map((name) => ({ name, model: name.split('-')[0] ?? '' })),
    ),
  });
  const recorded = fileURLToPath(new URL('replies/agents', import.meta.url));
  for (const name of ['claude', 'codex', 'gemini'])
    rig.command(
      name,
      `#!/bin/sh
cat > /dev/null
telemetry="${recorded}/../telemetry/$RUNBOOK_TASK_ID.log"
if [ -e "$telemetry" ]; then cp "$telemetry" "$GEMINI_TELEMETRY_OUTFILE"; fi
dd if="${recorded}/$RUNBOOK_TASK_ID.jsonl" bs=61 status=none
case $RUNBOOK_TASK_ID in codex-limit) exit 1; esac
`,
    );
  const finished = await rig.run(['run', '--yes=unchecked', '--keep-going']);
  expect(finished.code).toBe(1);
  const nested = '# Title\n\n```bash\nnpm ci\n```\n\nEnd — “done”.\n';
  const refused = {
    claude: 'Failed to authenticate. API Error: 401 Bad key',
    codex: 'unexpected status 401 Unauthorized: Bad key',
    gemini: 'Bad key',
  };
  expect(cameOf(rig)).toEqual({
    'claude-limit': [HI, 0, 0],
    'codex-limit': 'the reply was cut off at its token limit',
    'gemini-limit': 'the reply was cut off at its token limit',
    ...Object.fromEntries(
      Object.entries(refused).flatMap(([name, why]) => [
        [`${name}-code`, [HI, 0, 0]],
        [`${name}-nested`, [nested, 0, 0]],
        [`${name}-refused`, expect.stringContaining(`${name} says: ${why}`)],
      ]),
    ),
  });
  expect(finished.stderr).toContain('claude: goes on after its token limit\n');
});

function namesIn(folder: string): string[] {
  return readdirSync(new URL(`replies/${folder}`, import.meta.url)).map((name) => name.replace(/\.\w+$/, ''));
}

function plan(models: string, tasks: readonly { name: string; model: string }[]): Record<string, string> {
  const entries = tasks.map(
    ({ name, model }) => `  - id: ${name}
    status: READY
    type: AI_ASSISTED
    output_artifact: out/${name}
    ai_details:
      prompt_template: p.md
      model: ${model}
      output_parser: ${name.endsWith('nested') ? 'markdown' : 'python'}_code_block
`,
  );
  const named = models && `models:\n${models}`;
  return { 'runbook.yaml': `${named}tasks:\n${entries.join('')}`, 'p.md': 'Write it.\n', 'out/.keep': '' };
}

/** Of each task, its file and its tokens, or what was wrong. */
function cameOf(rig: Rig): Record<string, unknown> {
  const { tasks } = parse(rig.read('runbook.yaml')) as {
    tasks: {
      id: string;
      issues?: { detail: string }[];
      last_run?: { cost_estimate: { input_tokens: unknown; output_tokens: unknown } };
    }[];
  };
  return Object.fromEntries(
    tasks.map(({ id, issues = [], last_run: last }) => {
      const [issue] = issues;
      if (issue) return [id, issue.detail];
      return [id, [rig.read(`out/${id}`), last?.cost_estimate.input_tokens, last?.cost_estimate.output_tokens]];
    }),
  );
}
