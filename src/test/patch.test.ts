// Only the bytes we mean: what an edit does to files of every kind, to the byte, and what is refused.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RunbookError } from '../errors.ts';
import { parse } from '../runbook/patch/syntax.ts';
import { surpriseIn } from '../runbook/patch/verify.ts';
import { type Edit, patch, type YamlPath } from '../runbook/patch.ts';
import { type Drawn, drawn, type Spot } from './patch/drawn.ts';

/** How many runbooks the property tests draw; each takes more than twenty edits. */
const RUNS = 420 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1);
/** No wall-clock limit decides a test, however many runs are asked for. */
const NO_LIMIT = { timeout: 24 * 3_600_000 };

const set = (path: YamlPath, value: unknown): Edit => ({ op: 'set', path, value });
const append = (path: YamlPath, value: unknown): Edit => ({ op: 'append', path, value });
const done = set(['status'], 'DONE');
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');

type Case = readonly [name: string, before: string, edits: Edit | readonly Edit[], after: string];

function testAll(cases: readonly Case[]): void {
  test.each(cases)('%s', (_name, before, edits, after) => {
    const all = [edits].flat();
    expect(patch(before, all, 'f.yaml')).toBe(after);
    const sets = all.filter(({ op }) => op === 'set');
    expect(patch(after, sets, 'f.yaml'), 'once more, and nothing changes').toBe(after);
  });
}

describe('a scalar is replaced where it stands', () => {
  testAll([
    ['plain', 'a: 1\nstatus: READY\nb: 2\n', done, 'a: 1\nstatus: DONE\nb: 2\n'],
    ['with a comment behind it', 'status: READY   # why\n', done, 'status: DONE   # why\n'],
    ['in single quotes', "status: 'READY'\n", done, "status: 'DONE'\n"],
    ['in double quotes', 'status: "READY"\n', done, 'status: "DONE"\n'],
    ['with an odd distance to its key', 'status :   READY  \n', done, 'status :   DONE  \n'],
    ['behind a tab', 'status:\tREADY\t# c\n', done, 'status:\tDONE\t# c\n'],
    ['at the end of a file without a last line break', 'status: READY', done, 'status: DONE'],
    ['in a file with CRLF', 'a: 1\r\nstatus: READY\r\n', done, 'a: 1\r\nstatus: DONE\r\n'],
    ['behind a byte order mark', '\uFEFFstatus: READY\n', done, '\uFEFFstatus: DONE\n'],
    ['under a quoted key', '"status": READY\n', done, '"status": DONE\n'],
    ['under a key with escapes', '"st\\u0061tus": READY\n', done, '"st\\u0061tus": DONE\n'],
    ['under a key that is an alias', 'k: &k status\n*k : READY\n', done, 'k: &k status\n*k : DONE\n'],
    ['under an explicit key', '? status\n: READY # c\n', done, '? status\n: DONE # c\n'],
    ['on the line after its key', 'status: # c\n  # d\n  READY # e\n', done, 'status: # c\n  # d\n  DONE # e\n'],
    ['over two lines', 'status: REA\n  DY # c\nb: 1\n', done, 'status: DONE # c\nb: 1\n'],
    ['in quotes over two lines', "status: 'REA\n\n  DY'\nb: 1\n", done, "status: 'DONE'\nb: 1\n"],
    ['behind an anchor and a tag', 'status: &a !!str READY\n', done, 'status: &a !!str DONE\n'],
    ['behind an anchor on its own line', 'status: &a # c\n  READY\n', done, 'status: &a # c\n  DONE\n'],
    ['an alias becomes the value', 's: &s READY\nstatus: *s # c\n', done, 's: &s READY\nstatus: DONE # c\n'],
    ['a number stays plain', 'n: 1\n', set(['n'], 2.5), 'n: 2.5\n'],
    ['a text becomes a number', 'n: "1"\n', set(['n'], 1), 'n: 1\n'],
    ['in a list', '- a # x\n- b\n', set([1], 'c'), '- a # x\n- c\n'],
    ['in a compact list', '- - a\n  - b\n', set([0, 1], 'c'), '- - a\n  - c\n'],
    ['in a flow map', '{id: a, status: READY, b: c}\n', done, '{id: a, status: DONE, b: c}\n'],
    ['in a flow list', '[a, "b", c]\n', set([1], 'x: y'), '[a, "x: y", c]\n'],
    ['in a pair of a flow list', 'a: [b: c, d]\n', set(['a', 0, 'b'], 'x'), 'a: [b: x, d]\n'],
    ['in JSON', '{"status":"READY","n":null}\n', [done, set(['n'], 'x')], '{"status":"DONE","n":"x"}\n'],
    ['in the first of two documents', 'status: A\n---\nstatus: A\n', done, 'status: DONE\n---\nstatus: A\n'],
    ['a value that stands there already is left alone', "status: 'DONE' # c\n", done, "status: 'DONE' # c\n"],
    ['the same in another spelling is left alone', 'm: 0x10 # c\n', set(['m'], 16), 'm: 0x10 # c\n'],
    ['the same through an alias is left alone', 's: &s DONE\nstatus: *s\n', done, 's: &s DONE\nstatus: *s\n'],
  ]);
});

describe('an empty value is filled', () => {
  testAll([
    ['at the end of the file', 'status:', done, 'status: DONE'],
    ['before more', 'status:\nb: 1\n', done, 'status: DONE\nb: 1\n'],
    ['behind spaces', 'status:  \nb: 1\n', done, 'status:  DONE\nb: 1\n'],
    ['before a comment', 'status:   # todo\n', done, 'status: DONE   # todo\n'],
    ['before comments of its own', 'status:\n  # todo\nb: 1\n', done, 'status: DONE\n  # todo\nb: 1\n'],
    ['behind an anchor', 'status: &a\nb: 1\n', done, 'status: &a DONE\nb: 1\n'],
    ['null', 'status: ~ # c\n', done, 'status: DONE # c\n'],
    ['in a flow map', '{status: , b: 1}\n', done, '{status: DONE , b: 1}\n'],
    ['in a flow map without a colon', '{status, b: 1}\n', done, '{status: DONE, b: 1}\n'],
    ['under an explicit key without a colon', 'a: 1\n? status # c\n', done, 'a: 1\n? status # c\n: DONE\n'],
    ['in a list', '- a\n-\n- c\n', set([1], 'b'), '- a\n- b\n- c\n'],
    ['in a list, by a map', '-\n- c\n', set([0], { a: 1 }), '-\n  a: 1\n- c\n'],
    ['by a text of several lines', 'n: # c\nb: 1\n', set(['n'], 'x\ny\n'), 'n: | # c\n  x\n  y\nb: 1\n'],
  ]);
});

describe('a block scalar is replaced with its lines', () => {
  testAll([
    ['literal', 'status: |\n  READY\n\nb: 1\n', done, 'status: DONE\n\nb: 1\n'],
    ['folded, with a comment', 'status: >-  # c\n  RE\n  ADY\nb: 1\n', done, 'status: DONE  # c\nb: 1\n'],
    ['with an indentation digit', 'status: |2-\n   READY', done, 'status: DONE'],
    ['one that keeps its empty lines', 'status: |+\n  READY\n\n\nb: 1\n', done, 'status: DONE\n\n\nb: 1\n'],
    ['an empty one', 'status: |\nb: 1\n', done, 'status: DONE\nb: 1\n'],
    ['in CRLF', 'status: |\r\n  READY\r\n\r\nb: 1\r\n', done, 'status: DONE\r\n\r\nb: 1\r\n'],
    ['in a list', '- |\n a\n- b\n', set([0], 'x'), '- x\n- b\n'],
    [
      'by another text of several lines',
      'n: >+ # c\n    a\n\nb: 1\n',
      set(['n'], 'x\n\n  y'),
      'n: |- # c\n  x\n\n    y\n\nb: 1\n',
    ],
    ['by a map', 'n: | # c\n  a\nb: 1\n', set(['n'], { x: 1 }), 'n: # c\n  x: 1\nb: 1\n'],
  ]);
});

describe('a text is written in a way that reads back as the text', () => {
  testAll([
    ['what looks like a map', 'a: b\n', set(['a'], 'x: y'), 'a: "x: y"\n'],
    ['what looks like a comment', 'a: b\n', set(['a'], 'x #y'), 'a: "x #y"\n'],
    ['what needs no quotes in a block', 'a: b\n', set(['a'], 'x, [y] {z}'), 'a: x, [y] {z}\n'],
    ['what needs quotes in flow', '{a: b}\n', set(['a'], 'x, y'), '{a: "x, y"}\n'],
    ['quotes in single quotes', "a: 'b'\n", set(['a'], 'it\'s "x"'), "a: 'it''s \"x\"'\n"],
    ['quotes in double quotes', 'a: "b"\n', set(['a'], 'it\'s "x" \\'), 'a: "it\'s \\"x\\" \\\\"\n'],
    ['the quotes of the file', "q: 'x'\na: b\n", set(['a'], ''), "q: 'x'\na: ''\n"],
    ['a number', 'a: b\n', set(['a'], '12'), 'a: "12"\n'],
    ['what YAML 1.1 takes for a boolean', 'a: b\n', set(['a'], 'yes'), 'a: "yes"\n'],
    [
      'what YAML 1.1 takes for a date',
      'a: b\n',
      set(['a'], '2026-11-20T10:00:00.000Z'),
      'a: "2026-11-20T10:00:00.000Z"\n',
    ],
    ['spaces around it', 'a: b\n', set(['a'], ' x '), 'a: " x "\n'],
    ['several lines in quotes stay in one', "a: 'b'\n", set(['a'], 'x\ny'), 'a: "x\\ny"\n'],
    ['several lines that a block would change', 'a: b\n', set(['a'], ' x\ny\n\n'), 'a: " x\\ny\\n\\n"\n'],
    ['several lines with a carriage return', 'a: b\n', set(['a'], 'x\r\ny'), 'a: "x\\r\\ny"\n'],
    ['several lines in a file with CRLF', 'a: b\r\n', set(['a'], 'x\n\ny\n'), 'a: |\r\n  x\r\n\r\n  y\r\n'],
    [
      'several lines before a comment that a block would swallow',
      'a: b\n    # c\n',
      set(['a'], 'x\ny'),
      'a: "x\\ny"\n    # c\n',
    ],
    ['control characters', 'a: b\n', set(['a'], '\x1b[31m\x7f\u2028'), 'a: "\\u001b[31m\\u007f\\u2028"\n'],
    ['all the rest of Unicode', 'a: b\n', set(['a'], '日本 😀 é'), 'a: 日本 😀 é\n'],
    ['half a surrogate pair', "a: 'b'\n", set(['a'], '\ud83d'), 'a: "\\ud83d"\n'],
    [
      'a very long line is not folded',
      'a: b\n',
      set(['a'], 'word '.repeat(99).trim()),
      `a: ${'word '.repeat(99).trim()}\n`,
    ],
  ]);
});

describe('a new key', () => {
  const run = set(['last_run'], { outcome: 'SUCCESS' });
  testAll([
    ['status behind name', 'id: a\nname: b # c\n\ntype: x\n', done, 'id: a\nname: b # c\nstatus: DONE\n\ntype: x\n'],
    ['status behind id', 'type: x\nid: |\n  a\n# c\ny: 1\n', done, 'type: x\nid: |\n  a\nstatus: DONE\n# c\ny: 1\n'],
    ['status first', '# c\ntype: x\n', done, '# c\nstatus: DONE\ntype: x\n'],
    ['status first, before an anchor', '- &k type: x\n', set([0, 'status'], 'DONE'), '- status: DONE\n  &k type: x\n'],
    [
      'before a comment that a block would swallow',
      'a: 1\n    # c\n',
      set(['m'], 'x\ny'),
      'a: 1\nm: "x\\ny"\n    # c\n',
    ],
    [
      'in a flow map over lines, between two in one line',
      '{\n  id: a, x: 1\n}\n',
      done,
      '{\n  id: a, status: DONE, x: 1\n}\n',
    ],
    ['in a file that is nothing but a byte order mark', '\uFEFF', done, '\uFEFFstatus: DONE\n'],
    [
      'status first in a list',
      '-   type: x\n    y: 1\n',
      set([0, 'status'], 'DONE'),
      '-   status: DONE\n    type: x\n    y: 1\n',
    ],
    [
      'status that only a merge brings',
      'd: &d {status: A}\nt:\n  <<: *d\n  id: a\n',
      set(['t', 'status'], 'DONE'),
      'd: &d {status: A}\nt:\n  <<: *d\n  id: a\n  status: DONE\n',
    ],
    ['anything else at the end', 'a: 1 # c\n\n# end\n', run, 'a: 1 # c\nlast_run:\n  outcome: SUCCESS\n\n# end\n'],
    [
      'before what follows its map',
      't:\n- a: 1\n  # of a\n\n# of b\n- b: 1\n',
      set(['t', 0, 'x'], 2),
      't:\n- a: 1\n  x: 2\n  # of a\n\n# of b\n- b: 1\n',
    ],
    ['without a last line break', 'a: 1', run, 'a: 1\nlast_run:\n  outcome: SUCCESS'],
    ['in CRLF, without a last line break', 'b: 1\r\na: 1', run, 'b: 1\r\na: 1\r\nlast_run:\r\n  outcome: SUCCESS'],
    ['behind lines that a text keeps', 'a: |+\n  x\n\n\n', run, 'a: |+\n  x\n\n\nlast_run:\n  outcome: SUCCESS\n'],
    ['behind an empty value', 'a: 1\nb:\n  # c\n', run, 'a: 1\nb:\nlast_run:\n  outcome: SUCCESS\n  # c\n'],
    ['before the end of the document', 'a: 1\n...\n# c\n', run, 'a: 1\nlast_run:\n  outcome: SUCCESS\n...\n# c\n'],
    ['before the next document', 'a: 1\n---\nb: 1\n', run, 'a: 1\nlast_run:\n  outcome: SUCCESS\n---\nb: 1\n'],
    ['in an empty file', '', [done, run], 'status: DONE\nlast_run:\n  outcome: SUCCESS\n'],
    ['in a file of comments', '# a\n\n# b', done, '# a\n\n# b\nstatus: DONE'],
    ['in a file of comments, with line breaks', '\uFEFF# a\r\n', done, '\uFEFF# a\r\nstatus: DONE\r\n'],
    ['behind a lonely marker', '--- # c\n...\n', done, '--- # c\nstatus: DONE\n...\n'],
    ['in a map that is not there yet', 'a: 1\nt: # c\nb: 2\n', set(['t', 'x'], 1), 'a: 1\nt: # c\n  x: 1\nb: 2\n'],
    ['in a flow map', '{id: a, x: 1}\n', [done, set(['m'], null)], '{id: a, status: DONE, x: 1, m: null}\n'],
    ['in an empty flow map', 't: { }\n', set(['t', 'x'], 1), 't: { x: 1 }\n'],
    ['in a flow map, first', 't: {x: 1}\n', set(['t', 'status'], 'DONE'), 't: {status: DONE, x: 1}\n'],
    ['in a flow map with a last comma', '{id: a, x: [1], }\n', set(['m'], [2]), '{id: a, x: [1], m: [2], }\n'],
    [
      'in a flow map over lines',
      '{\n  id: a, # c\n  x: 1 # d\n}\n',
      [done, run],
      '{\n  id: a, # c\n  status: DONE,\n  x: 1, # d\n  last_run: {outcome: SUCCESS}\n}\n',
    ],
    ['in a flow map over lines, first', '{\n  x: 1\n}\n', done, '{\n  status: DONE,\n  x: 1\n}\n'],
    [
      'in a flow map over lines, with a last comma',
      '{\n  x: 1, # d\n}\n',
      run,
      '{\n  x: 1, # d\n  last_run: {outcome: SUCCESS},\n}\n',
    ],
    [
      'in JSON',
      '{\n  "id": "a"\n}\n',
      [done, set(['r'], { n: 1, t: 'x' })],
      '{\n  "id": "a",\n  "status": "DONE",\n  "r": {"n": 1, "t": "x"}\n}\n',
    ],
    ['that needs quotes', 'a: 1\n', set(['x: y'], 1), 'a: 1\n"x: y": 1\n'],
  ]);
});

describe('a block is written in the layout of the file', () => {
  const run = { outcome: 'ERROR', log: 'one\ntwo\n', checks: ['a', { b: 1 }], none: {}, nil: [] };
  const narrow = [
    'last_run:',
    '  outcome: ERROR',
    '  log: |',
    '    one',
    '    two',
    '  checks:',
    '  - a',
    '  - b: 1',
    '  none: {}',
    '  nil: []',
  ];
  const wide = [
    'last_run:',
    '    outcome: ERROR',
    '    log: |',
    '        one',
    '        two',
    '    checks:',
    '      -   a',
    '      -   b: 1',
    '    none: {}',
    '    nil: []',
  ];
  testAll([
    ['dashes under the key', lines('t:', '- x'), set(['last_run'], run), lines('t:', '- x', ...narrow)],
    [
      'wide',
      lines('t:', '  -   x:', '          y: 1'),
      set(['last_run'], run),
      lines('t:', '  -   x:', '          y: 1', ...wide),
    ],
    [
      'in a task',
      lines('tasks:', '- id: a', '', '- id: b'),
      set(['tasks', 0, 'last_run'], run),
      lines('tasks:', '- id: a', ...narrow.map((line) => `  ${line}`), '', '- id: b'),
    ],
    ['in place of null', 'a: 1\nr: null # never\nb: 2\n', set(['r'], { x: 1 }), 'a: 1\nr: # never\n  x: 1\nb: 2\n'],
    ['in place of null on its own line', 'r:\n    null # c\nb: 2\n', set(['r'], { x: 1 }), 'r: # c\n  x: 1\nb: 2\n'],
    ['in place of null behind a comment', 'r: # c\n  null\nb: 2\n', set(['r'], { x: 1 }), 'r: # c\n  {x: 1}\nb: 2\n'],
    ['in place of an empty map', 'r: {} # c\n', set(['r'], { x: 1 }), 'r: # c\n  x: 1\n'],
    ['in place of a map whose first key has an anchor', '- &k a: 1\n  b: 2\n', set([0], 'x'), '- x\n'],
    ['in place of what uses an anchor of its own', 'r: [&x 1, *x]\n', set(['r'], 'x'), 'r: x\n'],
    ['in its own column', 'h:\n  a: 1\nr:\n      x: 1\n', set(['r'], { z: 1 }), 'h:\n  a: 1\nr:\n      z: 1\n'],
    ['in place of a text', 'r: "x"\n', set(['r'], ['a']), 'r:\n  - a\n'],
    ['in place of an alias', 'a: &a {x: 1}\nr: *a\n', set(['r'], { z: 1 }), 'a: &a {x: 1}\nr:\n  z: 1\n'],
    [
      'in place of another map',
      'r: &r # a\n    # b\n    x: 1 # c\n    y: 2 # d\n    # e\nb: 2\n',
      set(['r'], { z: 1 }),
      'r: &r # a\n    # b\n    z: 1\n    # e\nb: 2\n',
    ],
    [
      'in place of a map in a list',
      '- x: 1\n  y: 2\n\n- b\n',
      set([0], { z: [1, 2] }),
      '- z:\n    - 1\n    - 2\n\n- b\n',
    ],
    ['in place of a list', 'r:\n- a\n- b\nc: 1\n', set(['r'], { z: 1 }), 'r:\n  z: 1\nc: 1\n'],
    ['in place of a list, another', 'r:\n- a\n- b\nc: 1\n', set(['r'], [{ z: 1 }]), 'r:\n- z: 1\nc: 1\n'],
    ['in place of a flow map', 'r: {x: 1,\n  y: 2} # c\n', set(['r'], { z: { a: 1 } }), 'r: {z: {a: 1}} # c\n'],
    [
      'a scalar in place of a block',
      'r: # c\n  # d\n  x: 1\n# e\nb: 2\n',
      set(['r'], null),
      'r: null # c\n  # d\n# e\nb: 2\n',
    ],
    ['an empty list in place of a block', 'r:\n- 1\n- 2', set(['r'], []), 'r: []'],
    [
      'a map that only changes keeps its comments',
      'r:\n  x: 1 # c\n  # d\n  y: "2" # e\n',
      set(['r'], { z: 3, y: '4', x: 1 }),
      'r:\n  x: 1 # c\n  # d\n  y: "4" # e\n  z: 3\n',
    ],
    [
      'a flow map that only changes keeps its layout',
      'r: {x: 1, # c\n  y: 2}\n',
      set(['r'], { x: 5, y: { z: 1 } }),
      'r: {x: 5, # c\n  y: {z: 1}}\n',
    ],
  ]);
});

describe('an item is added to a list', () => {
  const issue = { type: 'X', detail: 'a: b' };
  const add = append(['issues'], issue);
  testAll([
    [
      'of maps',
      'issues:\n  - type: A # c\n    x: 1 # d\n  # e\n\nb: 1\n',
      add,
      'issues:\n  - type: A # c\n    x: 1 # d\n  - type: X\n    detail: "a: b"\n  # e\n\nb: 1\n',
    ],
    ['under its key', 'issues:\n- 1\nb: 1\n', add, 'issues:\n- 1\n- type: X\n  detail: "a: b"\nb: 1\n'],
    [
      'with wide dashes',
      'a:\n- 1\nissues:\n    -   x: 1\n        y: 2',
      add,
      'a:\n- 1\nissues:\n    -   x: 1\n        y: 2\n    -   type: X\n        detail: "a: b"',
    ],
    [
      'of flow maps',
      'issues:\n  - {type: A} # c\n',
      add,
      'issues:\n  - {type: A} # c\n  - {type: X, detail: "a: b"}\n',
    ],
    [
      'of JSON maps',
      'issues:\n  - {"type": "A"}\n',
      add,
      'issues:\n  - {"type": "A"}\n  - {"type": "X", "detail": "a: b"}\n',
    ],
    [
      'in flow, padded',
      'issues: [{ type: A }]\n',
      append(['issues'], { type: 'X', m: {} }),
      'issues: [{ type: A }, { type: X, m: {} }]\n',
    ],
    ['in flow', 'issues: [{type: A}] # c\n', add, 'issues: [{type: A}, {type: X, detail: "a: b"}] # c\n'],
    [
      'in flow over lines',
      'issues: [\n  1,\n  2 # c\n  ]\n',
      append(['issues'], 3),
      'issues: [\n  1,\n  2, # c\n  3\n  ]\n',
    ],
    ['that is empty', 'issues: [] # c\nb: 1\n', add, 'issues: # c\n  - type: X\n    detail: "a: b"\nb: 1\n'],
    ['that is empty, in flow', '{issues: [ ]}\n', add, '{issues: [{type: X, detail: "a: b"}]}\n'],
    ['that is null', 'issues: ~\nb: 1\n', append(['issues'], 1), 'issues:\n  - 1\nb: 1\n'],
    ['that is missing', 'b:\n- 1\n', append(['issues'], 1), 'b:\n- 1\nissues:\n- 1\n'],
    ['that ends in an empty item', 'issues:\n- # c\n', append(['issues'], 1), 'issues:\n- # c\n- 1\n'],
    [
      'before a comment that a block would swallow',
      'i:\n- a\n    # c\n',
      append(['i'], 'x\ny'),
      'i:\n- a\n- "x\\ny"\n    # c\n',
    ],
    [
      'that ends in a text of its own lines',
      'issues:\n- |+\n a\n\nb: 1\n',
      append(['issues'], 'x\ny'),
      'issues:\n- |+\n a\n\n- |-\n  x\n  y\nb: 1\n',
    ],
    ['twice', 'issues:\n- 1\nb: 1\n', [append(['issues'], 2), append(['issues'], 3)], 'issues:\n- 1\n- 2\n- 3\nb: 1\n'],
    [
      'twice, if it is missing',
      'b: 1\n',
      [append(['issues'], 2), append(['issues'], 3)],
      'b: 1\nissues:\n  - 2\n  - 3\n',
    ],
  ]);
});

describe('several edits', () => {
  testAll([
    [
      'of one task',
      'tasks:\n  - id: a\n    status: READY # c\n    issues: []\n\n  - id: b\n',
      [
        set(['tasks', 0, 'status'], 'ERROR'),
        set(['tasks', 0, 'last_run'], { outcome: 'ERROR' }),
        append(['tasks', 0, 'issues'], { type: 'X' }),
        set(['tasks', 1, 'status'], 'PENDING'),
      ],
      'tasks:\n  - id: a\n    status: ERROR # c\n    issues:\n      - type: X\n    last_run:\n      outcome: ERROR\n\n  - id: b\n    status: PENDING\n',
    ],
    [
      'one inside the other',
      'a: 1\n',
      [set(['r'], { x: 1 }), set(['r', 'z'], 2), set(['r', 'x'], 3)],
      'a: 1\nr:\n  x: 3\n  z: 2\n',
    ],
    ['of the same place', 'a: 1\n', [set(['a'], 2), set(['a'], 3)], 'a: 3\n'],
    [
      'that meet at one point',
      'id: a',
      [set(['x'], 1), set(['status'], 'DONE'), set(['z'], 2)],
      'id: a\nstatus: DONE\nx: 1\nz: 2',
    ],
    [
      'that add to a map and to the list at its end',
      't:\n- i:\n  - 1\n',
      [set(['t', 0, 'x'], 1), append(['t', 0, 'i'], 2), append(['t'], 3)],
      't:\n- i:\n  - 1\n  - 2\n  x: 1\n- 3\n',
    ],
  ]);

  it('a thousand of them', () => {
    const before = lines(
      'tasks:',
      ...Array.from({ length: 1000 }, (_, i) => `  - id: t${i} # ${i}\n    status: PENDING`),
    );
    const edits = Array.from({ length: 1000 }, (_, i) => set(['tasks', i, 'status'], 'READY'));
    expect(patch(before, edits, 'f.yaml')).toBe(before.replaceAll('PENDING', 'READY'));
  });

  it('none, and the text is the same', () => {
    expect(patch('a: 1 # c\n', [], 'f.yaml')).toBe('a: 1 # c\n');
  });
});

type Refused = readonly [name: string, source: string, edit: Edit, why: RegExp, line: number];

describe('refused, with the line to edit by hand', () => {
  const cases: readonly Refused[] = [
    [
      'an anchor that others use',
      'a: 1\nstatus: &s READY\nb: *s\n',
      done,
      /other places use this value through `\*s`/,
      2,
    ],
    ['an empty anchor that others use', 'status: &s\nb: *s\n', done, /other places use/, 1],
    ['an anchor inside that others use', 'r:\n  x: &x 1\nb: *x\n', set(['r'], { z: 1 }), /other places use/, 1],
    [
      'inside of what others use',
      't: &t\n  a: 1\n  s: 2\nb: *t\n',
      set(['t', 's'], 3),
      /`b\.s` would change as well/,
      3,
    ],
    [
      'inside of what others merge',
      't:\n- &t {s: 1}\n- <<: *t\n',
      set(['t', 0, 's'], 3),
      /`t\[1\]\.s` would change as well/,
      2,
    ],
    ['adding to what others use', 'a: &a\n- 1\nb: *a\n', append(['a'], 2), /`b\[1\]|`b` would change as well/, 2],
    ['behind an alias', 'd: &d {a: 1}\nt: *d\n', set(['t', 'a'], 2), /`\*d` stands here/, 2],
    ['adding to an alias', 'd: &d [1]\nt: *d\n', append(['t'], 2), /`\*d` stands here/, 2],
    ['adding to what only a merge brings', 'd: &d {i: [1]}\nt:\n  <<: *d\n', append(['t', 'i'], 2), /`t\.i/, 3],
    ['a parent that is missing', 'a: 1\nb: 2\n', set(['t', 'a'], 2), /there is no `t`/, 1],
    ['a parent that is a text', 'a: 1\nt: x\n', set(['t', 'a'], 2), /there is no `a` here/, 2],
    ['an item that is missing', 't:\n- a\n', set(['t', 1], 'b'), /there is no `1` here/, 1],
    ['an item of what is no list', 'a: 1\nt: x\n', append(['t'], 2), /this is not a list/, 2],
    ['a new key for a pair in a flow list', 't: [a: 1]\n', set(['t', 0, 'b'], 2), /there is no `b` here/, 1],
    ['the whole file', 'a: 1\n', set([], 2), /the whole file/, 1],
    ['a doubled key', 'a: 1\nb: 2\na: 3\n', set(['b'], 1), /can't be read as YAML: map keys must be unique/, 3],
    ['a file that is not YAML', 'a: 1\nb: [\n', set(['a'], 2), /can't be read as YAML/, 3],
    ['a second document that is not YAML', 'a: 1\n---\nb: "\n', set(['a'], 2), /can't be read as YAML/, 4],
    ['an unknown alias', 'a: *x\n', set(['b'], 2), /can't be read as YAML: unresolved alias/, 1],
    [
      'a tag that the new value does not fit',
      'a: !!int 1\n',
      set(['a'], 'x'),
      /the tag there does not fit the new value/,
      1,
    ],
  ];
  test.each(cases)('%s', (_name, source, edit, why, line) => {
    const error = refusalOf(() => patch(source, [edit], 'f.yaml'));
    expect(error.message).toMatch(why);
    expect(error.message).toContain('`f.yaml` is left as it is');
    expect(error.at).toMatchObject({ file: 'f.yaml', line });
  });

  it('says what to change by hand', () => {
    const refused = (edit: Edit) => refusalOf(() => patch('d: &d {t: [{}], i: []}\na: *d\n', [edit], 'f.yaml')).hint;
    expect(refused(set(['d', 't', 0, 'status'], 'DONE'))).toBe('Set `d.t[0].status` to `DONE` by hand.');
    expect(refused(append(['d', 'i'], { a: 'x: y' }))).toBe('Add `{a: "x: y"}` to the list `d.i` by hand.');
    expect(refused(set(['d', 't', 0, 'x'], 'x'.repeat(999)))).toHaveLength(
      'Set `d.t[0].x` to `…` by hand.'.length + 200,
    );
  });

  it('an alias bomb and absurd nesting end in a refusal', () => {
    const bomb = ['a: &a [x]', ...[...'bcdefghi'].map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)];
    expect(refusalOf(() => patch(lines(...bomb, 's: 1'), [set(['s'], 2)], 'f.yaml')).message).toMatch(
      /unfold into far too much/,
    );
    const merges = bomb.map((line) => line.replace('[x]', '{x: 1}').replace('[*', '{<<: [*').replace(/,]$/, ']}'));
    expect(refusalOf(() => patch(lines(...merges, 's: 1'), [set(['s'], 2)], 'f.yaml')).message).toMatch(
      /unfold into far too much/,
    );
    expect(refusalOf(() => patch('['.repeat(100_000), [set(['s'], 2)], 'f.yaml')).message).toMatch(
      /can't be read as YAML/,
    );
  });

  it('one refused edit refuses them all', () => {
    expect(refusalOf(() => patch('a: 1\n', [set(['a'], 2), set(['x', 'y'], 1)], 'f.yaml')).message).toMatch(/no `x`/);
  });
});

describe('the verification does not trust the splices', () => {
  const changed = (before: string, after: string, splice: { start: number; end: number; text: string }) =>
    surpriseIn(parse(before, 'f'), parse(after, 'f'), [{ op: 'set', path: ['a'], value: 2 }], [splice]);
  const splice = { start: 3, end: 4, text: '2' };
  const cases: readonly (readonly [name: string, before: string, after: string, surprise: RegExp | undefined])[] = [
    ['all well', 'a: 1 # c\nb: &x !!str 1\n', 'a: 2 # c\nb: &x !!str 1\n', undefined],
    ['the value is another', 'a: 1\n', 'a: 3\n', /`a` would not become/],
    ['another value changed', 'a: 1\nb: 1\n', 'a: 2\nb: 2\n', /`b` would change as well/],
    ['a key is lost', 'a: 1\nb: 1\n', 'a: 2\n', /`b` would change as well/],
    ['the second document changed', 'a: 1\n---\na: 1\n', 'a: 2\n---\na: 2\n', /`a` would change as well/],
    ['a comment is lost', 'a: 1 # c\n', 'a: 2\n', /a comment, an anchor, a tag or a marker/],
    ['a comment is another', 'a: 1 # c\n', 'a: 2 # d\n', /a comment, an anchor, a tag or a marker/],
    ['a comment moved', 'a: 1 # c\n', 'a: 2  # c\n', /a comment, an anchor, a tag or a marker/],
    ['an anchor is lost', 'a: 1\nb: &x 1\n', 'a: 2\nb: 1\n', /a comment, an anchor, a tag or a marker/],
    ['a tag is lost', 'a: 1\nb: !x 1\n', 'a: 2\nb: 1\n', /`b` would change|a comment, an anchor, a tag or a marker/],
    [
      'an alias is unfolded',
      'a: 1\nb: &x 1\nc: *x\n',
      'a: 2\nb: &x 1\nc: 1\n',
      /a comment, an anchor, a tag or a marker/,
    ],
    ['a marker is lost', 'a: 1\n...\n', 'a: 2\n', /a comment, an anchor, a tag or a marker/],
  ];
  test.each(cases)('%s', (_name, before, after, surprise) => {
    const found = changed(before, after, splice);
    if (surprise) expect(found).toMatch(surprise);
    else expect(found).toBeUndefined();
  });
});

describe('in runbooks of every style', () => {
  it('an edit changes its own bytes and no other', NO_LIMIT, async ({ annotate }) => {
    let edits = 0;
    const refused = new Map<string, number>();
    const count = (why: string) => refused.set(why, (refused.get(why) ?? 0) + 1);
    fc.assert(
      fc.property(drawn, answers, (runbook, answer) => {
        expect(meaningOf(runbook.text), 'the oracle knows what it drew').toStrictEqual(runbook.meaning);
        for (const spot of runbook.spots) {
          const edit = editOf(spot, answer);
          if (spot.refusal) count(expectRefusal(runbook, spot.refusal, edit));
          else expectOneEdit(runbook, spot, edit, answer.word);
        }
        const open = shuffled(
          runbook.spots.filter(({ refusal }) => !refusal),
          answer.order,
        );
        expectSameAsOneByOne(runbook, open, answer);
        edits += runbook.spots.length + 2 * open.length;
      }),
      { numRuns: RUNS },
    );
    expect(edits).toBeGreaterThanOrEqual(20 * RUNS);
    expect([...refused.keys()].toSorted()).toEqual(['change as well', 'other places use']);
    await annotate(`${edits} edits; refused: ${JSON.stringify(Object.fromEntries(refused))}`);
  });

  it('any text can be written anywhere, and reads back as itself', NO_LIMIT, () => {
    const seats = [
      '- k: x # c\n  b: 0\n',
      "- k: 'x' # c\n  b: 0\n",
      '- k: "x" # c\n  b: 0\n',
      '- k: # c\n  b: 0\n',
      '- k: | # c\n    x\n  b: 0\n',
      '- k:\n    x # c\n  b: 0\n',
      '- ? k\n  : x # c\n  b: 0\n',
      '- k: x\n      # c\n  b: 0\n',
      '- {k: x, b: 0} # c\n',
      "- {'k': 'x', b: 0} # c\n",
      '- {"k":"x", b: 0} # c\n',
      '- {k, b: 0} # c\n',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...seats), text, fc.constantFrom('\n', '\r\n'), (seat, wanted, eol) => {
        const before = `# top\n${seat}- &z c: 2\n`.replaceAll('\n', eol);
        const after = patch(before, [set([0, 'k'], wanted)], 'f.yaml');
        expect(meaningOf(after)).toStrictEqual([{ k: wanted, b: 0 }, { c: 2 }]);
        expect(after.startsWith(before.slice(0, before.indexOf('k') + 1))).toBe(true);
        expect(after.endsWith(before.slice(before.indexOf('b: 0')))).toBe(true);
        expect(after).toContain('# c');
      }),
      { numRuns: 10 * RUNS },
    );
  });

  it('a broken file is refused or edited as meant, and nothing else', NO_LIMIT, async ({ annotate }) => {
    const outcomes = { edited: 0, refused: 0 };
    const breaks = fc.array(
      fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...'\n\t :-#&*!|>\'"{}[],?%x', '  ', '\n- ', '<<: *d')),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(drawn, answers, breaks, (runbook, answer, cuts) => {
        const broken = cuts.reduce((whole, [at, length, put]) => {
          const start = at % whole.length;
          return whole.slice(0, start) + put + whole.slice(start + length);
        }, runbook.text);
        for (const spot of runbook.spots) {
          const edit = editOf(spot, answer);
          const result = attempt(() => patch(broken, [edit], 'f.yaml'));
          if (result instanceof RunbookError) {
            expect(result.code).toBe('PATCH_UNSAFE');
            outcomes.refused += 1;
          } else {
            expect(meaningOf(result)).toStrictEqual(meaningAfter(meaningOf(broken), [edit]));
            outcomes.edited += 1;
          }
        }
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(outcomes.edited, outcomes.refused)).toBeGreaterThan(RUNS / 2);
    await annotate(`${outcomes.edited} edited, ${outcomes.refused} refused`);
  });
});

/** What edits write: texts that are hard to write, and values around them. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    ...'~ null yes 1 0x1 1e3 .inf 2026-01-01 12:30 << = *a &a !a %a @a `a #a [a a] {a} a: "a \'a'.split(' '),
  ),
  fc.constantFrom('- a', '? a', ': a', 'a: b', 'a #b', 'a, b', '---', '...', '--- a', '|', '>-', '\ta', 'a\t'),
  fc.constantFrom(
    'a\n',
    '\na',
    'a\n\n',
    'a\nb\n',
    'a\n b',
    ' a\nb',
    'a \nb',
    'a\n\n\tb',
    'a\r\nb',
    'a\n---\nb',
    'a\n# b',
  ),
  fc.string(),
  fc.string({ unit: 'binary' }),
  // Half of a surrogate pair among others.
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
  fc.array(fc.string({ maxLength: 6 }), { minLength: 2, maxLength: 4 }).map((all) => all.join('\n')),
);
const value = fc.oneof(
  text,
  fc.constantFrom<unknown>(0, -1.5, 1e21, 1e-7, true, false, null),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom('a', 'no', 'b: c', '', '- d', '1'),
    fc.array(fc.dictionary(fc.constantFrom('x', 'y'), text, { maxKeys: 2, noNullPrototype: true }), { maxLength: 2 }),
    { maxKeys: 3, noNullPrototype: true },
  ),
);

interface Answer {
  readonly word: string;
  readonly record: Record<string, unknown>;
  readonly issue: Record<string, unknown>;
  readonly order: readonly number[];
}

const answers: fc.Arbitrary<Answer> = fc.record({
  word: fc.constantFrom('RUNNING', 'DONE', 'ERROR', 'SKIPPED'),
  record: fc.dictionary(fc.constantFrom('outcome', 'cost', 'llm_response'), value, {
    minKeys: 1,
    noNullPrototype: true,
  }),
  issue: fc.dictionary(fc.constantFrom('type', 'detail', 'a: b'), value, { minKeys: 1, noNullPrototype: true }),
  order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
});

function editOf({ task, field }: Spot, { word, record, issue }: Answer): Edit {
  const path = ['tasks', task, field];
  return field === 'issues' ? append(path, issue) : set(path, field === 'status' ? word : record);
}

function shuffled<Item>(items: readonly Item[], order: readonly number[]): Item[] {
  const ranked = items.map((item, i) => ({ item, rank: order[i] ?? 0 }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
}

function attempt(act: () => string): string | RunbookError {
  try {
    return act();
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
}

function refusalOf(act: () => string): RunbookError {
  const result = attempt(act);
  if (!(result instanceof RunbookError)) throw new Error(`it was not refused:\n${result}`);
  expect(result.code).toBe('PATCH_UNSAFE');
  return result;
}

/** Returns the reason, in the words that all refusals for it have in common. */
function expectRefusal(runbook: Drawn, why: RegExp, edit: Edit): string {
  const { message } = refusalOf(() => patch(runbook.text, [edit], 'f.yaml'));
  expect(message).toMatch(why);
  return /change as well|other places use/.exec(message)?.[0] ?? message;
}

function expectOneEdit(runbook: Drawn, spot: Spot, edit: Edit, word: string): void {
  const after = patch(runbook.text, [edit], 'f.yaml');
  expect(meaningOf(after)).toStrictEqual(meaningAfter(runbook.meaning, [edit]));
  expectOnlyWindowsChanged(runbook, spot, after);
  if (spot.becomes) expect(after).toBe(withWindows(runbook.text, spot, spot.becomes(word)));
  const foreign = runbook.eol === '\n' ? /\r/ : /(?<!\r)\n/;
  expect(after, 'every line break is that of the file').not.toMatch(foreign);
}

function withWindows(before: string, { windows }: Spot, contents: readonly string[]): string {
  return [...windows.entries()].reduceRight(
    (whole, [i, [start, end]]) => whole.slice(0, start) + contents[i] + whole.slice(end),
    before,
  );
}

/** What stands before, between and behind the windows is still there, in this order. */
function expectOnlyWindowsChanged({ text: before }: Drawn, { windows, begins }: Spot, after: string): void {
  const kept = [...windows, [before.length, before.length] as const].map(([start], i) =>
    before.slice(windows[i - 1]?.[1] ?? 0, start),
  );
  const tail = kept.at(-1) ?? '';
  expect(after.endsWith(tail), `the end is kept:\n${after}`).toBe(true);
  let from = 0;
  for (const [i, part] of kept.slice(0, -1).entries()) {
    const at = after.indexOf(part, from);
    expect(i === 0 ? at === 0 : at >= from, `\`${part}\` is kept:\n${after}`).toBe(true);
    from = at + part.length;
  }
  expect(from).toBeLessThanOrEqual(after.length - tail.length);
  // A comma may have to come first, behind the item before.
  const fresh = after.slice(from).replace(/^,(?=\r?\n)/, '');
  if (begins) expect(fresh.startsWith(begins), `\`${begins}\` begins the new text:\n${after}`).toBe(true);
}

/** Edits in one call mean what the same edits mean one after the other, and give the same text if that is simple. */
function expectSameAsOneByOne(runbook: Drawn, spots: readonly Spot[], answer: Answer): void {
  const hard = spots.map((spot) => editOf(spot, answer));
  expect(meaningOf(patch(runbook.text, hard, 'f.yaml'))).toStrictEqual(meaningAfter(runbook.meaning, hard));
  const simple = spots.map((spot) => editOf(spot, { ...answer, record: { cost: 1 }, issue: { type: 'X' } }));
  const oneByOne = simple.reduce((before, edit) => patch(before, [edit], 'f.yaml'), runbook.text);
  expect(patch(runbook.text, simple, 'f.yaml')).toBe(oneByOne);
}

function meaningOf(source: string): unknown {
  const [first] = parseAllDocuments(source, { merge: true, logLevel: 'error' });
  return first && 'errors' in first && first.errors.length === 0 ? first.toJS() : first;
}

function meaningAfter(meaning: unknown, edits: readonly Edit[]): unknown {
  const changed = (value: unknown, [step, ...deeper]: YamlPath, { op, value: wanted }: Edit): unknown => {
    if (step === undefined) return op === 'set' ? wanted : [...((value ?? []) as unknown[]), wanted];
    const holder = (value ?? {}) as Record<string | number, unknown>;
    const child = changed(holder[step], deeper, { op, path: deeper, value: wanted });
    return Array.isArray(value) ? value.with(Number(step), child) : { ...holder, [step]: child };
  };
  return edits.reduce((before, edit) => changed(before, edit.path, edit), meaning);
}
