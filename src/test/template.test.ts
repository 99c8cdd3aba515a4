// Prompt templates: what they can say, what is refused and where, what they can reach, and what their text is made of.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import nunjucks from 'nunjucks';
import { afterEach, describe, expect, test } from 'vitest';
import { formatTrouble, RunbookError } from '../errors.ts';
import { type Compiled, compile } from '../template.ts';

type Files = Record<string, string | Uint8Array>;
type Variables = Record<string, unknown>;

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A folder with these files in it, and no other. */
function project(files: Files): string {
  const outer = realpathSync(mkdtempSync(join(process.env.RUNBOOK_TEST_FOLDER ?? tmpdir(), 't')));
  roots.push(outer);
  const root = join(outer, 'project');
  for (const [path, content] of Object.entries({ ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Compiles `p.md`, which may also be given as a text alone. */
function compiled(template: string | Files, variables: Variables = {}, extraNames: string[] = []): Compiled {
  const root = project(typeof template === 'string' ? { 'p.md': template } : template);
  return compile(root, 'p.md', [...Object.keys(variables), ...extraNames]);
}

function filled(template: string | Files, variables: Variables = {}): string {
  return compiled(template, variables).render(variables).text;
}

function parts(template: string | Files, variables: Variables = {}): Record<string, number> {
  const rendered = compiled(template, variables).render(variables);
  expect(rendered.parts.reduce((sum, { chars }) => sum + chars, 0)).toBe(rendered.text.length);
  return Object.fromEntries(rendered.parts.map(({ source, chars }) => [source, chars]));
}

function mistakeIn(run: () => unknown): RunbookError {
  try {
    run();
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
  throw new Error('there is no mistake');
}

/** The code and the place of a mistake, and what the caret underlines. */
function summary(run: () => unknown): { code: string; message: string; at: string; marked: string | undefined } {
  const { code, message, at } = mistakeIn(run);
  const marked = at?.text.slice(at.column - 1, at.column - 1 + at.length);
  return { code, message, at: at ? `${at.file}:${at.line}:${at.column}` : 'nowhere', marked };
}

const refusal = (template: string | Files, variables: Variables = {}) => summary(() => filled(template, variables));

describe('the text', () => {
  test('is exact: nothing is escaped, trimmed or added', () => {
    const template = '<a href="x">&amp;</a>\r\n\t{{ code }}\n{% if yes %}\n  in\n{% endif %}\nend';
    const text = filled(template, { code: '<b> & "q" \'s\' `x`', yes: true });
    expect(text).toBe('<a href="x">&amp;</a>\r\n\t<b> & "q" \'s\' `x`\n\n  in\n\nend');
  });

  test('is the template itself where that asks for nothing', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '}', '%', '#', '"', '\\', 'é', '🙂') });
    const harmless = plain.filter((text) => !text.includes('#}'));
    fc.assert(
      fc.property(harmless, (text) => void expect(filled(text)).toBe(text)),
      { numRuns: 50 },
    );
  });

  test('has any value of a variable in it as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (value) => void expect(filled('a {{ v }} b', { v: value })).toBe(`a ${value} b`),
      ),
      {
        numRuns: 50,
      },
    );
  });

  test('has no byte order mark', () => expect(filled('\uFEFF{{ x }}', { x: 1 })).toBe('1'));

  test('of an empty template is empty', () => expect(filled('')).toBe(''));
});

/** Where this renderer must say what nunjucks itself says. */
const LIKE_NUNJUCKS: readonly string[] = [
  '{{ s }} {{ n }} {{ list }} {{ none }}|{{ true }}|{{ 1.5 }}',
  '{{ map.a }} {{ map["b c"] }} {{ map.deep.er[1] }} {{ list[0] }} {{ list[n - 2] }} {{ s.length }} {{ list.length }}',
  '{{ s | upper }} {{ list | join(", ") }} {{ map | dump }} {{ list | first }} {{ list | last }} {{ s | replace("o", "0") }}',
  '{{ "a b" | title | replace(" ", "-") }} {{ s | truncate(3, true, "…") }} {{ list | length }} {{ map | length }} {{ -3 | abs }}',
  '{{ list | sort(reverse=true) | join }} {{ [3, 1, 2] | sort | join }} {{ rows | sort(attribute="id") | join(",", "id") }}',
  '{{ rows | groupby("kind") | dump }} {{ rows | selectattr("ok") | length }} {{ list | reverse | join }} {{ list | batch(2) | dump }}',
  '{{ "3" | int + 4 }} {{ "2.5" | float }} {{ "x" | int(7) }} {{ s | wordcount }} {{ "<b>x</b>" | striptags }} {{ "<" | escape }} {{ "<" | safe }}',
  '{{ 1 + 2 * 3 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 3 }} {{ 10 - 3 - 2 }} {{ 8 / 2 / 2 }} {{ "a" + 1 }} {{ 1 + 2 + "a" }} {{ "a" ~ 1 ~ 2 }}',
  '{{ 5 * 3 % 4 }} {{ 9 / 2 * 2 }} {{ 2 - 3 + 4 }} {{ (1 + 2) * 3 }} {{ -2 ** 2 }} {{ +"4" }} {{ 100 / 10 % 3 }} {{ 2 + 3 - 1 - 1 }}',
  '{{ 1 < 2 }} {{ 2 >= 3 }} {{ "1" == 1 }} {{ "1" === 1 }} {{ 1 != 2 }} {{ 1 !== 1 }} {{ 1 < 2 < 3 }}',
  '{{ 1 in [1, 2] }} {{ 3 not in [1, 2] }} {{ "o" in s }} {{ "a" in map }} {{ "z" in map }}',
  '{{ n is odd }} {{ n is not even }} {{ s is string }} {{ n is divisibleby(3) }} {{ none is none }} {{ list is iterable }} {{ 3 is gt(2) }}',
  '{{ "y" if n else "n" }} {{ "y" if not n }}| {{ n and s }} {{ 0 or s }} {{ not n }} {{ not not n }} {{ n and not 0 or s }}',
  '{% if n > 5 %}a{% elif n == 3 %}b{% else %}c{% endif %}{% if not s %}d{% endif %}{% if n and s %}e{% endif %}',
  '{% for x in list %}{{ loop.index }}/{{ loop.length }} {{ x }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}',
  '{% for x in [] %}x{% else %}none{% endfor %}{% for x in none %}x{% else %}nothing{% endfor %}{% for c in "abc" %}{{ c }}.{% endfor %}',
  '{% for k, v in map %}{{ k }}={{ v | dump }};{{ loop.first }}{% endfor %}{% for a, b in [[1, 2], [3, 4]] %}{{ a }}-{{ b }} {% endfor %}',
  '{% for x in list %}{% for y in [1, 2] %}{{ x }}{{ y }}{{ loop.index }}{% endfor %}{{ loop.revindex }}{{ loop.revindex0 }}{% endfor %}',
  '{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(1, 7, 2) %}{{ i }}{% endfor %}{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}',
  '{% set x = 1 %}{{ x }}{% set x, y = 2 %}{{ x }}{{ y }}{% set z %}<{{ x }}>{% endset %}{{ z }}',
  '{% set t = 0 %}{% for x in [1, 2, 3] %}{% set t = t + x %}{% endfor %}{{ t }}',
  '{% for x in [1, 2] %}{% set s = x %}{{ s }}{% endfor %}{{ s }}',
  '{% macro m(a, b=2, c="z") %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c="y") }}{{ m(a=5, b=6) }}{{ m(1, 2, 3) }}',
  '{% macro m(a) %}{{ n }}{{ a }}{% endmacro %}{% set n = 9 %}{{ m(s) }}',
  '{% macro list(xs) %}<ul>{{ caller() }}{{ xs | join }}</ul>{% endmacro %}{% call list([1, 2]) %}in {{ s }}{% endcall %}',
  '{% macro each(xs) %}{% for x in xs %}{{ caller(x, 1) }}{% endfor %}{% endmacro %}{% call(x, y) each([1, 2]) %}{{ x }}:{{ y }} {% endcall %}',
  '{% macro fact(i) %}{% if i > 1 %}{{ i }}*{{ fact(i - 1) }}{% else %}1{% endif %}{% endmacro %}{{ fact(4) }}',
  '{% filter upper %}a {{ s }}{% endfilter %}{% filter replace("a", "b") %}banana{% endfilter %}',
  '{% switch n %}{% case 1 %}one{% case 3 %}three{% default %}other{% endswitch %}{% switch s %}{% case "x" %}x{% default %}other{% endswitch %}',
  '{% switch 1 %}{% case 1 %}{% case 2 %}one or two{% default %}other{% endswitch %}',
  '{% raw %}{{ not a name }} {% nor a tag %}{% endraw %}|{% verbatim %}{{ x }}{% endverbatim %}{# gone #}|',
  'a  {{- s -}}  b\n{%- if n -%}\n  c\n{%- endif -%}\n d {#- x -#} e',
  '{% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner("; ") %}{% for x in list %}{{ j() }}{{ x }}{% endfor %}',
  '{{ {a: 1, "b": [2]} | dump }} {{ [1, [2, 3]] | dump }} {{ {a: {b: "c"} }.a.b }} {{ ["x", "y"][1] }} {{ "xyz"[1] }}',
  '{{ s.toUpperCase() }} {{ s.split("").join("-") }} {{ list.join("+") }} {{ s.slice(1, 3) }} {{ list.slice(1) }} {{ s.includes("o") }} {{ list.indexOf("b") }}',
  '{{ "q\\"q" }} {{ \'it\\\'s\' }} {{ "tab\\tnl\\nend" }} {{ "\\\\" }} {{ s | replace(r/o+/g, "0") }}',
  '{% include "inc.md" %}|{% set n = 7 %}{% include "inc.md" %}|{% for n in [8, 9] %}{% include "inc.md" %}{% endfor %}|{{ n }}',
  '{% include "none.md" ignore missing %}{% include name %}{% set inner = "kept in" %}{% include "set.md" %}{{ inner }}',
  '{% import "lib.md" as lib %}{{ lib.pair(1, 2) }}{{ lib.word }}{% from "lib.md" import pair, word as w %}{{ pair(b=3, a=4) }}{{ w }}',
  '{% from "ctx.md" import greet with context %}{{ greet() }}{% import "ctx.md" as c with context %}{{ c.greet() }}',
  '{% extends "base.md" %}dropped{% set title = "T" %}{% block body %}child {{ super() }} {{ title }}{{ s }}{% endblock %}',
  '{% extends "mid.md" %}{% block body %}leaf({{ super() }}){% endblock %}{% block side %}{{ n }}{% endblock %}',
  '{% block a %}one{% block b %}two{% endblock %}{% endblock %}',
  '{% extends "looped.md" %}{% block row %}<{{ row }}{{ loop.index }}>{% endblock %}',
];

const COMMON_FILES: Files = {
  'inc.md': 'inc {{ n }}{{ s }}',
  'set.md': '{% set inner = "lost" %}{{ inner }}',
  'lib.md':
    '{% macro pair(a, b) %}({{ a }}, {{ b }}){% endmacro %}{% set word = "w" %}{% macro _own() %}{% endmacro %}text that is dropped',
  'ctx.md': '{% macro greet() %}hello {{ s }}{% endmacro %}',
  'base.md': 'top {{ title }}[{% block body %}base{% endblock %}]{% block side %}side{% endblock %} end',
  'mid.md': '{% extends "base.md" %}{% set title = "mid" %}{% block body %}mid({{ super() }}){% endblock %}',
  'looped.md': '{% for row in list %}{% block row %}{{ row }}{% endblock %}{% endfor %}',
};

const COMMON_VARIABLES = () => ({
  s: 'foo',
  n: 3,
  name: 'inc.md',
  title: 'given',
  list: ['a', 'b', 'c'],
  map: { a: 1, 'b c': 'two', deep: { er: [0, 'x'] } },
  rows: [
    { id: 3, kind: 'x', ok: true },
    { id: 1, kind: 'y', ok: false },
  ],
});

describe('what it can say', () => {
  test.each(LIKE_NUNJUCKS)('as nunjucks: %s', (template) => {
    const loader = {
      getSource: (name: string) => {
        const src = COMMON_FILES[name];
        return (typeof src === 'string' ? { src, path: name, noCache: true } : null) as nunjucks.LoaderSource;
      },
    };
    const expected = new nunjucks.Environment(loader, { autoescape: false }).renderString(template, COMMON_VARIABLES());
    expect(filled({ ...COMMON_FILES, 'p.md': template }, COMMON_VARIABLES())).toBe(expected);
    expect(expected).not.toBe('');
  });

  // Nunjucks parses these right, and then writes JavaScript that means something else.
  test.each([
    ['{{ "yes" if not n == 2 }}', 'yes'],
    ['{{ "x" ~ 1 + 2 }}', 'x3'],
    ['{{ 5 * 3 // 4 }}', '3'],
  ])('as it is written, where nunjucks is wrong: %s', (template, expected) => {
    expect(filled(template, { n: 3 })).toBe(expected);
  });

  test('a member whose name has dots, as the ids of tasks do', () => {
    const outputs = { 'task_2.1_implement_abc': 'code', 'task_2.2': 'other', plain: 'p', 'plain.er': 'q' };
    const template =
      '{{ outputs.task_2.1_implement_abc }} {{ outputs["task_2.2"] }} {{ outputs.plain }} {{ outputs.plain.er }}';
    expect(filled(template, { outputs })).toBe('code other p q');
  });

  test('the length of a member behind a name with dots', () => {
    expect(filled('{{ outputs.task_2.1_x.length }}', { outputs: { 'task_2.1_x': 'four' } })).toBe('4');
  });

  test('a template beside the one that names it, from the root, or with ./', () => {
    const files = {
      'p.md': '{% include "t/a.md" %}',
      't/a.md': 'a{% include "b.md" %}{% include "./b.md" %}{% include "t/b.md" %}{% include "../c.md" %}',
      't/b.md': 'b',
      'c.md': 'c',
      'b.md': 'root b',
    };
    // The root comes first.
    expect(filled(files)).toBe('aroot bbbc');
  });

  test('a variable whose value is read only if it is asked for', () => {
    let reads = 0;
    const outputs = Object.defineProperty({}, 'a', { enumerable: true, get: () => `read ${++reads}` });
    expect(filled('none', { outputs })).toBe('none');
    expect(reads).toBe(0);
    expect(filled('{{ outputs.a }}', { outputs })).toBe('read 1');
  });
});

describe('what may be missing', () => {
  const variables = { feedback: undefined, task: { name: 'n', empty: '', nothing: null } };

  test.each([
    ['{% if feedback %}x{% endif %}', ''],
    ['{% if not feedback %}x{% endif %}', 'x'],
    ['{{ feedback | default("d") }}{{ feedback | d("e") }}', 'de'],
    ['{{ feedback is defined }} {{ feedback is undefined }} {{ feedback is not defined }}', 'false true true'],
    ['{{ feedback or "other" }}', 'other'],
    ['{% if feedback | trim %}x{% else %}y{% endif %}', 'y'],
    ['{% if feedback | length > 0 %}x{% else %}y{% endif %}', 'y'],
    ['{% if feedback and feedback.length %}x{% endif %}', ''],
    ['{% if task.more %}x{% elif task.name %}y{% endif %}', 'y'],
    ['{% if task.more.still %}x{% else %}y{% endif %}', 'y'],
    ['{% if task.more == "a" or "b" in task.more %}x{% else %}y{% endif %}', 'y'],
    ['{% if task["more"][0] %}x{% else %}y{% endif %}', 'y'],
    ['{{ task.more | default("d") }}{{ task.more.still | default("e") }}', 'de'],
    ['{{ task.more is defined }} {{ task.name is defined }}', 'false true'],
    ['{{ "x" if task.more else "y" }}{{ "z" if task.more }}', 'y'],
    ['{% for x in task.more or [] %}x{% else %}none{% endfor %}', 'none'],
    ['{{ task.nothing }}|{{ task.empty }}|{{ none }}', '||'],
    ['{% if file("gone.md") %}x{% else %}y{% endif %}{{ file("gone.md") | default("d") }}', 'yd'],
    ['{% if glob("*.gone") %}x{% else %}y{% endif %}{% for f in glob("*.gone") or [] %}x{% endfor %}', 'y'],
    ['{% macro m(a) %}{% if a %}{{ a }}{% else %}none{% endif %}{% endmacro %}{{ m() }}', 'none'],
  ])('%s', (template, expected) => {
    expect(filled(template, variables)).toBe(expected);
  });

  test('an output that is not there yet', () => {
    const getter = { enumerable: true, get: () => throwMissing() };
    const outputs = Object.defineProperty({}, 'draft', getter);
    expect(filled('{% if outputs.draft %}x{% else %}y{% endif %}', { outputs })).toBe('y');
    expect(refusal('a\n  {{ outputs.draft }}', { outputs })).toMatchObject({ code: 'FILE_NOT_FOUND', at: 'p.md:2:6' });
  });
});

function throwMissing(): never {
  throw new RunbookError({ code: 'FILE_NOT_FOUND', message: 'the output of `draft` is not there' });
}

describe('an unknown name', () => {
  test('is shown with its line and the name that was meant', () => {
    const error = mistakeIn(() =>
      filled('# Task\n\nWrite the class {{ clas_name }}.\n', { class_name: 'A', methods: [] }),
    );
    expect(formatTrouble(error)).toBe(
      [
        'error: `clas_name` is not defined. Did you mean `class_name`?',
        ' ——▶ p.md:3:20',
        '  │',
        '3 │ Write the class {{ clas_name }}.',
        '  │                    ^^^^^^^^^',
      ].join('\n'),
    );
  });

  test('that is like no other is shown with all that are known', () => {
    const error = mistakeIn(() => filled('{{ zzzzzzzz }}', { task: {}, class_name: '' }));
    expect(error.hint).toBe('Known here: class_name, cycler, file, glob, joiner, range, task.');
  });

  test.each([
    ['{% if nome %}x{% endif %}', 'p.md:1:7'],
    ['{{ nome | default("x") }}', 'p.md:1:4'],
    ['{{ nome is defined }}', 'p.md:1:4'],
    ['{% if false %}{{ name }}\n{{ nome }}{% endif %}', 'p.md:2:4'],
    ['{% if name %}{% else %}{{ nome }}{% endif %}', 'p.md:1:27'],
    ['{% for x in nome %}{% endfor %}', 'p.md:1:13'],
    ['{% for x in [] %}{{ nome }}{% endfor %}', 'p.md:1:21'],
    ['{% macro m() %}{{ nome }}{% endmacro %}', 'p.md:1:19'],
    ['{% macro m(a=nome) %}{% endmacro %}', 'p.md:1:14'],
    ['{% set x = nome %}', 'p.md:1:12'],
    ['{% set x %}{{ nome }}{% endset %}', 'p.md:1:15'],
    ['{{ name[nome] }}', 'p.md:1:9'],
    ['{{ nome.a.b }}', 'p.md:1:4'],
    ['{{ nome() }}', 'p.md:1:4'],
    ['{{ range(nome) }}', 'p.md:1:10'],
    ['{{ {a: [nome]} | dump }}', 'p.md:1:9'],
    ['{{ name | replace("a", nome) }}', 'p.md:1:24'],
    ['{{ 1 + name - nome }}', 'p.md:1:15'],
    ['{{ 1 < nome }}', 'p.md:1:8'],
    ['{{ "a" if nome else "b" }}', 'p.md:1:11'],
    ['{{ not nome }}', 'p.md:1:8'],
    ['{{ -nome }}', 'p.md:1:5'],
    ['{{ name is divisibleby(nome) }}', 'p.md:1:24'],
    ['{% include nome %}', 'p.md:1:12'],
    ['{% switch nome %}{% case 1 %}{% endswitch %}', 'p.md:1:11'],
    ['{% switch name %}{% case nome %}{% endswitch %}', 'p.md:1:26'],
    ['{% filter upper %}{{ nome }}{% endfilter %}', 'p.md:1:22'],
    ['{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ nome }}{% endcall %}', 'p.md:1:61'],
    ['{% block b %}{{ nome }}{% endblock %}', 'p.md:1:17'],
  ])('is found in %s', (template, at) => {
    const found = refusal(template, { name: 'x' });
    expect(found).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at, marked: 'nome' });
    expect(found.message).toBe('`nome` is not defined. Did you mean `name`?');
  });

  test('is found before anything runs', () => {
    expect(summary(() => compiled('{{ nome }}', { name: 1 }))).toMatchObject({
      code: 'TEMPLATE_UNDEFINED',
      at: 'p.md:1:4',
    });
  });

  test.each([
    ['a loop variable outside its loop', '{% for xyz in [1] %}{% endfor %}{{ xyz }}'],
    ['`loop` outside a loop', '{{ loop.index }}'],
    ['what is set in a loop only', '{% for x in [1] %}{% set late = x %}{% endfor %}{{ late }}'],
    ['what is set later', '{{ late }}{% set late = 1 %}'],
    ['a parameter outside its macro', '{% macro m(arg) %}{% endmacro %}{{ arg }}'],
    [
      'a loop variable within a macro',
      '{% for xyz in [1] %}{% macro m() %}{{ xyz }}{% endmacro %}{{ m() }}{% endfor %}',
    ],
    ['`caller` outside a macro', '{{ caller() }}'],
    ['a JavaScript global', '{{ process }}'],
    ['the prototype', '{{ __proto__ }}'],
    ['a constructor', '{{ constructor }}'],
    ['a function of objects', '{{ hasOwnProperty("x") }}'],
    ['a shell', '{{ sh("ls") }}'],
    ['a name with JavaScript in it', '{{ a"&&Function`globalThis\\x2epwned\\x3d2```&&"b }}'],
  ])('can be %s', (_, template) => {
    expect(refusal(template, {}).code).toBe('TEMPLATE_UNDEFINED');
    expect(globalThis).not.toHaveProperty('pwned');
  });

  test('of Python is known by its name here', () => {
    expect(refusal('{% if True %}{% endif %}').message).toBe('`True` is not defined. Did you mean `true`?');
    expect(refusal('{{ None }}').message).toBe('`None` is not defined. Did you mean `none`?');
  });

  test('in an included template is shown there', () => {
    const files = { 'p.md': '{% include "t/a.md" %}', 't/a.md': 'x\n{{ nome }}' };
    expect(refusal(files, { name: 1 })).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at: 't/a.md:2:4', marked: 'nome' });
  });

  test('in a template that is named by an expression is found when it runs', () => {
    const files = { 'p.md': '{% include which %}', 'a.md': 'x\n{{ nome }}' };
    expect(refusal(files, { which: 'a.md', name: 1 })).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at: 'a.md:2:4' });
    expect(refusal({ ...files, 'a.md': '{% if false %}{{ nome }}{% endif %}' }, { which: 'a.md' }).at).toBe(
      'a.md:1:18',
    );
  });

  test('in a template that is imported without the context says so', () => {
    const files = {
      'p.md': '{% from "lib.md" import m %}{{ m() }}',
      'lib.md': '{% macro m() %}{{ task }}{% endmacro %}',
    };
    const error = mistakeIn(() => filled(files, { task: 't' }));
    expect(error).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at: { file: 'lib.md', line: 1, column: 19 } });
    expect(error.hint).toContain('`with context`');
    expect(filled({ ...files, 'p.md': '{% from "lib.md" import m with context %}{{ m() }}' }, { task: 't' })).toBe('t');
  });

  test('among those to import', () => {
    const files = {
      'p.md': '{% from "lib.md" import pari %}',
      'lib.md': '{% macro pair() %}{% endmacro %}{% set _own = 1 %}',
    };
    const found = refusal(files);
    expect(found).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at: 'p.md:1:25', marked: 'pari' });
    expect(found.message).toBe('`lib.md` has no `pari` to import. Did you mean `pair`?');
  });

  test('of a parent template is known in a block', () => {
    const files = { 'p.md': '{% extends "b.md" %}{% block x %}{{ row }}{{ word }}{% endblock %}' };
    const base = '{% set word = "w" %}{% for row in [1, 2] %}{% block x %}{% endblock %}{% endfor %}';
    expect(filled({ ...files, 'b.md': base })).toBe('1w2w');
  });
});

describe('a member that is not there', () => {
  const task = { id: 't', name: 'n', deep: { inner: 1 }, list: ['a'], empty: null };

  test('is shown with its line and the member that was meant', () => {
    const error = mistakeIn(() => filled('Do:\n  {{ task.descripton }}', { task: { id: 1, description: 'd' } }));
    expect(formatTrouble(error)).toBe(
      [
        'error: `task` has no `descripton`. Did you mean `description`?',
        ' ——▶ p.md:2:11',
        '  │',
        '2 │   {{ task.descripton }}',
        '  │           ^^^^^^^^^^',
      ].join('\n'),
    );
  });

  test.each([
    ['{{ task.deep.inne }}', 'p.md:1:14', 'inne', '`task.deep` has no `inne`. Did you mean `inner`?'],
    ['{{ task["nam"] }}', 'p.md:1:9', '"nam"', '`task` has no `nam`. Did you mean `name`?'],
    ['{{ task[key] }}', 'p.md:1:9', 'key', '`task` has no `zzz`.'],
    ['{{ task.list[3] }}', 'p.md:1:14', '3', '`task.list` has no `3`.'],
    ['{{ task.empty.x }}', 'p.md:1:15', 'x', '`task.empty` is empty and has no `x`.'],
    ['{{ task.name.upper() }}', 'p.md:1:14', 'upper', '`task.name` has no `upper`.'],
    ['{% set x = task.nme %}', 'p.md:1:17', 'nme', '`task` has no `nme`. Did you mean `name`?'],
    ['{% for x in task.nme %}{% endfor %}', 'p.md:1:18', 'nme', '`task` has no `nme`. Did you mean `name`?'],
    ['{{ task.nme | upper }}', 'p.md:1:9', 'nme', '`task` has no `nme`. Did you mean `name`?'],
    ['{{ task.nme == 1 }}', 'p.md:1:9', 'nme', '`task` has no `nme`. Did you mean `name`?'],
    ['{{ "a" or task.nme }}{{ false or task.nme }}', 'p.md:1:39', 'nme', '`task` has no `nme`. Did you mean `name`?'],
    [
      '{{ outputs.task_2.1_implment_abc }}',
      'p.md:1:12',
      'task_2.1_implment_abc',
      '`outputs` has no `task_2.1_implment_abc`. Did you mean `task_2.1_implement_abc`?',
    ],
  ])('%s', (template, at, marked, message) => {
    const outputs = { 'task_2.1_implement_abc': 'x' };
    expect(refusal(template, { task, key: 'zzz', outputs })).toEqual({
      code: 'TEMPLATE_UNDEFINED',
      at,
      marked,
      message,
    });
  });

  test('is shown with all that are there', () => {
    expect(mistakeIn(() => filled('{{ task.zzzzzzz }}', { task })).hint).toBe('It has: id, name, deep, list, empty.');
  });

  test('in a file that was included from a loop', () => {
    const files = { 'p.md': '{% for t in tasks %}{% include "a.md" %}{% endfor %}', 'a.md': '\n{{ t.nam }}' };
    expect(refusal(files, { tasks: [{ name: 'x' }] })).toMatchObject({ at: 'a.md:2:6', marked: 'nam' });
  });
});

describe('a value that is missing', () => {
  test.each([
    ['{{ feedback }}', 'p.md:1:4', '`feedback` has no value here'],
    ['{{ [] | first }}', 'p.md:1:9', 'this expression has no value here'],
    ['{% macro m(a) %}\n{{ a }}{% endmacro %}{{ m() }}', 'p.md:2:4', '`a` has no value here'],
    ['{% if false %}{% set x = 1 %}{% endif %}{{ x }}', 'p.md:1:44', '`x` has no value here'],
    ['{{ feedback and 1 }}', 'p.md:1:4', 'this expression has no value here'],
  ])('%s', (template, at, message) => {
    expect(refusal(template, { feedback: undefined })).toMatchObject({ code: 'TEMPLATE_UNDEFINED', at, message });
  });
});

describe('a mistake of syntax', () => {
  test.each([
    ['a\n{% if x %}b', 'p.md:2:4', 'if', '`if` is never closed: `{% endif %}` is missing'],
    ['{% if x %}{% for y in x %}b{% endif %}', 'p.md:1:31', 'endif', '`endif` belongs to no open tag'],
    ['{% for y in x %}', 'p.md:1:4', 'for', '`for` is never closed: `{% endfor %}` is missing'],
    ['{% macro m() %}', 'p.md:1:4', 'macro', '`macro` is never closed: `{% endmacro %}` is missing'],
    ['{% block b %}', 'p.md:1:4', 'block', '`block` is never closed: `{% endblock %}` is missing'],
    ['{% switch x %}', 'p.md:1:4', 'switch', '`switch` is never closed: `{% endswitch %}` is missing'],
    ['{% set y %}', 'p.md:1:4', 'set', '`set` is never closed: `{% endset %}` is missing'],
    ['{% filter upper %}', 'p.md:1:4', 'filter', '`filter` is never closed: `{% endfilter %}` is missing'],
    ['{% call m() %}', 'p.md:1:4', 'call', '`call` is never closed: `{% endcall %}` is missing'],
    ['{% raw %}{{ x }}', 'p.md:1:4', 'raw', '`raw` is never closed: `{% endraw %}` is missing'],
    ['{% raw %}a\n{%\nendraw\n%}', 'p.md:1:4', 'raw', '`raw` is never closed: `{% endraw %}` is missing'],
    ['{% endfor %}', 'p.md:1:4', 'endfor', '`endfor` belongs to no open tag'],
    ['{% else %}', 'p.md:1:4', 'else', '`else` belongs to no open tag'],
    ['{% inlcude "x" %}', 'p.md:1:4', 'inlcude', '`inlcude` is not a tag. Did you mean `include`?'],
    ['{% shell "ls" %}', 'p.md:1:4', 'shell', '`shell` is not a tag.'],
    ['{% asyncEach x in y %}{% endeach %}', 'p.md:1:4', 'asyncEach', '`asyncEach` is not for prompts; write `for`'],
    ['{% ifAsync x %}{% endif %}', 'p.md:1:4', 'ifAsync', '`ifAsync` is not for prompts; write `if`'],
    ['a\n\n{{ x', 'p.md:3:1', '{{', 'this is never closed: `}}` is missing, or a quote or a bracket before it'],
    ['{{ "x }}', 'p.md:1:1', '{{', 'this is never closed: `}}` is missing, or a quote or a bracket before it'],
    ['{{ x }} {{ f(', 'p.md:1:9', '{{', 'this is never closed: `}}` is missing, or a quote or a bracket before it'],
    ['{% if x', 'p.md:1:1', '{%', 'this is never closed: `%}` is missing, or a quote or a bracket before it'],
    ['{{ x }', 'p.md:1:6', '}', 'expected `}}`'],
    ['{{ x y }}', 'p.md:1:6', 'y', 'expected `}}`'],
    ['{{ }}', 'p.md:1:4', '}', 'unexpected `}}`'],
    ['{{ x | }}', 'p.md:1:8', '}', 'expected symbol, got variable-end'],
    ['{{ x[] }}', 'p.md:1:5', '[', 'there is nothing in these brackets'],
    ['{{ [1, , 2] }}', 'p.md:1:8', ',', 'unexpected `,`'],
    ['{{ x[1:2] }}', 'p.md:1:5', '[', 'expected comma after expression'],
    ['{{ outputs.task_2.1 }}', 'p.md:1:19', '1', 'a name must follow the dot, not `1`'],
    ['{% if x %}a{% endif x %}', 'p.md:1:23', '%', 'expected `%}` after `endif`'],
    ['x {# y', 'p.md:1:3', '{#', 'this comment is never closed: `#}` is missing'],
    ['x\ny #} z', 'p.md:2:3', '#', '`#}` closes a comment that was never opened'],
    ['{{ x | uper }}', 'p.md:1:8', 'uper', 'there is no filter `uper`. Did you mean `upper`?'],
    ['{% filter uper %}{% endfilter %}', 'p.md:1:11', 'uper', 'there is no filter `uper`. Did you mean `upper`?'],
    ['{{ x is definde }}', 'p.md:1:9', 'definde', 'there is no test `definde`. Did you mean `defined`?'],
    ['{{ x is true }}', 'p.md:1:9', 'true', 'there is no test `true`.'],
    ['{% set x.y = 1 %}', 'p.md:1:8', 'x', 'what is set must be a plain name'],
    ['{% for z, x.y in [] %}{% endfor %}', 'p.md:1:11', 'x', 'the variable of a loop must be a plain name'],
    ['{% macro m("a") %}{% endmacro %}', 'p.md:1:12', '"a"', 'a parameter must be a plain name'],
    ['{{ super() }}', 'p.md:1:4', 'super', '`super()` is known only inside a block'],
    ['{% block a %}{% endblock %}{% block a %}{% endblock %}', 'p.md:1:37', 'a', 'there is already a block `a`'],
  ])('%s', (template, at, marked, message) => {
    const found = summary(() => compiled(template, { x: 1, y: 1, outputs: {} }));
    expect(found).toEqual({ code: 'TEMPLATE_INVALID', at, marked, message });
  });

  test('says what to write for a member that begins with a digit', () => {
    expect(mistakeIn(() => compiled('{{ outputs.task_2.1 }}')).hint).toContain('outputs["task_2.1"]');
  });

  test('in an included template is shown there', () => {
    expect(refusal({ 'p.md': '{% include "a.md" %}', 'a.md': '\n\n{% if %}' })).toMatchObject({
      code: 'TEMPLATE_INVALID',
      at: 'a.md:3:7',
    });
  });

  test('has a column that counts in UTF-16, also after CRLF', () => {
    const { at } = mistakeIn(() => compiled('é🙂\r\n🙂 {{ nope }}\r\n'));
    expect(at).toEqual({ file: 'p.md', line: 2, column: 7, length: 4, text: '🙂 {{ nope }}' });
  });

  test('whatever it is, is a mistake of the person, with a place', () => {
    const pieces = [
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      'if',
      'endif',
      'for',
      'in',
      'x',
      '"',
      "'",
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      '|',
    ];
    const more = [
      '.',
      'set',
      '=',
      'macro',
      'raw',
      'endraw',
      'block',
      'call',
      'is',
      'not',
      '-',
      '1',
      ' ',
      '\n',
      'upper',
      'import',
      'as',
      'from',
    ];
    const template = fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 12 }).map((words) => words.join(' '));
    const check = (text: string) => {
      try {
        compiled(text, { x: 1 }).render({ x: 1 });
      } catch (error) {
        if (!(error instanceof RunbookError) || !error.at) throw error;
      }
    };
    fc.assert(fc.property(template, check), { numRuns: 500 });
  });
});

describe('a value that cannot be used so', () => {
  test.each([
    [
      '{{ map }}',
      'p.md:1:4',
      'a map cannot be printed as it is; print one of its members, or all of it with `| dump(2)`',
    ],
    [
      '{{ [map] }}',
      'p.md:1:4',
      'a map cannot be printed as it is; print one of its members, or all of it with `| dump(2)`',
    ],
    [
      '{{ "a" ~ map }}',
      'p.md:1:4',
      'a map cannot be printed as it is; print one of its members, or all of it with `| dump(2)`',
    ],
    ['{{ range }}', 'p.md:1:4', 'a function cannot be printed; call it with ()'],
    ['{% for x in map %}{% endfor %}', 'p.md:1:13', 'a loop needs a list, not a map; write `for key, value in …`'],
    ['{% for x in n %}{% endfor %}', 'p.md:1:13', 'a loop needs a list, not a number'],
    [
      '{% for x, y in [1] %}{% endfor %}',
      'p.md:1:16',
      'a loop with several names needs a map or a list of lists, not of a number',
    ],
    ['{{ n() }}', 'p.md:1:4', 'a number cannot be called'],
    ['{{ 1 in n }}', 'p.md:1:9', '`in` looks in a list, a text or a map, not in a number'],
    ['{% include n %}', 'p.md:1:12', 'a template is named by a text, not by a number'],
    ['{{ file(n) }}', 'p.md:1:4', '`file` takes a path in quotes, not a number'],
    ['{{ file() }}', 'p.md:1:4', '`file` takes a path in quotes, not nothing'],
    ['{{ file("p.md", "b") }}', 'p.md:1:9', '`file` takes one path only'],
    ['{{ n | trim }}', 'p.md:1:8', 'the filter `trim` fails: str.replace is not a function'],
    [
      '{{ rows | sort(attribute="x") }}',
      'p.md:1:11',
      'the filter `sort` fails: sort: attribute "x" resolved to undefined',
    ],
  ])('%s', (template, at, message) => {
    const variables = { map: { a: 1 }, n: 3, rows: [{ a: 1 }, { a: 2 }] };
    expect(refusal(template, variables)).toMatchObject({ code: 'TEMPLATE_INVALID', at, message });
  });

  test('a macro that calls itself without end', () => {
    expect(refusal('{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}').code).toBe('TEMPLATE_INVALID');
  });

  test('templates that include one another without end', () => {
    const found = refusal({ 'p.md': '{% include "a.md" %}', 'a.md': '\n{% include "p.md" %}' });
    expect(found).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: 'templates include or extend one another without end',
    });
  });

  test('a template that extends itself', () => {
    expect(refusal('{% extends "p.md" %}').message).toBe('templates include or extend one another without end');
  });

  test('but a template may include itself for as long as there is something left', () => {
    const tree = { name: 'a', children: [{ name: 'b', children: [{ name: 'c', children: [] }] }] };
    const files = { 'p.md': '{{ tree.name }}{% for tree in tree.children %}({% include "p.md" %}){% endfor %}' };
    expect(filled(files, { tree })).toBe('a(b(c))');
  });
});

describe('a template runs nothing', () => {
  const reached = 'globalThis.pwned = 1';

  test.each([
    `{{ x.constructor.constructor("${reached}")() }}`,
    `{{ "".constructor.constructor("${reached}")() }}`,
    `{{ [].constructor.constructor("${reached}")() }}`,
    `{{ range.constructor("${reached}")() }}`,
    `{{ x["con" ~ "structor"]["constructor"]("${reached}")() }}`,
    `{{ x.list.join.constructor("${reached}")() }}`,
    `{{ file.constructor("${reached}")() }}`,
    `{% macro m() %}{% endmacro %}{{ m.constructor("${reached}")() }}`,
    `{{ cycler("a").next.constructor("${reached}")() }}`,
    `{% set k = "__proto__" %}{{ x[k][k] }}`,
    '{{ x.__proto__ }}',
    '{{ x.toString() }}',
    '{{ x.hasOwnProperty("list") }}',
    '{{ x.list.map }}',
    '{{ x.list.push(1) }}',
    '{{ x.__defineGetter__ }}',
    '{{ (1).constructor }}',
    '{{ true.constructor }}',
    '{{ range.prototype }}',
    '{{ range.call }}',
  ])('%s', (template) => {
    const x = { list: [1], f: () => 1 };
    const { code } = refusal(template, { x });
    expect(['TEMPLATE_UNDEFINED', 'TEMPLATE_INVALID']).toContain(code);
    expect(globalThis).not.toHaveProperty('pwned');
    expect(x.list).toEqual([1]);
  });

  test('a name in it cannot become code', () => {
    const template = `{% set a"&&Function\`globalThis\\x2epwned\\x3d1\`\`\`&&"b = 1 %}{{ a"&&Function\`globalThis\\x2epwned\\x3d1\`\`\`&&"b }}`;
    expect(filled(template)).toBe('1');
    expect(globalThis).not.toHaveProperty('pwned');
  });

  test.each([
    ['{{ {"__proto__": {polluted: 1} } | dump }}', '{"__proto__":{"polluted":1}}'],
    ['{% set __proto__ = {polluted: 1} %}{{ __proto__.polluted }}', '1'],
    ['{% macro m(__proto__) %}{{ __proto__ }}{% endmacro %}{{ m(__proto__=2) }}', '2'],
    ['{{ "constructor" in {} }} {{ "toString" in x }}', 'false false'],
  ])('no prototype is changed or reached: %s', (template, expected) => {
    expect(filled(template, { x: {} })).toBe(expected);
    expect({}).not.toHaveProperty('polluted');
  });

  test('a key of that name in the data is only a key', () => {
    const data: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    expect(filled('{{ data.__proto__ }}{{ data.constructor }}', { data })).toBe('ab');
  });
});

describe('files', () => {
  test('`file` gives the text as it is, without a byte order mark', () => {
    const files = { 'p.md': '[{{ file("src/a.ts") }}]', 'src/a.ts': '\uFEFFa <b>\r\n{{ x }}\n' };
    expect(filled(files)).toBe('[a <b>\r\n{{ x }}\n]');
  });

  test('`glob` prints each file under its path, in a fence that it cannot end', () => {
    const files = {
      'p.md': '{{ glob("src/**/*.ts") }}',
      'src/b.ts': 'b',
      'src/a/z.ts': '```\n````\n',
      'src/c.js': 'c',
    };
    expect(filled(files)).toBe('src/a/z.ts\n`````ts\n```\n````\n`````\n\nsrc/b.ts\n```ts\nb\n```\n');
  });

  test('`glob` is a list of paths and texts, sorted', () => {
    const names = ['b.ts', 'a.ts', 'A.ts', 'a/z.ts', 'é.ts'];
    const files = Object.fromEntries(names.map((name) => [`src/${name}`, name]));
    const template =
      '{% for f in glob("src/**") %}{{ f.path }}={{ f.text }};{% endfor %}{{ glob("src/*.ts") | length }}';
    expect(filled({ ...files, 'p.md': template })).toBe(
      'src/A.ts=A.ts;src/a.ts=a.ts;src/a/z.ts=a/z.ts;src/b.ts=b.ts;src/é.ts=é.ts;4',
    );
  });

  test.each([
    ['*.md', 'p.md'],
    ['./*.md', 'p.md'],
    ['src/*.{ts,js}', 'src/a.ts src/b.js'],
    ['src/[ab].*', 'src/a.ts src/b.js'],
    ['src/?.ts', 'src/a.ts'],
    ['src/.hidden/*', 'src/.hidden/h.ts'],
    ['src/a.ts', 'src/a.ts'],
    ['src/deep/../*.ts', 'src/a.ts'],
  ])('the pattern %s', (pattern, expected) => {
    const files = {
      'src/a.ts': '',
      'src/b.js': '',
      'src/deep/c.ts': '',
      'src/.hidden/h.ts': '',
      'src/deep/[x].ts': '',
    };
    const template = '{% for f in glob(pattern) %}{{ " " if not loop.first }}{{ f.path }}{% endfor %}';
    expect(filled({ ...files, 'p.md': template }, { pattern })).toBe(expected);
  });

  test("`glob` leaves out what is no text, secret, or not the project's own", () => {
    const files = {
      'p.md':
        '{% for p in ["**", "**/.*", ".*/**", "node_modules/**"] %}{% for f in glob(p) or [] %}{{ f.path }} {% endfor %}{% endfor %}',
      'a.bin': new Uint8Array([0, 1, 2]),
      'latin1.txt': new Uint8Array([0x66, 0xfc, 0x72]),
      '.env': 'KEY=secret',
      '.env.local': 'KEY=secret',
      '.env.example': 'KEY=',
      '.git/config': 'x',
      '.runbook/lock': 'x',
      'node_modules/m/index.js': 'x',
      'deep/node_modules/m/index.js': 'x',
    };
    expect(filled(files)).toBe('p.md .env.example ');
  });

  const files: Files = {
    'src/a.ts': 'a',
    '.env': 'KEY=secret',
    'bin.png': new Uint8Array([137, 80, 78, 71, 0]),
    'latin1.txt': new Uint8Array([0x66, 0xfc, 0x72]),
  };

  test.each([
    [
      '{{ file("src/b.ts") }}',
      'FILE_NOT_FOUND',
      'p.md:1:9',
      '"src/b.ts"',
      '`src/b.ts` does not exist. Did you mean `a.ts`?',
    ],
    ['{{ file("src/a.ts/b") }}', 'FILE_NOT_FOUND', 'p.md:1:9', '"src/a.ts/b"', '`src/a.ts/b` does not exist.'],
    ['{{ file("src") }}', 'FILE_UNREADABLE', 'p.md:1:9', '"src"', '`src` is a folder'],
    ['{{ file("bin.png") }}', 'FILE_UNREADABLE', 'p.md:1:9', '"bin.png"', '`bin.png` is not UTF-8 text'],
    ['{{ file("latin1.txt") }}', 'FILE_UNREADABLE', 'p.md:1:9', '"latin1.txt"', '`latin1.txt` is not UTF-8 text'],
    ['{{ file(".env") }}', 'FILE_UNREADABLE', 'p.md:1:9', '".env"', '`.env` holds secrets and stays out of prompts'],
    ['{{ file("../x") }}', 'PATH_OUTSIDE', 'p.md:1:9', '"../x"', '`../x` lies outside the project folder'],
    [
      '{{ file("/etc/passwd") }}',
      'PATH_OUTSIDE',
      'p.md:1:9',
      '"/etc/passwd"',
      '`/etc/passwd` lies outside the project folder',
    ],
    [
      '{% if file("/etc/passwd") %}{% endif %}',
      'PATH_OUTSIDE',
      'p.md:1:12',
      '"/etc/passwd"',
      '`/etc/passwd` lies outside the project folder',
    ],
    [
      '{{ file("src/../../x") }}',
      'PATH_OUTSIDE',
      'p.md:1:9',
      '"src/../../x"',
      '`src/../../x` lies outside the project folder',
    ],
    ['a\n{{ file(path) }}', 'FILE_NOT_FOUND', 'p.md:2:4', 'file', '`nowhere.txt` does not exist.'],
    ['{{ file("a\\u0000") }}', 'FILE_NOT_FOUND', 'p.md:1:9', '"a\\u0000"', '`au0000` does not exist.'],
    ['{{ glob("*.py") }}', 'FILE_NOT_FOUND', 'p.md:1:9', '"*.py"', '`*.py` matches no file'],
    ['{{ glob("*.png") }}', 'FILE_NOT_FOUND', 'p.md:1:9', '"*.png"', '`*.png` matches no text file'],
    ['{{ glob("../*") }}', 'PATH_OUTSIDE', 'p.md:1:9', '"../*"', '`../` lies outside the project folder'],
    ['{{ glob("/etc/*") }}', 'PATH_OUTSIDE', 'p.md:1:9', '"/etc/*"', '`/etc/` lies outside the project folder'],
    ['{{ glob("{..,../..}/*") }}', 'FILE_NOT_FOUND', 'p.md:1:9', '"{..,../..}/*"', '`{..,../..}/*` matches no file'],
    ['{% include "b.md" %}', 'FILE_NOT_FOUND', 'p.md:1:12', '"b.md"', '`b.md` does not exist. Did you mean `p.md`?'],
    [
      '{% if false %}{% include "gone.md" %}{% endif %}',
      'FILE_NOT_FOUND',
      'p.md:1:26',
      '"gone.md"',
      '`gone.md` does not exist.',
    ],
    ['{% extends "gone.md" %}', 'FILE_NOT_FOUND', 'p.md:1:12', '"gone.md"', '`gone.md` does not exist.'],
    ['{% import "gone.md" as g %}', 'FILE_NOT_FOUND', 'p.md:1:11', '"gone.md"', '`gone.md` does not exist.'],
    ['{% from "gone.md" import g %}', 'FILE_NOT_FOUND', 'p.md:1:9', '"gone.md"', '`gone.md` does not exist.'],
    ['{% include path %}', 'FILE_NOT_FOUND', 'p.md:1:12', 'path', '`nowhere.txt` does not exist.'],
    ['{% include "../x.md" %}', 'PATH_OUTSIDE', 'p.md:1:12', '"../x.md"', '`../x.md` lies outside the project folder'],
    [
      '{% include "../x.md" ignore missing %}',
      'PATH_OUTSIDE',
      'p.md:1:12',
      '"../x.md"',
      '`../x.md` lies outside the project folder',
    ],
    [
      '{% extends "/etc/passwd" %}',
      'PATH_OUTSIDE',
      'p.md:1:12',
      '"/etc/passwd"',
      '`/etc/passwd` lies outside the project folder',
    ],
    ['{% include "bin.png" %}', 'FILE_UNREADABLE', 'p.md:1:12', '"bin.png"', '`bin.png` is not UTF-8 text'],
    ['{% include ".env" %}', 'FILE_UNREADABLE', 'p.md:1:12', '".env"', '`.env` holds secrets and stays out of prompts'],
  ])('%s', (template, code, at, marked, message) => {
    const found = refusal({ ...files, 'p.md': template }, { path: 'nowhere.txt' });
    expect(found).toEqual({ code, at, marked, message });
  });

  test('a symlink that leads outside is not followed, one that stays inside is', () => {
    const root = project({
      'p.md': '{{ file("in.txt") }}',
      'q.md': '{{ file("out.txt") }}',
      'r.md': '{{ file("dir/x.txt") }}',
      'a.txt': 'a',
    });
    writeFileSync(join(root, '../x.txt'), 'outside');
    symlinkSync('a.txt', join(root, 'in.txt'));
    symlinkSync('../x.txt', join(root, 'out.txt'));
    symlinkSync('..', join(root, 'dir'));
    writeFileSync(join(root, 's.md'), '{% include "out.txt" %}');
    writeFileSync(join(root, 't.md'), '{% for f in glob("**/*.txt") %}{{ f.path }} {% endfor %}');
    expect(compile(root, 'p.md', []).render({}).text).toBe('a');
    expect(mistakeIn(() => compile(root, 'q.md', []).render({})).code).toBe('PATH_OUTSIDE');
    expect(mistakeIn(() => compile(root, 'r.md', []).render({})).code).toBe('PATH_OUTSIDE');
    expect(mistakeIn(() => compile(root, 's.md', [])).code).toBe('PATH_OUTSIDE');
    expect(compile(root, 't.md', []).render({}).text).toBe('a.txt ');
  });

  test('the template itself must be there and inside; whoever named it is shown', () => {
    const root = project({ 'prompt_templates/gen.md': '' });
    const askedAt = { file: 'tasks/a.yaml', line: 3, column: 5, length: 2, text: 'x' };
    const error = mistakeIn(() => compile(root, 'prompt_templates/gne.md', [], askedAt));
    expect(error).toMatchObject({ code: 'FILE_NOT_FOUND', at: askedAt });
    expect(error.message).toBe('`prompt_templates/gne.md` does not exist. Did you mean `gen.md`?');
    expect(mistakeIn(() => compile(root, '../gen.md', [], askedAt))).toMatchObject({
      code: 'PATH_OUTSIDE',
      at: askedAt,
    });
    expect(mistakeIn(() => compile(root, 'prompt_templates', [], askedAt))).toMatchObject({
      code: 'FILE_UNREADABLE',
      at: askedAt,
    });
  });
});

describe('what it uses', () => {
  const uses = (template: string | Files) =>
    [...compiled(template, {}, ['git', 'outputs', 'task', 'feedback']).uses].sort();

  test('is found without running it, also in branches and in included templates', () => {
    expect(uses('{% if task.x %}{{ git.diff }}{% endif %}')).toEqual(['git', 'task']);
    expect(uses({ 'p.md': '{% include "a.md" %}', 'a.md': '{{ file("x") }}{{ outputs.a }}' })).toEqual([
      'file',
      'outputs',
    ]);
    expect(uses('{% macro m() %}{{ feedback }}{% endmacro %}')).toEqual(['feedback']);
    expect(uses({ 'p.md': '{% extends "a.md" %}', 'a.md': '{% block b %}{{ git.log }}{% endblock %}' })).toEqual([
      'git',
    ]);
    expect(uses('nothing')).toEqual([]);
  });

  test('does not count a name that the template gives to something else', () => {
    expect(uses('{% set git = 1 %}{{ git }}{% for task in [1] %}{{ task }}{% endfor %}')).toEqual([]);
  });

  test('is everything where a template is named by an expression', () => {
    expect(uses({ 'p.md': '{% include task.name %}' })).toEqual([
      'cycler',
      'feedback',
      'file',
      'git',
      'glob',
      'joiner',
      'outputs',
      'range',
      'task',
    ]);
  });
});

describe('what the text is made of', () => {
  const outputs = { a: 'A'.repeat(100), b: 'B'.repeat(50) };
  const git = { diff: 'D'.repeat(30) };
  const files = { 'f.ts': 'f'.repeat(40), 'g.ts': 'g'.repeat(20), 'inc.md': 'inc{{ outputs.b }}' };

  test.each<[string, Record<string, number>]>([
    ['12345', { 'p.md': 5 }],
    ['12{{ name }}', { 'p.md': 6 }],
    ['12{{ outputs.a }}', { 'p.md': 2, 'outputs.a': 100 }],
    ['{{ outputs["a"] }}{{ outputs.a }}', { 'outputs.a': 200 }],
    ['{{ git.diff }}{{ feedback }}', { 'git.diff': 30, feedback: 9 }],
    ['{{ file("f.ts") }}-', { 'f.ts': 40, 'p.md': 1 }],
    ['{% include "inc.md" %}', { 'inc.md': 3, 'outputs.b': 50 }],
    ['{% for f in glob("*.ts") %}{{ f.path }}:{{ f.text }}{% endfor %}', { 'p.md': 10, 'f.ts': 40, 'g.ts': 20 }],
    ['{{ file("f.ts") | upper }}', { 'f.ts': 40 }],
    ['{{ outputs.a | truncate(10, true, "") }}', { 'outputs.a': 10 }],
    ['{{ "// " ~ file("g.ts") }}', { 'g.ts': 20, 'p.md': 3 }],
    ['{% set code = file("f.ts") %}{{ code }}', { 'f.ts': 40 }],
    [
      '{% set both %}{{ file("f.ts") }} {{ file("g.ts") }}{% endset %}{{ both }}',
      { 'f.ts': 40, 'p.md': 1, 'g.ts': 20 },
    ],
    ['{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(outputs.b) }}', { 'p.md': 2, 'outputs.b': 50 }],
    [
      '{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ file("g.ts") }}{% endcall %}',
      { 'p.md': 2, 'g.ts': 20 },
    ],
    ['{% filter upper %}ab{{ outputs.b }}{% endfilter %}', { 'p.md': 2, 'outputs.b': 50 }],
    ['{% for id, text in outputs %}{{ text }}{% endfor %}', { 'outputs.a': 100, 'outputs.b': 50 }],
    ['{% if outputs.a %}ab{% endif %}', { 'p.md': 2 }],
    ['{% set outputs = {a: "xyz"} %}{{ outputs.a }}', { 'p.md': 3 }],
  ])('%s', (template, expected) => {
    expect(parts({ ...files, 'p.md': template }, { outputs, git, name: 'name', feedback: 'say more!' })).toEqual(
      expected,
    );
  });

  test('`glob` printed as it is', () => {
    const found = parts({ ...files, 'p.md': '{{ glob("*.ts") }}' }, {});
    expect(found).toEqual({ 'f.ts': 40, 'g.ts': 20, 'p.md': 33 });
  });

  test('a template that extends another', () => {
    const child = {
      'p.md': '{% extends "b.md" %}{% block x %}child{{ super() }}{% endblock %}',
      'b.md': '[{% block x %}base{% endblock %}]',
    };
    expect(parts(child)).toEqual({ 'b.md': 6, 'p.md': 5 });
  });
});
