// The fast reader and the library, held against each other: where the fast one reads a text, values and places are the library's.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readByLibrary } from '../runbook/libraryYaml.ts';
import { withWordsReplaced } from '../runbook/patch/word.ts';
import { readPlainYaml } from '../runbook/plainReadings.ts';
import type { YamlPath, YamlReading } from '../runbook/yamlReading.ts';

const RUNS = process.env.RUNBOOK_RELIABILITY ? 100_000 : 4000;

/** Whether the fast reader took it. Fails where it says something else than the library. */
function agree(text: string): boolean {
  const plain = readPlainYaml(text);
  if (!plain) return false;
  const full = readByLibrary(text);
  expect(plain.value).toStrictEqual(full.value);
  for (const path of pathsOf(full.value)) {
    for (const part of ['key', 'value'] as const)
      expect([path, part, shown(plain, text, path, part)]).toEqual([path, part, shown(full, text, path, part)]);
  }
  return true;
}

/** Of a range that goes on in further lines, what stands in the first is shown. */
function shown(reading: YamlReading, text: string, path: YamlPath, part: 'key' | 'value'): string {
  const [start, end] = reading.rangeOf(path, part);
  const newline = text.indexOf('\n', start);
  return `${start}: ${text.slice(start, Math.min(end, newline < 0 ? text.length : newline))}`;
}

/** All that lead somewhere, and from each one that leads nowhere. */
function pathsOf(value: unknown, path: YamlPath = []): YamlPath[] {
  if (typeof value !== 'object' || value === null) return [path, [...path, 'x'], [...path, 0]];
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [
    path,
    [...path, 'no_such_key'],
    [...path, 99],
    ...steps.flatMap((step) => pathsOf((value as Record<string | number, unknown>)[step], [...path, step])),
  ];
}

const PLAN = `# The plan.
name: A plan   # with a remark
description: "It's: quoted"

tasks:
  - id: run_tests
    name: 'Run "all" tests'
    status: DONE
    depends_on: []
    script_details: npm test -- --run a:b c#d
    timeout: 90s
    retries: 2
    commit: true
    env: {CI: "1", LEVEL: 3}
    tags: [a, "b c", 2026-11-20, null]
  # between
  -   id: draft
      status:
      manual_instructions: |
        # Do this

          - and that
        end
      ai_details:
        model: ~
        review_points:
        - one
        -
        - two words   # remark
  -
    id: last
    checks:
      - npm run build && echo "done"
      - name: two
        command: |-
          a
          b

budget: 0
`;

/** The examples, and the playbook that ships with this repository. */
const OURS = ['.', 'tasks', 'examples'].flatMap((folder) =>
  readdirSync(folder, { recursive: folder === 'examples', encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.includes('node_modules'))
    .map((name) => readFileSync(join(folder, name), 'utf8')),
);

test('our own files are read by the fast one, and as the library reads them', () => {
  expect(agree(PLAN)).toBe(true);
  const taken = OURS.filter(agree);
  expect(taken.length / OURS.length).toBeGreaterThan(0.9);
});

describe('a form that is', () => {
  test.each([
    'a: 1',
    'a: -',
    'a: -x',
    'a: 007',
    'a: 1.5',
    'a: 0x1F',
    'a: .5',
    'a: 1e3',
    'a: 1_000',
    'a: +1',
    'a: 12345678901234567890',
    'a: yes',
    'a: True',
    'a: NULL',
    'a: nULL',
    'a: ~',
    'a: 2026-11-20',
    'a: 1.2.3',
    'a: 10:30',
    'a: .inf',
    'a: .',
    'a: ...',
    'a: ---',
    'a: b: c',
    'a: b:',
    'a: b:c',
    'a: b #c',
    'a: b# c',
    'a: "b" c',
    'a: "b"#c',
    'a: "b" #c',
    "a: 'b''c'",
    'a: "b\\n"',
    'a: "b',
    "a: '",
    'a: [b, c]',
    'a: [b,c]',
    'a: [ b , c ]',
    'a: [b, c',
    'a: [b, ]',
    'a: [, b]',
    'a: [b c, d]',
    'a: [b: c]',
    'a: [b:c]',
    'a: [[b]]',
    'a: []',
    'a: [] x',
    'a: [b#c]',
    'a: [b #c]',
    'a: [-]',
    'a: [-b]',
    'a: [- b]',
    'a: ["b", \'c\']',
    'a: {}',
    'a: {b: c}',
    'a: {b: c, d: "e"}',
    'a: {b}',
    'a: {b: }',
    'a: {b: c, b: d}',
    'a: { b: [c] }',
    'a: {b:c}',
    'a: [b?, c!]',
    'a: [b\n',
    'a: &x b',
    'a: *x',
    'a: !t b',
    'a: %b',
    'a: @b',
    'a: `b`',
    'a: ?b',
    'a: ? b',
    'a: :b',
    'a: |\n  b\n',
    'a: |\n  b',
    'a: |-\n  b\n\n',
    'a: |+\n  b\n',
    'a: >\n  b\n  c\n',
    'a: |\n\n  b\n',
    'a: |\n   \n  b\n',
    'a: |\n  b\n   \n',
    'a: |\n  b\n c\n',
    'a: |\nb: 1\n',
    'a: >-\n  b\n  c\n',
    'a: >\n  b\n  c',
    'a: >-\n  b\n\n  c\n',
    'a: >-\n  b\n   c\n',
    'a: >-\n\n  b\n',
    'a: >-\n  b \n  c\n',
    'a: >-\n  # b\n  c\n\n\n',
    'a: |\n',
    'a: | # c\n  b\n',
    'a: |2\n   b\n',
    'a: |\n  b\n# c\nd: 1\n',
    'a: |\n  b\n\n\nc: 1\n',
    'a: |\n  b\n  \n  c\n',
    'a: |\n    b\n  c\n',
    'a:\n  b: 1\n c: 2\n',
    'a:\n  b: 1\n   c: 2\n',
    'a:\n- b\n- c\n',
    'a:\n- b\nc: 1\n',
    'a:\n  - b\n - c\n',
    'a:\n  - - b\n',
    'a:\n  - b: 1\n    c: 2\n',
    'a:\n  - b: 1\n   c: 2\n',
    'a:\n  -  b: 1\n     c: 2\n',
    'a:\n  - b\n    c\n',
    'a: b\n  c\n',
    'a: b\n\n  # c\n  d\n',
    'a: b\n  # c\nd: e\n',
    'a:\n  # c\n    # d\n  b: 1\n',
    'a:\n',
    'a: # c\n',
    'a: # c\n  b: 1\n',
    'a:\nb:\n',
    'a: b\na: c\n',
    'a: b\n"a": c\n',
    ' a: b\n',
    ' a: b\n c: d\n',
    'a:b\n',
    'a : b\n',
    '"a": b\n',
    '? a\n: b\n',
    '<<: {b: c}\n',
    '__proto__: 1\n',
    'constructor: 1\n',
    'true: 1\n',
    '1: a\n',
    '',
    '# c\n',
    '- a\n',
    'a\n',
    '---\na: b\n',
    'a: b\n---\nc: d\n',
    'a: b\n...\n',
    '%YAML 1.2\n---\na: b\n',
    'a: b\r\n',
    '\uFEFFa: b\n',
    'a:\tb\n',
    'a: b\tc\n',
    'a: ü 😀 …\n',
    'a: b\u00a0',
    'a: b\u00a0#c',
    'a: [b\u3000]',
    'a: [b\u00a0, c]',
    'a: \u0085\n',
    'a: \u2028x\n',
    'a: \uFEFFx',
    'a:\n  -\n  - b\n',
    'a:\n  -\n    b: 1\n',
    'a:\n  - # c\n    b: 1\n',
    'a:\n  -\n  b: 1\n',
    'a:\n- b: 1\n  c:\n  - d\n- e\n',
    'a: b   ',
    'a: b\n\n\n',
    'a:   b',
    'a: "  b "  # c',
    'a: -1',
    'a: -b',
    'a: --',
    'a: - b',
    'a: b,c',
    'a: b]',
    'a: b}',
    'a: b[c',
    'a: x{b',
    'a: b|c',
    'a: b & c',
    'a: b * c',
    'a: b ! c',
    'a: (b)',
    'a: $b',
    'a: /b',
    'a: \\b',
    'a: <b>',
    'a: =',
    'a: <<',
    'a: b: ',
    'a: b :c',
    'a: b : c',
    'a: #b',
    'a: b#',
    'a: "" ',
    "a: ''",
    'a: """',
    "a: 'b' 'c'",
    'a: ["b" c]',
    'a: [b "c"]',
    'a: [b,\n  c]',
    'a: {b: "c: d"}',
    'a: {b: c: d}',
    'a: {b: c#d}',
    'a: [a, b]]',
    'a: [~, true, 1]',
    'a: [null]',
    'a: [.5]',
  ])('%j', (text) => {
    agree(text);
  });
});

describe('a word in place of another', () => {
  const set = (path: YamlPath, value: unknown) => ({ op: 'set' as const, path, value });

  test('changes these letters alone, several at once too', () => {
    const text = 'tasks:\n  - id: a # DONE\n    status:   READY   # mine\n  - {id: b, status: PENDING}\n';
    expect(withWordsReplaced(text, [set(['tasks', 0, 'status'], 'DONE'), set(['tasks', 1, 'status'], 'SKIPPED')])).toBe(
      text.replace('READY', 'DONE').replace('PENDING', 'SKIPPED'),
    );
  });

  test.each([
    ['in quotes', 'status: "READY"\n', 'DONE'],
    ['where none is', 'id: a\n', 'DONE'],
    ['where nothing is said', 'status:\n', 'DONE'],
    ['where a list is', 'status: [READY]\n', 'DONE'],
    ['that is no word', 'status: READY\n', 'it is done'],
    ['that would mean something else', 'status: READY\n', 'NULL'],
    ['of a form for the library', 'status: &s READY\nother: *s\n', 'DONE'],
  ])('is left to the general way %s', (_where, text, word) => {
    expect(withWordsReplaced(text, [set(['status'], word)])).toBeUndefined();
  });
});

test(`${RUNS} mutations`, { timeout: RUNS * 1000 }, () => {
  const sources = [PLAN, ...OURS.filter((text) => text.length < 4000)];
  const piece = fc.constantFrom(
    ...[
      ' ',
      '  ',
      '\n',
      '\n\n',
      '\n  ',
      ': ',
      ':',
      '- ',
      '-',
      '#',
      ' #',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      ', ',
      '|',
      '|-',
      '>',
      '&a ',
      '*a',
      '!',
    ],
    ...[
      '~',
      'null',
      'true',
      '0',
      '1',
      '.',
      '1e5',
      '0x',
      '\\',
      '?',
      '%',
      '@',
      '`',
      '=',
      '<<: ',
      '---\n',
      '...',
      'a',
      'a: b\n',
      '- a\n',
      'key:\n',
      '\t',
      '\r\n',
      'ü',
      '\u00a0',
      '\u3000',
      '    ',
      '      x: y\n',
    ],
  );
  const mutation = fc.record({
    at: fc.nat(),
    cut: fc.integer({ min: 0, max: 12 }),
    piece,
    cuts: fc.boolean(),
    puts: fc.boolean(),
  });
  let taken = 0;
  fc.assert(
    fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 3 }), (which, mutations) => {
      let text = sources[which % sources.length] ?? '';
      // A part of it is enough, and makes a mistake more visible.
      for (const { at, cut, piece: put, cuts, puts } of mutations) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + (puts ? put : '') + text.slice(place + (cuts ? cut : 0));
      }
      if (agree(text)) taken++;
    }),
    { numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 10);
  console.info(`${RUNS} mutated texts; the fast reader took ${taken}, and none otherwise than the library`);
});
