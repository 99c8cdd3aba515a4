// The YAML of the plan that all this comes from, and of DESIGN §3, works in exactly that form: every field is read, and every
// step of its loop is taken.
import { describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, said } from './said.ts';

/** §4.1 of the plan, as it stands there, with the two tasks that its example needs. */
const runbook = `# Example runbook.yaml
tasks:
  - id: phase_0_setup
    name: "Phase 0: Project Setup & Environment"
    status: DONE
    depends_on: []
    task_detail_file: tasks/phase_0_summary.yaml # Optional summary/link
    type: MANUAL
  - id: task_2.1_implement_abc
    name: "Phase 1 / Task 2.1: Implement Base Adapter Class"
    status: READY # <-- Orchestrator looks for this
    depends_on: [phase_0_setup]
    task_detail_file: tasks/task_2.1.yaml
    type: AI_ASSISTED
  - id: task_2.2_implement_dataclasses
    name: "Phase 1 / Task 2.2: Implement Core Data Classes"
    status: PENDING
    depends_on: [task_2.1_implement_abc] # Depends on the previous step
    task_detail_file: tasks/task_2.2.yaml
    type: AI_ASSISTED
  # ... other tasks
`;

/** DESIGN §3, as it stands there, with words where it has dots. */
const task21 = `# tasks/task_2.1.yaml
id: task_2.1_implement_abc
name: Implement Base Adapter Class
status: READY
description: The abstract base class that every provider adapter implements.
type: AI_ASSISTED
ai_details:
  model: gpt-4o-mini
  prompt_template: prompt_templates/generate_abc.txt
  input_context: {class_name: BaseProvider, methods: [generate, stream]}
  output_parser: python_code_block
  review_points: [All methods are abstract, Type hints everywhere]
  fallback_prompt_template: prompt_templates/generate_abc_simple.txt
output_artifact: happy_llm_cli/providers/base.py
last_run: {timestamp: "2026-11-20T10:00:00.000Z", outcome: SUCCESS, llm_response: "import abc", cost_estimate: {usd: 0.0003}}
issues:
  - {timestamp: "2026-11-19T10:00:00.000Z", type: VALIDATION_FAIL, detail: "no type hints", resolution: "Retried with fallback"}
`;

const files = {
  'runbook.yaml': runbook,
  'tasks/phase_0_summary.yaml': 'id: phase_0_setup\nstatus: DONE\ntype: MANUAL\nmanual_instructions: Set it up.\n',
  'tasks/task_2.1.yaml': task21,
  'tasks/task_2.2.yaml': `id: task_2.2_implement_dataclasses
status: PENDING
type: AI_ASSISTED
ai_details: {model: gpt-4o-mini, prompt_template: prompt_templates/generate_abc_simple.txt, input_context: {class_name: Message}}
`,
  'prompt_templates/generate_abc.txt': 'Write {{ class_name }} with {{ methods | join(" and ") }}.\n',
  'prompt_templates/generate_abc_simple.txt': 'Only {{ class_name }}. {{ feedback }}\n',
  'happy_llm_cli/providers/__init__.py': '',
  'replies.yaml': `replies:
  - {task: task_2.1_implement_abc, attempt: 1, reply: "Here:\\n\\n\`\`\`python\\nimport abc\\n\`\`\`\\n"}
  - {task: task_2.1_implement_abc, attempt: 2, reply: "\`\`\`python\\nimport abc, typing\\n\`\`\`\\n"}
  - {reply: "print()\\n"}
`,
};
/** The file says gpt-4o-mini; these replies come instead of it. */
const scripted = 'models: {gpt-4o-mini: {provider: scripted, replies: replies.yaml}}\n';

describe('every field is read', () => {
  test('of the runbook, and of the task of DESIGN §3', async () => {
    await using rig = await makeRig({ files });
    expect(dataOf('list', await rig.run(['list', '--json']))).toMatchObject([
      {
        id: 'phase_0_setup',
        name: 'Phase 0: Project Setup & Environment',
        type: 'MANUAL',
        status: 'DONE',
        depends_on: [],
      },
      { id: 'task_2.1_implement_abc', type: 'AI_ASSISTED', status: 'READY', depends_on: ['phase_0_setup'] },
      { id: 'task_2.2_implement_dataclasses', status: 'PENDING', waits_for: ['task_2.1_implement_abc'] },
    ]);
    expect(dataOf('task', await rig.run(['show', 'task_2.1_implement_abc', '--json']))).toEqual({
      id: 'task_2.1_implement_abc',
      name: 'Phase 1 / Task 2.1: Implement Base Adapter Class',
      description: 'The abstract base class that every provider adapter implements.',
      type: 'AI_ASSISTED',
      status: 'READY',
      depends_on: ['phase_0_setup'],
      waits_for: [],
      written_at: ['runbook.yaml:11', 'tasks/task_2.1.yaml:4'],
      tags: [],
      taken: null,
      output_artifact: 'happy_llm_cli/providers/base.py',
      ai_details: {
        model: 'gpt-4o-mini',
        prompt_template: 'prompt_templates/generate_abc.txt',
        input_context: { class_name: 'BaseProvider', methods: ['generate', 'stream'] },
        output_parser: 'python_code_block',
        review_points: ['All methods are abstract', 'Type hints everywhere'],
        fallback_prompt_template: 'prompt_templates/generate_abc_simple.txt',
      },
      manual_instructions: null,
      script_details: null,
      checks: [],
      last_run: {
        timestamp: '2026-11-20T10:00:00.000Z',
        outcome: 'SUCCESS',
        llm_response: 'import abc',
        cost_estimate: { usd: 0.0003 },
      },
      issues: [
        {
          timestamp: '2026-11-19T10:00:00.000Z',
          type: 'VALIDATION_FAIL',
          detail: 'no type hints',
          resolution: 'Retried with fallback',
        },
      ],
      log: null,
    });
    // Nothing in that form is unknown to us.
    expect(said(rig, await rig.run(['validate']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      3 tasks, 0 mistakes, 0 warnings"
    `);
  });

  test('each status, each type, each kind of issue', async () => {
    const statuses = ['PENDING', 'READY', 'RUNNING', 'DONE', 'ERROR', 'SKIPPED'];
    const issues = ['GENERATION_ERROR', 'VALIDATION_FAIL', 'MANUAL_BLOCKER'];
    const entries = statuses.map((status) => `  - {id: is_${status}, status: ${status}, depends_on: [gate]}\n`);
    const plan = `tasks:
  - id: gate
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: scripts/go.sh --fast
    last_run: {timestamp: 2026-11-20T10:00:00.000Z, outcome: FAILURE}
    issues:
${issues.map((type) => `      - {timestamp: 2026-11-20T10:00:00.000Z, type: ${type}, detail: d, resolution: Manually edited code}\n`).join('')}${entries.join('')}`;
    await using rig = await makeRig({ files: { 'runbook.yaml': plan } });
    const listed = dataOf('list', await rig.run(['list', '--json'])) as { status: string; type: string }[];
    expect(listed.map(({ status }) => status)).toEqual(['READY', ...statuses]);
    expect(dataOf('task', await rig.run(['show', 'gate', '--json']))).toMatchObject({
      type: 'AUTOMATED_SCRIPT',
      script_details: { command: 'scripts/go.sh --fast' },
      last_run: { timestamp: '2026-11-20T10:00:00.000Z', outcome: 'FAILURE' },
      issues: issues.map((type) => ({
        type,
        timestamp: '2026-11-20T10:00:00.000Z',
        resolution: 'Manually edited code',
      })),
    });
    expect(dataOf('task', await rig.run(['show', 'is_DONE', '--json']))).toMatchObject({ type: 'MANUAL' });
  });
});

describe('the loop', () => {
  test('the READY task is carried out, its reply saved, the statuses written, and the next one made READY', async () => {
    await using rig = await makeRig({ files: { ...files, 'runbook.yaml': scripted + runbook } });
    expect(said(rig, await rig.run(['next', '--answer', 'accept']))).toMatchInlineSnapshot(`
      "exit 0
      ── stderr
      ▶ task_2.1_implement_abc  Phase 1 / Task 2.1: Implement Base Adapter Class
        step 2 of 3
        The abstract base class that every provider adapter implements.
        scripted replies (no model) · prompt_templates/generate_abc.txt · 12 tokens
        writes happy_llm_cli/providers/base.py once you accept

        ────────────────────────────────────────────────────────────────────────────
        happy_llm_cli/providers/base.py                                 new, +1 line
        + import abc
        ────────────────────────────────────────────────────────────────────────────
        Look for   · All methods are abstract
                   · Type hints everywhere

        wrote happy_llm_cli/providers/base.py
      ✔ DONE  task_2.1_implement_abc  <duration>
        logs/task_2.1_implement_abc/<stamp>.log
        next: task_2.2_implement_dataclasses  Phase 1 / Task 2.2: Implement Core Data Classes"
    `);
    expect(rig.read('happy_llm_cli/providers/base.py')).toBe('import abc\n');
    // Of the runbook, two scalars have changed, and of the task its status and its last_run.
    expect(rig.read('runbook.yaml')).toBe(
      (scripted + runbook).replace('READY #', 'DONE #').replace('status: PENDING', 'status: READY'),
    );
    const lastRun =
      'last_run: {timestamp: "<time>", outcome: SUCCESS, llm_response: "Here: ```python import abc ```", cost_estimate: {model: scripted replies (no model), input_tokens: 0, output_tokens: 0, cost_usd: 0}}';
    expect(rig.stable(rig.read('tasks/task_2.1.yaml'))).toBe(
      rig.stable(task21.replace('READY', 'DONE')).replace(/last_run: .*/, lastRun),
    );
    expect(rig.read('tasks/task_2.2.yaml')).toBe(files['tasks/task_2.2.yaml'].replace('PENDING', 'READY'));
    expect(journal(rig)).toEqual([
      'START_TASK READY -> RUNNING',
      'AI_PROMPT_SENT',
      'AI_RESPONSE_RECEIVED',
      'MANUAL_ACTION',
      'FILE_WRITTEN',
      'COMPLETE_TASK RUNNING -> DONE',
      'READY_TASK PENDING -> READY',
    ]);
  });

  test('retry takes the fallback template, and says so in the issue', async () => {
    await using rig = await makeRig({ files: { ...files, 'runbook.yaml': scripted + runbook } });
    await rig.run(['next', '--answer', 'retry', 'accept', '--reason', 'with types']);
    expect(rig.read('happy_llm_cli/providers/base.py')).toBe('import abc, typing\n');
    const prompts = rig.journal().filter(({ event_type }) => event_type === 'AI_PROMPT_SENT');
    expect(prompts.map(({ details }) => [details?.template, rig.read(String(details?.prompt)).split('\n')[0]])).toEqual(
      [
        ['prompt_templates/generate_abc.txt', 'Write BaseProvider with generate and stream.'],
        ['prompt_templates/generate_abc_simple.txt', 'Only BaseProvider. with types'],
      ],
    );
    const { issues } = dataOf('task', await rig.run(['show', 'task_2.1_implement_abc', '--json'])) as {
      issues: object[];
    };
    expect(issues).toMatchObject([
      { detail: 'no type hints', resolution: 'Retried with fallback' },
      { type: 'VALIDATION_FAIL', detail: 'with types', resolution: 'Retried with fallback' },
    ]);
  });

  test('the keys of the plan: y, e and s for a MANUAL task, y, r, e and m for a reply', async () => {
    await using rig = await makeRig({
      files: { ...files, 'runbook.yaml': `${scripted}${runbook.replace('status: DONE', 'status: READY')}` },
    });
    const term = rig.terminal(['run'], { rows: 60, env: { EDITOR: 'true' } });
    // The keys may come a moment after the question.
    await term.waitFor('q leave');
    expect(term.screen()).toContain('y done · e error · s skip · q leave');
    term.press('y');
    await term.waitFor('m edit · e error');
    expect(term.screen()).toMatch(/\? Accept\?[\s\S]*y accept · r retry with the fallback · m edit · e error/);
    term.press('r');
    await term.waitForNew('What should change?');
    term.press('enter');
    await term.waitForNew('? Accept?');
    term.press('m');
    // Without an output_artifact the reply goes to the log alone.
    await term.waitForNew(/▶ task_2.2[\s\S]*\? Accept\?/);
    term.press('e');
    await term.waitForNew('What is wrong?');
    term.type('not now');
    term.press('enter');
    expect(await term.exit).toMatchObject({ code: 1 });
    expect(Object.values(rig.statuses())).toEqual(['DONE', 'DONE', 'ERROR']);
    expect(rig.read('happy_llm_cli/providers/base.py')).toBe('import abc, typing\n');
  });
});

/** `START_TASK READY -> RUNNING` */
function journal(rig: Rig): string[] {
  return rig.journal().map(({ event_type, status_change }) => [event_type, status_change].filter(Boolean).join(' '));
}
