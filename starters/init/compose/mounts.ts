import { posix } from 'node:path';
import { type ComposeText, plainText } from './text';
import { isTreeMap, type Tree } from './tree';

/** The long notation of `[SOURCE:]TARGET[:OPTION,…]`. */
export function mountMap(given: Tree, tell: (text: string) => void): Tree[] {
  if (given === null || typeof given !== 'object' || Array.isArray(given) || isTreeMap(given)) return [given];
  const word = given as ComposeText;
  // A letter and a colon begin a path of Windows.
  const parts = [...word.text.matchAll(/(?:^[A-Za-z]:(?=[\\/])[^:]*|:?[A-Za-z]:(?=\\)[^:]*|[^:]+)/g)];
  const isWhole = parts.map(([text]) => text).join(':').length === word.text.length;
  if (parts.length === 0 || parts.length > 3 || !isWhole) {
    tell(`expected a volume such as "data:/var/lib/data", seen "${word.text}"; it was left out`);
    return [];
  }
  const [first, second, third] = parts.map(({ index, 0: text }) => word.slice(index, index + text.length));
  const source = second && first;
  const inside = (second ?? first)!;
  const target = inside.missing.length > 0 ? inside : plainText(cleanPath(inside.text));
  const isBind = source !== undefined && /^([./~]|\\\\|[A-Za-z]:)/.test(source.text);
  return [
    new Map<string, Tree>([
      ['type', plainText(isBind ? 'bind' : 'volume')],
      ...(source ? [['source', source] as [string, Tree]] : []),
      ['target', target],
      ...(third?.text.split(',').includes('ro') ? [['read_only', plainText('true')] as [string, Tree]] : []),
    ]),
  ];
}

function cleanPath(target: string): string {
  const clean = posix.normalize(target);
  return clean.length > 1 ? clean.replace(/\/$/, '') : clean;
}
