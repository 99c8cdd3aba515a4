// What two texts have in common at both ends. By comparing pieces, which is done by the machine, and not letter by letter.

/** How many characters are the same at the beginning, and how many of the others at the end. */
export function sharedEnds(one: string, other: string): readonly [before: number, behind: number] {
  const most = Math.min(one.length, other.length);
  const before = longest(most, (known, length) => one.slice(known, length) === other.slice(known, length));
  const piece = (text: string, known: number, length: number) => text.slice(text.length - length, text.length - known);
  const behind = longest(most - before, (known, length) => piece(one, known, length) === piece(other, known, length));
  return [before, behind];
}

/** The greatest number up to `most` that fits, where all smaller ones do, of which `known` is one. */
function longest(most: number, fits: (known: number, length: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(low, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
