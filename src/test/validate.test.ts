// `validate`: all mistakes at once, of every kind, and what looks unmeant; what it says of the ones that ship.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { inWords, requirePlace, requireSense, type Told } from './refusals.ts';
import { makeRig, type Rig } from './rig.ts';
import { said } from './said.ts';

const mistakes = {
  'runbook.yaml': `name: Everything is wrong
models:
  local: {provider: openai, base_url: "http://127.0.0.1:1234/v1"}
tasks:
  - id: build
    status: OPEN
  - id: test
    depends_on: [biuld, gone]
  - id: test
  - id: chicken
    depends_on: [egg]
  - id: egg
    depends_on: [chicken]
  - id: self
    depends_on: [self]
  - id: broken
    task_detail_file: tasks/broken.yaml
  - id: lost
    task_detail_file: tasks/lost.yaml
  - id: differs
    type: MANUAL
    task_detail_file: tasks/differs.yaml
  - id: often
    task_detail_file: tasks/often.yaml
  - id: script
    type: AUTOMATED_SCRIPT
    script_details: ./gone.sh
  - id: draft
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md, model: "opneai:gpt"}
  - id: fill
    type: AI_ASSISTED
    ai_details: {prompt_template: q.md}
  - id: shape
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md, output_parser: json, output_schema: {type: 5}}
  - id: waits_for_broken
    depends_on: [broken, lost]
`,
  'tasks/broken.yaml': 'id: broken\nname: "Never closed\n',
  'tasks/differs.yaml': 'id: differs\ntype: AI_ASSISTED\n',
  'tasks/often.yaml': 'id: often\nretries: often\n',
  'p.md': 'Write it.\n',
  'q.md': 'Write\n{{ nothing }}\n',
};

const unmeant = {
  'runbook.yaml': `descripton: A slip
owner: Ada
x-owner: Ada
defaults: {tmeout: 10m}
models:
  local: {provider: openai, base_ulr: "http://127.0.0.1:1234/v1"}
tasks:
  - id: build
    status: READY
    dependson: [test]
    script_details: {command: make, tiemout: 5m}
  - id: test
    status: READY
    depends_on: [build]
    type: AUTOMATED_SCRIPT
    script_details: ./made-by-build.sh
    checks: [{nmae: it passes, command: "true"}]
  - id: draft
    depends_on: [build]
    type: AI_ASSISTED
    ai_details: {prompt_template: p.md, promt_template: q.md}
    task_detail_file: draft.yaml
  - id: finished
    status: DONE
    type: AUTOMATED_SCRIPT
    script_details: ./gone.sh
`,
  'draft.yaml': 'id: draft\nreview_points: [all of it]\n',
  'p.md': 'Write it.\n',
};

test('all mistakes are found at once, of the form and of what it means', async () => {
  await using rig = await makeRig({ files: mistakes });
  const before = rig.tree();
  const { code, stdout } = await rig.run(['validate']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '14 mistakes, 0 warnings\n' });
  expect((await found(rig)).mistakes.map(inWords).join('\n')).toMatchInlineSnapshot(`
    "RUNBOOK_INVALID runbook.yaml:6:13 OPEN
    \`OPEN\` is not a status.
    It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    YAML_SYNTAX tasks/broken.yaml:2:7 "
    this is not valid YAML: what begins here with " is never closed
    Close it, or put quotes around the text if it only begins with that character.
    FILE_NOT_FOUND runbook.yaml:19:23 tasks/lost.yaml
    \`tasks/lost.yaml\` does not exist
    Write that file, or mend the path.
    FIELD_CONFLICT runbook.yaml:21:11 MANUAL
    task \`differs\` has two different \`type\`: \`MANUAL\` here, \`AI_ASSISTED\` at tasks/differs.yaml:2
    Make them the same, or take one of them out.
    RUNBOOK_INVALID tasks/often.yaml:2:10 often
    \`retries\` must be a whole number, 0 or more, not the text \`often\`
    DUPLICATE_ID runbook.yaml:9:9 test
    two tasks have the id \`test\`; the first is at runbook.yaml:7
    Give one of them another id, and mend the \`depends_on\` that mean it.
    UNKNOWN_TASK runbook.yaml:8:18 biuld
    task \`test\` depends on \`biuld\`, which does not exist. Did you mean \`build\`?
    Mend the id, or take it out.
    UNKNOWN_TASK runbook.yaml:8:25 gone
    task \`test\` depends on \`gone\`, which does not exist.
    Mend the id, or take it out.
    DEPENDENCY_CYCLE runbook.yaml:11:18 egg
    these tasks wait for each other in a circle: \`chicken\` → \`egg\` → \`chicken\`
    Take one of these dependencies out.
    DEPENDENCY_CYCLE runbook.yaml:15:18 self
    task \`self\` depends on itself
    Take it out.
    SCRIPT_NOT_FOUND runbook.yaml:27:21 ./gone.sh
    the script \`./gone.sh\` does not exist
    Mend the path, or write that script. It is looked up from the folder the task runs in.
    MODEL_UNKNOWN runbook.yaml:30:48 "opneai:gpt"
    the model \`opneai:gpt\` is not known: \`opneai\` is no provider. Did you mean \`openai\`?
    Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    TEMPLATE_UNDEFINED q.md:2:4 nothing
    \`nothing\` is not defined.
    The template may use \`task\`, \`runbook\`, \`outputs\`, \`git\`, \`feedback\`, \`previous_response\`, \`error\`, \`file\`, \`glob\`.
    RUNBOOK_INVALID runbook.yaml:36:77 {type: 5}
    \`output_schema\` is no JSON Schema: data/type must be equal to one of the allowed values, data/type must be array, data/type must match a schema in anyOf"
  `);
  expect(rig.tree()).toEqual(before);
});

test('a mistake in a detail file is no mistake of those that depend on the task', async () => {
  const files = { 'runbook.yaml': 'tasks:\n  - {id: a, task_detail_file: a.yaml}\n  - {id: b, depends_on: [a]}\n' };
  await using rig = await makeRig({ files: { ...files, 'a.yaml': 'id: [\n' } });
  expect((await found(rig)).mistakes.map(({ code }) => code)).toEqual(['YAML_SYNTAX']);
});

test('what looks unmeant is told with what was meant, and is no mistake', async () => {
  await using rig = await makeRig({ files: unmeant });
  const before = rig.tree();
  const { code, stdout } = await rig.run(['validate']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '4 tasks, 0 mistakes, 12 warnings\n' });
  expect((await found(rig)).warnings.map(inWords).join('\n')).toMatchInlineSnapshot(`
    "RUNBOOK_INVALID runbook.yaml:1:1 descripton
    \`descripton\` is not a field of the tool's; it is kept as it is. Did you mean \`description\`?
    RUNBOOK_INVALID runbook.yaml:2:1 owner
    \`owner\` is not a field of the tool's; it is kept as it is.
    RUNBOOK_INVALID runbook.yaml:4:12 tmeout
    \`tmeout\` is not a field of the tool's; it is kept as it is. Did you mean \`timeout\`?
    RUNBOOK_INVALID runbook.yaml:6:29 base_ulr
    \`base_ulr\` is not a field of the tool's; it is kept as it is. Did you mean \`base_url\`?
    RUNBOOK_INVALID runbook.yaml:10:5 dependson
    \`dependson\` is not a field of the tool's; it is kept as it is. Did you mean \`depends_on\`?
    RUNBOOK_INVALID runbook.yaml:11:37 tiemout
    \`tiemout\` is not a field of the tool's; it is kept as it is. Did you mean \`timeout\`?
    RUNBOOK_INVALID runbook.yaml:17:15 nmae
    \`nmae\` is not a field of the tool's; it is kept as it is. Did you mean \`name\`?
    RUNBOOK_INVALID runbook.yaml:21:41 promt_template
    \`promt_template\` is not a field of the tool's; it is kept as it is. Did you mean \`prompt_template\`?
    RUNBOOK_INVALID draft.yaml:2:1 review_points
    \`review_points\` is not a field of the tool's; it is kept as it is.
    RUNBOOK_INVALID runbook.yaml:13:13 READY
    \`test\` is READY, but waits for \`build\`; it does not start before
    RUNBOOK_INVALID runbook.yaml:11:5 script_details
    \`build\` has \`script_details\`, which nothing uses: its type is MANUAL
    \`type: AUTOMATED_SCRIPT\` would use them.
    SCRIPT_NOT_FOUND runbook.yaml:16:21 ./made-by-build.sh
    the script \`./made-by-build.sh\` does not exist
    Mend the path, or write that script. It is looked up from the folder the task runs in."
  `);
  expect(rig.tree()).toEqual(before);
});

test('a template that nothing names, and a file that two tasks write', async () => {
  const draft = (id: string, path: string) =>
    `  - {id: ${id}, type: AI_ASSISTED, ai_details: {model: paste, prompt_template: prompt_templates/${id}.md}, output_artifact: ${path}}\n`;
  await using rig = await makeRig({
    files: {
      'runbook.yaml': `tasks:\n${draft('a', 'one.md')}${draft('b', 'two.md')}${draft('c', 'one.md')}`,
      'prompt_templates/a.md': '{% include "prompt_templates/parts/head.md" %}\n',
      'prompt_templates/b.md': 'b\n',
      'prompt_templates/c.md': 'c\n',
      'prompt_templates/parts/head.md': 'head\n',
      'prompt_templates/parts/foot.md': 'see foot.md\n',
      'prompt_templates/.swp': 'x',
    },
  });
  expect(said(rig, await rig.run(['validate']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    3 tasks, 0 mistakes, 2 warnings
    ── stderr
    warning: \`c\` writes \`one.md\`, as \`a\` does: what is written last is what remains
     ——▶ runbook.yaml:4:117
      │
    4 │   - {id: c, type: AI_ASSISTED, ai_details: {model: paste, prompt_template: prompt_templates/c.md}, output_artifact: one.md}
      │                                                                                                                     ^^^^^^

    warning: no task uses the template \`prompt_templates/parts/foot.md\`
     ——▶ prompt_templates/parts/foot.md:1:1"
  `);
});

test('keys that nobody knows are still there after a run', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'owner: Ada\ntasks:\n  - id: a\n    due: 2026-11-20 # soon\n    x-notes: {of: mine}\n' },
  });
  expect((await rig.run(['done', 'a'])).code).toBe(0);
  expect(rig.read('runbook.yaml')).toBe(
    'owner: Ada\ntasks:\n  - id: a\n    status: DONE\n    due: 2026-11-20 # soon\n    x-notes: {of: mine}\n',
  );
});

test('--json: one object on stdout, the same troubles in the same order, each in its place', async () => {
  for (const files of [mistakes, unmeant]) {
    await using rig = await makeRig({ files });
    const words = (await rig.run(['validate'])).stderr;
    const { valid, mistakes: wrong, warnings } = await found(rig);
    expect(valid).toBe(wrong.length === 0);
    for (const told of [...warnings, ...wrong]) {
      requireSense(told, told.message);
      if (!told.at) throw new Error(`${told.message} has no place`);
      requirePlace(told.at, Buffer.from(rig.read(told.at.file)), told.message);
    }
    const both = [
      ...warnings.map((told) => ['warning', told] as const),
      ...wrong.map((told) => ['error', told] as const),
    ];
    const blocks = words.trimEnd().split('\n\n');
    expect(
      blocks.map((block) =>
        block
          .split('\n')
          .slice(0, 2)
          .map((line) => line.trim()),
      ),
    ).toEqual(
      both.map(([label, { message, at }]) => [`${label}: ${message}`, `——▶ ${at?.file}:${at?.line}:${at?.column}`]),
    );
  }
});

test('an empty list of tasks is a warning', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'name: Nothing yet\ntasks: []\n' } });
  const { valid, warnings } = await found(rig);
  expect({ valid, warnings }).toEqual({
    valid: true,
    warnings: [expect.objectContaining({ message: '`tasks` is empty: there is nothing to do' })],
  });
});

test('what ships has no mistakes', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await using rig = await makeRig();
  for (const folder of ['.', 'examples/happy-llm-cli', 'examples/express-release']) {
    const { mistakes, warnings } = await found(rig, '-C', join(root, folder));
    expect(mistakes).toEqual([]);
    // What a step before makes may be missing still.
    expect(warnings.filter(({ code }) => code !== 'FILE_NOT_FOUND')).toEqual([]);
  }
});

async function found(rig: Rig, ...args: string[]): Promise<{ valid: boolean; mistakes: Told[]; warnings: Told[] }> {
  const { code, stdout, stderr } = await rig.run(['validate', '--json', ...args]);
  const { data, ...rest } = JSON.parse(stdout) as { data: { valid: boolean; mistakes: Told[]; warnings: Told[] } };
  expect({ rest, stderr, lines: stdout.split('\n').length }).toEqual({
    rest: { schema_version: 1, kind: 'validate' },
    stderr: '',
    lines: 2,
  });
  expect(code).toBe(data.valid ? 0 : 2);
  return data;
}
