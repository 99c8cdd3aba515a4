// `graph`: each task once, what follows what can be read from the lines alone, and no id breaks any of the forms.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { parseFragment } from 'parse5';
import { expect, test } from 'vitest';
import { graphOf } from '../graph/graph.ts';
import { type Row, rowsOf } from '../graph/rows.ts';
import type { Runbook } from '../runbook/task.ts';
import { elementsIn, textIn } from './html.ts';
import { makeRig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const RUNBOOK = `name: release
tasks:
  - {id: check_machine, status: DONE}
  - {id: run_tests, status: DONE, depends_on: [check_machine]}
  - {id: draft_notes, name: Draft them, status: DONE, depends_on: [run_tests]}
  - {id: read_notes, status: SKIPPED, depends_on: [draft_notes, run_tests]}
  - {id: pack, status: DONE, depends_on: [run_tests]}
  - {id: try_packed_file, status: ERROR, depends_on: [pack]}
  - {id: publish, depends_on: [read_notes, try_packed_file]}
  - {id: announce, depends_on: [publish]}
  - {id: 日本語のタスク, status: READY}
`;

const HOSTILE = [
  'a "quoted" <b>',
  'back\\slash\\',
  '日本 🚀',
  'line\nbreak',
  'end',
  '1. list `x` **b** # &amp; #35; %% -->',
  '- x',
];
const IMAGE = '</script><img src=x onerror=alert(1)>';
const hostile = `name: ${JSON.stringify(IMAGE)}\ntasks:\n${HOSTILE.map(
  (id, i) =>
    `  - {id: ${JSON.stringify(id)}, name: ${JSON.stringify(IMAGE)}, depends_on: ${JSON.stringify(HOSTILE.slice(Math.max(0, i - 1), i))}}\n`,
).join('')}`;

test('the whole screen: a join stands where its branches part, and is named by what leads to it', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': RUNBOOK } });
  const before = rig.tree();
  expect(said(rig, await rig.run(['graph']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    ┌─ check_machine       DONE
    │  run_tests           DONE
    │  ├─ draft_notes      DONE
    │  │  read_notes       SKIPPED  → publish
    │  └─ pack             DONE
    │     try_packed_file  ERROR    → publish
    │  publish             PENDING  after read_notes and try_packed_file
    │  announce            PENDING
    └─ 日本語のタスク      READY"
  `);
  expect(said(rig, await rig.run(['graph', 'read_notes']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    check_machine  DONE
    run_tests      DONE
    draft_notes    DONE
    read_notes     SKIPPED
    publish        PENDING
    announce       PENDING"
  `);
  expect(said(rig, await rig.run(['graph', '--plain', 'publish']))).toMatchInlineSnapshot(`
    "exit 0
    ── stdout
    DONE	check_machine
    DONE	run_tests	check_machine
    DONE	draft_notes	run_tests
    SKIPPED	read_notes	draft_notes	run_tests
    DONE	pack	run_tests
    ERROR	try_packed_file	pack
    PENDING	publish	read_notes	try_packed_file
    PENDING	announce	publish"
  `);
  expect(rig.tree()).toEqual(before);
});

test('in 40 columns, with wide characters, no line is broken', async () => {
  await using rig = await makeRig({
    files: {
      'runbook.yaml': RUNBOOK.replaceAll('pack,', '日本語のタスク日本語のタスク,').replaceAll(
        '[pack]',
        '[日本語のタスク日本語のタスク]',
      ),
    },
  });
  const term = rig.terminal(['graph'], { cols: 40, rows: 30 });
  await term.exit;
  expect(term.screen()).toMatchInlineSnapshot(`
    "┌─ check_machine                 DONE
    │  run_tests                     DONE
    │  ├─ draft_notes                DONE
    │  │  read_notes                 SKIPPED
    │  │    → publish
    │  └─ 日本語のタスク日本語のタ…  DONE
    │     try_packed_file            ERROR
    │       → publish
    │  publish                       PENDING
    │    after read_notes and try_packed_fi…
    │  announce                      PENDING
    └─ 日本語のタスク                READY"
  `);
});

test('--json has each dependency as it is written, and says which of them are not drawn', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': RUNBOOK } });
  const { nodes, edges } = dataOf('graph', await rig.run(['graph', 'read_notes', '--json'])) as {
    nodes: { id: string }[];
    edges: object[];
  };
  expect(nodes.map(({ id }) => id)).toEqual([
    'check_machine',
    'run_tests',
    'draft_notes',
    'read_notes',
    'publish',
    'announce',
  ]);
  expect(edges).toContainEqual({ from: 'run_tests', to: 'read_notes', implied: true });
  expect(edges).toContainEqual({ from: 'draft_notes', to: 'read_notes', implied: false });
  expect(edges).toHaveLength(6);
});

test('what follows what can be read from the rows alone, whatever the plan', () => {
  const plans = fc
    .integer({ min: 1, max: 14 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, i) => fc.subarray([...Array(i).keys()], { maxLength: Math.min(i, 4) })),
      ),
    );
  fc.assert(
    fc.property(plans, fc.integer({ min: 1, max: 4 }), (plan, deepest) => {
      const rows = rowsOf(graphOf(planOf(plan)), deepest).flatMap((row) => row ?? []);
      expect(
        rows
          .filter((row) => !row.isAgain)
          .map((row) => row.node.id)
          .sort(),
      ).toEqual(plan.map((_, i) => `t${i}`).sort());
      expect(arrowsIn(rows)).toEqual(arrowsOf(plan));
    }),
    { numRuns: 400 },
  );
});

test('Mermaid and DOT: every sign of an id that means something there is written as something else', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': hostile } });
  expect((await rig.run(['graph', '--format', 'mermaid'])).stdout).toMatchInlineSnapshot(`
    "%% made by runbook graph
    flowchart TD
      n0["a #34;quoted#34; #60;b#62;<br/>READY"]:::READY
      n1["back#92;slash#92;<br/>PENDING"]:::PENDING
      n2["日本 🚀<br/>PENDING"]:::PENDING
      n3["line break<br/>PENDING"]:::PENDING
      n4["end<br/>PENDING"]:::PENDING
      n5["1#46; list #96;x#96; #42;#42;b#42;#42; #35; #38;amp#59; #35;35#59; #37;#37; --#62;<br/>PENDING"]:::PENDING
      n6["#45; x<br/>PENDING"]:::PENDING
      n0 --> n1
      n1 --> n2
      n2 --> n3
      n3 --> n4
      n4 --> n5
      n5 --> n6
      classDef READY fill:#e3efff,stroke:#2b6fd0,color:#123f80
      classDef PENDING fill:#f1f3f5,stroke:#7f8794,color:#3d434c
    "
  `);
  const { stdout } = await rig.run(['graph', '--format', 'dot']);
  expect(stdout).toMatchInlineSnapshot(`
    "// made by runbook graph
    digraph runbook {
      graph [label="</script><img src=x onerror=alert(1)>" labelloc=t fontname="Helvetica,Arial,sans-serif"];
      node [shape=box style="rounded,filled" fontname="Helvetica,Arial,sans-serif" fontsize=11];
      edge [color="#7f8794" arrowsize=0.7];
      "a \\"quoted\\" <b>" [label="a \\"quoted\\" <b>\\nREADY" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#e3efff" color="#2b6fd0" fontcolor="#123f80"];
      "back\\\\slash\\\\" [label="back\\\\slash\\\\\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "日本 🚀" [label="日本 🚀\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "task 3" [label="line break\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "end" [label="end\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "1. list \`x\` **b** # &amp; #35; %% -->" [label="1. list \`x\` **b** # &amp;amp; #35; %% -->\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "- x" [label="- x\\nPENDING" tooltip="</script><img src=x onerror=alert(1)>" fillcolor="#f1f3f5" color="#7f8794" fontcolor="#3d434c"];
      "a \\"quoted\\" <b>" -> "back\\\\slash\\\\";
      "back\\\\slash\\\\" -> "日本 🚀";
      "日本 🚀" -> "task 3";
      "task 3" -> "end";
      "end" -> "1. list \`x\` **b** # &amp; #35; %% -->";
      "1. list \`x\` **b** # &amp; #35; %% -->" -> "- x";
    }
    "
  `);
});

test.skipIf(!existsSync('/usr/bin/dot'))('Graphviz reads each label as it was written', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': hostile } });
  const { stdout } = await rig.run(['graph', '--format', 'dot']);
  const svg = parseFragment(execFileSync('/usr/bin/dot', ['-Tsvg'], { input: stdout, encoding: 'utf8' }));
  const texts = elementsIn(svg, 'text')
    .map(textIn)
    .map((text) => text.replaceAll('\u00a0', ' '));
  for (const id of HOSTILE) expect(texts).toContain(id.replace('\n', ' '));
  expect(elementsIn(svg, 'path').length).toBeGreaterThan(HOSTILE.length);
});

test('SVG: nothing in it acts or is fetched, and it says in words what it shows', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': hostile } });
  expect(await rig.run(['graph', '-o', 'plan.svg'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'wrote  plan.svg\n',
  });
  const svg = parseFragment(rig.read('plan.svg'));
  expect(new Set(elementsIn(svg).map(({ tagName }) => tagName))).toEqual(
    new Set(['svg', 'title', 'desc', 'style', 'defs', 'marker', 'path', 'g', 'rect', 'text']),
  );
  expect(rig.read('plan.svg')).not.toMatch(/url\((?!#)|https?:(?!\/\/www\.w3\.org\/2000\/svg")|@import| on\w+="/);
  const texts = elementsIn(svg, 'text').map(textIn);
  expect(texts).toEqual(expect.arrayContaining(['a "quoted" <b>', 'back\\slash\\', '○ PENDING', '▶ READY']));
  expect(elementsIn(svg, 'title').map(textIn)).toContain(`a "quoted" <b>: ${IMAGE} (READY)`);
  expect(elementsIn(svg, 'desc').map(textIn).join()).toContain('back\\slash\\ is PENDING, after a "quoted" <b>.');
});

test('`-o -` is stdout, of graph, report and export alike, and no file is made', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': RUNBOOK } });
  const before = rig.tree();
  for (const [args, start] of [
    [['graph', '-o', '-'], '┌─ check_machine'],
    [['graph', '--output=-', '--format', 'svg'], '<svg'],
    [['report', '-o', '-', '--format', 'html'], '<!doctype html>'],
    [['export', '-o', '-'], '# '],
    [['export', '-o', '-', '--dry-run'], '# '],
  ] as const) {
    const { code, stdout } = await rig.run([...args]);
    expect([args, code, stdout.startsWith(start) || stdout]).toEqual([args, 0, true]);
  }
  expect(rig.tree()).toEqual(before);
});

test('a file that is not ours is never written over, and ours is', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': RUNBOOK, 'mine.svg': '<svg/>' } });
  const before = rig.tree();
  for (const file of ['runbook.yaml', 'mine.svg'])
    expect(errorOf(await rig.run(['graph', '--format', 'svg', '-o', file, '--json'])).code).toBe('USAGE');
  expect(said(rig, await rig.run(['graph', '--format', 'svg', '-o', 'runbook.yaml']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`runbook.yaml\` is there already, and was not made by this command; nothing was written
      Name another file, or move that one away."
  `);
  expect(said(rig, await rig.run(['graph', '-o', 'no/such/plan.svg']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: \`no/such/plan.svg\` can't be written: there is no folder for it
      Mend the path given with --output, or make the folder."
  `);
  expect(said(rig, await rig.run(['graph', '-o', 'plan']))).toMatchInlineSnapshot(`
    "exit 2
    ── stderr
    error: the name \`plan\` does not tell the format
      Say it with --format, or end the name with .svg, .mmd, .mermaid, .dot, .gv."
  `);
  expect(said(rig, await rig.run(['graph', '-o', 'plan.dot', '-n']))).toBe('exit 0\n── stderr\nwould write  plan.dot');
  expect(rig.tree()).toEqual(before);
  await rig.run(['graph', '-o', 'plan.dot']);
  rig.write('runbook.yaml', RUNBOOK.replace('announce', 'tell'));
  expect((await rig.run(['graph', '-o', 'plan.dot'])).code).toBe(0);
  expect(rig.read('plan.dot')).toContain('"tell"');
});

test.each([
  ['a chain', (i: number) => [i - 1]],
  ['a fan', (i: number) => (i < 4999 ? [0] : [...Array(4999).keys()])],
])('5,000 tasks, %s: each on a line, as a list or drawn', async (_, dependencies) => {
  const entries = Array.from(
    { length: 5000 },
    (_, i) => `  - {id: t${i}, depends_on: [${i === 0 ? '' : dependencies(i).map((n) => `t${n}`)}]}\n`,
  );
  await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${entries.join('')}` } });
  const lines = (await rig.run(['graph'])).stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(5000);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  const { stdout } = await rig.run(['graph', '--format', 'svg']);
  expect(elementsIn(parseFragment(stdout), 'text')).toHaveLength(5000);
});

test('a drawing that would be too wide for a page goes from left to right', async () => {
  const entries = Array.from({ length: 20 }, (_, i) => `  - {id: task_number_${i}, depends_on: [start]}\n`).join('');
  await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n  - {id: start}\n${entries}` } });
  const [svg] = elementsIn(parseFragment((await rig.run(['graph', '--format', 'svg'])).stdout), 'svg');
  const size = (name: string) => Number(svg?.attrs.find((attribute) => attribute.name === name)?.value);
  expect([size('width') < 1000, size('height') > 1000]).toEqual([true, true]);
  // In the order of the file, from above to below.
  const boxes = svg ? elementsIn(svg, 'rect').slice(1) : [];
  const heights = boxes.map(({ attrs }) => Number(attrs.find(({ name }) => name === 'y')?.value));
  expect(heights).toEqual(heights.toSorted((a, b) => a - b));
});

test('nothing to draw, and a task that is not there', async () => {
  await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: []\n' } });
  expect((await rig.run(['graph'])).stdout).toBe('There are no tasks yet.\n');
  expect((await rig.run(['graph', '--format', 'svg'])).stdout).toContain('There are no tasks yet.');
  expect(errorOf(await rig.run(['graph', 'x', '--json'])).code).toBe('UNKNOWN_TASK');
});

function planOf(plan: readonly (readonly number[])[]): Runbook {
  const tasks = plan.map((dependencies, i) => ({
    id: `t${i}`,
    name: `t${i}`,
    dependsOn: dependencies.map((n) => `t${n}`),
  }));
  return { name: 'x', tasks } as unknown as Runbook;
}

/** As a person would read them: a branch begins at the task above in the column to its left, any other row goes on in its own. */
function arrowsIn(rows: readonly Row[]): string[] {
  const columns = new Map<number, string>();
  const arrows = rows.flatMap(({ lead, node, notes, isAgain }) => {
    const above = columns.get(/─ $/.test(lead) ? lead.length - 3 : lead.length);
    const named = notes.flatMap((note) => /^after (.+)$/.exec(note)?.[1]?.split(/, | and /) ?? []);
    columns.set(lead.length, node.id);
    if (isAgain) columns.set(0, node.id);
    const before = named.length > 0 ? named : above === undefined ? [] : [above];
    return isAgain ? [] : before.map((id) => `${id} → ${node.id}`);
  });
  return arrows.sort();
}

/** Those that are left when each is taken out that follows from the others. */
function arrowsOf(plan: readonly (readonly number[])[]): string[] {
  const ancestors = (i: number): number[] => (plan[i] ?? []).flatMap((n) => [n, ...ancestors(n)]);
  return plan
    .flatMap((own, i) =>
      own.filter((n) => !own.some((other) => ancestors(other).includes(n))).map((n) => `t${n} → t${i}`),
    )
    .sort();
}
