// Prompt templates: what they can say, which mistakes are found and where, what they can reach, and that they never run anything.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { formatTrouble, RunbookError } from '../errors.ts';
import { compile } from '../templates/compile.ts';

type Files = Record<string, string>;

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

const VARIABLES = {
  task: { id: 'one', name: 'The first', description: '', tags: ['a', 'b'] },
  outputs: { draft: 'a draft\n', 'task_2.1': 'dotted' },
  class_name: 'Foo',
  methods: ['run', 'stop'],
  options: { deep: { er: 1 }, nothing: null },
  feedback: '',
};

/** A project with these files; `p.md` is the template, which may also be given as a text alone. */
function project(files: Files | string): string {
  const root = realpathSync(mkdtempSync(join(process.env.RUNBOOK_TEST_FOLDER ?? tmpdir(), 't')));
  roots.push(root);
  for (const [path, text] of Object.entries(typeof files === 'string' ? { 'p.md': files } : files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function filled(files: Files | string): string {
  return compile(project(files), 'p.md', Object.keys(VARIABLES)).render(VARIABLES).text;
}

function mistake(run: () => unknown): RunbookError {
  try {
    run();
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
  throw new Error('there is no mistake');
}

/** `CODE line:column what the caret underlines` */
function whereWrong(files: Files | string): string {
  const { code, at } = mistake(() => filled(files));
  return `${code} ${at?.line}:${at?.column} ${at?.text.slice(at.column - 1, at.column - 1 + at.length)}`;
}

describe('the text', () => {
  test('is exact: nothing is escaped, trimmed or added', () => {
    expect(filled('  <b>&amp;</b> "{{ class_name }}"\r\n\ttail \n')).toBe('  <b>&amp;</b> "Foo"\r\n\ttail \n');
  });

  test('has any value of a variable in it as it is', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const compiled = compile(project('<{{ v }}>'), 'p.md', ['v']);
        expect(compiled.render({ v: value }).text).toBe(`<${value}>`);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['{% for m in methods %}- {{ m }}\n{% endfor %}', '- run\n- stop\n'],
    ['{% for m in methods %}{{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}', '1,2'],
    ['{{ methods | join("+") | upper }} {{ class_name.toLowerCase() }} {{ methods[1] }}', 'RUN+STOP foo stop'],
    ['{% set x = 1 %}{{ x }}{% macro m(a, b="z") %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}', '11z'],
    ['{{ outputs.draft }}{{ outputs["task_2.1"] }}', 'a draft\ndotted'],
    ['{% if feedback %}x{% else %}none{% endif %}{{ task.more | default("d") }}', 'noned'],
    [
      '{% if task.more %}{{ task.more.still }}{% endif %}{{ "a" if task.more else "b" }}{{ task.more is defined }}',
      'bfalse',
    ],
    ['{% raw %}{{ not a name }}{% endraw %}{# gone #}', '{{ not a name }}'],
  ])('of %s', (template, text) => {
    expect(filled(template)).toBe(text);
  });

  test('of templates that include, extend and import one another', () => {
    expect(
      filled({
        'p.md':
          '{% extends "base.md" %}{% block body %}{% include "parts/x.md" %}{% from "lib.md" import pair %}{{ pair(1) }}{% endblock %}',
        'base.md': '[{% block body %}{% endblock %}]',
        'parts/x.md': '{{ class_name }}',
        'lib.md': '{% macro pair(a) %}({{ a }}){% endmacro %}',
      }),
    ).toBe('[Foo(1)]');
    expect(filled('{% include "none.md" ignore missing %}fine')).toBe('fine');
    expect(filled({ 'p.md': '{% set which = "q.md" %}{% include which %}', 'q.md': 'q' })).toBe('q');
  });

  test('of files, and what it is made of', () => {
    const root = project({
      'p.md': 'A {{ file("src/a.ts") }}{% for f in glob("src/*.ts") %}{{ f.path }};{% endfor %}',
      'src/a.ts': 'aa',
      'src/b.ts': 'b',
    });
    const { text, parts } = compile(root, 'p.md', []).render({});
    expect(text).toBe('A aasrc/a.ts;src/b.ts;');
    expect(parts.map(({ source }) => source)).toEqual(['src/a.ts', 'src/a.ts', 'src/b.ts']);
    expect(parts[0]?.text).toBe('aa');
  });

  test('what it uses is known without running it', () => {
    const root = project('{% if false %}{{ git.log }}{% endif %}{% for x in methods %}{{ x }}{% endfor %}');
    expect([...compile(root, 'p.md', ['git', 'methods', 'feedback']).uses].sort()).toEqual(['git', 'methods']);
  });
});

describe('a mistake', () => {
  test('is shown with its line, and the name that was meant', () => {
    expect(formatTrouble(mistake(() => filled('first\nWrite {{ clas_name }}.\n')))).toMatchInlineSnapshot(`
      "error: \`clas_name\` is not defined. Did you mean \`class_name\`?
       ——▶ p.md:2:10
        │
      2 │ Write {{ clas_name }}.
        │          ^^^^^^^^^
        The template may use \`task\`, \`outputs\`, \`class_name\`, \`methods\`, \`options\`, \`feedback\`, \`file\`, \`glob\`."
    `);
  });

  test.each([
    ['{% if nome %}x{% endif %}', 'TEMPLATE_UNDEFINED 1:7 nome'],
    ['a\n{% if false %}{{ nome }}{% endif %}', 'TEMPLATE_UNDEFINED 2:18 nome'],
    ['{% if 1 == nome %}{% endif %}', 'TEMPLATE_UNDEFINED 1:12 nome'],
    ['{{ nome | default("x") }}', 'TEMPLATE_UNDEFINED 1:4 nome'],
    ['{% macro m(a=nome) %}{% endmacro %}', 'TEMPLATE_UNDEFINED 1:14 nome'],
    ['{% set x %}{{ nome }}{% endset %}', 'TEMPLATE_UNDEFINED 1:15 nome'],
    ['{{ methods[nome] }}', 'TEMPLATE_UNDEFINED 1:12 nome'],
    ['x {{ task.nme }}', 'TEMPLATE_UNDEFINED 1:6 task.nme'],
    ['{{ task.nme | upper }}', 'TEMPLATE_UNDEFINED 1:4 task.nme'],
    ['{% for x in options.deap %}{% endfor %}', 'TEMPLATE_UNDEFINED 1:13 options.deap'],
    ['{{ outputs.drft }}', 'TEMPLATE_UNDEFINED 1:4 outputs.drft'],
    ['{{ class_name | uper }}', 'TEMPLATE_INVALID 1:17 uper'],
    ['{% if class_name is strin %}{% endif %}', 'TEMPLATE_INVALID 1:21 strin'],
  ])('in %s is found at its place', (template, place) => {
    expect(whereWrong(template)).toBe(place);
  });

  test.each([
    ['x {% if %}y{% endif %}', 1],
    ['a\n{{ class_name', 2],
    ['a\n\n{% inlcude "x" %}', 3],
    ['a\n{{ methods[7] }}', 2],
    ['a\n{{ options.nothing }}', 2],
    ['{% endfor %}', 1],
    ['a\n{{ 1e9 }}', 2],
  ])('of syntax or output in %j has its line', (template, line) => {
    expect(mistake(() => filled(template)).at?.line).toBe(line);
  });

  test('printing what is empty (`key:` in `input_context`) names it', () => {
    expect(
      formatTrouble(mistake(() => filled('first\n{{ class_name }} {{ options.nothing }}\n'))),
    ).toMatchInlineSnapshot(`
      "error: \`options.nothing\` has no value
       ——▶ p.md:2:21
        │
      2 │ {{ class_name }} {{ options.nothing }}
        │                     ^^^^^^^^^^^^^^^
        If it may be missing: {{ … | default("") }}, or {% if … %}."
    `);
    expect(filled('{{ options.nothing or "-" }}{{ "x" if options.nothing }}{% if options.nothing %}x{% endif %}')).toBe(
      '-',
    );
  });

  test.each([
    [{ 'p.md': 'a\n{% include "q.md" %}', 'q.md': 'b\n\n- {{ options.nothing }}' }, 'q.md:3:6 options.nothing'],
    [
      { 'p.md': '{% include "q.md" %}\n{{ class_name }}', 'q.md': '\n{{ options.nothing }}' },
      'q.md:2:4 options.nothing',
    ],
    [{ 'p.md': 'a\n{% include "q.md" %}', 'q.md': '{{ file("none.md") }}' }, 'q.md:1:8 ('],
    [{ 'p.md': 'a\n{% include "q.md" %}', 'q.md': 'b\n{{ class_name() }}' }, 'q.md:2:14 ('],
    [{ 'p.md': '{% extends "q.md" %}', 'q.md': 'b\n\n{{ options.nothing }}' }, 'q.md:3:4 options.nothing'],
    [
      { 'p.md': '{% import "q.md" as q %}{{ q.m() }}', 'q.md': '\n{% macro m(a) %}{{ a }}{% endmacro %}' },
      'q.md:2:20 a',
    ],
    [{ 'p.md': 'a\n\n{{ methods[7] }}' }, 'p.md:3:4 methods[7]'],
    [{ 'p.md': '\n\n{% for m in methods %}{{ m.x }}{% endfor %}' }, 'p.md:3:26 m.x'],
    [{ 'p.md': 'a\n{{ file("none.md") }}' }, 'p.md:2:8 ('],
  ])('that shows only when the template is filled has the place where it was made: %j', (files, place) => {
    const { at } = mistake(() => filled(files as Files));
    const marked = at?.text.slice(at.column - 1, at.column - 1 + at.length);
    expect(`${at?.file}:${at?.line}:${at?.column} ${marked}`).toBe(place);
  });

  test('in a template that is included is shown there', () => {
    expect(whereWrong({ 'p.md': '{% include "q.md" %}', 'q.md': 'one\n{{ nome }}' })).toBe(
      'TEMPLATE_UNDEFINED 2:4 nome',
    );
  });

  test('templates that include one another without end end in one', () => {
    expect(mistake(() => filled('{% include "p.md" %}')).message).toContain('without end');
  });

  test('a file that is not there is said with the one that was meant', () => {
    const { code, message } = mistake(() => filled({ 'p.md': '{{ file("docs/styl.md") }}', 'docs/style.md': '' }));
    expect([code, message]).toEqual(['FILE_NOT_FOUND', '`docs/styl.md` does not exist. Did you mean `docs/style.md`?']);
  });
});

describe('tags that do not fit together', () => {
  test('are shown where they were opened', () => {
    const error = mistake(() =>
      filled('first\n{% if feedback %}\nWrite.\n{% for m in methods %}{{ m }}{% endfor %}\n'),
    );
    expect(formatTrouble(error)).toMatchInlineSnapshot(`
      "error: this is not a valid template: \`{% if %}\` has no \`{% endif %}\`
       ——▶ p.md:2:1
        │
      2 │ {% if feedback %}
        │ ^^^^^^^^^^^^^^^^^"
    `);
  });

  test.each([
    ['a\n{% if feedback %}\nb', '2:1 `{% if %}` has no `{% endif %}`'],
    ['{% if feedback %}a{% else %}b', '1:1 `{% if %}` has no `{% endif %}`'],
    ['{% for x in methods %}\n\n', '1:1 `{% for %}` has no `{% endfor %}`'],
    ['\n  {%- macro m() -%}', '2:3 `{% macro %}` has no `{% endmacro %}`'],
    ['{% block b %}q', '1:1 `{% block %}` has no `{% endblock %}`'],
    ['{% set x %}abc', '1:1 `{% set %}` has no `{% endset %}`'],
    ['{% set x = "}" %}{% if x == "{% endif %}" %}', '1:18 `{% if %}` has no `{% endif %}`'],
    ['a {% endif %}', '1:3 `{% endif %}` closes no `{% if %}`'],
    ['{% else %}', '1:1 `{% else %}` stands in no `{% if %}` or `{% for %}`'],
    ['{% for m in methods %}{% elif m %}{% endfor %}', '1:23 `{% elif %}` stands in no `{% if %}`'],
    [
      '{% if feedback %}\n{% for x in methods %}{% endif %}',
      '2:23 `{% endif %}` stands where the `{% for %}` of line 2 wants its `{% endfor %}`',
    ],
    ['a {{ task.id\nb {{ class_name }}', '1:3 `{{` has no `}}`'],
    ['a {{ "}}', '1:6 `"` is never closed'],
    ['{# {{ a', '1:1 `{#` has no `#}`'],
    ['{% include "x" ', '1:1 `{%` has no `%}`'],
    ['{% raw %} {{ x', '1:1 `{% raw %}` has no `{% endraw %}`'],
    ['a\n{% verbatim %}b', '2:1 `{% verbatim %}` has no `{% endverbatim %}`'],
    ['{{ }}', '1:4 a value is missing before `}}`'],
    ['{{ task.id | }}', '1:14 a name is missing here'],
    ['{{ [1, 2 }}', '1:4 in this bracket a comma is missing, or its end'],
    ['{{ task.id task.id }}', '1:12 `}}` is missing here'],
  ])('%j', (template, expected) => {
    const { code, at, message } = mistake(() => filled(template));
    expect(code).toBe('TEMPLATE_INVALID');
    expect(`${at?.line}:${at?.column} ${message.replace('this is not a valid template: ', '')}`).toBe(expected);
  });

  test('a tag that does not exist is shown with the one that was meant', () => {
    const { at, message } = mistake(() => filled('{% if feedback %}\n{% esle %}\n{% endif %}'));
    expect([at?.line, at?.column, message]).toEqual([2, 4, 'there is no tag `esle`. Did you mean `else`?']);
    // What is misspelt first is the cause, not the end that then closes nothing.
    expect(mistake(() => filled('{% fi feedback %}\n{% endif %}')).message).toContain('no tag `fi`');
  });

  test('what is valid is left alone: quotes, comments and raw text with half a tag in them', () => {
    const template = '{# {% if %} #}{{ "{% if %}" }}{% raw %}{% if %} {{{% endraw %}{% set a = "%}" %}{{ a }}';
    expect(filled(template)).toBe('{% if %}{% if %} {{%}');
  });
});

describe('a template that would not come to an end is refused at its place', () => {
  const STEPS = /1,000,000 steps/;
  const CHARS = /10,000,000 characters/;
  test.each([
    ['a\n{{ range(100000000) }}', 2, STEPS],
    ['{% for i in range(0, 1000000000000, 1) %}{% endfor %}', 1, STEPS],
    [`{% for i in range(1000) %}\n${'{% for j in range(1000) %}'.repeat(2)}x${'{% endfor %}'.repeat(3)}`, 2, STEPS],
    ['\n{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}', 2, /without end/],
    ['{% macro m(n) %}{% if n %}\n{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}', 2, STEPS],
    ['{% set a = [1] %}{% for x in a %}{% set b = a.push(x) %}{% endfor %}', 1, STEPS],
    ['{% set a = [1] %}{% for i in range(40) %}{% set a = [a, a] %}{% endfor %}\n{{ a }}', 2, STEPS],
    ['{% set a = [1] %}{% for i in range(40) %}{% set a = [a, a] %}{% endfor %}\n{{ a | join }}', 2, STEPS],
    ['{% for letter in "x".repeat(2000000) %}{% endfor %}', 1, STEPS],
    ['a\nb {{ "x".repeat(1000000000) }}', 2, CHARS],
    ['{{ class_name.padStart(1000000000) }}', 1, CHARS],
    ['\n{{ class_name | center(1000000000) }}', 2, CHARS],
    ['\n{{ class_name | indent(1000000000) }}', 2, CHARS],
    ['\n{{ methods | batch(1000000000, "x") | length }}', 2, CHARS],
    ['\n{{ methods | slice(1000000000) | length }}', 2, CHARS],
    ['{{ "x".repeat(9000) | replace("x", "y".repeat(9000)) }}', 1, CHARS],
    ['{% set a = "x".repeat(9000000) %}{{ a }}\n{{ a }}', 2, CHARS],
    ['\n{% set a = "xx" %}{% for i in range(40) %}{% set a = a ~ a %}{% endfor %}{{ a }}', 2, /grows without end/],
  ])('%j', (template, line, message) => {
    const error = mistake(() => filled(template));
    expect([error.code, error.at?.line]).toEqual(['TEMPLATE_INVALID', line]);
    expect(error.message).toMatch(message);
  });

  test('also one that includes others more and more often', () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`${index}.md`, `{% include "${index + 1}.md" %}`.repeat(2)]),
    );
    expect(mistake(() => filled({ ...files, 'p.md': '{% include "0.md" %}', '30.md': 'x' })).message).toMatch(
      /1,000,000 steps|without end/,
    );
  });

  test('each filling starts anew, and long ones are fine', () => {
    const template = '{% for i in range(30000) %}{{ "0123456789" }}{% endfor %}{{ range(3, 0, -1) }}{{ range(2, 4) }}';
    const compiled = compile(project(template), 'p.md', []);
    for (let time = 0; time < 40; time++) expect(compiled.render({}).text).toHaveLength(300_000 + 5 + 3);
  });
});

describe('a template stays inside the project', () => {
  test.each([
    '{{ file("../secret") }}',
    '{{ file("/etc/passwd") }}',
    '{{ file("link") }}',
    '{{ glob("../*") }}',
    '{{ glob("/etc/pass*") }}',
    '{% include "../secret" %}',
    '{% extends "/etc/passwd" %}',
  ])('%s is refused', (template) => {
    const root = project(template);
    writeFileSync(join(root, '..', 'secret'), 'x');
    symlinkSync('/etc/passwd', join(root, 'link'));
    expect(mistake(() => compile(root, 'p.md', []).render({})).code).toBe('PATH_OUTSIDE');
    rmSync(join(root, '..', 'secret'));
  });

  test('and does not even walk through folders outside', () => {
    expect(mistake(() => filled('{{ glob("../**") }}')).message).toBe('`../**` lies outside the project folder');
  });

  test('and away from the keys', () => {
    expect(mistake(() => filled({ 'p.md': '{{ file(".env") }}', '.env': 'KEY=1' })).code).toBe('PATH_OUTSIDE');
    expect(
      filled({ 'p.md': '{% for f in glob("**/*") %}{{ f.path }} {% endfor %}', '.env': 'KEY=1', 'a/.env': '' }),
    ).toBe('p.md ');
  });
});

describe('a template never runs anything', () => {
  test.each([
    '{{ class_name.constructor.constructor("globalThis.pwned = 1")() }}',
    '{{ methods["const" + "ructor"]["constructor"]("globalThis.pwned = 1")() }}',
    '{{ file.constructor("globalThis.pwned = 1")() }}',
    '{{ range.constructor("globalThis.pwned = 1")() }}',
    '{{ (methods)["\\\\\\",globalThis.pwned=1,[])),0,0),false);//"]() }}',
    '{{ a"\u00a0in\u00a0(globalThis.pwned=1)\u00a0in"b }}',
    '{% macro m(__proto__) %}{% endmacro %}{{ m(__proto__={"pwned": 1}) }}{{ fail }}',
  ])('%j', (template) => {
    mistake(() => filled(template));
    expect((globalThis as { pwned?: unknown }).pwned).toBeUndefined();
  });

  test('nor ends in anything but a text or a mistake with a place, whatever is in it', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      ' if ',
      ' for ',
      'x',
      '"',
      "'",
      '|',
      '.',
      '(',
      ')',
      '[',
      ']',
      'endif',
      'set',
      '=',
      '\\',
      '\n',
      '{#',
      'task',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          filled(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(RunbookError);
          expect((error as RunbookError).at).toBeDefined();
        }
      }),
      { numRuns: 400 },
    );
  });
});
