// `runbook skill`, followed to the letter: its commands, in its order, on a runbook with a task of each type.
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf } from './said.ts';

const FILES = {
  'runbook.yaml': `models: {recorded: {provider: scripted, replies: r.yaml}}
tasks:
  - {id: by hand, status: READY, manual_instructions: Write hello.txt., checks: [test -e hello.txt]}
  - id: notes
    status: READY
    type: AI_ASSISTED
    ai_details: {model: recorded, prompt_template: p.md}
    output_artifact: notes.md
    checks: [test -e notes.md]
  - {id: build, status: READY, type: AUTOMATED_SCRIPT, script_details: echo built}
`,
  'p.md': 'Write notes.\n',
  'r.yaml': 'replies: [{reply: text}]\n',
};

test('it is a skill file: name and description in front, and less than 1,500 tokens', async () => {
  await using rig = await makeRig();
  const { code, stdout, stderr } = await rig.run(['skill']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^---\nname: runbook\ndescription: [^\n]{50,1024}\n---\n\n# /);
  expect(dataOf('skill', await rig.run(['skill', '--json']))).toEqual({ text: stdout });
  // English and code have about four characters to a token; at three, there is room to spare.
  expect(stdout.length / 3).toBeLessThan(1500);
});

test('its commands do what it says, each as it stands there', async () => {
  await using rig = await makeRig({ files: FILES });
  const { stdout } = await rig.run(['skill']);
  const commands = [...stdout.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
  expect(commands.map((command) => command.split(' ')[1])).toEqual([
    'status',
    'list',
    'show',
    'start',
    'done',
    'error',
    'reset',
    'why',
    'history',
  ]);
  const say = (name: string, id: string) =>
    saidOf(rig, commands.find((command) => command.split(' ')[1] === name) ?? '', id);

  // A whole task.
  expect((await say('status', '')).data).toMatchObject({ next: 'by hand' });
  const [first] = (await say('list', '')).data as { id: string }[];
  const id = first?.id ?? '';
  expect((await say('show', id)).data).toMatchObject({ type: 'MANUAL', manual_instructions: 'Write hello.txt.' });
  expect((await say('start', id)).code).toBe(0);
  expect((await say('start', id)).code).toBe(5);
  expect(await say('done', id)).toMatchObject({
    code: 1,
    error: { message: expect.stringContaining('test -e hello.txt') },
  });
  rig.write('hello.txt', 'hello');
  expect((await say('done', id)).code).toBe(0);

  // What is not in a block, but said.
  expect(stdout).toContain('`runbook prompt ID --json`');
  expect((await saidOf(rig, 'runbook prompt ID --json', 'notes')).data).toMatchObject({ text: 'Write notes.\n' });
  expect(stdout).toContain('`runbook next --start-from ID --no-input --json`');
  expect((await saidOf(rig, 'runbook next --start-from ID --no-input --json', 'build')).code).toBe(0);

  // The other ways to give it back.
  await say('start', 'notes');
  expect((await say('reset', 'notes')).code).toBe(0);
  expect(rig.statuses()).toEqual({ 'by hand': 'DONE', notes: 'READY', build: 'DONE' });
  await say('start', 'notes');
  expect((await say('error', 'notes')).code).toBe(0);
  expect((await say('why', 'notes')).data).toMatchObject({
    status: 'ERROR',
    issue: { detail: 'what is wrong, and what would help' },
  });
  expect(((await say('history', 'notes')).data as { moments: unknown[] }).moments).toHaveLength(4);
});

/** The command as an agent would call it. */
async function saidOf(rig: Rig, command: string, id: string) {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);
  const args = words.slice(1).map((word) => (word === 'ID' ? id : word === 'NAME' ? 'agent' : word));
  const { code, stdout, stderr } = await rig.run(args);
  const { data, error } = JSON.parse(stdout || stderr) as { data?: unknown; error?: unknown };
  return { code, data, error };
}
