// What a program that starts us can rely on: the exit codes, each once, and with --json one object on stdout and nothing else.
import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const script = (id: string, command: string, more = '') =>
  `  - {id: ${id}, type: AUTOMATED_SCRIPT, script_details: ${JSON.stringify(command)}${more}}\n`;
const needs = (...ids: string[]) => `, depends_on: [${ids.join()}]`;

describe('exit codes', () => {
  test('0: the step was done; all steps were done; there was nothing left to do', async () => {
    await using rig = await rigOf(script('a', 'true'), script('b', 'true', needs('a')));
    const ends: unknown[] = [];
    for (const command of ['next', 'run', 'run']) {
      const finished = await rig.run([command, '--json']);
      ends.push([finished.code, (dataOf('run', finished) as { end: string }).end]);
    }
    expect(ends).toEqual([
      [0, 'step_done'],
      [0, 'finished'],
      [0, 'finished'],
    ]);
    expect(said(rig, await rig.run(['next']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      Nothing is left to do: every task is DONE or SKIPPED."
    `);
  });

  test('1: a task ended in ERROR, and then: one stands in ERROR', async () => {
    await using rig = await rigOf(script('a', 'echo oh no; exit 3'));
    for (const _time of ['the task ends', 'it stands']) {
      const finished = await rig.run(['next', '--json']);
      expect(finished).toMatchObject({ code: 1, stderr: '' });
      expect(dataOf('run', finished)).toEqual({ end: 'error', task_id: 'a', tasks: [{ id: 'a', status: 'ERROR' }] });
    }
    expect(said(rig, await rig.run(['next']))).toMatchInlineSnapshot(`
      "exit 1
      ── stderr
      ✘ ERROR  a  runbook.yaml:2
        SCRIPT_ERROR: exit 3
        oh no
        runbook retry a · runbook skip a · runbook show a"
    `);
  });

  test('2: the command line, the runbook or a setting is wrong', async () => {
    await using rig = await rigOf(script('a', './missing.sh'));
    expect((await rig.run(['next', '--frob'])).code).toBe(2);
    expect((await rig.run(['next'])).code).toBe(2);
    rig.write('runbook.yaml', 'tasks: [{id: a, status: OPEN}]\n');
    expect((await rig.run(['next'])).code).toBe(2);
  });

  test('3: work remains, but nothing is READY', async () => {
    await using rig = await rigOf('  - {id: a, status: SKIPPED}\n', script('b', 'true', needs('a')));
    const finished = await rig.run(['run', '--json']);
    expect(finished.code).toBe(3);
    expect(dataOf('run', finished)).toMatchObject({ end: 'blocked', task_id: null });
    expect(said(rig, await rig.run(['next']))).toMatchInlineSnapshot(`
      "exit 3
      ── stderr
      Nothing is READY:
        b is PENDING, waits for a (SKIPPED)

        A SKIPPED task does not let those after it go on. Either write
        \`skipped_satisfies: true\` at the top of the runbook, or run \`runbook done ID\`
        if its work is done after all, or take it out of their \`depends_on\`."
    `);
  });

  test('4: a decision is needed, and there is no person', async () => {
    await using rig = await rigOf('  - {id: a, status: READY}\n');
    const finished = await rig.run(['next', '--json']);
    expect([finished.code, finished.stdout, errorOf(finished).code]).toEqual([4, '', 'NEEDS_PERSON']);
    const left = await rig.run(['next', '--answer', 'quit', '--json']);
    expect([left.code, dataOf('run', left)]).toEqual([
      4,
      { end: 'left', task_id: 'a', tasks: [{ id: 'a', status: 'READY' }] },
    ]);
  });

  test('5: another runner holds it; 130: it was interrupted', async () => {
    await using rig = await rigOf(script('a', 'echo up; while :; do sleep 0.05; done'));
    const runner = rig.start(['next']);
    await runner.waitForOutput('│ up');
    const held = await rig.run(['next', '--json']);
    expect([held.code, held.stdout, errorOf(held).code]).toEqual([5, '', 'HELD']);
    runner.kill('SIGINT');
    expect((await runner.exit).code).toBe(130);
    expect(rig.processes()).toEqual([]);
    // It may have done a part of its work, so it is asked about.
    expect(rig.statuses()).toEqual({ a: 'RUNNING' });
  });

  test('130 with --json: how it ended is still one object', async () => {
    await using rig = await rigOf(script('a', 'touch up; while :; do sleep 0.05; done'));
    const runner = rig.start(['run', '--json']);
    await expect.poll(() => rig.exists('up')).toBe(true);
    runner.kill('SIGTERM');
    const finished = await runner.exit;
    expect(finished.code).toBe(130);
    expect(dataOf('run', finished)).toEqual({
      end: 'interrupted',
      task_id: 'a',
      tasks: [{ id: 'a', status: 'RUNNING' }],
    });
  });
});

describe('run', () => {
  const chain = [
    script('a', 'echo a >>order'),
    script('c', 'echo c >>order', needs('b')),
    script('b', 'echo b >>order', needs('a')),
    script('d', 'echo d >>order'),
  ];

  test('walks the chain: the first READY one in file order each time', async () => {
    await using rig = await rigOf(...chain);
    expect(said(rig, await rig.run(['run']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      ▶ a                                                                  step 1 of 4
        echo a >>order                                                            in .

      ✔ DONE  a  <duration>  logs/a/<stamp>.log

      ▶ b                                                                  step 3 of 4
        echo b >>order                                                            in .

      ✔ DONE  b  <duration>  logs/b/<stamp>.log

      ▶ c                                                                  step 2 of 4
        echo c >>order                                                            in .

      ✔ DONE  c  <duration>  logs/c/<stamp>.log

      ▶ d                                                                  step 4 of 4
        echo d >>order                                                            in .

      ✔ DONE  d  <duration>  logs/d/<stamp>.log
      Nothing is left to do: every task is DONE or SKIPPED."
    `);
    expect(rig.read('order')).toBe('a\nb\nc\nd\n');
  });

  test('--until stops after that task, --start-from leaves alone what comes before', async () => {
    await using rig = await rigOf(...chain);
    expect((await rig.run(['run', '--start-from', 'd'])).code).toBe(0);
    expect((await rig.run(['run', '--until', 'b'])).code).toBe(0);
    expect(rig.read('order')).toBe('d\na\nb\n');
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'DONE', c: 'READY', d: 'DONE' });
  });

  test('an ERROR stops it; --keep-going does what does not depend on it, and ends with exit 1 all the same', async () => {
    const broken = [
      script('a', 'exit 1'),
      script('b', 'touch b', needs('a')),
      script('c', 'touch c'),
      script('d', 'exit 1'),
    ];
    await using rig = await rigOf(...broken);
    expect((await rig.run(['run'])).code).toBe(1);
    expect(rig.statuses()).toMatchObject({ a: 'ERROR', c: 'READY' });
    const finished = await rig.run(['run', '--keep-going', '--json']);
    expect(finished.code).toBe(1);
    expect(rig.statuses()).toEqual({ a: 'ERROR', b: 'not written', c: 'DONE', d: 'ERROR' });
    expect(dataOf('run', finished)).toMatchObject({ end: 'error' });
    expect(rig.exists('b')).toBe(false);
    // What stands in ERROR is not run again by itself.
    expect(
      rig.journal().filter(({ event_type, task_id }) => event_type === 'START_TASK' && task_id === 'a'),
    ).toHaveLength(1);
  });

  test('next --keep-going goes past what stands in ERROR', async () => {
    await using rig = await rigOf('  - {id: a, status: ERROR}\n', script('b', 'true'), script('c', 'true'));
    expect((await rig.run(['next'])).code).toBe(1);
    expect((await rig.run(['next', '--keep-going'])).code).toBe(0);
    expect(rig.statuses()).toEqual({ a: 'ERROR', b: 'DONE', c: 'READY' });
  });

  test('a MANUAL task in the chain ends it with exit 4, with all before it done', async () => {
    await using rig = await rigOf(script('a', 'true'), `  - {id: b${needs('a')}}\n`, script('c', 'true', needs('b')));
    expect((await rig.run(['run'])).code).toBe(4);
    expect(rig.statuses()).toEqual({ a: 'DONE', b: 'READY', c: 'not written' });
  });
});

describe('--json', () => {
  test('puts one object on stdout, whatever the scripts, the checks and the editor print, and nothing on stderr', async () => {
    await using rig = await makeRig({
      files: {
        'runbook.yaml': `models: {told: {provider: scripted, replies: replies.yaml}}
tasks:
${script('a', 'echo out; echo err >&2')}  - {id: b, status: READY, checks: ["echo out; echo err >&2"]}
  - id: c
    status: READY
    type: AI_ASSISTED
    ai_details: {model: told, prompt_template: ask.txt, review_points: [Look]}
    output_artifact: out.txt
    checks: ["echo out; echo err >&2"]
`,
        'ask.txt': 'Write it.',
        'replies.yaml': 'replies: [{reply: hello}]\n',
      },
    });
    rig.command('loud', '#!/bin/sh\necho opened\n');
    const finished = await rig.run(['run', '--json', '--answer', 'accept', 'edit'], { env: { EDITOR: 'loud' } });
    // Only the editor has the terminal to itself, and what it prints goes to stderr.
    expect(finished).toMatchObject({ code: 0, stderr: 'opened\n' });
    expect(dataOf('run', finished)).toEqual({
      end: 'finished',
      task_id: null,
      tasks: ['a', 'b', 'c'].map((id) => ({ id, status: 'DONE' })),
    });
  });

  test('of every command that reads or changes is one object; an error is one on stderr', async () => {
    await using rig = await rigOf(script('a', 'true'), '  - {id: b, status: ERROR}\n');
    const kinds: Record<string, string[]> = {
      status: [],
      list: ['list'],
      task: ['show', 'a'],
      validate: ['validate'],
      dry_run: ['-n', 'next'],
      changed: ['retry', 'b'],
      run: ['next'],
      schema: ['schema'],
      init: ['init', 'new'],
    };
    for (const [kind, args] of Object.entries(kinds))
      expect(dataOf(kind, await rig.run([...args, '--json']))).toBeTruthy();
    for (const args of [
      ['show'],
      ['show', 'z'],
      ['done', 'z'],
      ['next', '--until'],
      ['init', 'new'],
      ['frob'],
      ['-C', 'gone'],
    ]) {
      const failed = await rig.run([...args, '--json']);
      expect([args, failed.code, failed.stdout]).toEqual([args, 2, '']);
      expect(errorOf(failed)).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) });
    }
  });
});

function rigOf(...tasks: string[]): Promise<Rig> {
  return makeRig({ files: { 'runbook.yaml': `tasks:\n${tasks.join('')}` } });
}
