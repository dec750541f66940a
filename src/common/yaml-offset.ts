import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml';
import type { Path } from './format-path.ts';

/**
 * Where in its text the value at `path` of a YAML document begins, or its key. What is missing is placed at the nearest
 * thing around it.
 */
export function yamlOffset(document: Document, path: Path, at: 'key' | 'value'): number {
  const resolve = (node: unknown): Node | null => {
    if (isAlias(node)) return node.resolve(document) ?? null;
    return isNode(node) ? node : null;
  };
  let node = resolve(document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment));
      if (pair === undefined || !isScalar(pair.key)) break;
      const value = pair.value;
      node = resolve(value);
      const start = isNode(value) ? value.range?.[0] : undefined;
      const empty = value === null || (isScalar(value) && value.range?.[0] === value.range?.[1]);
      offset = ((last && at === 'key') || empty ? pair.key.range?.[0] : start) ?? offset;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(segment)];
      if (!isNode(item)) break;
      node = resolve(item);
      offset = item.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
