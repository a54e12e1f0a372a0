import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { ConfigurationFailure } from '../../../domain/failures';
import { yamlMistakes, mistakeText } from '../../file/errors';
import { ComposeText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';

/** Compose itself refuses a file with more. */
const MOST_NODES = 100_000;
const DEEPEST = 200;

interface Walk {
  file: string;
  /** What each alias stands for. */
  targets: Map<Alias, Node>;
  lines: LineCounter;
  nodes: number;
}

/**
 * Each document of the file; Compose merges them as if they were files.
 * @throws ConfigurationFailure
 */
export function parseCompose(file: string, text: string): TreeMap[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document) => {
    const [mistake] = yamlMistakes({ text, document: { errors: document.errors, warnings: [] }, lines });
    if (mistake) throw new ConfigurationFailure(mistakeText(file, mistake));
    const tree = treeOf(document.contents as Node | null, 0, { file, targets: targetsOf(document), lines, nodes: 0 });
    if (tree === null) return [];
    if (!isTreeMap(tree))
      throw new ConfigurationFailure(`${file} expected a mapping with \`services\`, seen ${shape(tree)}`);
    return [tree];
  });
}

/** The parser's own way looks through all of the document for each alias. */
function targetsOf(document: Document): Walk['targets'] {
  const anchors = new Map<string, Node>();
  const targets: Walk['targets'] = new Map();
  visit(document, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function treeOf(node: Node | null, depth: number, walk: Walk): Tree {
  if (node === null) return null;
  if (++walk.nodes > MOST_NODES)
    throw failure(walk, node, `expected at most ${MOST_NODES} values, seen more, with those that aliases repeat`);
  if (depth > DEEPEST)
    throw failure(walk, node, `expected at most ${DEEPEST} levels, seen more; does an alias hold itself?`);
  if (isAlias(node)) {
    const target = walk.targets.get(node);
    if (!target) throw failure(walk, node, `expected an anchor &${node.source} before this alias, seen none`);
    return treeOf(target, depth + 1, walk);
  }
  if (node.tag === '!reset' || node.tag === '!override') return marked(node, depth, walk);
  return contentOf(node, depth, walk);
}

function marked(node: Node, depth: number, walk: Walk): Marked {
  if (node.tag === '!reset') return new Marked('reset', null);
  return new Marked('override', contentOf(node, depth, walk));
}

function contentOf(node: Node, depth: number, walk: Walk): Tree {
  if (isMap(node)) return mapOf(node, depth, walk);
  if (isSeq(node)) return node.items.map((item) => treeOf(item as Node | null, depth + 1, walk));
  return isScalar(node) ? leafOf(node, walk) : null;
}

function mapOf(node: YAMLMap, depth: number, walk: Walk): TreeMap {
  const own: TreeMap = new Map();
  const merged: TreeMap = new Map();
  for (const { key, value } of node.items) {
    const given = value as Node | null;
    if (isScalar(key) && key.type === 'PLAIN' && key.source === '<<') {
      for (const source of mergedOf(given, depth, walk))
        for (const [name, one] of source) if (!merged.has(name)) merged.set(name, one);
    } else {
      own.set(keyOf(key as Node, walk), treeOf(given, depth + 1, walk));
    }
  }
  // What the mapping says itself comes where the merged one has it, so that services keep their order.
  return new Map([...merged, ...own]);
}

function mergedOf(node: Node | null, depth: number, walk: Walk): TreeMap[] {
  const tree = treeOf(node, depth + 1, walk);
  const sources = Array.isArray(tree) ? tree : [tree];
  const maps = sources.filter(isTreeMap);
  if (maps.length < sources.length && tree !== null)
    throw failure(walk, node!, 'expected a mapping, or a list of mappings, after `<<`, seen something else');
  return maps;
}

function keyOf(key: Node | null, walk: Walk): string {
  if (isScalar(key)) return key.type === 'PLAIN' || key.value === null ? (key.source ?? '') : String(key.value);
  if (key === null) return '';
  throw failure(walk, key, 'expected a word as a key, seen a list or a mapping; write a text with {…} in it in quotes');
}

/** A `{version}` without quotes is a mapping to YAML. */
export function bracesHint(tree: Tree): string {
  const isBraces = isTreeMap(tree) && tree.size === 1 && [...tree.values()][0] === null;
  return isBraces ? '; write a text with {…} in it in quotes' : '';
}

function leafOf(node: Scalar, walk: Walk): Tree {
  const { value } = node;
  if (value === null || value === undefined) return null;
  const kind =
    typeof value === 'number' || typeof value === 'bigint' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'word';
  const text = kind === 'word' ? String(value) : (node.source ?? String(value));
  return new ComposeText([{ text }], kind, lineOf(node, walk));
}

function lineOf(node: Node, { lines }: Walk): number | undefined {
  return node.range ? lines.linePos(node.range[0]).line : undefined;
}

function failure(walk: Walk, node: Node, message: string): ConfigurationFailure {
  return new ConfigurationFailure(mistakeText(walk.file, { line: lineOf(node, walk), path: '', message }));
}

export function shape(tree: Tree | undefined): string {
  if (tree === null || tree === undefined) return 'nothing';
  if (Array.isArray(tree)) return 'a list';
  if (isTreeMap(tree)) return 'a mapping';
  if (tree instanceof Marked) return shape(tree.value);
  return tree.kind === 'word' ? `"${tree.text.slice(0, 60)}"` : `the ${tree.kind} ${tree.text.slice(0, 60)}`;
}
