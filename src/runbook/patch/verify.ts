// Whether a text that was edited means what was meant, and nothing else in it moved. Trusts no splice: it compares parses.
import { isDeepStrictEqual } from 'node:util';
import type { YamlPath } from '../yamlReading.ts';
import type { Edit, Splice } from './edit.ts';
import type { Landmark, Syntax } from './syntax.ts';

/** What is not as it was meant, in words: a value that differs, or a comment, anchor, tag or marker that moved. */
export function surpriseIn(
  before: Syntax,
  after: Syntax,
  edits: readonly Edit[],
  splices: readonly Splice[],
): string | undefined {
  const [first, ...others] = before.values;
  const meant = [edits.reduce(applied, first), ...others];
  const difference = firstDifference(meant, after.values);
  if (difference) {
    const [document, ...path] = difference;
    const isMeant = document === 0 && edits.some((edit) => startsWith(path, edit.path));
    return `\`${pathText(path)}\` would ${isMeant ? 'not become what is meant' : 'change as well'}`;
  }
  if (after.misfits > before.misfits) return 'the tag there does not fit the new value';
  if (!sameLandmarks(before, after, splices)) return 'a comment, an anchor, a tag or a marker would be lost or changed';
  return undefined;
}

/** The value with the edit applied. Copies what it changes: an alias elsewhere keeps what it had. */
function applied(value: unknown, { op, path, value: wanted }: Edit): unknown {
  const [step, ...deeper] = path;
  if (step === undefined) return op === 'set' ? wanted : [...(Array.isArray(value) ? value : []), wanted];
  const child = applied(childOf(value, step), { op, path: deeper, value: wanted });
  if (Array.isArray(value) && typeof step === 'number') return value.with(step, child);
  return new Map<unknown, unknown>(value instanceof Map ? value : []).set(step, child);
}

function firstDifference(meant: unknown, found: unknown): unknown[] | undefined {
  if (isDeepStrictEqual(meant, found)) return undefined;
  for (const key of keysOfBoth(meant, found)) {
    const deeper = firstDifference(childOf(meant, key), childOf(found, key));
    if (deeper) return [key, ...deeper];
  }
  return [];
}

function keysOfBoth(one: unknown, other: unknown): unknown[] {
  if (one instanceof Map && other instanceof Map) return [...new Set([...one.keys(), ...other.keys()])];
  if (!Array.isArray(one) || !Array.isArray(other)) return [];
  return [...(one.length > other.length ? one : other).keys()];
}

function sameLandmarks(before: Syntax, after: Syntax, splices: readonly Splice[]): boolean {
  let shift = 0;
  const oldRanges = splices.map(({ start, end, text }) => ({ start, end, growth: text.length - (end - start) }));
  const newRanges = splices.map(({ start, end, text }) => {
    const range = { start: start + shift, end: start + shift + text.length, growth: 0 };
    shift += text.length - (end - start);
    return range;
  });
  return isDeepStrictEqual(landmarksOutside(before.landmarks, oldRanges), landmarksOutside(after.landmarks, newRanges));
}

/** The landmarks outside the ranges, where they stand once each range before them has grown. */
function landmarksOutside(
  landmarks: readonly Landmark[],
  ranges: readonly { start: number; end: number; growth: number }[],
): Landmark[] {
  let shift = 0;
  const ahead = [...ranges];
  return landmarks.flatMap(({ offset, text }) => {
    for (let [range] = ahead; range && range.end <= offset; [range] = ahead) {
      shift += range.growth;
      ahead.shift();
    }
    const isInside = ahead[0] !== undefined && ahead[0].start <= offset;
    return isInside ? [] : [{ offset: offset + shift, text }];
  });
}

export function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce(childOf, value);
}

function childOf(value: unknown, step: unknown): unknown {
  if (value instanceof Map) return value.get(step);
  return Array.isArray(value) && typeof step === 'number' ? value[step] : undefined;
}

export function startsWith(path: readonly unknown[], start: YamlPath): boolean {
  return start.every((step, depth) => path[depth] === step);
}

/** `tasks[3].status` */
export function pathText(path: readonly unknown[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
