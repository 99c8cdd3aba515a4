// A graph as rows for a screen. A task stands below the one that it follows, in the same column; where several follow one, each
// begins a branch. A task that follows several is drawn once, in the column in which those part, and names them. Pure.
import { count } from '../terminal/words.ts';
import type { Graph, GraphNode } from './graph.ts';

export interface Row {
  /** The lines to the left of the task: `│  ├─ `. */
  readonly lead: string;
  readonly node: GraphNode;
  /** What the lines don't show: `after a and b`, `→ c`. */
  readonly notes: readonly string[];
  /** It stood above already; here begins what there was no room for. */
  readonly isAgain: boolean;
}

/** With at most so many branches in each other; what is deeper goes on below all else, behind an undefined row. */
export function rowsOf(graph: Graph, deepest: number): (Row | undefined)[] {
  const { nodes } = graph;
  const blocks = blocksOf(graph);
  const joins = joinsOf(graph);
  const rows: (Row | undefined)[] = [];
  const below: number[] = [];
  /** What is still to be drawn, the next last. */
  const trail: { index: number; lead: string; column: string }[] = [];
  const plan = (parent: number, column: string) => {
    const own = blocks.get(parent) ?? [];
    const steps = own.flatMap((block) =>
      block.map((index, i) => ({ index, ...linesFor(column, i, block.length, parent === ROOT && block === own[0]) })),
    );
    trail.push(...steps.reverse());
  };
  const draw = () => {
    for (let top = trail.pop(); top; top = trail.pop()) {
      const { index, lead, column } = top;
      const node = nodes[index];
      if (!node) continue;
      const isTooDeep = column.length / BRANCH >= deepest && (blocks.get(index) ?? []).some(({ length }) => length > 1);
      const more = isTooDeep ? ['goes on below'] : [];
      rows.push({ lead, node, notes: [...notesFor(graph, node, joins.get(index) ?? []), ...more], isAgain: false });
      if (isTooDeep) below.push(index);
      else plan(index, column);
    }
  };
  plan(ROOT, '');
  draw();
  for (const index of below) {
    const node = nodes[index];
    if (!node) continue;
    rows.push(undefined, { lead: '', node, notes: ['from above'], isAgain: true });
    plan(index, '');
    draw();
  }
  return rows;
}

/** Stands for what comes before all tasks. */
const ROOT = -1;
const BRANCH = 3;

function linesFor(column: string, i: number, length: number, isTop: boolean): { lead: string; column: string } {
  if (length === 1) return { lead: column, column };
  if (i === length - 1) return { lead: `${column}└─ `, column: `${column}   ` };
  return { lead: `${column}${isTop && i === 0 ? '┌' : '├'}─ `, column: `${column}│  ` };
}

/** What leads into a task that follows several says so, and so does that task. */
function notesFor({ nodes }: Graph, { after }: GraphNode, joins: readonly number[]): string[] {
  const label = (index: number) => nodes[index]?.label ?? '';
  return [
    ...(after.length > 1 ? [`after ${several(after.map(label))}`] : []),
    ...(joins.length > 0 ? [`→ ${several(joins.map(label))}`] : []),
  ];
}

/** `a`, `a and b`, `a, b, c and 4 more` */
function several(labels: readonly string[]): string {
  const shown = labels.length > 4 ? [...labels.slice(0, 3), `${count(labels.length - 3)} more`] : labels;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** For each task, those of its followers that follow others as well. */
function joinsOf({ nodes }: Graph): Map<number, number[]> {
  const joins = new Map<number, number[]>();
  for (const [index, { after }] of nodes.entries())
    if (after.length > 1) for (const other of after) append(joins, other, index);
  return joins;
}

/**
 * Below which task each one is drawn: the nearest over which all ways to it lead (in a graph without circles, where the ways to
 * what it follows part). Those below one task stand in blocks: what follows several of a block comes in a block behind it.
 */
function blocksOf({ nodes }: Graph): Map<number, number[][]> {
  const above: number[] = [];
  const depths: number[] = [];
  const block: number[] = [];
  const blocks = new Map<number, number[][]>();
  const parent = (index: number) => above[index] ?? ROOT;
  const depth = (index: number) => depths[index] ?? 0;
  const meet = (one: number, other: number) => {
    let [a, b] = [one, other];
    while (a !== b) {
      if (depth(a) >= depth(b)) a = parent(a);
      else b = parent(b);
    }
    return a;
  };
  /** The one directly below `top` under which the other stands. */
  const branchOf = (index: number, top: number) => {
    let at = index;
    while (parent(at) !== top) at = parent(at);
    return at;
  };
  for (const [index, { after }] of nodes.entries()) {
    const [first = ROOT, ...others] = after;
    const top = others.reduce(meet, first);
    above[index] = top;
    depths[index] = top === ROOT ? 1 : depth(top) + 1;
    const behind = after.filter((other) => other !== top).map((other) => (block[branchOf(other, top)] ?? 0) + 1);
    const number = behind.reduce((most, one) => Math.max(most, one), 0);
    block[index] = number;
    const own = blocks.get(top) ?? [];
    blocks.set(top, own);
    const list = own[number] ?? [];
    own[number] = list;
    list.push(index);
  }
  return blocks;
}

function append(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
