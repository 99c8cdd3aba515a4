// A graph as one SVG file: no font, script or address from elsewhere; light and dark; said in words to those who can't see it.
import { MARK } from '../marked.ts';
import { STATUSES } from '../runbook/vocabulary.ts';
import { fit, width } from '../terminal/words.ts';
import { paintOf } from './colours.ts';
import { escaped } from './escaped.ts';
import type { Graph, GraphNode } from './graph.ts';
import { type Layout, layOut } from './layout.ts';
import { type Row, rowsOf } from './rows.ts';

/** Larger ones are drawn as the rows of the screen: to lay out boxes would take minutes, and nobody would find one. */
const MOST_NODES = 300;
const MOST_ARROWS = 700;

export function svgOf(graph: Graph): string {
  if (graph.nodes.length === 0)
    return page(graph, { width: 260, height: 40 }, [text(12, 25, 'There are no tasks yet.', 'n')]);
  const arrows = graph.nodes.reduce((sum, { after }) => sum + after.length, 0);
  return graph.nodes.length > MOST_NODES || arrows > MOST_ARROWS ? inRows(graph) : inBoxes(graph);
}

/** Of a letter in the font of ids, and of one in that of names. Fonts differ a little: there is room for that. */
const LETTER = 7.9;
const SMALL = 6.6;
const WIDEST = 30;
const BOX = { padding: 12, least: 110, height: 60, plain: 44 };

function inBoxes(graph: Graph): string {
  const boxes = graph.nodes.map(boxOf);
  const layout = layOut(graph, (index) => boxes[index] ?? { width: 0, height: 0 });
  return page(graph, layout, [
    ...layout.arrows.map(({ points }) => `<path class="a" d="${pathOf(points)}" marker-end="url(#rb-head)"/>`),
    ...graph.nodes.map((node, index) => drawn(node, boxes[index], layout.boxes[index])),
  ]);
}

interface Box {
  readonly width: number;
  readonly height: number;
  readonly label: string;
  /** Empty where the id is the name. */
  readonly name: string;
}

function boxOf(node: GraphNode): Box {
  const label = fit(node.label, WIDEST);
  const name = node.name === node.label ? '' : fit(node.name, WIDEST + 4);
  const inside = Math.max(width(label) * LETTER, width(name) * SMALL, (node.status.length + 2) * SMALL);
  return {
    label,
    name,
    width: Math.ceil(Math.max(BOX.least, inside + 2 * BOX.padding)),
    height: name === '' ? BOX.plain : BOX.height,
  };
}

function drawn(node: GraphNode, box: Box | undefined, at: { x: number; y: number } | undefined): string {
  if (!box || !at) return '';
  const top = at.y - box.height / 2;
  const left = Math.round((at.x - box.width / 2) * 10) / 10;
  const rect = `<rect x="${left}" y="${top}" width="${box.width}" height="${box.height}" rx="8"/>`;
  const lines = [
    text(at.x, top + 18, box.label, 'i'),
    ...(box.name === '' ? [] : [text(at.x, top + 34, box.name, 'n')]),
    text(at.x, top + box.height - 10, `${SIGNS[node.status]} ${node.status}`, 's'),
  ];
  return `<g class="${node.status}"><title>${escaped(aloud(node))}</title>${rect}${lines.join('')}</g>`;
}

export const SIGNS = { PENDING: '○', READY: '▶', RUNNING: '◌', DONE: '✔', ERROR: '✘', SKIPPED: '–' } as const;

/** Through all its points; between them it bends. */
function pathOf(points: Layout['arrows'][number]['points']): string {
  const [first, ...others] = points;
  const last = others.pop();
  if (!first || !last) return '';
  const bends = others.map((point, i) => {
    const next = others[i + 1];
    const end = next ? { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 } : last;
    return `Q${point.x} ${point.y} ${end.x} ${end.y}`;
  });
  return `M${first.x} ${first.y}${bends.length > 0 ? bends.join('') : `L${last.x} ${last.y}`}`;
}

const LINE = 18;
const DEEPEST = 30;

function inRows(graph: Graph): string {
  const rows = rowsOf(graph, DEEPEST);
  const columns = Math.max(...rows.map((row) => width(row ? lineOf(row) : '')));
  const size = { width: Math.ceil(24 + columns * LETTER), height: 24 + rows.length * LINE };
  return page(
    graph,
    size,
    rows.map((row, i) => {
      const y = 24 + i * LINE;
      if (!row) return '';
      const { lead, node, notes } = row;
      const spans = `<tspan class="l">${escaped(lead)}</tspan>${escaped(node.label)}  <tspan class="s">${node.status}</tspan><tspan class="l">  ${escaped(notes.join(' · '))}</tspan>`;
      return `<text class="r ${node.status}" x="12" y="${y}" xml:space="preserve">${spans}</text>`;
    }),
  );
}

function lineOf({ lead, node, notes }: Row): string {
  return `${lead}${node.label}  ${node.status}  ${notes.join(' · ')}`;
}

function page(
  graph: Graph,
  { width: wide, height }: { width: number; height: number },
  content: readonly string[],
): string {
  const done = graph.nodes.filter(({ status }) => status === 'DONE' || status === 'SKIPPED').length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rb-graph" width="${wide}" height="${height}" viewBox="0 0 ${wide} ${height}" role="img" aria-labelledby="rb-title rb-desc">`,
    `<!-- ${MARK} graph -->`,
    `<title id="rb-title">${escaped(graph.name)}: ${done} of ${graph.nodes.length} done</title>`,
    `<desc id="rb-desc">${graph.nodes
      .slice(0, SAID)
      .map((node) => escaped(sentence(graph, node)))
      .join(' ')}</desc>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="rb-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="h" d="M0 0L8 4L0 8Z"/></marker></defs>',
    ...content,
    '</svg>',
  ].join('\n');
}

/** More would not be listened to. */
const SAID = 100;

function sentence({ nodes }: Graph, node: GraphNode): string {
  const after = node.after.map((index) => nodes[index]?.label ?? '');
  return `${node.label} is ${node.status}${after.length === 0 ? '' : `, after ${after.join(', ')}`}.`;
}

function aloud({ label, name, status }: GraphNode): string {
  return `${label}${name === label ? '' : `: ${name}`} (${status})`;
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${escaped(content)}</text>`;
}

/** Only what is in this drawing: it may stand in a page with others. */
const STYLE = [
  '.rb-graph{background:#fff;font-family:ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif}',
  '.rb-graph text{text-anchor:middle;fill:#1f2328;font-size:12px}',
  '.rb-graph .i,.rb-graph .r{font:600 13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}',
  '.rb-graph .r{text-anchor:start;font-weight:400}',
  '.rb-graph .s{font-size:11px;font-weight:600;letter-spacing:.04em}',
  '.rb-graph .r .s{font-size:13px;letter-spacing:0}',
  '.rb-graph .l{fill:#6b7280;font-weight:400}',
  '.rb-graph rect{stroke-width:1.5}',
  '.rb-graph .PENDING rect{stroke-dasharray:5 3}',
  '.rb-graph .a{fill:none;stroke:#7f8794;stroke-width:1.3}',
  '.rb-graph .h{fill:#7f8794}',
  ...STATUSES.map((status) => {
    const { fill, stroke, ink } = paintOf(status);
    return `.rb-graph .${status} rect{fill:${fill};stroke:${stroke}}.rb-graph .${status} .s{fill:${ink}}`;
  }),
  '@media (prefers-color-scheme:dark){.rb-graph{background:#15181d}.rb-graph text{fill:#e6e8eb}.rb-graph .l{fill:#9aa3af}',
  ...STATUSES.map((status) => {
    const { fill, stroke, ink } = paintOf(status);
    return `.rb-graph .${status} rect{fill:${ink};stroke:${stroke}}.rb-graph .${status} .s{fill:${fill}}`;
  }),
  '}',
].join('');
