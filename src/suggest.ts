// "Did you mean": the nearest known name to one that is not known.
import { closest, distance } from 'fastest-levenshtein';

/**
 * The known name nearest to `name`, or undefined if none is near enough to be what was meant: at most a third of the letters
 * differ (two at least, for short names, but never all of them), or it alone has `name` as one of its words.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || name === '' || name.length > LONGEST) return undefined;
  const lower = name.toLowerCase();
  const sameButCase = known.find((candidate) => candidate.toLowerCase() === lower);
  if (sameButCase !== undefined) return sameButCase;
  const candidate = swapped(name, known) ?? closest(name, known);
  const allowed = Math.max(2, Math.floor(Math.max(name.length, candidate.length) / 3));
  if (distance(name, candidate) <= Math.min(allowed, name.length - 1)) return candidate;
  const [only, ...others] = known.filter((other) =>
    other
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .includes(lower),
  );
  return others.length === 0 ? only : undefined;
}

/** Two letters that changed places are the most usual slip, and count for two. */
function swapped(name: string, known: readonly string[]): string | undefined {
  const letters = (text: string) => [...text].sort().join('');
  const own = letters(name);
  return known.find((other) => other.length === name.length && distance(name, other) === 2 && letters(other) === own);
}

/** Nothing that long is a slip, and to compare it would take long. */
const LONGEST = 200;

/** ` Did you mean \`x\`?` with its leading space, or nothing. Made to be put behind a sentence. */
export function didYouMean(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  return candidate === undefined ? '' : ` Did you mean \`${candidate}\`?`;
}
