// What can go wrong between us and a model. Each fault becomes an issue in words that a person understands; the task is never
// left RUNNING behind a runner that is gone, and nothing is asked again in silence. Each fault by itself: models.faults.test.ts.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Answer, openaiServer } from './openaiServer.ts';
import { makeRig, type Rig } from './rig.ts';
import { unwrapped } from './said.ts';
import { streamed, webServer } from './webServer.ts';

const CODE = '```python\nprint("hi")\n```\n';

test('an account without credit is not asked again: its code says so', async () => {
  const answer = { status: 429, message: 'You exceeded your current quota', code: 'insufficient_quota' };
  await using server = await openaiServer({ 'zebra-1': answer });
  await using rig = await aiRig();
  await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
  const { host } = new URL(server.url);
  const detail = `${host} says: You exceeded your current quota (429). There is no credit left on that account.`;
  expect(issuesOf(rig)).toEqual([expect.objectContaining({ detail })]);
  expect(server.requests()).toHaveLength(1);
});

describe('what passes is waited for, and that is said:', () => {
  test('a rate limit, for as long as the server asks', async () => {
    const asked: number[] = [];
    await using server = await webServer((_request, response) => {
      asked.push(performance.now());
      if (asked.length > 1) response.end(streamed(CODE));
      else response.writeHead(429, { 'retry-after': '1' }).end(JSON.stringify({ error: { message: 'Slow down' } }));
    });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(0);
    const [first = 0, second = 0] = asked;
    expect(second - first).toBeGreaterThanOrEqual(990);
    const { host } = new URL(server.url);
    expect(unwrapped(finished.stderr)).toContain(`✘ ${host} says: Slow down (429); asking again in 1.0 s `);
    const delayed = rig.journal().find(({ event_type: type }) => type === 'AI_RESPONSE_DELAYED');
    expect(delayed?.details).toEqual({ why: `${host} says: Slow down (429)`, wait_ms: 1000 });
    expect(rig.statuses()).toEqual({ greet: 'DONE' });
    expect(rig.read('runbook.yaml')).not.toContain('issues');
  });

  test('a fault of the server', async () => {
    await using server = await openaiServer({ 'zebra-1': [{ status: 500 }, CODE] });
    await using rig = await aiRig();
    const finished = await rig.run(['next', '--yes=unchecked'], { env: { OPENAI_BASE_URL: server.url } });
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/ says: fault 500 \(500\); asking again (?:at once|in 0\.\d s)\n/);
    expect(server.requests()).toHaveLength(2);
  });
});

test('with a person, the menu offers to retry, and what was wrong is settled when it is done', async () => {
  await using server = await openaiServer({ 'zebra-1': [{ status: 401, message: 'Bad key' }, CODE] });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('What now?');
  expect(rig.stable(term.screen()).replace(/127[\d.:]+/, '<host>')).toMatchInlineSnapshot(`
    "▶ greet                                                              step 1 of 1
      gpt-4o-mini · p.md · 4 tokens · cost unknown
      writes hello.py once you accept

      ✘ <host> says: Bad key (401). The key in \`OPENAI_API_KEY\` was
        refused. Is it the right one?
    ? This reply can’t be used. What now?
      r retry · m edit · e error · s skip · q leave  ›"
  `);
  expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
  term.press('r');
  await term.waitFor('What should change?');
  term.press('enter');
  await term.waitFor('Accept?');
  term.press('y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(issuesOf(rig)).toEqual([expect.objectContaining({ type: 'GENERATION_ERROR', resolution: 'Retried' })]);
  expect(rig.statuses()).toEqual({ greet: 'DONE' });
});

test('with a person, `e` keeps the fault as the issue, without a second one', async () => {
  await using server = await openaiServer({ 'zebra-1': '' });
  await using rig = await aiRig();
  const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
  await term.waitFor('What now?');
  term.press('e');
  await term.waitFor('What is wrong?');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(issuesOf(rig)).toEqual([
    expect.objectContaining({ detail: 'the reply is empty. Retry, or ask another model.' }),
  ]);
  expect(rig.statuses()).toEqual({ greet: 'ERROR' });
});

describe('Ctrl-C while the reply comes', () => {
  const slow: Answer = { text: 'x'.repeat(10_000), pauseMs: 50 };

  test('ends it at once; the task is asked about next time, and nothing was changed', async () => {
    await using server = await openaiServer({ 'zebra-1': slow });
    await using rig = await aiRig();
    const term = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
    await term.waitFor(/· \d+ tokens$/);
    term.press('ctrl-c');
    expect(await term.exit).toEqual({ code: 130, signal: null });
    expect(rig.stable(term.screen())).toMatchInlineSnapshot(`
      "▶ greet                                                              step 1 of 1
        gpt-4o-mini · p.md · 4 tokens · cost unknown
        writes hello.py once you accept

      ◌ greet stays RUNNING: it may have done part of its work.
        runbook next  asks what to do about it
      interrupted"
    `);
    expect(rig.exists('hello.py')).toBe(false);
    expect(issuesOf(rig)).toEqual([]);

    const again = rig.terminal(['next'], { env: { OPENAI_BASE_URL: server.url } });
    await again.waitFor('What now?');
    expect(rig.stable(again.screen())).toMatchInlineSnapshot(`
      "greet was RUNNING and no runner is at it.
      Its reply was not accepted; its log ends at logs/greet/<stamp>.log.

      ? What now?  r run again · y it is done · e mark as error · q leave  ›"
    `);
    again.press('q');
    expect(await again.exit).toEqual({ code: 4, signal: null });
  });

  test('without a person it is the same, and the next run makes it an ERROR', async () => {
    await using server = await openaiServer({ 'zebra-1': slow });
    await using rig = await aiRig();
    const env = { OPENAI_BASE_URL: server.url };
    const child = rig.start(['next', '--yes=unchecked'], { env });
    await expect.poll(() => server.requests().length).toBe(1);
    child.kill('SIGINT');
    const { code, stderr } = await child.exit;
    expect(code).toBe(130);
    expect(stderr).not.toContain('✘');
    expect(rig.statuses()).toEqual({ greet: 'RUNNING' });
    expect((await rig.run(['next', '--yes=unchecked'], { env })).code).toBe(1);
    expect(rig.statuses()).toEqual({ greet: 'ERROR' });
    expect(issuesOf(rig)).toEqual([expect.objectContaining({ type: 'INTERRUPTED' })]);
  });
});

async function aiRig(): Promise<Rig> {
  const runbook = `tasks:
  - id: greet
    status: READY
    type: AI_ASSISTED
    output_artifact: hello.py
    ai_details: {prompt_template: p.md, model: gpt-4o-mini, output_parser: python_code_block}
`;
  return makeRig({ files: { 'runbook.yaml': runbook, 'p.md': 'Write zebra-1.\n' } });
}

function issuesOf(rig: Rig): unknown[] {
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { issues?: unknown[] }[] };
  return tasks.flatMap(({ issues = [] }) => issues);
}
