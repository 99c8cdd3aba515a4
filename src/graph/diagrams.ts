// A graph in the languages of two other tools: Mermaid, which GitHub and many editors draw, and DOT, which is Graphviz's.
import { MARK } from '../marked.ts';
import type { Status } from '../runbook/task.ts';
import { paintOf } from './colours.ts';
import type { Graph, GraphNode } from './graph.ts';

export function mermaidLines({ nodes }: Graph): string[] {
  const used = [...new Set(nodes.map(({ status }) => status))];
  return [
    `%% ${MARK} graph`,
    'flowchart TD',
    ...nodes.map((node, index) => `  n${index}["${mermaidText(node.label)}<br/>${node.status}"]:::${node.status}`),
    ...arrows(nodes).map(([from, to]) => `  n${from} --> n${to}`),
    ...used.map((status) => `  classDef ${status} ${mermaidStyle(status)}`),
  ];
}

export function dotLines({ name, nodes }: Graph): string[] {
  const keys = dotKeys(nodes);
  const key = (index: number) => quoted(keys[index] ?? '');
  return [
    `// ${MARK} graph`,
    'digraph runbook {',
    `  graph [label=${dotText(name)} labelloc=t fontname="Helvetica,Arial,sans-serif"];`,
    '  node [shape=box style="rounded,filled" fontname="Helvetica,Arial,sans-serif" fontsize=11];',
    '  edge [color="#7f8794" arrowsize=0.7];',
    ...nodes.map((node, index) => {
      const { fill, stroke, ink } = paintOf(node.status);
      const colours = `fillcolor="${fill}" color="${stroke}" fontcolor="${ink}"`;
      return `  ${key(index)} [label=${dotText(node.label, node.status)} tooltip=${dotText(node.name)} ${colours}];`;
    }),
    ...arrows(nodes).map(([from, to]) => `  ${key(from)} -> ${key(to)};`),
    '}',
  ];
}

function arrows(nodes: readonly GraphNode[]): [from: number, to: number][] {
  return nodes.flatMap(({ after }, to) => after.map((from): [number, number] => [from, to]));
}

/** Each sign that means something to Mermaid, to Markdown in it or to HTML, as its number. */
function mermaidText(text: string): string {
  const safe = text.replaceAll(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic} _.,:/()?!=–—…-]/gu, numbered);
  // A list or a heading, at the beginning.
  return safe
    .replace(/^(\d+)([.)])/, (_, digits: string, sign: string) => digits + numbered(sign))
    .replace(/^-/, numbered);
}

function numbered(sign: string): string {
  return `#${sign.codePointAt(0)};`;
}

function mermaidStyle(status: Status): string {
  const { fill, stroke, ink } = paintOf(status);
  return `fill:${fill},stroke:${stroke},color:${ink}`;
}

/** The ids, so that one finds one's tasks in it; where two look the same, or one acts on a terminal, its number. */
function dotKeys(nodes: readonly GraphNode[]): string[] {
  const taken = new Set(nodes.map(({ id }) => id));
  return nodes.map(({ id, label }, index) => {
    if (id === label) return id;
    let key = `task ${index}`;
    while (taken.has(key)) key += '_';
    return key;
  });
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Lines of a label, in which `&` begins an entity of HTML. */
function dotText(...lines: readonly string[]): string {
  return `"${lines.map((line) => quoted(line.replaceAll('&', '&amp;')).slice(1, -1)).join('\\n')}"`;
}
