// Installs the real Mermaid into a temporary folder, and has it and Graphviz (where there is one) read what `runbook graph` prints for
// the playbooks in this repository and for one with hostile ids. `npm run test:graphs`.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const HOSTILE = [
  'a "quoted" <b>',
  'back\\slash\\',
  '日本 🚀',
  'line\nbreak',
  'end',
  'subgraph x',
  '1. list `x` **b** # &amp; #35; %% -->',
  '- x',
  ']:::DONE; click n0 "javascript:alert(1)"',
];

const folder = process.env.RUNBOOK_GRAPHS ?? mkdtempSync(join(tmpdir(), 'runbook-graphs-'));
try {
  if (!process.env.RUNBOOK_GRAPHS) {
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
    const args = ['install', '--silent', '--no-audit', '--no-fund', 'mermaid', 'jsdom'];
    execFileSync('npm', args, { cwd: folder, stdio: 'inherit' });
  }
  writeFileSync(join(folder, 'read.mjs'), readerText());
  mkdirSync(join(folder, 'hostile'), { recursive: true });
  const tasks = HOSTILE.map((id, i) => ({ id, depends_on: HOSTILE.slice(Math.max(0, i - 1), i) }));
  writeFileSync(join(folder, 'hostile/runbook.yaml'), JSON.stringify({ tasks }));
  for (const plan of ['.', 'examples/happy-llm-cli', 'examples/express-release', join(folder, 'hostile')]) check(plan);
} finally {
  if (!process.env.RUNBOOK_GRAPHS) rmSync(folder, { recursive: true, force: true });
}

function check(plan) {
  const graph = (...args) =>
    execFileSync(process.execPath, [resolve('dist/cli.cjs'), '--file', join(plan, 'runbook.yaml'), 'graph', ...args], {
      encoding: 'utf8',
    });
  const { nodes, edges } = JSON.parse(graph('--json')).data;
  const ids = nodes.map(({ id }) => id.replaceAll(/\s+/g, ' '));
  const arrows = edges.filter(({ implied }) => !implied).length;
  const input = graph('--format', 'mermaid');
  const read = JSON.parse(execFileSync(process.execPath, ['read.mjs'], { cwd: folder, input, encoding: 'utf8' }));
  const labels = read.labels.map((label) => label.replace(/<br>[A-Z]+$/, ''));
  if (JSON.stringify(labels) !== JSON.stringify(ids) || read.arrows !== arrows)
    throw new Error(`${plan}: Mermaid reads ${JSON.stringify(read)}`);
  const dot = spawnSync('dot', ['-Tjson'], { input: graph('--format', 'dot'), encoding: 'utf8' });
  if (dot.error === undefined) {
    const drawn = JSON.parse(dot.stdout);
    if (dot.stderr !== '' || drawn.objects.length !== ids.length || (drawn.edges ?? []).length !== arrows)
      throw new Error(`${plan}: Graphviz says ${dot.stderr}`);
  }
  const who = dot.error === undefined ? 'Mermaid and Graphviz' : 'Mermaid (there is no Graphviz here)';
  process.stdout.write(`${plan}: ${who} read ${ids.length} tasks and ${arrows} arrows\n`);
}

/** A program that says what Mermaid has read, with its own marks for numbered signs undone as it does when it draws. */
function readerText() {
  return `import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';
globalThis.window = new JSDOM('').window;
globalThis.document = window.document;
const { default: mermaid } = await import('mermaid');
mermaid.initialize({ startOnLoad: false });
const { db } = await mermaid.mermaidAPI.getDiagramFromText(readFileSync(0, 'utf8'));
const decoded = (text) => text.replace(/ﬂ°°(\\d+)¶ß/g, (_, code) => String.fromCodePoint(code));
const labels = [...db.getVertices().values()].map(({ text }) => decoded(text));
console.log(JSON.stringify({ labels, arrows: db.getEdges().length }));
`;
}
