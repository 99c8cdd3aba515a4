// Which lines of two texts are the same ones: as many as can be, and in long texts those by which a person would find their way.
// The only importer of `@jest/diff-sequences`.
import imported from '@jest/diff-sequences';

// Its types are those of its CommonJS, where the function stands one step deeper.
const diffSequences = imported as unknown as typeof imported.default;

/** These lines of the old text (`from` until before `to`) gave way to those of the new. Either may be none. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly newFrom: number;
  readonly newTo: number;
}

/** All lines outside of the changes are the same, in order. */
export function changesBetween(before: readonly string[], after: readonly string[]): Change[] {
  // Numbers are compared sooner than lines.
  const numbers = new Map<string, number>();
  const numbered = (lines: readonly string[]) => {
    const result = new Int32Array(lines.length);
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] ?? '';
      const known = numbers.get(line) ?? numbers.size;
      if (known === numbers.size) numbers.set(line, known);
      result[i] = known;
    }
    return result;
  };
  const [old, now] = [numbered(before), numbered(after)];
  const partners = new Int32Array(old.length).fill(NONE);
  const row = () => new Int32Array(numbers.size);
  const seen = { old: row(), now: row(), place: row() };
  pair({ old, now, partners, seen }, { from: 0, to: old.length, newFrom: 0, newTo: now.length });
  return slid(apart(partners, now.length), old, now);
}

const NONE = -1;
/** In fewer lines than this, as many are paired as can be, and that is quick. */
const MANY = 1000;

/** Of 50,000 lines that are all alike and all in another order, it would take minutes to find the best pairs. */
const MOST_LOOKS = 30_000_000;

class Endless extends Error {}

interface Texts {
  readonly old: Int32Array;
  readonly now: Int32Array;
  /** For each old line, the new one that it is. */
  readonly partners: Int32Array;
  /** How often each line occurs in a part of the texts, and where in the new one: all 0 but while it is looked at. */
  readonly seen: { readonly old: Int32Array; readonly now: Int32Array; readonly place: Int32Array };
}

/** Finds the partners of the lines of one part. */
function pair(texts: Texts, part: Change): void {
  const { old, now, partners } = texts;
  if (part.from === part.to || part.newFrom === part.newTo) return;
  const { mine, theirs, unique } = candidates(texts, part);
  const anchors = mine.length + theirs.length > MANY ? inOrder(unique) : [];
  if (anchors.length === 0) {
    let looks = 0;
    const isSame = (i: number, j: number) => {
      if (++looks > MOST_LOOKS) throw new Endless();
      return old[mine[i] ?? NONE] === now[theirs[j] ?? NONE];
    };
    try {
      diffSequences(mine.length, theirs.length, isSame, (length, i, j) => {
        for (let n = 0; n < length; n++) partners[mine[i + n] ?? NONE] = theirs[j + n] ?? NONE;
      });
    } catch (error) {
      // What was found until then holds; the rest counts as replaced.
      if (!(error instanceof Endless)) throw error;
    }
    return;
  }
  let { from, newFrom } = part;
  for (const [line, newLine] of anchors) {
    partners[line] = newLine;
    pair(texts, { from, to: line, newFrom, newTo: newLine });
    [from, newFrom] = [line + 1, newLine + 1];
  }
  pair(texts, { ...part, from, newFrom });
}

type Pair = readonly [line: number, newLine: number];

/**
 * The lines that may have a partner: others only take time. And those that occur once in each part, by their old places. By
 * index, since it is done once, before iterators are made fast.
 */
function candidates({ old, now, seen }: Texts, { from, to, newFrom, newTo }: Change) {
  for (let i = from; i < to; i++) add(seen.old, old[i] ?? NONE, 1);
  for (let i = newFrom; i < newTo; i++) {
    const line = now[i] ?? NONE;
    add(seen.now, line, 1);
    seen.place[line] = i;
  }
  const unique: Pair[] = [];
  for (let i = from; i < to; i++) {
    const line = old[i] ?? NONE;
    if (seen.old[line] === 1 && seen.now[line] === 1) unique.push([i, seen.place[line] ?? NONE]);
  }
  const mine = mayPair(old.subarray(from, to), seen.now, from);
  const theirs = mayPair(now.subarray(newFrom, newTo), seen.old, newFrom);
  for (let i = from; i < to; i++) seen.old[old[i] ?? NONE] = 0;
  for (let i = newFrom; i < newTo; i++) seen.now[now[i] ?? NONE] = 0;
  return { mine, theirs, unique };
}

function add(counts: Int32Array, line: number, n: number): void {
  counts[line] = (counts[line] ?? 0) + n;
}

/**
 * The places of lines that the other text has, too. In a long text, those are left out that it has often (such as a bracket) and
 * that stand alone between lines which it has not: a pair of these tells nobody where they are.
 */
function mayPair(lines: Int32Array, others: Int32Array, start: number): number[] {
  const often = lines.length > MANY ? Math.sqrt(lines.length) : Number.POSITIVE_INFINITY;
  const occurs = (i: number) => others[lines[i] ?? NONE] ?? 0;
  const places: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (occurs(i) > often && occurs(i - 1) === 0 && occurs(i + 1) === 0) continue;
    if (occurs(i) > 0) places.push(start + i);
  }
  return places;
}

/** The longest series of pairs in which the new lines, too, stand in order. */
function inOrder(pairs: readonly Pair[]): Pair[] {
  interface Link {
    readonly pair: Pair;
    readonly previous: Link | undefined;
  }
  /** By the length of a series, the one that ends soonest in the new text. */
  const ends: Link[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.pair[1] ?? 0) < pair[1]) low = middle + 1;
      else high = middle;
    }
    ends[low] = { pair, previous: ends[low - 1] };
  }
  const series: Pair[] = [];
  for (let link = ends.at(-1); link; link = link.previous) series.push(link.pair);
  return series.reverse();
}

/** What lies between the pairs. */
function apart(partners: Int32Array, newLength: number): Change[] {
  const changes: Change[] = [];
  let [from, newFrom] = [0, 0];
  for (let to = 0; to <= partners.length; to++) {
    const newTo = to < partners.length ? (partners[to] ?? NONE) : newLength;
    if (newTo === NONE) continue;
    if (from < to || newFrom < newTo) changes.push({ from, to, newFrom, newTo });
    [from, newFrom] = [to + 1, newTo + 1];
  }
  return changes;
}

/**
 * What is only new, or only gone, ends as late as it can: so a block begins with its head, and not with the bracket that ends
 * the one before it.
 */
function slid(changes: readonly Change[], old: Int32Array, now: Int32Array): Change[] {
  const result: Change[] = [];
  // From the end, since each stops at the next.
  for (const change of changes.toReversed()) {
    const next = result.at(-1);
    const most = (next?.from ?? old.length) - change.to;
    const [lines, start, end] =
      change.from === change.to ? [now, change.newFrom, change.newTo] : [old, change.from, change.to];
    const isOneSided = change.from === change.to || change.newFrom === change.newTo;
    let by = 0;
    while (isOneSided && by < most && lines[start + by] === lines[end + by]) by++;
    const moved = {
      from: change.from + by,
      to: change.to + by,
      newFrom: change.newFrom + by,
      newTo: change.newTo + by,
    };
    if (next && moved.to === next.from)
      result[result.length - 1] = { ...next, from: moved.from, newFrom: moved.newFrom };
    else result.push(moved);
  }
  return result.reverse();
}
