import type { ComposeText } from './text';

/** What a file says, before anything is known of its meaning. Keys keep the order of the file. */
export type Tree = null | ComposeText | Tree[] | TreeMap | Marked;
export type TreeMap = Map<string, Tree>;

/** `!reset` takes away what earlier files said; `!override` puts a value in its place, and merges nothing. */
export class Marked {
  constructor(
    readonly kind: 'reset' | 'override',
    readonly value: Tree,
  ) {}
}

export function isTreeMap(tree: Tree | undefined): tree is TreeMap {
  return tree instanceof Map;
}

/** Once nothing is left to merge over, the marks have done their work. */
export function withoutMarks(tree: Tree): Tree {
  if (tree instanceof Marked) return tree.kind === 'reset' ? null : withoutMarks(tree.value);
  if (Array.isArray(tree)) return tree.filter((one) => !isReset(one)).map(withoutMarks);
  if (!isTreeMap(tree)) return tree;
  return new Map([...tree].filter(([, value]) => !isReset(value)).map(([key, value]) => [key, withoutMarks(value)]));
}

function isReset(tree: Tree): boolean {
  return tree instanceof Marked && tree.kind === 'reset';
}

export function mapTree(tree: Tree, leaf: (text: ComposeText, path: string[]) => Tree, path: string[] = []): Tree {
  if (tree === null) return null;
  if (tree instanceof Marked) return new Marked(tree.kind, mapTree(tree.value, leaf, path));
  if (Array.isArray(tree)) return tree.map((one, index) => mapTree(one, leaf, [...path, String(index)]));
  if (isTreeMap(tree)) return new Map([...tree].map(([key, value]) => [key, mapTree(value, leaf, [...path, key])]));
  return leaf(tree, path);
}
