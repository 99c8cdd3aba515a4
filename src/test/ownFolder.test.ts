// The folders in the system's temporary one: those of a killed runner are taken away by the next, and nobody else's.
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';

const CODE = 'Here:\n\n```python\nprint("hi")\n```\n';
const AGENT = '#!/bin/sh\ntouch "$TMPDIR/asked"\nexec sleep 1000\n';

test('a runner that is killed while an agent works leaves its folder to the next start', async () => {
  await using rig = await rigFor('claude');
  rig.command('claude', AGENT);
  const child = rig.start(['next', '--yes=unchecked']);
  await expect.poll(() => rig.exists('../tmp/asked')).toBe(true);
  child.kill('SIGKILL');
  await child.exit;
  expect(foldersIn(rig)).toHaveLength(1);
  const strangers = ['runbook-mine', 'runbook-0a0a0a-0b0b0b-1-1-abcdef'];
  for (const name of strangers) rig.write(`../tmp/${name}/kept.md`, 'mine\n');
  const [left = ''] = foldersIn(rig).filter((name) => !strangers.includes(name));
  symlinkSync(rig.dir, join(rig.dir, '../tmp', `${left}x`));
  // The agent is ended by it.
  await rig.run(['next', '--yes=unchecked']);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
  expect(rig.processes()).toEqual([]);
  expect(foldersIn(rig)).toEqual([...strangers, `${left}x`].sort());
  expect(rig.exists('runbook.yaml')).toBe(true);
});

test('what an editor still has open stays, and so does what a living runner has', async () => {
  await using rig = await rigFor('m');
  // As from a shell, whose terminal outlives the runner.
  rig.write(
    '../edit.sh',
    '#!/bin/sh\ntrap "" HUP\ntouch "$TMPDIR/editor"\nwhile [ ! -e "$TMPDIR/go" ]; do sleep 0.05; done\n',
  );
  const env = { EDITOR: join(rig.dir, '../edit.sh') };
  const killed = rig.terminal(['next'], { env });
  await press(killed, 'Accept?', 'm');
  await expect.poll(() => foldersIn(rig).length).toBe(1);
  await expect.poll(() => rig.exists('../tmp/editor')).toBe(true);
  const [open = ''] = foldersIn(rig);
  killed.kill('SIGKILL');
  await killed.exit;
  // Another project, whose runner is at work at the same time.
  await using other = await rigFor('m');
  const elsewhere = { ...env, TMPDIR: join(rig.dir, '../tmp') };
  const living = other.terminal(['next'], { env: elsewhere });
  await press(living, 'Accept?', 'm');
  await expect.poll(() => foldersIn(rig).length).toBe(2);
  // What is left and no longer open goes when the next one is made.
  writeFileSync(join(rig.dir, '../tmp/go'), '');
  expect((await living.exit).code).toBe(0);
  expect(foldersIn(rig)).toEqual([open]);
  await expect.poll(() => rig.processes()).toEqual([]);
  await rig.run(['next', '--yes=unchecked']);
  expect(foldersIn(rig)).toEqual([]);
});

test('what a living runner has stays, also where nobody stands in it', async () => {
  await using rig = await rigFor('worker');
  rig.command('claude', AGENT);
  const living = rig.start(['next', '--yes=unchecked']);
  await expect.poll(() => rig.exists('../tmp/asked')).toBe(true);
  await using other = await rigFor('m');
  const env = { TMPDIR: join(rig.dir, '../tmp'), EDITOR: 'true' };
  const term = other.terminal(['next'], { env });
  await press(term, 'Accept?', 'm');
  expect((await term.exit).code).toBe(0);
  expect(foldersIn(rig)).toHaveLength(1);
  living.kill('SIGINT');
  await living.exit;
  expect(foldersIn(rig)).toEqual([]);
});

function foldersIn(rig: Rig): string[] {
  return readdirSync(join(rig.dir, '../tmp'))
    .filter((name) => name.startsWith('runbook-'))
    .sort();
}

function rigFor(model: string): Promise<Rig> {
  return makeRig({
    files: {
      'runbook.yaml': `models:
  m: {provider: scripted, replies: replies.yaml}
  worker: {provider: claude, tools: true}
tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details: {prompt_template: p.md, model: ${model}, output_parser: python_code_block}
`,
      'p.md': 'Write it.\n',
      'replies.yaml': `replies:\n  - reply: ${JSON.stringify(CODE)}\n`,
    },
  });
}
