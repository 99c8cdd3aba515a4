// The person's own settings: they count where nothing else says anything, and a mistake in them has its place.
import { expect, test } from 'vitest';
import { makeRig } from './rig.ts';

const FILES = {
  'runbook.yaml': `models:
  mine: {provider: scripted, replies: r.yaml}
  other: {provider: scripted, replies: s.yaml}
tasks:
  - id: ask
    status: READY
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md}
    output_artifact: out.md
`,
  'p.md': 'hi\n',
  'r.yaml': 'replies: [{reply: "from the settings"}]\n',
  's.yaml': 'replies: [{reply: "from the flag"}]\n',
};

test('the model of the settings answers where nothing else names one, and a flag beats it', async () => {
  for (const [flags, text] of [
    [[], 'from the settings\n'],
    [['--model', 'other'], 'from the flag\n'],
  ] as const) {
    await using rig = await makeRig({ files: { ...FILES, 'settings/runbook/config.yaml': 'model: mine\n' } });
    const env = { XDG_CONFIG_HOME: `${rig.dir}/settings` };
    const { code } = await rig.run(['next', '--answer', 'accept', ...flags], { env });
    expect(code).toBe(0);
    expect(rig.read('out.md')).toBe(text);
  }
});

test('a mistake in them is said with its place, and nothing is done', async () => {
  await using rig = await makeRig({ files: { ...FILES, 'settings/runbook/config.yaml': 'model: [a]\n' } });
  const env = { XDG_CONFIG_HOME: `${rig.dir}/settings` };
  const { code, stderr } = await rig.run(['next', '--answer', 'accept', '--json'], { env });
  expect(code).toBe(2);
  expect(JSON.parse(stderr).error).toMatchObject({ code: 'RUNBOOK_INVALID', at: { file: 'config.yaml', line: 1 } });
  expect(rig.statuses()).toEqual({ ask: 'READY' });
});
