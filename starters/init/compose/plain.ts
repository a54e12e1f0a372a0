import { isPlainSecret } from '../../../domain/config/values';
import { isSecretName, looksSecret } from '../../../domain/containers/secret-looks';
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

// What a configuration accepts in plain text may be a secret all the same, and here a question costs little.
const KEY_NAME = /(^|[_-])(key|salt|pepper|pwd|jwt)$/i;
const OPEN_KEY = /(public|publishable|anon|site|sort|primary|partition|foreign|cache|routing|object)[_-]key$/i;
const HIDDEN = [
  // A signed token.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
  // `Server=db;Password=...` and `user:...@tcp(db:3306)`.
  /\b(password|passwd|pwd|secret|accountkey|sharedaccesskey)\s*=\s*[^\s;&]/i,
  /^[^\s:@/]+:[^\s@/]+@(tcp|unix)?\(/,
];

/** Whether the text must not be copied. @param key the name under which it stands */
export function isSecretText(given: ComposeText, key = ''): boolean {
  return (
    isPlainSecret(key, given.text) ||
    (given.text !== '' && KEY_NAME.test(key) && !OPEN_KEY.test(key)) ||
    HIDDEN.some((pattern) => pattern.test(given.text)) ||
    given.pieces.some(({ variable, text }) => variable !== undefined && holdsSecret(variable, text)) ||
    given.pieces.some(({ origin, text }) => origin === 'file' && looksRandom(text))
  );
}

function holdsSecret(name: string, text: string): boolean {
  return isSecretName(name) || looksSecret(text) || HIDDEN.some((pattern) => pattern.test(text));
}

/** A file of variables often holds keys whose names tell nothing. */
function looksRandom(text: string): boolean {
  return /^[\w+/=-]{24,}$/.test(text) && /\d/.test(text) && /[A-Za-z]/.test(text) && !/^[a-z-]+$/.test(text);
}
