// docs/templates.md, line by line: each variable of its table is filled, each tag that it names works, and its template is sent
// twice, the second time with what a real retry has to say.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeRig } from './rig.ts';

const PAGE = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');

/** What the first column of the table names, in its order, and a template that has each of them. */
const TABLE: readonly [row: string, template: string, filled: string][] = [
  ['the keys of `input_context`', '{{ class_name }} {{ methods[1] }}', 'Base stream'],
  [
    '`task.id` `.name` `.description` `.tags` `.output_artifact`',
    '{{ task.id }}, {{ task.name }}, {{ task.description }}, {{ task.tags | join("+") }}, {{ task.output_artifact }}',
    'b.2, Write it, What it is, x+y, out.txt',
  ],
  ['`runbook.name` `.description`', '{{ runbook.name }}: {{ runbook.description }}', 'plan: Of the page'],
  ['`outputs["task_id"]`', '{{ outputs["a.1"] }}{{ outputs.a }}', 'one\nplain\n'],
  ['`file("path")`', '{{ file("docs/style.md") }}', 'Be brief.\n'],
  [
    '`glob("src/**/*.ts")`',
    '{% for one in glob("src/**/*.ts") %}{{ one.path }}={{ one.text }}{% endfor %}',
    'src/a.ts=a\nsrc/in/b.ts=b\n',
  ],
  ['`git.log`', '{{ git.log | replace(r/^\\S+ /gm, "") }}', 'since\n'],
  ['`git.diff`', '{{ git.diff | replace(r/^[^+-].*\\n|^(?:---|\\+\\+\\+).*\\n/gm, "") }}', '-Be long.\n+Be brief.\n'],
  ['`feedback`', '[{{ feedback }}]', '[]'],
  ['`previous_response`', '[{{ previous_response }}]', '[]'],
  ['`error`', '[{{ error }}]', '[]'],
];

const PLAN = `name: plan
description: Of the page
tasks:
  - {id: a.1, status: DONE, output_artifact: a1.txt}
  - {id: a, status: DONE, output_artifact: a.txt}
  - id: b.2
    name: Write it
    description: What it is
    tags: [x, y]
    status: READY
    type: AI_ASSISTED
    output_artifact: out.txt
    ai_details: {prompt_template: p.md, model: paste, input_context: {class_name: Base, methods: [generate, stream]}}
`;
const FILES = {
  'runbook.yaml': PLAN,
  'a1.txt': 'one\n',
  'a.txt': 'plain\n',
  'docs/style.md': 'Be long.\n',
  'src/a.ts': 'a\n',
  'src/in/b.ts': 'b\n',
  'src/node_modules/c.ts': 'c\n',
};

test('each variable of the table', async () => {
  const rows = [...PAGE.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)].map(([, row = '']) => row).slice(1);
  expect(rows).toEqual(TABLE.map(([row]) => row));
  const template = TABLE.map(([, one], i) => `${i}: ${one}`).join('\n');
  await using rig = await makeRig({ git: true, files: { ...FILES, 'p.md': template } });
  rig.git('tag', 'v1');
  rig.git('commit', '--quiet', '--allow-empty', '--message=since');
  rig.write('docs/style.md', 'Be brief.\n');
  const { code, stdout, stderr } = await rig.run(['prompt', 'b.2']);
  expect(code, stderr).toBe(0);
  expect(stdout.replace(/\n$/, '')).toBe(TABLE.map(([, , filled], i) => `${i}: ${filled}`).join('\n'));
});

test('a missing member in a condition and before a default; the tags that take other files; what is refused', async () => {
  const fits = '{% if task.nothing %}no{% endif %}{{ methods.nothing | default("none") }}';
  const tags =
    '{% extends "t/base.md" %}{% import "t/m.md" as m %}{% block x %}{% include "t/i.md" %}{{ m.twice("b") }}{% endblock %}';
  await using rig = await makeRig({
    files: {
      ...FILES,
      'p.md': fits,
      'q.md': tags,
      't/base.md': '<{% block x %}{% endblock %}>',
      't/i.md': 'i',
      't/m.md': '{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}',
    },
  });
  const filled = async (template?: string) => {
    if (template !== undefined) rig.write('p.md', template);
    const { code, stdout, stderr } = await rig.run(['prompt', 'b.2']);
    return code === 0
      ? stdout.trimEnd()
      : (/^error: (.*)\n(?:.*\n)?.*▶ (\S+)$/m.exec(stderr)?.slice(1, 3).join(' at ') ?? stderr);
  };
  expect(await filled()).toBe('none');
  expect(await filled(tags)).toBe('<ibb>');
  // Also in a branch that is not taken, with its line.
  expect(await filled('\n{% if feedback %}{{ clas_name }}{% endif %}')).toMatch(/`clas_name`.* at p\.md:2:/);
  expect(await filled('{{ file("../x") }}')).toMatch(/ at p\.md:1:/);
  expect(await filled('{% for i in range(2000000) %}x{% endfor %}')).toMatch(/1,000,000 steps.* at p\.md:1:/);
});

test('its template: without a word of an earlier try, and then with what a real retry says', async () => {
  const [, template = ''] = /^```\n(Write the class.*?)^```$/ms.exec(PAGE) ?? [];
  const replies = 'replies:\n  - {attempt: 1, reply: "first\\n"}\n  - {reply: "second\\n"}\n';
  const plan = PLAN.replace('model: paste', 'model: m').replace(
    'description:',
    'models: {m: {provider: scripted, replies: r.yaml}}\ndescription:',
  );
  const files = {
    ...FILES,
    'runbook.yaml': `${plan}    checks: [grep second out.txt]\n`,
    'r.yaml': replies,
    'p.md': template,
  };
  await using rig = await makeRig({ files });
  const finished = await rig.run(['next', '--answer', 'retry', 'accept', '--reason', 'Say second.']);
  expect(finished.code, finished.stderr).toBe(0);
  const sent = rig.journal().filter(({ event_type: type }) => type === 'AI_PROMPT_SENT');
  const [first, second] = sent.map(({ details }) => rig.read(String(details?.['prompt'])));
  const asked =
    'Write the class Base with these methods:\n\n- generate\n- stream\n\nThe conventions of this project:\n\nBe long.\n';
  expect(first?.trimEnd()).toBe(asked.trimEnd());
  expect(second?.replaceAll(/\n{2,}/g, '\n\n').trim()).toBe(
    `${asked}\nYour last try:\n\nfirst\n\nWhat to change: Say second.\n\nWhat was wrong with it:\n\ncheck \`grep second out.txt\` exit 1`,
  );
  expect(rig.read('out.txt')).toBe('second\n');
});
