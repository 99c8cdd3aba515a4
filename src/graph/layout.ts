// Where the boxes and the arrows of a drawn graph stand.
import dagre from '@dagrejs/dagre';
import type { Graph } from './graph.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The middle of each node's box. */
  readonly boxes: readonly Point[];
  readonly arrows: readonly { readonly from: number; readonly to: number; readonly points: readonly Point[] }[];
}

type Size = (index: number) => { width: number; height: number };

/** From above to below; from left to right, where that is narrower and the other too wide for a page. `size` in pixels. */
export function layOut(graph: Graph, size: Size): Layout {
  const down = laidOut(graph, size, 'TB');
  if (down.width <= WIDE) return down;
  const across = laidOut(graph, size, 'LR');
  return across.width < down.width ? across : down;
}

const WIDE = 1000;

/** What it takes grows with the square of the arrows: 3 s for 800 of them. */
function laidOut({ nodes }: Graph, size: Size, rankdir: 'TB' | 'LR'): Layout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir, nodesep: 24, ranksep: 36, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const index of nodes.keys()) graph.setNode(String(index), size(index));
  const arrows = nodes.flatMap(({ after }, to) => after.map((from) => [from, to] as const));
  // From the last to the first: so those of one level come to stand in the order of the file.
  for (const [from, to] of arrows.toReversed()) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: [...nodes.keys()].map((index) => pointOf(graph.node(String(index)))),
    arrows: arrows.map(([from, to]) => ({ from, to, points: pointsOf(graph.edge(String(from), String(to))) })),
  };
}

function pointsOf({ points = [] }: { readonly points?: readonly Point[] }): Point[] {
  return points.map(pointOf);
}

function pointOf({ x = 0, y = 0 }: { readonly x?: number; readonly y?: number }): Point {
  return { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
}
