// What two texts have in common at both ends. By comparing pieces, which is done by the machine, and not letter by letter.

/** How many characters are the same at the beginning, and how many of the others at the end. */
export function sharedEnds(one: string, other: string): readonly [before: number, behind: number] {
  const most = Math.min(one.length, other.length);
  const before = longest(most, (length) => one.slice(0, length) === other.slice(0, length));
  const behind = longest(most - before, (length) => length === 0 || one.slice(-length) === other.slice(-length));
  return [before, behind];
}

/** The greatest number up to `most` that fits, where all smaller ones do. */
function longest(most: number, fits: (length: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
