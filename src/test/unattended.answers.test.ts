// `--answer` speaks for a person, one decision at a time and in the order given; `--reason` says why.
import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

describe('a MANUAL task', () => {
  const yaml = 'tasks:\n  - {id: a, status: READY, manual_instructions: [One, Two]}\n  - {id: b, depends_on: [a]}\n';

  test.each<[answer: string, code: number, status: string]>([
    ['accept', 0, 'DONE'],
    ['error', 1, 'ERROR'],
    ['skip', 0, 'SKIPPED'],
    ['quit', 4, 'READY'],
  ])('%s', async (answer, code, status) => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect((await rig.run(['next', '--answer', answer])).code).toBe(code);
    expect(rig.statuses().a).toBe(status);
  });

  test.each(['retry', 'edit'])('%s is no answer to it, and nothing is written', async (answer) => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    const refused = await rig.run(['next', '--answer', answer, '--json']);
    expect(refused.code).toBe(2);
    expect(errorOf(refused)).toMatchObject({ code: 'USAGE', hint: 'accept, error, skip or quit' });
    expect(rig.read('runbook.yaml')).toBe(yaml);
  });

  test('accept is not enough if a check fails', async () => {
    await using rig = await makeRig({
      files: { 'runbook.yaml': 'tasks:\n  - {id: a, status: READY, checks: ["false"]}\n' },
    });
    expect(said(rig, await rig.run(['next', '--answer', 'accept']))).toMatchInlineSnapshot(`
      "exit 1
      ── stderr
      ▶ a                                                                  step 1 of 1

        ✘ false                                                                 exit 1
      ✘ ERROR  a  <duration>
        check \`false\` exit 1
        next: mend it, then runbook retry a · runbook show a"
    `);
    expect(dataOf('task', await rig.run(['show', 'a', '--json']))).toMatchObject({
      status: 'ERROR',
      issues: [{ type: 'VALIDATION_FAIL', detail: 'check `false` exit 1' }],
    });
  });

  test('--reason is what is said to be wrong', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    await rig.run(['next', '--answer', 'error', '--reason', 'the door is locked']);
    expect(dataOf('task', await rig.run(['show', 'a', '--json']))).toMatchObject({
      issues: [{ type: 'MANUAL_BLOCKER', detail: 'the door is locked' }],
      last_run: { outcome: 'FAILURE' },
    });
    expect(rig.journal()).toContainEqual(
      expect.objectContaining({ details: { decision: 'error', by: '--answer', detail: 'the door is locked' } }),
    );
  });

  test('in a run each answer is for one decision, and the first that is missing stops it', async () => {
    const three = 'tasks:\n  - {id: a, status: READY}\n  - {id: b, status: READY}\n  - {id: c, status: READY}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': three } });
    expect((await rig.run(['run', '--answer', 'accept', 'skip'])).code).toBe(4);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'SKIPPED', c: 'READY' });
    expect((await rig.run(['run', '--answer', 'accept', '--answer', 'skip'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'SKIPPED', c: 'DONE' });
  });
});

describe('a reply', () => {
  test.each<[answer: string, code: number, status: string, file: string | undefined]>([
    ['accept', 0, 'DONE', 'first\n'],
    ['error', 1, 'ERROR', undefined],
    ['skip', 0, 'SKIPPED', undefined],
    ['quit', 4, 'READY', undefined],
  ])('%s', async (answer, code, status, file) => {
    await using rig = await aiRig();
    expect((await rig.run(['next', '--answer', answer])).code).toBe(code);
    expect(rig.statuses()).toEqual({ ai: status });
    expect(rig.exists('out.txt') ? rig.read('out.txt') : undefined).toBe(file);
  });

  test('retry, then accept: --reason is the feedback, and the issue is settled', async () => {
    await using rig = await aiRig();
    expect((await rig.run(['next', '--answer', 'retry', 'accept', '--reason', 'shorter'])).code).toBe(0);
    expect(rig.read('out.txt')).toBe('second, and shorter\n');
    expect(dataOf('task', await rig.run(['show', 'ai', '--json']))).toMatchObject({
      issues: [{ type: 'VALIDATION_FAIL', detail: 'shorter', resolution: 'Retried' }],
    });
    expect(sentPrompts(rig)[1]).toContain('What to change:\n\nshorter');
  });

  test('retry alone leaves the second reply to a person: READY again, exit 4, and both replies are in the log', async () => {
    await using rig = await aiRig();
    const left = await rig.run(['next', '--answer', 'retry', '--json']);
    expect(left.code).toBe(4);
    expect(errorOf(left)).toMatchObject({ code: 'NEEDS_PERSON', hint: expect.stringContaining('--answer accept') });
    expect(rig.statuses()).toEqual({ ai: 'READY' });
    expect(rig.journal().filter(({ event_type }) => event_type === 'AI_RESPONSE_RECEIVED')).toHaveLength(2);
  });

  test('retry, then --yes goes by the checks', async () => {
    await using rig = await aiRig('grep -q second out.txt');
    expect((await rig.run(['next', '--answer', 'retry', '--yes'])).code).toBe(0);
    expect(rig.read('out.txt')).toBe('second, and shorter\n');
  });

  test('edit opens EDITOR, and what comes back is accepted and journaled as a manual edit', async () => {
    await using rig = await aiRig('test -s out.txt');
    rig.command('shout', '#!/bin/sh\ntr a-z A-Z <"$1" >"$1.new" && mv "$1.new" "$1"\n');
    expect((await rig.run(['next', '--answer', 'edit'], { env: { EDITOR: 'shout' } })).code).toBe(0);
    expect(rig.read('out.txt')).toBe('FIRST\n');
    expect(rig.journal()).toContainEqual(
      expect.objectContaining({
        event_type: 'MANUAL_ACTION',
        details: { decision: 'edit', by: '--answer', manual_edit: true },
      }),
    );
  });

  test('edit without an editor, or with one that fails, leaves the task READY', async () => {
    await using rig = await aiRig();
    expect((await rig.run(['next', '--answer', 'edit'])).code).toBe(4);
    // The answer after it was not meant for the reply as it came.
    const failed = await rig.run(['next', '--answer', 'edit', 'accept', '--json'], { env: { EDITOR: 'false' } });
    expect([failed.code, failed.stdout, errorOf(failed).code]).toEqual([2, '', 'EDITOR_FAILED']);
    expect(rig.statuses()).toEqual({ ai: 'READY' });
    expect(rig.exists('out.txt')).toBe(false);
  });

  test('an edit that a check refuses is not accepted; the next answer decides', async () => {
    await using rig = await aiRig('grep -q second out.txt');
    const env = { EDITOR: 'true' };
    expect((await rig.run(['next', '--answer', 'edit', 'retry', 'accept'], { env })).code).toBe(0);
    expect(rig.read('out.txt')).toBe('second, and shorter\n');
  });

  test('accept is not enough if a check fails: it is an ERROR, by nobody, with the check as its issue', async () => {
    await using rig = await aiRig('false');
    expect((await rig.run(['next', '--answer', 'accept', '--reason', 'looks good'])).code).toBe(1);
    expect(rig.exists('out.txt')).toBe(false);
    expect(dataOf('task', await rig.run(['show', 'ai', '--json']))).toMatchObject({
      status: 'ERROR',
      issues: [{ type: 'VALIDATION_FAIL', detail: 'check `false` exit 1' }],
    });
    expect(rig.journal()).toContainEqual(
      expect.objectContaining({ details: expect.objectContaining({ decision: 'error', by: 'nobody' }) }),
    );
  });

  test('error with --reason is an issue in those words', async () => {
    await using rig = await aiRig();
    await rig.run(['next', '--answer', 'error', '--reason', 'it is in the wrong tone']);
    expect(dataOf('task', await rig.run(['show', 'ai', '--json']))).toMatchObject({
      issues: [{ type: 'VALIDATION_FAIL', detail: 'it is in the wrong tone' }],
    });
  });
});

describe('a task in ERROR', () => {
  const yaml = `tasks:
  - {id: a, status: ERROR, type: AUTOMATED_SCRIPT, script_details: "true"}
  - {id: b, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}
`;
  test.each<[answer: string, code: number, statuses: Record<string, string>]>([
    ['retry', 0, { a: 'DONE', b: 'READY' }],
    ['skip', 0, { a: 'SKIPPED', b: 'DONE' }],
    ['quit', 1, { a: 'ERROR', b: 'READY' }],
    // No answers to this question.
    ['accept', 1, { a: 'ERROR', b: 'READY' }],
    ['error', 1, { a: 'ERROR', b: 'READY' }],
  ])('%s', async (answer, code, statuses) => {
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect((await rig.run(['next', '--answer', answer])).code).toBe(code);
    expect(rig.statuses()).toEqual(statuses);
  });
});

describe('a task that was cut off', () => {
  test.each<[answer: string, code: number, status: string]>([
    ['retry', 0, 'DONE'],
    ['accept', 0, 'DONE'],
    ['error', 1, 'ERROR'],
    ['quit', 4, 'RUNNING'],
    // No answers to this question, so that it becomes an ERROR, as where nobody is asked.
    ['skip', 1, 'ERROR'],
    ['edit', 1, 'ERROR'],
  ])('%s', async (answer, code, status) => {
    const yaml = 'tasks:\n  - {id: a, status: RUNNING, type: AUTOMATED_SCRIPT, script_details: touch ran}\n';
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    expect((await rig.run(['next', '--answer', answer])).code).toBe(code);
    expect(rig.statuses()).toEqual({ a: status });
    expect(rig.exists('ran')).toBe(answer === 'retry');
  });
});

/** One AI_ASSISTED task that writes out.txt, with a reply for each of two attempts. */
function aiRig(check?: string): Promise<Rig> {
  const checks = check === undefined ? '' : `    checks: [${JSON.stringify(check)}]\n`;
  return makeRig({
    files: {
      'runbook.yaml': `models: {told: {provider: scripted, replies: replies.yaml}}
tasks:
  - id: ai
    status: READY
    type: AI_ASSISTED
    ai_details: {model: told, prompt_template: ask.txt}
    output_artifact: out.txt
${checks}`,
      'ask.txt': 'Write it.',
      'replies.yaml': 'replies:\n  - {attempt: 1, reply: first}\n  - {attempt: 2, reply: "second, and shorter"}\n',
    },
  });
}

/** The prompts as they are kept whole in the log. */
function sentPrompts(rig: Rig): string[] {
  const sent = rig.journal().filter(({ event_type }) => event_type === 'AI_PROMPT_SENT');
  return sent.map(({ details }) => rig.read(String(details?.prompt)));
}
