// The example `happy-llm-cli`, walked from its first step to its last in a terminal, with the keys that its README names.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { events, press } from './person.ts';
import type { Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';
import { type Answer, bothFiles, changedLines, rigWithExample, walk, yes } from './walking.ts';

const MONDAY: Answer[] = [
  ...yes('phase_0_setup', 'Step 1 of 3 done?', 'Step 2 of 3 done?', 'Step 3 of 3 done?'),
  {
    task: 'task_2.1_implement_abc',
    question: 'A check failed. What now?',
    key: 'r',
    line: ['What should change?', 'stream must be abstract, too'],
  },
  ...yes('task_2.1_implement_abc', 'Accept?'),
  { task: 'task_2.2_implement_dataclasses', question: 'Accept?', key: 'q' },
];

const TUESDAY: Answer[] = [
  ...yes('task_2.2_implement_dataclasses', 'Accept?'),
  ...yes('task_2.3_export_public_names', 'Accept?'),
  ...yes('task_3.1_implement_echo', 'Accept?'),
  ...yes('task_3.2_implement_mock', 'Accept?'),
  ...yes('task_3.3_implement_local', 'Accept?'),
  ...yes('task_3.4_implement_registry', 'Accept?'),
  ...yes('task_4.1_agree_on_contract', 'Done?'),
  ...yes('task_4.2_implement_cli', 'Accept?'),
  ...yes('task_4.3_make_runnable', 'Accept?'),
  ...yes('task_5.1_write_cases', 'Accept?'),
  ...yes('task_5.2_test_cli', 'Accept?'),
  ...yes('task_5.3_test_providers', 'Accept?'),
  { task: 'task_5.6_try_by_hand', question: 'Done?', key: 'e', line: ['What is wrong?', 'the second helps nobody'] },
];

const WEDNESDAY: Answer[] = [
  ...yes('task_5.6_try_by_hand', 'Done?'),
  { task: 'task_6.1_draft_readme', question: 'Accept?', key: 'r', line: ['What should change?', 'shorter, please'] },
  ...yes('task_6.1_draft_readme', 'Accept?'),
  ...yes('task_6.2_read_readme', 'Done?'),
  { task: 'task_6.5_hand_over', question: 'Step 1 of 2 done?', key: 's' },
];

const THURSDAY = yes('task_6.5_hand_over', 'Step 1 of 2 done?', 'Step 2 of 2 done?');

/** Far beyond what a slow machine needs. */
const WHOLE_WALK_MS = 300_000;

let rig: Rig;

beforeAll(async () => {
  rig = await rigWithExample('happy-llm-cli');
  const evening = async (answers: Answer[], code: number, atTheEnd: RegExp, first = async (_term: Terminal) => {}) => {
    const term = rig.terminal(['run']);
    await first(term);
    await walk(term, answers);
    expect(await term.exit).toEqual({ code, signal: null });
    expect(term.screen()).toMatch(atTheEnd);
  };
  await evening(MONDAY, 4, /\n○ left {2}task_2\.2_implement_dataclasses is READY again$/);
  await evening(TUESDAY, 1, /\n {2}next: mend it, then runbook retry task_5\.6_try_by_hand\b/);
  await evening(WEDNESDAY, 0, NOTHING_LEFT, (term) => press(term, 'What now?', 'r'));
  expect((await rig.run(['reset', 'task_6.5_hand_over'])).code).toBe(0);
  await evening(THURSDAY, 0, NOTHING_LEFT);
}, WHOLE_WALK_MS);
afterAll(() => rig[Symbol.asyncDispose]());

test('every task is DONE, and its two files say the same', () => {
  const tasks = bothFiles(rig);
  expect(tasks).toHaveLength(24);
  expect(tasks.filter(({ status, file }) => status !== 'DONE' || file.status !== 'DONE')).toEqual([]);
});

test('of runbook.yaml only the status lines are changed', () => {
  const changed = changedLines(rig, 'happy-llm-cli', 'runbook.yaml');
  expect(changed).toHaveLength(24);
  expect(new Set(changed)).toEqual(new Set(['    status: DONE']));
});

test('the program really prints', () => {
  expect(python('-m', 'happy_llm_cli', 'hello')).toBe('hello\n');
  expect(python('-m', 'happy_llm_cli', '--version')).toBe('happy-llm 0.1.0\n');
  expect(python('outputs/happy-llm.pyz', 'packed')).toBe('packed\n');
});

test('the tests that were written on the way pass', () => {
  const said = python('-m', 'unittest', 'discover', '-s', 'tests', '-t', '.');
  expect(said).toMatch(/^Ran 18 tests in .*\n\nOK\n$/m);
});

test('the issues of the reply that failed its check carry how they were settled', () => {
  const { issues = [] } = fileOf('task_2.1_implement_abc');
  expect(issues.map(({ type, resolution }) => [type, resolution])).toEqual([
    ['VALIDATION_FAIL', 'Retried with fallback'],
    ['VALIDATION_FAIL', 'Retried with fallback'],
  ]);
  expect(issues[0]?.detail).toMatch(/exit 1:\n[\s\S]*AssertionError: abstract: \['generate'\]$/);
  expect(issues[1]?.detail).toBe('stream must be abstract, too');
});

test('the issue that a person wrote is settled once the step is done', () => {
  const { issues = [] } = fileOf('task_5.6_try_by_hand');
  expect(issues.map(({ type, detail, resolution }) => [type, detail, resolution])).toEqual([
    ['MANUAL_BLOCKER', 'the second helps nobody', 'Done on a later attempt'],
  ]);
});

test('what was asked for on a retry reached the model, and changed its reply', () => {
  const { issues = [] } = fileOf('task_6.1_draft_readme');
  expect(issues.map(({ detail, resolution }) => [detail, resolution])).toEqual([['shorter, please', 'Retried']]);
  const sent = rig.journal().filter((line) => line.event_type === 'AI_PROMPT_SENT');
  const again = sent.filter(({ details }) => details?.attempt === 2);
  expect(again.map(({ task_id, details }) => [task_id, details?.template])).toEqual([
    ['task_2.1_implement_abc', 'prompt_templates/generate_abc_simple.txt'],
    ['task_6.1_draft_readme', 'prompt_templates/generate_readme_section.txt'],
  ]);
  for (const [i, words] of ['stream must be abstract, too', 'shorter, please'].entries())
    expect(rig.read(String(again[i]?.details?.prompt))).toContain(words);
  expect(rig.read('outputs/generated_readme_draft.md').split('\n').length).toBeLessThan(40);
});

test('each task keeps how its last run went: outcome, and for a model the reply in short and its cost', () => {
  const runs = bothFiles(rig).map(({ file }) => [file.type, file.last_run] as const);
  for (const [type, run] of runs) {
    const { timestamp, ...rest } = run ?? {};
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    if (type === 'AI_ASSISTED') {
      expect(rest).toEqual({ outcome: 'SUCCESS', llm_response: expect.any(String), cost_estimate: COST });
    } else expect(rest).toEqual({ outcome: 'SUCCESS' });
  }
  expect(fileOf('task_2.1_implement_abc').last_run?.llm_response).toMatch(
    /^You are right, `stream` lacked its `@abstractmethod`\. .*…$/,
  );
});

test('the journal holds what happened, the seven event types of the plan among it', () => {
  const counts: Record<string, number> = {};
  for (const { event_type } of rig.journal()) counts[event_type] = (counts[event_type] ?? 0) + 1;
  // How many there are depends on the time that the scripts take.
  delete counts['CHECKPOINT'];
  // 24 tasks, three of them started a second time. 13 by a model: two were asked twice, one again on Tuesday.
  expect(counts).toEqual({
    READY_TASK: 22,
    START_TASK: 27,
    COMPLETE_TASK: 24,
    ERROR_TASK: 1,
    SKIP_TASK: 1,
    LEAVE_TASK: 1,
    RUN_SCRIPT: 6,
    CHECK_RUN: 29,
    MANUAL_ACTION: 24,
    AI_PROMPT_SENT: 16,
    AI_RESPONSE_RECEIVED: 16,
    FILE_WRITTEN: 13,
  });
  expect(events(rig).filter((line) => line.includes('task_2.1'))).toEqual([
    'READY_TASK  task_2.1_implement_abc  PENDING -> READY',
    'START_TASK  task_2.1_implement_abc  READY -> RUNNING',
    'AI_PROMPT_SENT  task_2.1_implement_abc',
    'AI_RESPONSE_RECEIVED  task_2.1_implement_abc',
    'CHECK_RUN  task_2.1_implement_abc',
    'CHECK_RUN  task_2.1_implement_abc',
    'MANUAL_ACTION: retry  task_2.1_implement_abc',
    'AI_PROMPT_SENT  task_2.1_implement_abc',
    'AI_RESPONSE_RECEIVED  task_2.1_implement_abc',
    'CHECK_RUN  task_2.1_implement_abc',
    'CHECK_RUN  task_2.1_implement_abc',
    'MANUAL_ACTION: accept  task_2.1_implement_abc',
    'FILE_WRITTEN  task_2.1_implement_abc',
    'COMPLETE_TASK  task_2.1_implement_abc  RUNNING -> DONE',
  ]);
});

const NOTHING_LEFT = /\nNothing is left to do: every task is DONE or SKIPPED\.$/;
const COST = { model: 'scripted replies (no model)', input_tokens: 0, output_tokens: 0, cost_usd: 0 };

function fileOf(id: string) {
  const found = bothFiles(rig).find((task) => task.id === id);
  if (!found) throw new Error(`no task ${id}`);
  return found.file;
}

/** What it prints, on both streams. */
function python(...args: string[]): string {
  const options = { cwd: rig.dir, env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8' } as const;
  return execFileSync('sh', ['-c', 'exec python3 -B "$@" 2>&1', 'sh', ...args], options);
}
