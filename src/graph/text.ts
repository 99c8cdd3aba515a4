// A graph on the screen: a row for each task, with its lines, its status, and what the lines don't show.
import type { Palette } from '../terminal/colour.ts';
import { fit, pad, width } from '../terminal/words.ts';
import type { Graph } from './graph.ts';
import { type Row, rowsOf } from './rows.ts';

/** `marked` is the id of the task that is asked about. */
export function textLines(graph: Graph, columns: number, palette: Palette, marked?: string): string[] {
  const rows = rowsOf(graph, Math.max(4, Math.floor((columns - 40) / 3)));
  const notes = Math.max(0, ...rows.map((row) => width(notesIn(row))));
  const widest = Math.max(0, ...rows.map((row) => (row ? row.lead.length + width(row.node.label) : 0)));
  const room = Math.max(10, columns - GAP - STATUS);
  const ids = Math.min(widest, Math.max(room - GAP - Math.min(notes, NOTES), Math.min(room, LEAST)));
  return rows.flatMap((row) => (row === undefined ? [''] : linesOf(row, { ids, columns, palette, marked })));
}

const GAP = 2;
const STATUS = 7;
/** So many columns are kept for the id with its lines, and so many for the notes, if they need them. */
const LEAST = 36;
const NOTES = 28;

interface Form {
  readonly ids: number;
  readonly columns: number;
  readonly palette: Palette;
  readonly marked: string | undefined;
}

function notesIn(row: Row | undefined): string {
  return row?.notes.join(' · ') ?? '';
}

/** One line, or two where the notes have no room beside the status. */
function linesOf(row: Row, { ids, columns, palette, marked }: Form): string[] {
  const { lead, node, isAgain } = row;
  const label = fit(node.label, Math.max(4, ids - lead.length));
  const paint = node.id === marked ? palette.bold : isAgain ? palette.dim : (text: string) => text;
  const gap = ' '.repeat(Math.max(0, ids - lead.length - width(label)) + GAP);
  const start = `${palette.dim(lead)}${paint(label)}${gap}`;
  const used = lead.length + width(label) + gap.length;
  const notes = notesIn(row);
  const room = columns - used - STATUS - GAP;
  if (notes === '') return [`${start}${palette.status(node.status)}`];
  if (width(notes) <= room)
    return [`${start}${palette.status(node.status, pad(node.status, STATUS))}  ${palette.dim(notes)}`];
  const below = `${lead.replace(/[├┌]─ $/, '│  ').replace(/└─ $/, '   ')}  `;
  return [`${start}${palette.status(node.status)}`, palette.dim(`${below}${fit(notes, columns - below.length)}`)];
}
