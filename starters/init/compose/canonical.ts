import { plainText, type ComposeText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';
import { portMaps } from './ports';
import { mountMap } from './mounts';
import { shape } from './yaml';

/** Keys that may be lists of `NAME=value`; the last of a name counts. */
export const KEY_VALUES = new Set(
  'environment labels annotations sysctls build.args build.labels build.additional_contexts deploy.labels'.split(' '),
);
const LISTS = new Set('dns dns_search dns_opt tmpfs label_file extra_hosts build.extra_hosts profiles'.split(' '));
const STARTED = new Map<string, Tree>([
  ['condition', plainText('service_started')],
  ['required', plainText('true')],
]);

export type Tell = (path: string[], text: string) => void;

/** One form for each thing that a service may say in a short and a long way, so that files can be merged. */
export function canonicalService(service: TreeMap, tell: Tell): TreeMap {
  return canonicalMap(service, [], tell);
}

function canonicalMap(map: TreeMap, path: string[], tell: Tell): TreeMap {
  return new Map([...map].map(([key, value]) => [key, canonical(value, [...path, key], tell)]));
}

function canonical(tree: Tree, path: string[], tell: Tell): Tree {
  if (tree instanceof Marked) return new Marked(tree.kind, canonical(tree.value, path, tell));
  const place = path.join('.');
  if (place === 'build') return canonicalMap(isWord(tree) ? new Map([['context', tree]]) : asMap(tree), path, tell);
  if (place === 'deploy') return canonicalMap(asMap(tree), path, tell);
  if (KEY_VALUES.has(place)) return pairs(tree, path, tell);
  if (LISTS.has(place)) return listed(tree);
  switch (place) {
    case 'ports':
      return items(tree).flatMap((one, index) => portMaps(one, (text) => tell([...path, String(index)], text)));
    case 'volumes':
      return items(tree).flatMap((one, index) => mountMap(one, (text) => tell([...path, String(index)], text)));
    case 'env_file':
      return items(tree).map((one) => (isWord(one) ? new Map([['path', one]]) : one));
    case 'secrets':
    case 'configs':
    case 'build.secrets':
      return items(tree).map((one) => (isWord(one) ? new Map([['source', one]]) : one));
    case 'networks':
      return named(tree, null);
    case 'depends_on':
      return named(tree, STARTED);
    default:
      return tree;
  }
}

function isWord(tree: Tree): tree is ComposeText {
  return tree !== null && !Array.isArray(tree) && !isTreeMap(tree) && !(tree instanceof Marked);
}

function asMap(tree: Tree): TreeMap {
  return isTreeMap(tree) ? tree : new Map();
}

function items(tree: Tree): Tree[] {
  return Array.isArray(tree) ? tree : tree === null ? [] : [tree];
}

/** A mapping in a place of words is one of `NAME=value`. */
function listed(tree: Tree): Tree[] {
  if (!isTreeMap(tree)) return items(tree);
  return [...tree].flatMap(([key, value]) => items(value).map((one) => plainText(`${key}=${String(one)}`)));
}

function pairs(tree: Tree, path: string[], tell: Tell): TreeMap {
  if (isTreeMap(tree)) return tree;
  for (const [index, one] of items(tree).entries())
    if (!isWord(one))
      tell([...path, String(index)], `expected a text such as NAME=value, seen ${shape(one)}; it was left out`);
  return new Map(
    items(tree)
      .filter(isWord)
      .map((word): [string, Tree] => {
        const sign = word.text.indexOf('=');
        return sign < 0 ? [word.text, null] : [word.text.slice(0, sign), word.slice(sign + 1)];
      }),
  );
}

function named(tree: Tree, defaults: TreeMap | null): TreeMap {
  if (!isTreeMap(tree)) return new Map(items(tree).map((one) => [String(one), defaults && new Map(defaults)]));
  if (defaults === null) return tree;
  return new Map([...tree].map(([key, value]) => [key, new Map([...defaults, ...asMap(value)])]));
}
