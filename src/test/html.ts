// What is in a page or a drawing, as a browser's parser sees it.
import type { DefaultTreeAdapterTypes as Tree } from 'parse5';

/** All elements (of that name), in the order of the text. */
export function elementsIn(node: Tree.ParentNode, name?: string): Tree.Element[] {
  return node.childNodes.flatMap((child) => {
    if (!('tagName' in child)) return [];
    const within = elementsIn(child, name);
    return name === undefined || child.tagName === name ? [child, ...within] : within;
  });
}

/** All that would be read in it. */
export function textIn(node: Tree.ParentNode): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'childNodes' in child ? textIn(child) : ''))
    .join('');
}
