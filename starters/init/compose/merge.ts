import { KEY_VALUES } from './canonical';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';

const REPLACED = new Set(['command', 'entrypoint', 'healthcheck.test']);

/** Lists in which a later entry takes the place of an earlier one with the same key. */
const KEYS: Record<string, (entry: Tree) => string> = {
  ports: (port) =>
    `${word(port, 'host_ip') ?? '0.0.0.0'}:${word(port, 'published') ?? ''}:${word(port, 'target')}/${word(port, 'protocol') ?? 'tcp'}`,
  volumes: (mount) => word(mount, 'target') ?? '',
  secrets: (file) => word(file, 'target') ?? `/run/secrets/${word(file, 'source')}`,
  configs: (file) => word(file, 'target') ?? `/${word(file, 'source')}`,
  env_file: (file) => word(file, 'path') ?? '',
  devices: (device) =>
    isTreeMap(device) ? (word(device, 'target') ?? '') : (/^[^:]*:([^:]*)/.exec(String(device))?.[1] ?? String(device)),
};

/** Lays a service of a later file, or one that extends another, over the earlier one, in their canonical forms. */
export function mergeService(base: TreeMap, over: TreeMap): TreeMap {
  return mergeMaps(base, over, []);
}

/** Volumes, networks, secrets and configs have no lists that Compose treats in a way of its own. */
export function mergeResource(base: Tree, over: Tree): Tree {
  return merge(base, over, ['resource']);
}

function mergeMaps(base: TreeMap, over: TreeMap, path: string[]): TreeMap {
  const merged = new Map(base);
  for (const [key, value] of over) {
    const before = merged.get(key);
    if (value instanceof Marked && value.kind === 'reset') merged.delete(key);
    else merged.set(key, before === undefined ? value : merge(before, value, [...path, key]));
  }
  return merged;
}

function merge(base: Tree, over: Tree, path: string[]): Tree {
  const place = path.join('.');
  if (base instanceof Marked) return merge(base.value, over, path);
  if (over instanceof Marked) return over.kind === 'reset' ? null : over.value;
  if (REPLACED.has(place)) return over;
  if (KEY_VALUES.has(place) && isTreeMap(base) && isTreeMap(over)) return new Map([...base, ...over]);
  if (over === null) return base;
  if (place === 'logging' && isOtherDriver(base, over)) return over;
  if (isTreeMap(base) && isTreeMap(over)) return mergeMaps(base, over, path);
  if (Array.isArray(base) && Array.isArray(over)) return unique([...base, ...over], place);
  return over;
}

function isOtherDriver(base: Tree, over: Tree): boolean {
  const [before, after] = [word(base, 'driver'), word(over, 'driver')];
  return before !== undefined && after !== undefined && before !== after;
}

/** The last entry with a key counts, at the place of the first. */
export function unique(entries: Tree[], place: string): Tree[] {
  const keyOf = KEYS[place] ?? ((entry: Tree): string => JSON.stringify(comparable(entry)));
  return [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()];
}

function comparable(tree: Tree): unknown {
  if (tree instanceof Marked) return comparable(tree.value);
  if (Array.isArray(tree)) return tree.map(comparable);
  return isTreeMap(tree) ? [...tree].map(([key, value]) => [key, comparable(value)]) : (tree?.text ?? null);
}

function word(tree: Tree, key: string): string | undefined {
  const value = isTreeMap(tree) ? tree.get(key) : undefined;
  return value === undefined || value === null || typeof value !== 'object' || Array.isArray(value) || isTreeMap(value)
    ? undefined
    : String(value instanceof Marked ? value.value : value);
}
