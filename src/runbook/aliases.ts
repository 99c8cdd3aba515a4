// What the aliases of a document stand for, and how far they unfold: both found in one pass. `yaml` looks through the whole
// document for each alias, and its own guard against bombs also refuses a plan in which a hundred tasks share one map.
import { type Alias, type Document, isAlias, isCollection, isPair, type Node, visit } from 'yaml';

export type Aliases = ReadonlyMap<Alias, Node>;

/** Each alias with the node that its anchor stands at: the last one of that name before it. Those without one are left out. */
export function aliasesOf(document: Document): Aliases {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) aliases.set(resolvedAtOnce(node, target), target);
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return aliases;
}

/** For each alias, `yaml` would go through all anchors and aliases before it; where the value is known already, it need not. */
function resolvedAtOnce(alias: Alias, target: Node): Alias {
  const search = alias.resolve;
  alias.resolve = (document, context) =>
    context?.anchors.get(target)?.res === undefined ? search.call(alias, document, context) : (target as never);
  return alias;
}

/** So many values may be there by aliases alone: 10,000 tasks that share a map of a hundred. */
const MOST_UNFOLDED = 1_000_000;
/** The alias at which it becomes too much, if it does. */
export function tooFar(aliases: Aliases): Alias | undefined {
  const sizes = new Map<unknown, number>();
  const sizeOf = (node: unknown): number => {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    // What stands inside of itself has no end.
    if (isAlias(node) || isCollection(node)) sizes.set(node, Number.POSITIVE_INFINITY);
    const size = isAlias(node)
      ? sizeOf(aliases.get(node))
      : isPair(node)
        ? sizeOf(node.key) + sizeOf(node.value)
        : isCollection(node)
          ? node.items.reduce<number>((sum, item) => sum + sizeOf(item), 1)
          : 1;
    if (typeof node === 'object' && node !== null) sizes.set(node, size);
    return size;
  };
  let unfolded = 0;
  for (const alias of aliases.keys()) {
    unfolded += sizeOf(alias);
    if (unfolded > MOST_UNFOLDED) return alias;
  }
  return undefined;
}
