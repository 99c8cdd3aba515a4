// A key that stands twice in one map. `yaml` compares each key with all those before it, which takes minutes for a map of
// 100,000: here it is looked up.
import { type Document, isScalar, type Node, visit } from 'yaml';

/** The second of two equal keys, the first such in the document. */
export function doubledKey(document: Document): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Map(_key, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || isMerge(key.value)) continue;
        if (keys.has(key.value)) {
          found = key;
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

/** `<<` may be there more than once. */
function isMerge(value: unknown): boolean {
  return typeof value === 'symbol' || value === '<<';
}
