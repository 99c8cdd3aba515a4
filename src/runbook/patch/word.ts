// The edit that is made most, a status in place of another one, in a text that the fast reader can read: one splice, and the
// result is read again and compared, as always. Everything else is for the general way.
import { readPlainYaml } from '../plainReadings.ts';
import type { Edit } from './edit.ts';
import { isMeant } from './meant.ts';
import { valueAt } from './value.ts';

/** The new text; undefined if it can't be had this way. */
export function withWordsReplaced(source: string, edits: readonly Edit[]): string | undefined {
  if (!edits.every(isWord)) return undefined;
  const before = readPlainYaml(source);
  if (!before) return undefined;
  let text = source;
  // From the end, so that the places before it stay.
  const ranges = before.rangesOf(
    edits.map(({ path }) => path),
    'value',
  );
  const places = edits.map(({ path, value }, i) => ({ path, value, range: ranges[i] ?? [0, 0] }));
  for (const { path, value, range } of places.sort((one, other) => other.range[0] - one.range[0])) {
    const [start, end] = range;
    const [list, index, ...inside] = path;
    const isTask = list === 'tasks' && typeof index === 'number';
    const old = isTask ? valueAt(before.entry(index), inside) : valueAt(before.value, path);
    // In quotes, or not there at all: the range is then that of something else.
    if (typeof old !== 'string' || !WORD.test(old) || source.slice(start, end) !== old) return undefined;
    text = text.slice(0, start) + value + text.slice(end);
  }
  return isMeant(before, edits, text) ? text : undefined;
}

const WORD = /^[A-Z]{2,}$/;

function isWord(edit: Edit): edit is Edit & { readonly value: string } {
  return edit.op === 'set' && typeof edit.value === 'string' && WORD.test(edit.value);
}
