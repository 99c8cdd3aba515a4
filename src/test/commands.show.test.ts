// What `show` says of a task of each type: the whole of it, for a person and for a program.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseFiles } from './release.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, said } from './said.ts';

let rig: Rig;
let before: Record<string, string>;
beforeAll(async () => {
  rig = await makeRig({ files: releaseFiles });
  before = rig.tree();
});
afterAll(async () => {
  expect(rig.tree()).toEqual(before);
  await rig[Symbol.asyncDispose]();
});

test('an AI_ASSISTED task, with the model, the templates and what the reply is for', async () => {
  expect(said(rig, await rig.run(['show', 'draft_notes']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    draft_notes  Phase 1 / Draft the release notes

      status    SKIPPED
      type      AI_ASSISTED
      written   runbook.yaml:12
                tasks/draft_notes.yaml:3
      about     From git log.
                For users, not for us.
      after     run_tests
      before    publish
                announce
                late
      model     gpt-4o-mini
      template  prompt_templates/notes.txt (then prompt_templates/notes_simple.txt)
      with      version: 0.2.0
                audience: ["users","packagers"]
      parser    markdown_code_block
      look for  Each breaking change says what to do
                No hashes
      writes    outputs/notes.md
      checks    no hashes
                test -s outputs/notes.md
      last run  timestamp: <time> · outcome: FAILURE · llm_response: # 0.2.0"
  `);
  expect(dataOf('task', await rig.run(['show', 'draft_notes', '--json']))).toEqual({
    id: 'draft_notes',
    name: 'Phase 1 / Draft the release notes',
    description: 'From git log.\nFor users, not for us.\n',
    type: 'AI_ASSISTED',
    status: 'SKIPPED',
    depends_on: ['run_tests'],
    waits_for: [],
    written_at: ['runbook.yaml:12', 'tasks/draft_notes.yaml:3'],
    taken: null,
    tags: [],
    output_artifact: 'outputs/notes.md',
    ai_details: {
      model: 'gpt-4o-mini',
      prompt_template: 'prompt_templates/notes.txt',
      input_context: { version: '0.2.0', audience: ['users', 'packagers'] },
      output_parser: 'markdown_code_block',
      review_points: ['Each breaking change says what to do', 'No hashes'],
      fallback_prompt_template: 'prompt_templates/notes_simple.txt',
    },
    manual_instructions: null,
    script_details: null,
    checks: [
      { name: 'no hashes', command: "! grep -E '[0-9a-f]{7}' outputs/notes.md" },
      { name: null, command: 'test -s outputs/notes.md' },
    ],
    last_run: {
      timestamp: '2026-11-20T10:00:00.000Z',
      outcome: 'FAILURE',
      llm_response: '# 0.2.0',
      cost_estimate: { cost_usd: 0.0012 },
    },
    issues: [],
    log: null,
  });
});

test('an AUTOMATED_SCRIPT task, with where it runs and its issues', async () => {
  expect(said(rig, await rig.run(['show', 'pack']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    pack  Pack it, in a file with a name that is longer than what fits on a line of eighty columns

      status    ERROR
      type      AUTOMATED_SCRIPT
      written   runbook.yaml:18
                tasks/pack.yaml:2
      after     run_tests
      before    publish
                announce
                late
      runs      npm pack
      where  in tasks · at most <duration>
      tags      slow
      issues  <time>  TIMEOUT  was ended after <duration>  → A longer timeout
                <time>  SCRIPT_ERROR  exit 1
                npm error code E403"
  `);
  expect(dataOf('task', await rig.run(['show', 'pack', '--json']))).toMatchObject({
    type: 'AUTOMATED_SCRIPT',
    ai_details: null,
    script_details: { command: 'npm pack', cwd: 'tasks', timeout_ms: 90_000 },
    issues: [
      {
        timestamp: '2026-01-01T00:00:00.000Z',
        type: 'TIMEOUT',
        detail: 'was ended after 60 s',
        resolution: 'A longer timeout',
      },
      { timestamp: '2026-01-02T00:00:00.000Z', type: 'SCRIPT_ERROR', detail: 'exit 1\nnpm error code E403' },
    ],
  });
});

test('a MANUAL task with its steps, and one of which only the id is written', async () => {
  expect(said(rig, await rig.run(['show', 'read_notes']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    read_notes  Read the notes

      status    READY
      type      MANUAL
      written   runbook.yaml:24
      to do     1. Open them
                2. Read them aloud
      tags      by hand"
  `);
  expect(said(rig, await rig.run(['show', 'late']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    late

      status    READY, waits for publish (PENDING)
      type      MANUAL
      written   runbook.yaml:31
      after     publish"
  `);
  expect(dataOf('task', await rig.run(['show', 'read_notes', '--json']))).toMatchObject({
    type: 'MANUAL',
    manual_instructions: ['Open them', 'Read them aloud'],
  });
});

test('where the log of the last start is', async () => {
  const yaml = 'tasks:\n  - {id: a, type: AUTOMATED_SCRIPT, script_details: "true"}\n';
  await using ran = await makeRig({ files: { 'runbook.yaml': yaml } });
  await ran.run(['next']);
  expect(said(ran, await ran.run(['show', 'a']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    a

      status    DONE
      type      AUTOMATED_SCRIPT
      written   runbook.yaml:2
      runs      true
      where     in .
      last run  timestamp: <time> · outcome: SUCCESS
      log  logs/a/<stamp>.log"
  `);
});

test('an id that is not there, none at all, and two', async () => {
  expect(said(rig, await rig.run(['show', 'pakc']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`show\`: there is no task \`pakc\`. Did you mean \`pack\`?
      runbook list  shows them all"
  `);
  expect(said(rig, await rig.run(['show']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`runbook show\` needs the id of a task
      runbook list  shows them all"
  `);
  expect(said(rig, await rig.run(['show', 'pack', 'sign']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: too many arguments for \`show\`. Expected 1 argument but got 2.
      runbook show --help  tells what it takes"
  `);
});
