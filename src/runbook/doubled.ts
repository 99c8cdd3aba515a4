// A key that stands twice in one map. `yaml` compares each key with all those before it, which takes minutes for a map of
// 100,000: here it is looked up.
import { type Document, isCollection, isMap, isPair, isScalar, type Node, type YAMLMap } from 'yaml';

/** The second of two equal keys, the first such in the document. */
export function doubledKey({ contents }: Document): Node | undefined {
  // Not by `visit`, which takes four times as long: it asks of each node what it is in all ways there are.
  const left: unknown[] = [contents];
  while (left.length > 0) {
    const node = left.pop();
    if (!isCollection(node)) continue;
    const found = isMap(node) ? doubledIn(node) : undefined;
    if (found) return found;
    // The first comes off first.
    for (const item of node.items.toReversed())
      if (isPair(item)) left.push(item.value, item.key);
      else left.push(item);
  }
  return undefined;
}

function doubledIn({ items }: YAMLMap): Node | undefined {
  const keys = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key) || isMerge(key.value)) continue;
    if (keys.has(key.value)) return key;
    keys.add(key.value);
  }
  return undefined;
}

/** `<<` may be there more than once. */
function isMerge(value: unknown): boolean {
  return typeof value === 'symbol' || value === '<<';
}
