import { readConnection } from './connection/read';

/** Replacing shorter values, such as `on`, would make texts unreadable. */
const SHORTEST_REDACTED = 4;

const MARK = '[redacted]';
/** From this length on, a line of a longer secret (a private key) is hidden by itself. */
const SHORTEST_LINE = 16;

/** Replaces all forms of these secrets by `[redacted]`. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) for (const form of formsOf(secret)) forms.add(form);
  // The longest goes first, or a part of a connection URL would be replaced before the whole.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((redacted, form) => redacted.replaceAll(form, MARK), text);
}

/** Answers a value without secrets itself, not a copy, since thousands of soaks keep theirs. */
export function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => redactDeep(item, redact));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const before = Object.entries(value);
  const after = before.map(([key, item]) => [redact(key), redactDeep(item, redact)] as const);
  const isSame = after.every(([key, item], index) => key === before[index]![0] && item === before[index]![1]);
  return isSame ? value : Object.fromEntries(after);
}

/** A secret may also appear as a line, password or token, and as URLs, JSON and base64 write it. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE);
  const plain = [secret, ...lines, ...passwordsIn(secret), ...credentialsIn(secret)].filter(
    (part) => part.length >= SHORTEST_REDACTED,
  );
  return plain.flatMap((part) => [
    part,
    encodeURIComponent(part),
    encodeURI(part),
    JSON.stringify(part).slice(1, -1),
    ...base64Forms(part),
  ]);
}

function passwordsIn(secret: string): string[] {
  const found: string[] = [];
  const read = readConnection(secret);
  if ('settings' in read && read.settings.password) found.push(read.settings.password);
  // `new URL` refuses the lists of hosts that PostgreSQL allows.
  const inUrl = /^[a-z][a-z0-9+.:-]*:\/\/[^:/]*:(.*)@[^@]*$/is.exec(secret)?.[1];
  if (inUrl) found.push(inUrl, decode(inUrl));
  const inWords = /(?:^|[\s?&])(?:ssl)?password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&]+))/i.exec(secret);
  const word = inWords?.[1] ?? inWords?.[2];
  if (word) found.push(word, decode(word));
  return found;
}

function credentialsIn(secret: string): string[] {
  const [, scheme = '', credentials = ''] = /^(basic|bearer|token)\s+(\S+)$/i.exec(secret) ?? [];
  if (scheme.toLowerCase() !== 'basic') return [credentials];
  const [, ...password] = Buffer.from(credentials, 'base64').toString().split(':');
  return [credentials, password.join(':')];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Other text (`user:`) may precede the secret, so there are three alignments; edges depend on the neighbours. */
function base64Forms(part: string): string[] {
  const bytes = Buffer.from(part);
  const forms = [bytes.toString('base64'), bytes.toString('base64url')];
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(shift === 0 ? 0 : shift + 1, (bytes.length + shift) % 3 === 0 ? undefined : -1);
    // Short inner parts would also match harmless text.
    if (inner.length >= 2 * SHORTEST_REDACTED) forms.push(inner);
  }
  return forms;
}
