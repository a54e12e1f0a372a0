import { isSecretName } from '../../../domain/containers/secret-looks';
import { isLogin, isNameOfSecret, showsSecret } from './secret-signs';
import type { ComposeText } from './text';
import { isTreeMap, Marked, type Tree } from './tree';

const BOOLEANS = new Set(
  'init privileged read_only stdin_open tty oom_kill_disable disable required external'.split(' '),
);
const NUMBERS = new Set('scale replicas cpus cpu_count cpu_percent cpu_shares retries pids_limit target'.split(' '));

/** Plain values for those who only look; what a variable filled in becomes a number or a boolean where Compose says so. */
export function plain(tree: Tree | undefined, key = ''): unknown {
  if (tree === null || tree === undefined) return null;
  if (tree instanceof Marked) return plain(tree.value, key);
  if (Array.isArray(tree)) return tree.map((one) => plain(one));
  if (isTreeMap(tree)) return Object.fromEntries([...tree].map(([name, value]) => [name, plain(value, name)]));
  return plainLeaf(tree, key);
}

function plainLeaf(leaf: ComposeText, key: string): unknown {
  const text = shownText(leaf);
  if (leaf.kind === 'boolean' || (BOOLEANS.has(key) && /^(true|yes|on|y)$/i.test(text))) return !/^f/i.test(text);
  if (BOOLEANS.has(key) && /^(false|no|off|n)$/i.test(text)) return false;
  const isNumber = leaf.kind === 'number' || (NUMBERS.has(key) && /^\d+(\.\d+)?$/.test(text));
  // A number that JavaScript cannot hold stays a text.
  return isNumber && (Number.isSafeInteger(Number(text)) || /[.e]/i.test(text)) ? Number(text) : text;
}

/** The text, with `${NAME}` in place of what came from a variable that holds a secret. */
export function shownText(given: ComposeText): string {
  return given.pieces
    .map(({ text, variable }) => (variable !== undefined && holdsSecret(variable, text) ? `\${${variable}}` : text))
    .join('');
}

/** Whether the text must not be copied. @param key the name under which it stands */
export function isSecretText(given: ComposeText, key = ''): boolean {
  return (
    (given.text !== '' && isNameOfSecret(key)) ||
    isLogin(key, given.text) ||
    showsSecret(given.text) ||
    given.pieces.some(({ variable, text }) => variable !== undefined && holdsSecret(variable, text)) ||
    given.pieces.some(({ origin, text }) => origin === 'file' && looksRandom(text))
  );
}

function holdsSecret(name: string, text: string): boolean {
  return isSecretName(name) || isLogin(name, text) || showsSecret(text);
}

/** A file of variables often holds keys whose names tell nothing. */
function looksRandom(text: string): boolean {
  return /^[\w+/=-]{24,}$/.test(text) && /\d/.test(text) && /[A-Za-z]/.test(text) && !/^[a-z-]+$/.test(text);
}
