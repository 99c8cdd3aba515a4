// The journal: which lines a walk leaves, in which form, and that the statuses in them are one chain, whoever changed them.
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type JournalLine, makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const RUNBOOK = `models:
  rehearsal: {provider: scripted, replies: replies.yaml}
tasks:
  - id: build
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: echo built
    checks: [test -d .]
  - id: read
    depends_on: [build]
  - id: draft
    depends_on: [read]
    type: AI_ASSISTED
    task_detail_file: tasks/draft.yaml
  - id: fail
    depends_on: [draft]
    type: AUTOMATED_SCRIPT
    script_details: exit 3
  - id: tell
    depends_on: [draft]
`;

const FILES = {
  'runbook.yaml': RUNBOOK,
  'tasks/draft.yaml': `id: draft
status: PENDING
ai_details: {model: rehearsal, prompt_template: p.md, output_parser: code_block}
output_artifact: notes.md
`,
  'p.md': 'Draft.\n',
  'replies.yaml': `replies:
  - {attempt: 1, reply: no block}
  - {reply: "\`\`\`\\ngood\\n\`\`\`"}
`,
};

test('a walk leaves these lines: what happened, to which task, and how its status changed', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['run', '--answer', 'accept', 'retry', 'accept']);
  await rig.run(['skip', 'fail', '--reason', 'not this time']);
  await rig.run(['next', '--answer', 'skip']);
  await rig.run(['reset', 'tell']);
  const lines = rig.journal();
  expect(lines.map(brief).join('\n')).toMatchInlineSnapshot(`
    "START_TASK build READY -> RUNNING
    RUN_SCRIPT build
    CHECK_RUN build
    COMPLETE_TASK build RUNNING -> DONE
    READY_TASK read PENDING -> READY
    START_TASK read READY -> RUNNING
    MANUAL_ACTION read
    COMPLETE_TASK read RUNNING -> DONE
    READY_TASK draft PENDING -> READY
    START_TASK draft READY -> RUNNING
    AI_PROMPT_SENT draft
    AI_RESPONSE_RECEIVED draft
    AI_RESPONSE_FAILED draft
    MANUAL_ACTION draft
    AI_PROMPT_SENT draft
    AI_RESPONSE_RECEIVED draft
    MANUAL_ACTION draft
    FILE_WRITTEN draft
    COMPLETE_TASK draft RUNNING -> DONE
    READY_TASK fail PENDING -> READY
    READY_TASK tell PENDING -> READY
    START_TASK fail READY -> RUNNING
    RUN_SCRIPT fail
    ERROR_TASK fail RUNNING -> ERROR
    MANUAL_ACTION fail ERROR -> SKIPPED
    START_TASK tell READY -> RUNNING
    MANUAL_ACTION tell
    SKIP_TASK tell RUNNING -> SKIPPED
    MANUAL_ACTION tell SKIPPED -> READY"
  `);
  const details = lines.map((line) => JSON.stringify(line.details)?.replace(/"ms":\d+/, '"ms":0'));
  expect(rig.stable(details.join('\n'))).toMatchInlineSnapshot(`
    "
    {"command":"echo built","exit_code":0,"end":"exited","ms":0,"attempt":1,"log":"logs/build/<stamp>.log"}
    {"name":"test -d .","command":"test -d .","ok":true,"exit_code":0,"ms":0}
    {"ms":0,"log":"logs/build/<stamp>.log","last_run":{"timestamp":"<time>","outcome":"SUCCESS"}}


    {"decision":"accept","by":"--answer"}
    {"ms":0,"last_run":{"timestamp":"<time>","outcome":"SUCCESS"}}


    {"model":"scripted replies (no model)","provider":"scripted","template":"p.md","tokens_estimated":2,"attempt":1,"prompt":"logs/draft/<stamp>-prompt.md","sha256":"0abbdf01bf26e333bcbcf368e842295a220084f363cb3d7dbbae278b71a6788d"}
    {"model":"scripted replies (no model)","provider":"scripted","ms":0,"input_tokens":0,"output_tokens":0,"cost_usd":0,"reply":"logs/draft/<stamp>-reply.md","sha256":"9a4371482827e50221e5a385324e902d612fc8e1a2ab6d8a29f46275841dc6d8","snippet":"no block"}
    {"type":"GENERATION_ERROR","detail":"a fenced code block was asked for, and the reply has no fenced block"}
    {"decision":"retry","by":"--answer","detail":""}
    {"model":"scripted replies (no model)","provider":"scripted","template":"p.md","tokens_estimated":35,"attempt":2,"prompt":"logs/draft/<stamp>-prompt-2.md","sha256":"f56322c5dc7bcde2552dc8ed60ab3b007b719a365eecd6165e7fb81ba6477ca3"}
    {"model":"scripted replies (no model)","provider":"scripted","ms":0,"input_tokens":0,"output_tokens":0,"cost_usd":0,"reply":"logs/draft/<stamp>-reply-2.md","sha256":"7ed171b64f10ff45e5f74aa7bb2c95c67b6680eff2e01df9ed7978df5ea6b21c","snippet":"\`\`\` good \`\`\`"}
    {"decision":"accept","by":"--answer"}
    {"path":"notes.md","bytes":5,"sha256":"106675dc1490d5cdd6d1f0410731316ce93fc964c6cf6726e2b0d53e19688feb"}
    {"ms":0,"log":"logs/draft/<stamp>.log","cost_usd":0,"input_tokens":0,"output_tokens":0,"issues":[{"timestamp":"<time>","type":"GENERATION_ERROR","detail":"a fenced code block was asked for, and the reply has no fenced block","resolution":"Retried"}],"last_run":{"timestamp":"<time>","outcome":"SUCCESS","llm_response":"\`\`\` good \`\`\`","cost_estimate":{"model":"scripted replies (no model)","input_tokens":0,"output_tokens":0,"cost_usd":0}}}



    {"command":"exit 3","exit_code":3,"end":"exited","ms":0,"attempt":1,"log":"logs/fail/<stamp>.log"}
    {"ms":0,"log":"logs/fail/<stamp>.log","issues":[{"timestamp":"<time>","type":"SCRIPT_ERROR","detail":"exit 3"}],"last_run":{"timestamp":"<time>","outcome":"FAILURE"}}
    {"command":"skip","reason":"not this time"}

    {"decision":"skip","by":"--answer"}
    {}
    {"command":"reset"}"
  `);
  for (const line of lines) {
    expect(Object.keys(line).filter((key) => !KEYS.includes(key))).toEqual([]);
    expect(new Date(line.timestamp).toISOString()).toBe(line.timestamp);
    expect(line.status_change ?? 'A -> B').toMatch(/^[A-Z]+ -> [A-Z]+$/);
  }
  const times = lines.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...times].sort());
  // One id for each command that wrote.
  expect(new Set(lines.map(({ run_id: id }) => id)).size).toBe(4);
  expectChain(rig, { build: 'READY' });
});

test('prompts and replies are kept whole, by path and hash', async () => {
  const long = `${'a long text, with ümläuts\n'.repeat(20_000)}the end \n`;
  const replies = JSON.stringify({ replies: [{ reply: `\`\`\`\n${long}\`\`\`\n` }] });
  await using rig = await makeRig({
    files: { ...FILES, 'p.md': '{{ file("long.txt") }}', 'long.txt': long, 'replies.yaml': replies },
  });
  await rig.run(['done', 'build', 'read']);
  expect((await rig.run(['next', '--answer', 'accept'])).code).toBe(0);
  expect(keptText(rig, 'AI_PROMPT_SENT', 'prompt')).toBe(long);
  expect(keptText(rig, 'AI_RESPONSE_RECEIVED', 'reply')).toBe(`\`\`\`\n${long}\`\`\`\n`);
  expect(rig.read('logs/run_log.jsonl').length).toBeLessThan(4000);
  const [written] = linesOf(rig, 'FILE_WRITTEN');
  expect(written?.details).toEqual({ path: 'notes.md', bytes: Buffer.byteLength(long), sha256: hash(long) });
});

test('a torn last line is stepped over and kept, and the next line begins on a line of its own', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const torn = '{"timestamp":"2026-11-20T10:00:00.000Z","run_id":"x","task_id":"build","status_change":"DONE -> ERR';
  appendFileSync(join(rig.dir, 'logs/run_log.jsonl'), torn);
  const before = rig.read('logs/run_log.jsonl');
  for (const args of [['status'], ['list'], ['show', 'build'], ['next', '-n']])
    expect(await rig.run(args)).toMatchObject({ code: 0 });
  expect(rig.read('logs/run_log.jsonl')).toBe(before);

  const { code, stderr } = await rig.run(['next', '--answer', 'accept']);
  expect(code).toBe(0);
  expect(stderr).not.toContain('You changed');
  const after = rig.read('logs/run_log.jsonl');
  expect(after.startsWith(`${before}\n{"timestamp":"`)).toBe(true);
  const added = after
    .slice(before.length + 1)
    .split('\n')
    .slice(0, -1);
  expect(added.map((line) => brief(JSON.parse(line) as JournalLine))).toEqual([
    'START_TASK read READY -> RUNNING',
    'MANUAL_ACTION read',
    'COMPLETE_TASK read RUNNING -> DONE',
    'READY_TASK draft PENDING -> READY',
  ]);
});

test('lines that are no JSON, or no lines of ours, hide none of the others', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const good = rig.read('logs/run_log.jsonl');
  rig.write('logs/run_log.jsonl', `garbage\n42\nnull\n{"task_id":"build"}\n${good}\u0000\u0000\n`);
  // Had the good lines been lost, nothing would be known of what the tool wrote, and this would be no hand edit.
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('DONE', 'READY'));
  expect(unwrapped((await rig.run(['next'])).stderr)).toContain(
    'You changed build: DONE → READY (runbook.yaml:5). Journaled.',
  );
});

test('a line whose fields are not of their types stops nobody', async () => {
  await using rig = await makeRig({ files: FILES });
  await rig.run(['next']);
  const odd = [
    '{"event_type":"START_TASK","task_id":"build","status_change":"DONE -> ERROR","details":null}',
    '{"event_type":"START_TASK","task_id":"build"}',
    '{"event_type":"START_TASK","task_id":"build","timestamp":"noon","run_id":7}',
  ];
  rig.write('logs/run_log.jsonl', `${rig.read('logs/run_log.jsonl')}${odd.join('\n')}\n`);
  for (const args of [['status'], ['status', '--json'], ['list'], ['next', '--answer', 'accept']])
    expect(await rig.run(args)).toMatchObject({ code: 0, stderr: expect.not.stringContaining('You changed') });
});

test('a hand edit of the runbook alone wins over the task file, and the old and the new status are said and journaled', async () => {
  await using rig = await detailed('READY');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('READY', 'DONE'));
  const { stderr } = await rig.run(['next']);
  expect(unwrapped(stderr)).toContain(
    'You changed one: READY → DONE (runbook.yaml:3). one.yaml now agrees. Journaled.',
  );
  expect(rig.read('one.yaml')).toBe('# mine\nid: one\nstatus: DONE\n');
  expect(linesOf(rig, 'HAND_EDIT')).toEqual([
    expect.objectContaining({
      task_id: 'one',
      status_change: 'READY -> DONE',
      details: { at: 'runbook.yaml:3', mended: ['one.yaml'] },
    }),
  ]);
  expectChain(rig, {});
});

test('a hand edit of the task file alone wins over the runbook', async () => {
  await using rig = await detailed('READY');
  rig.write('one.yaml', rig.read('one.yaml').replace('READY', 'SKIPPED'));
  const { stderr } = await rig.run(['next']);
  expect(unwrapped(stderr)).toContain(
    'You changed one: READY → SKIPPED (one.yaml:3). runbook.yaml now agrees. Journaled.',
  );
  expect(rig.statuses()).toEqual({ one: 'SKIPPED', two: 'DONE' });
  expectChain(rig, {});
});

test('the same hand edit in both files is one change, and nothing is left to write', async () => {
  await using rig = await detailed('READY');
  for (const file of ['runbook.yaml', 'one.yaml']) rig.write(file, rig.read(file).replace('READY', 'DONE'));
  const before = [rig.read('runbook.yaml'), rig.read('one.yaml')];
  const { stderr } = await rig.run(['next']);
  expect(unwrapped(stderr)).toContain('You changed one: READY → DONE (runbook.yaml:3). Journaled.');
  expect([rig.read('runbook.yaml'), rig.read('one.yaml')]).toEqual(before);
  expect(linesOf(rig, 'HAND_EDIT')).toHaveLength(1);
  expect((await rig.run(['next'])).stderr).not.toContain('You changed');
});

test('where a hand wrote differently into both files, the runbook wins', async () => {
  await using rig = await detailed('READY');
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('READY', 'DONE'));
  rig.write('one.yaml', rig.read('one.yaml').replace('READY', 'ERROR'));
  const { stderr } = await rig.run(['next']);
  expect(unwrapped(stderr)).toContain(
    'You changed one: READY → DONE (runbook.yaml:3). one.yaml now agrees. Journaled.',
  );
  expect(rig.read('one.yaml')).toContain('status: DONE\n');
  expectChain(rig, {});
});

test('without a journal, two files that disagree are brought to agree with the runbook, and that is said', async () => {
  await using rig = await detailed('READY');
  rig.write('logs/run_log.jsonl', '');
  rig.write('one.yaml', rig.read('one.yaml').replace('READY', 'ERROR'));
  const { stderr } = await rig.run(['next', '--answer', 'quit']);
  expect(unwrapped(stderr)).toContain(
    'You changed one: ERROR → READY (runbook.yaml:3). one.yaml now agrees. Journaled.',
  );
  expect(rig.read('one.yaml')).toContain('status: READY\n');
});

test('looking at a hand edit writes nothing; it is journaled by the next command that acts', async () => {
  await using rig = await detailed('READY');
  rig.write('one.yaml', rig.read('one.yaml').replace('READY', 'SKIPPED'));
  const before = rig.tree();
  for (const args of [['status'], ['list'], ['show', 'one'], ['validate'], ['next', '--dry-run']]) await rig.run(args);
  expect(rig.tree()).toEqual(before);
  expect((await rig.run(['status'])).stdout).toContain('you changed  one: READY → SKIPPED (one.yaml:3)');
});

test('over many commands and many hands, the statuses of each task are one chain', async () => {
  await using rig = await makeRig({ files: FILES });
  const hand = (pattern: RegExp, to: string) =>
    rig.write('runbook.yaml', rig.read('runbook.yaml').replace(pattern, `$1${to}`));
  await rig.run(['run', '--answer', 'quit']);
  hand(/(id: read\n\s+status: )\w+/, 'DONE');
  await rig.run(['run', '--answer', 'retry', 'error']);
  await rig.run(['retry', 'draft']);
  await rig.run(['run', '--answer', 'retry', 'accept']);
  hand(/(id: fail\n\s+status: )\w+/, 'RUNNING');
  await rig.run(['run', '--keep-going', '--answer', 'retry', 'accept']);
  await rig.run(['done', 'fail', '--reason', 'by hand']);
  await rig.run(['reset', 'build', '--with-dependents']);
  hand(/(id: build\n\s+status: )\w+/, 'PENDING');
  await rig.run(['next']);
  await rig.run(['skip', 'tell', 'fail']);
  expectChain(rig, { build: 'READY' });
  expect(rig.journal().filter(({ status_change: change }) => change).length).toBeGreaterThan(25);
});

const KEYS = ['timestamp', 'run_id', 'task_id', 'event_type', 'status_change', 'details'];

/** A rig in which the tool has written the status of `one` into both of its files, and nothing else is left to do. */
async function detailed(status: string): Promise<Rig> {
  const rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:\n  - id: one\n    status: PENDING\n    task_detail_file: one.yaml\n  - {id: two, status: DONE}\n`,
      'one.yaml': '# mine\nid: one\nstatus: PENDING\n',
    },
  });
  await rig.run(['next', '--answer', 'quit']);
  expect(rig.statuses()).toEqual({ one: status, two: 'DONE' });
  return rig;
}

function brief({ event_type: type, task_id: task, status_change: change }: JournalLine): string {
  return [type, task, change].filter(Boolean).join(' ');
}

function linesOf(rig: Rig, type: string): JournalLine[] {
  return rig.journal().filter(({ event_type: other }) => other === type);
}

/** The text of the file that a line names, after its hash was compared with the one in the line. */
function keptText(rig: Rig, type: string, field: string): string {
  const [line] = linesOf(rig, type);
  const path = String(line?.details?.[field]);
  expect(path).toMatch(/^logs\/draft\/\d{8}T\d{6}-\w+\.md$/);
  const text = rig.read(path);
  expect(line?.details?.sha256).toBe(hash(text));
  return text;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Each change of a task's status begins where the one before it ended, and the last one is what stands in the YAML. */
function expectChain(rig: Rig, initial: Record<string, string>): void {
  const now: Record<string, string> = {};
  for (const { task_id: task = '', status_change: change } of rig.journal()) {
    if (change === undefined) continue;
    const [from, to = ''] = change.split(' -> ');
    expect(`${task} ${from}`).toBe(`${task} ${now[task] ?? initial[task] ?? 'PENDING'}`);
    now[task] = to;
  }
  expect(rig.statuses()).toMatchObject(now);
}
