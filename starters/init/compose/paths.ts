import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { ComposeText, plainText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';

/** A place in another machine's files, or a service that keeps them. */
export function isAddress(path: string): boolean {
  return /^([a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/|oci:)/i.test(path);
}

/** An address without the login in it, which may be a secret. */
export function shownAddress(address: string): string {
  return address.replace(/\/\/[^/\s@]*@/, '//');
}

/** As a person in the working directory would name it. */
export function shownPath(file: string): string {
  const path = relative('', file);
  return path.startsWith('..') ? file : path;
}

/** Files may lie in several folders, and their relative paths start in their own. */
export function withAbsolutePaths(service: TreeMap, directory: string): TreeMap {
  return new Map([...service].map(([key, value]) => [key, absolute(key, value, directory)]));
}

function absolute(key: string, value: Tree, directory: string): Tree {
  if (value instanceof Marked) return new Marked(value.kind, absolute(key, value.value, directory));
  if (key === 'build' && isTreeMap(value)) return withPath(value, 'context', directory);
  if (!Array.isArray(value)) return value;
  if (key === 'env_file') return value.map((one) => (isTreeMap(one) ? withPath(one, 'path', directory) : one));
  if (key !== 'volumes') return value;
  return value.map((one) => (isTreeMap(one) && String(one.get('type')) === 'bind' ? withSource(one, directory) : one));
}

function withPath(map: TreeMap, key: string, directory: string): TreeMap {
  const path = map.get(key);
  return path instanceof ComposeText ? new Map([...map, [key, resolved(path, directory)]]) : map;
}

function withSource(mount: TreeMap, directory: string): TreeMap {
  const source = mount.get('source');
  if (!(source instanceof ComposeText) || source.text.startsWith('/')) return mount;
  return new Map([...mount, ['source', resolved(source, directory)], ['x-wrote', source]]);
}

// Without its variables, a path would begin somewhere else.
function resolved(path: ComposeText, directory: string): ComposeText {
  if (isAddress(path.text) || path.missing.length > 0 || /^([A-Za-z]:)?\\/.test(path.text)) return path;
  const isHome = /^~(\/|$)/.test(path.text);
  return plainText(isHome ? join(homedir(), path.text.slice(1)) : resolve(directory, path.text));
}
