// `--plain`, for who hears the screen: each line stands by itself, in words, without columns, signs or anything that moves; a question
// is a line, and so is its answer. A terminal that can't move its cursor (TERM=dumb) asks in the same way.
import { expect, test } from 'vitest';
import { inTurns } from './faults/turns.ts';
import { releaseFiles } from './release.ts';
import { makeRig, type Rig } from './rig.ts';

const FILES = {
  'runbook.yaml': `name: small
models: {told: {provider: scripted, replies: replies.yaml}}
tasks:
  - {id: build, name: Build it, status: READY, type: AUTOMATED_SCRIPT, description: What it is about, script_details: {command: "printf 'one\\ntwo'", timeout: 90s}}
  - {id: read, depends_on: [build], manual_instructions: [Open it, Read it]}
  - id: draft
    name: Write it
    depends_on: [read]
    type: AI_ASSISTED
    output_artifact: out.txt
    checks: [{name: there, command: test -s out.txt}, "! grep bad out.txt"]
    ai_details: {model: told, prompt_template: p.md, review_points: [Is it short]}
  - {id: fail, depends_on: [draft], type: AUTOMATED_SCRIPT, script_details: "echo oops; exit 3"}
  - {id: last, name: The last, depends_on: [fail]}
`,
  'p.md': 'Write.\n',
  'replies.yaml': 'replies: [{reply: "bad\\n"}]\n',
};

test('status, whole', async () => {
  await using rig = await makeRig({ files: releaseFiles });
  const { code, stdout, stderr } = await rig.run(['--plain'], { env: { FORCE_COLOR: '1' } });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.replace(/\d+ days ago/, '<days> ago')).toMatchInlineSnapshot(`
    "release-runbook: 2 of 8 done
    interrupted: sign; by hand; its runner is gone; runbook next asks what to do
    ERROR: pack; Pack it, in a file with a name that is longer than what fits on a line of eighty columns; exit 1: npm error code E403; <days> ago; runbook retry pack; runbook show pack
    next: nothing until the error is settled
    after: read_notes; Read the notes; by hand; READY
    after: publish; Publish; by hand; waits for draft_notes, pack
    after: announce; Announce; by hand; waits for publish
    after: late; by hand; waits for publish
    "
  `);
});

test('status of a task that somebody has, of one that waits for nothing, and of what a hand has changed', async () => {
  await using rig = await makeRig({ files: FILES });
  expect((await rig.run(['status', '--plain'])).stdout).toMatchInlineSnapshot(`
    "small: 0 of 5 done
    next: build; Build it
    after: read; by hand; waits for build
    after: draft; Write it; waits for read
    after: fail; waits for draft
    after: last; The last; by hand; waits for fail
    "
  `);
  await rig.run(['start', 'build', '--by', 'bot']);
  rig.write('runbook.yaml', rig.read('runbook.yaml').replace('id: read', 'id: read, status: DONE'));
  expect(rig.stable((await rig.run(['status', '--plain'])).stdout)).toMatchInlineSnapshot(`
    "small: 1 of 5 done
    you changed: read; PENDING to DONE; runbook.yaml:5
    taken: build; Build it; by bot; just now
    next: draft; Write it; since read is done
    after: fail; waits for draft
    after: last; The last; by hand; waits for fail
    last: just now; build; READY to RUNNING
    "
  `);
});

test('show, why, validate and an error, whole', async () => {
  await using rig = await makeRig({ files: releaseFiles });
  const screen = async (...args: string[]) => {
    const { stdout, stderr } = await rig.run([...args, '--plain']);
    return `$ runbook ${args.join(' ')}\n${rig.stable(stdout + stderr)}`;
  };
  const screens = [await screen('show', 'draft_notes'), await screen('why', 'late'), await screen('retry', 'late')];
  rig.write('runbook.yaml', 'tasks:\n  - {id: a, statsu: READY}\n  - {id: b, depends_on: [c]}\n');
  screens.push(await screen('validate'));
  expect(screens.join('\n')).toMatchInlineSnapshot(`
    "$ runbook show draft_notes
    draft_notes; Phase 1 / Draft the release notes
    status: SKIPPED
    type: AI_ASSISTED
    written: runbook.yaml:12
    written: tasks/draft_notes.yaml:3
    about: From git log.
    about: For users, not for us.
    after: run_tests
    before: publish
    before: announce
    before: late
    model: gpt-4o-mini
    template: prompt_templates/notes.txt (then prompt_templates/notes_simple.txt)
    with: version: 0.2.0
    with: audience: ["users","packagers"]
    parser: markdown_code_block
    look for: Each breaking change says what to do
    look for: No hashes
    writes: outputs/notes.md
    checks: no hashes
    checks: test -s outputs/notes.md
    last run: timestamp: <time>; outcome: FAILURE; llm_response: # 0.2.0

    $ runbook why late
    late is READY, but can’t start: it waits for publish, which waits for draft_notes, which is SKIPPED; and for publish, which waits for pack, which is in ERROR.
    first cause: draft_notes is SKIPPED: that does not satisfy, unless the runbook says \`skipped_satisfies: true\`; runbook.yaml:12; runbook done draft_notes
    first cause: pack is ERROR: SCRIPT_ERROR: exit 1: npm error code E403; runbook.yaml:18; runbook retry pack
    then: publish is PENDING: waits for draft_notes and pack
    to go on: runbook done draft_notes
    to go on: runbook retry pack
    set: as it was written: the journal tells of no change to READY
    written: runbook.yaml:31; READY

    $ runbook retry late
    late is READY already

    $ runbook validate
    1 mistake, 1 warning
    warning: runbook.yaml:2:13: \`statsu\` is not a field of the tool's; it is kept as it is. Did you mean \`status\`?
    error: runbook.yaml:3:26: task \`b\` depends on \`c\`, which does not exist.
    hint: Mend the id, or take it out.
    "
  `);
});

test('a run in a terminal: what is said and asked, whole, without one sign that acts on it', async () => {
  await using rig = await makeRig({ files: FILES });
  const term = rig.terminal(['run', '--plain'], { rows: 60, env: { EDITOR: 'sed -i s/bad/good/' } });
  const answer = async (question: RegExp, line: string) => {
    await term.waitFor(question);
    term.type(line);
    term.press('enter');
  };
  await answer(/Step 1 of 2 done\? Type [^:]*:$/, 'x');
  await answer(/none of them. Type y, e, s or q:$/, 'Y');
  await answer(/Step 2 of 2 done\? Type [^:]*:$/, 'done');
  await answer(/What now\? Type [^:]*:$/, 'r');
  await answer(/\(Enter: nothing to add\)$/, 'say more');
  await answer(/say more[\s\S]*What now\? Type [^:]*:$/, 'm');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect(term.raw()).not.toMatch(/\x1b/);
  expect(rig.stable(term.raw().replaceAll('\r\n', '\n'))).toMatchInlineSnapshot(`
    "step 1 of 5: build; Build it
    about: What it is about
    runs: printf 'one; in .; at most <duration>
    two'
    one
    two
    DONE: build; <duration>; log logs/build/<stamp>.log
    step 2 of 5: read
    1. Open it
    2. Read it
    Step 1 of 2 done? Type y next, e error, s skip, q leave: x
    That is none of them. Type y, e, s or q: Y
    Step 2 of 2 done? Type y done, e error, s skip, q leave: done
    DONE: read; <duration>
    step 3 of 5: draft; Write it
    asks: scripted replies (no model); p.md; 2 tokens
    writes: out.txt once you accept
    waiting for the reply
    proposed: out.txt; new, +1 line
    + bad
    check passed: there; test -s out.txt
    check failed: ! grep bad out.txt; exit 1
    bad
    look for: Is it short
    A check failed. What now? Type r retry, m edit, e error, s skip, d diff, q leave: r
    What should change? (Enter: nothing to add) say more
    waiting for the reply
    proposed: out.txt; new, +1 line
    + bad
    check passed: there; test -s out.txt
    check failed: ! grep bad out.txt; exit 1
    bad
    look for: Is it short
    A check failed. What now? Type r retry, m edit, e error, s skip, d diff, q leave: m
    proposed: out.txt; new, +1 line
    + good
    check passed: there; test -s out.txt
    check passed: ! grep bad out.txt
    look for: Is it short
    wrote: out.txt
    DONE: draft; <duration>; log logs/draft/<stamp>.log
    step 4 of 5: fail
    runs: echo oops; exit 3; in .
    oops
    ERROR: fail; <duration>; log logs/fail/<stamp>.log
    exit 3
    oops
    next: mend it, then runbook retry fail; runbook show fail
    "
  `);
});

test('TERM=dumb: asked and answered by lines, and no sign that acts on the terminal; Ctrl-C changes nothing', async () => {
  await using rig = await makeRig({ files: FILES });
  const env = { TERM: 'dumb' };
  expect((await rig.run(['next'], { env })).code).toBe(0);
  const left = rig.terminal(['next'], { env });
  await left.waitFor(/Step 1 of 2 done\? Type [^:]*:$/);
  left.press('ctrl-c');
  expect(await left.exit).toEqual({ code: 130, signal: null });
  const away = rig.terminal(['next'], { env });
  await away.waitFor(/Step 1 of 2 done\? Type [^:]*:$/);
  away.press('ctrl-d');
  expect(await away.exit).toEqual({ code: 130, signal: null });
  expect(rig.read('runbook.yaml')).toContain('id: read, status: READY');
  const term = rig.terminal(['next'], { env });
  await term.waitFor(/Step 1 of 2 done\? Type [^:]*:$/);
  term.type('e');
  term.press('enter');
  await term.waitFor(/What is wrong\?$/m);
  term.type('it is torn');
  term.press('enter');
  expect(await term.exit).toEqual({ code: 1, signal: null });
  expect([left, away, term].map((each) => each.raw()).join('')).not.toMatch(/\x1b/);
  expect(rig.read('runbook.yaml')).toContain('detail: it is torn');
});

/** Each comes to its work, or to a mistake. */
const LINES: readonly (readonly string[])[] = [
  ['status'],
  ['list'],
  ['list', '--status', 'SKIPPED'],
  ['show', 'draft'],
  ['why', 'last'],
  ['why', 'build'],
  ['graph'],
  ['history', '--all'],
  ['prompt', 'draft'],
  ['validate'],
  ['doctor'],
  ['next', '-n'],
  ['run', '-n'],
  ['next'],
  ['run', '--yes'],
  ['start', 'build', '--by', 'bot'],
  ['done', 'build', 'read'],
  ['done', 'draft'],
  ['skip', 'fail'],
  ['retry', 'fail'],
  ['error', 'build', '--reason', 'no'],
  ['error', 'build', '--reason', 'no', '-n'],
  ['reset', 'build', '--with-dependents', '-n'],
  ['add', 'One more', '-n'],
  ['add', 'One more', '--detail'],
  ['import', 'PLAN.md', '-n'],
  ['import', 'PLAN.md', '--yes'],
  ['export', '-o', 'LIST.md'],
  ['report', '-o', 'r.html'],
  ['graph', '-o', 'g.svg'],
  ['init', 'new'],
  ['edit', 'draft'],
  ['nonsense'],
  ['next', '--nonsense'],
];

test('of every command: no sign, and no columns', async () => {
  const found: string[] = [];
  await inTurns(2, [...LINES], async (args) => {
    await using rig = await makeRig({ files: { ...FILES, 'PLAN.md': '- [ ] One\n' } });
    for (const line of [args, ['status'], ['history']]) found.push(...(await oddRows(rig, line)));
  });
  expect(found).toEqual([]);
}, 60_000);

/** The rows with a sign that is no letter, or with a gap. A diff is as the file is. */
async function oddRows(rig: Rig, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await rig.run([...args, '--plain']);
  const rows = (stdout + stderr).split('\n').filter((row) => !/^ {2}[ +-] /.test(row));
  return rows.filter((row) => /[^\t -~’]|\S {2,}\S/.test(row)).map((row) => `${args.join(' ')}: ${row}`);
}
