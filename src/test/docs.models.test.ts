// docs/models.md and docs/templates.md, line by line: each block of YAML is taken by the program as it stands there, each provider
// has one, and the template is filled.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROVIDERS } from '../runbook/vocabulary.ts';
import { makeRig } from './rig.ts';

const TASK = 'tasks:\n  - {id: a, status: READY}\n';

function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, block]) =>
    name === language && block !== undefined ? [block] : [],
  );
}

test('each block of docs/models.md is valid, and together they name each provider but the one without settings', async () => {
  const blocks = blocksOf('models.md', 'yaml').filter((block) => block.includes('models:'));
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) {
    const replies = blocksOf('models.md', 'yaml').find((one) => one.includes('replies:\n')) ?? '';
    const files = { 'replies.yaml': replies, 'replies/other.md': 'other\n', 'p.md': 'x\n' };
    const names = [...block.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    const tasks = names.map(
      (name) =>
        `  - {id: ${name}, status: READY, type: AI_ASSISTED, ai_details: {prompt_template: p.md, model: ${name}}}\n`,
    );
    await using rig = await makeRig({ files: { ...files, 'runbook.yaml': `${block}tasks:\n${tasks.join('')}` } });
    const { code, stdout, stderr } = await rig.run(['validate']);
    expect([code, stdout, stderr], block).toEqual([0, expect.stringContaining('0 mistakes, 0 warnings'), '']);
    for (const name of names.slice(0, 1)) expect((await rig.run(['prompt', `${name}`])).stdout).toBe('x\n');
  }
  for (const provider of PROVIDERS.filter((name) => name !== 'paste'))
    expect(blocks.join('')).toMatch(new RegExp(`provider: ${provider}\\b`));
});

test('the template of docs/templates.md is filled, with and without what was said of the try before', async () => {
  const [template = ''] = blocksOf('templates.md', '');
  const context = '{class_name: Base, methods: [generate, stream]}';
  const ai = `{prompt_template: p.md, input_context: ${context}}`;
  const runbook = TASK.replace('READY}', `READY, type: AI_ASSISTED, ai_details: ${ai}}`);
  await using rig = await makeRig({
    files: { 'runbook.yaml': runbook, 'p.md': template, 'docs/style.md': 'Be brief.\n' },
  });
  const { code, stdout } = await rig.run(['prompt', 'a']);
  expect(code).toBe(0);
  expect(stdout).toContain('Write the class Base with these methods:\n\n- generate\n- stream\n');
  expect(stdout).toContain('Be brief.');
  expect(stdout).not.toContain('Your last try');
});
