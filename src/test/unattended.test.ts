// Without a person nothing ever waits: what is safe is done, the rest is refused with the flag that would answer it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openaiServer } from './openaiServer.ts';
import { type ChildOptions, makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

let server: Awaited<ReturnType<typeof openaiServer>>;
beforeAll(async () => {
  server = await openaiServer({ 'zq-write-it': 'hello from the model\n' });
});
afterAll(() => server.close());

const manual =
  'tasks:\n  - {id: sign, name: Sign it, status: READY, manual_instructions: Sign it}\n  - {id: after, depends_on: [sign]}\n';

describe.each<[where: string, (rig: Rig, args: string[]) => Promise<{ code: number | null; text: string }>]>([
  ['stdin is closed', (rig, args) => piped(rig, args, { stdin: 'closed' })],
  ['stdin is a pipe that stays open', (rig, args) => piped(rig, args, { stdin: 'open' })],
  ['stdin is a pipe in which somebody says yes', (rig, args) => piped(rig, args, { stdin: { text: 'y\ny\ny\n' } })],
  ['stdin is /dev/null', (rig, args) => piped(rig, args, { stdin: 'null' })],
  ['a terminal, with --no-input', (rig, args) => inTerminal(rig, [...args, '--no-input'])],
  ['a terminal, with --non-interactive', (rig, args) => inTerminal(rig, ['--non-interactive', ...args])],
  ['a terminal, with RUNBOOK_NO_INPUT=1', (rig, args) => inTerminal(rig, args, { RUNBOOK_NO_INPUT: '1' })],
])('%s', (_where, runIn) => {
  test('a MANUAL task is left READY, exit 4', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': manual } });
    const { code, text } = await runIn(rig, ['run']);
    expect(code).toBe(4);
    expect(text).toContain('error: `sign`: this step is done by hand, and there is no terminal to ask how it went');
    expect(text).toContain('`--answer accept`');
    expect(rig.read('runbook.yaml')).toBe(manual);
    expect(rig.journal()).toEqual([]);
  });

  test('a reply without checks is not asked for, exit 4', async () => {
    await using rig = await aiRig('');
    const before = rig.read('runbook.yaml');
    const sent = server.requests().length;
    const { code, text } = await runIn(rig, ['next', '--yes']);
    expect(code).toBe(4);
    expect(text).toContain('`--yes=unchecked`');
    expect(server.requests()).toHaveLength(sent);
    expect(rig.read('runbook.yaml')).toBe(before);
    expect(rig.exists('out.txt')).toBe(false);
  });

  test('a task in ERROR stops the line, exit 1', async () => {
    await using rig = await makeRig({
      files: { 'runbook.yaml': 'tasks:\n  - {id: a, status: ERROR}\n  - {id: b, status: READY}\n' },
    });
    const { code, text } = await runIn(rig, ['run', '--answer', 'accept']);
    expect([code, text.includes('✘ ERROR  a')]).toEqual([1, true]);
    expect(rig.statuses()).toEqual({ a: 'ERROR', b: 'READY' });
  });

  test('a task that was cut off becomes an ERROR of the type INTERRUPTED', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks:\n  - id: a\n    status: RUNNING\n' } });
    expect((await runIn(rig, ['next'])).code).toBe(1);
    expect(rig.read('runbook.yaml')).toMatch(
      /status: ERROR\n {4}issues:\n {6}- timestamp: .*\n {8}type: INTERRUPTED\n/,
    );
  });
});

test('RUNBOOK_NO_INPUT counts only if it says yes: 0, false, no and nothing leave the person in charge', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': manual } });
  for (const value of ['0', 'false', 'no', '']) {
    const term = rig.terminal(['next'], { env: { RUNBOOK_NO_INPUT: value } });
    await term.waitFor('? Done?');
    term.press('q');
    expect(await term.exit).toMatchObject({ code: 4 });
  }
});

test('what is refused, whole', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': manual } });
  expect(said(rig, await rig.run(['next']))).toMatchInlineSnapshot(`
    "exit 4
    ── stderr
    error: \`sign\`: this step is done by hand, and there is no terminal to ask how it went
     ——▶ runbook.yaml:2:10
      │
    2 │   - {id: sign, name: Sign it, status: READY, manual_instructions: Sign it}
      │          ^^^^
      Do it, then say so: \`--answer accept\` (or error, skip, quit), or \`runbook done ID\`."
  `);
  const json = await rig.run(['next', '--json']);
  expect(json).toMatchObject({ code: 4, stdout: '' });
  expect(errorOf(json)).toMatchObject({ code: 'NEEDS_PERSON', at: { file: 'runbook.yaml', line: 2, column: 10 } });
  await using ai = await aiRig('');
  expect(said(ai, await ai.run(['next', '--yes']))).toMatchInlineSnapshot(`
    "exit 4
    ── stderr
    error: \`ai\`: a reply must be reviewed, and there is no terminal to ask in
     ——▶ runbook.yaml:3:9
      │
    3 │   - id: ai
      │         ^^
      \`--yes\` accepts what the task’s checks prove, \`--yes=unchecked\` also what has no checks, \`--answer accept\` answers once."
  `);
  const review = await ai.run(['next', '--yes=unchecked', '--model', 'paste']);
  expect(said(ai, review)).toMatchInlineSnapshot(`
    "exit 4
    ── stderr
    error: \`ai\`: the model \`paste\` is a person, and there is no terminal to ask in
     ——▶ runbook.yaml:3:9
      │
    3 │   - id: ai
      │         ^^
      Name another with \`--model\`."
  `);
});

describe('--yes', () => {
  test('accepts what the checks prove', async () => {
    await using rig = await aiRig('test -s out.txt');
    const finished = await rig.run(['next', '--yes']);
    expect(said(rig, finished).replace(/\d+ tokens .*/, '<tokens>')).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      ▶ ai                                                                 step 1 of 1
        gpt-4o-mini · ask.txt · <tokens>
        writes out.txt once you accept

        ────────────────────────────────────────────────────────────────────────────
        out.txt                                                         new, +1 line
        + hello from the model
        ────────────────────────────────────────────────────────────────────────────
        ✔ test -s out.txt

        wrote out.txt
      ✔ DONE  ai  <duration> · 9 tokens · cost unknown  logs/ai/<stamp>.log
        all done"
    `);
    expect(rig.read('out.txt')).toBe('hello from the model\n');
    expect(decisions(rig)).toEqual(['accept by --yes']);
  });

  test('what a check refuses becomes an ERROR with that issue, and the old file stays', async () => {
    await using rig = await aiRig('grep -q goodbye out.txt');
    rig.write('out.txt', 'the old one\n');
    expect((await rig.run(['next', '--yes'])).code).toBe(1);
    expect(rig.read('out.txt')).toBe('the old one\n');
    expect(dataOf('task', await rig.run(['show', 'ai', '--json']))).toMatchObject({
      status: 'ERROR',
      last_run: { outcome: 'FAILURE' },
      issues: [{ type: 'VALIDATION_FAIL', detail: 'check `grep -q goodbye out.txt` exit 1' }],
    });
  });

  test('--yes=unchecked accepts also what has no checks, but not what a check refuses', async () => {
    await using rig = await aiRig('');
    expect((await rig.run(['next', '--yes=unchecked'])).code).toBe(0);
    expect(rig.read('out.txt')).toBe('hello from the model\n');
    await using refused = await aiRig('false');
    expect((await refused.run(['next', '--yes=unchecked'])).code).toBe(1);
    expect(refused.exists('out.txt')).toBe(false);
  });

  test('does not say of a MANUAL task that it was done', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': manual } });
    for (const yes of ['--yes', '-y', '--yes=unchecked']) expect((await rig.run(['next', yes])).code).toBe(4);
    expect(rig.read('runbook.yaml')).toBe(manual);
  });

  test('sends the prompt that --review would show, where nobody sees it', async () => {
    await using rig = await aiRig('test -s out.txt');
    expect((await rig.run(['next', '--review'])).code).toBe(4);
    expect(rig.statuses()).toEqual({ ai: 'READY' });
    expect((await rig.run(['next', '--review', '--yes'])).code).toBe(0);
  });
});

/** One AI_ASSISTED task that writes out.txt. */
function aiRig(check: string): Promise<Rig> {
  const checks = check === '' ? '' : `    checks: [${JSON.stringify(check)}]\n`;
  return makeRig({
    files: {
      'runbook.yaml': `models: {local: {provider: openai, base_url: ${server.url}}}
tasks:
  - id: ai
    status: READY
    type: AI_ASSISTED
    ai_details: {model: local, prompt_template: ask.txt}
    output_artifact: out.txt
${checks}`,
      'ask.txt': 'zq-write-it',
    },
  });
}

function decisions(rig: Rig): string[] {
  const made = rig.journal().filter(({ event_type }) => event_type === 'MANUAL_ACTION');
  return made.map(({ details }) => `${details?.decision} by ${details?.by}`);
}

async function piped(rig: Rig, args: string[], options: ChildOptions) {
  const { code, stdout, stderr } = await rig.run(args, options);
  return { code, text: stdout + stderr };
}

async function inTerminal(rig: Rig, args: string[], env: Record<string, string> = {}) {
  const term = rig.terminal(args, { env, cols: 200 });
  const { code } = await term.exit;
  return { code, text: term.scrollback() };
}
