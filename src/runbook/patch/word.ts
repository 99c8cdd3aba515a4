// The edit that is made most, a status in place of another one, in a text that the fast reader can read: one splice, and the
// result is read again and compared, as always. Everything else is for the general way.
import { readPlainYaml } from '../plainYaml.ts';
import type { YamlPath } from '../yamlReading.ts';
import type { Edit } from './edit.ts';

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
    const old = valueAt(before.value, path);
    // In quotes, or not there at all: the range is then that of something else.
    if (typeof old !== 'string' || !WORD.test(old) || source.slice(start, end) !== old) return undefined;
    text = text.slice(0, start) + value + text.slice(end);
  }
  const meant = edits.reduce((value: unknown, edit) => withValue(value, edit.path, edit.value), before.value);
  return isSame(readPlainYaml(text)?.value, meant) ? text : undefined;
}

const WORD = /^[A-Z]{2,}$/;

function isWord(edit: Edit): edit is Edit & { readonly value: string } {
  return edit.op === 'set' && typeof edit.value === 'string' && WORD.test(edit.value);
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce((at, step) => (at as Record<string | number, unknown> | null | undefined)?.[step], value);
}

function withValue(value: unknown, [step, ...deeper]: YamlPath, wanted: string): unknown {
  if (step === undefined) return wanted;
  if (Array.isArray(value) && typeof step === 'number') return value.with(step, withValue(value[step], deeper, wanted));
  const map = value as Readonly<Record<string, unknown>>;
  return { ...map, [step]: withValue(map[String(step)], deeper, wanted) };
}

/** Of values that were read: maps, lists and scalars. Much faster than Node's, which knows much else. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one) as (keyof typeof one)[];
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]));
}
