import type { ComposePort } from './model';
import { type ComposeText, plainText } from './text';
import { isTreeMap, Marked, type Tree, type TreeMap } from './tree';

const MOST = 100;

/** One mapping for each port, as the long notation has it. Compose calls `8000-8001:80-81` two ports. */
export function portMaps(given: Tree, tell: (text: string) => void): Tree[] {
  if (given === null || Array.isArray(given) || given instanceof Marked || isTreeMap(given)) return [given];
  const read = shortPort(given);
  const whole = given.pieces
    .map((piece) => (piece.origin === 'nowhere' ? `\${${piece.variable}}` : piece.text))
    .join('');
  if (given.missing.length > 0) {
    const part = read === undefined ? '; it was left out' : '; it was read without that';
    tell(`${given.missing.join(', ')} had no value in .env or the shell for the port "${whole}"${part}`);
  } else if (read === undefined) tell(`expected a port such as "8080:80", seen "${whole}"; it was left out`);
  return read ?? [];
}

function shortPort({ text }: ComposeText): Tree[] | undefined {
  const match = /^(?:(?:(\[[^\]]*\]|[\w.]+|[0-9a-f:]+:[0-9a-f:]*):)?([\d-]*):)?(\d+)(?:-(\d+))?(?:\/(\w+))?$/i.exec(
    text,
  );
  if (!match) return undefined;
  const [, address, published = '', first, last = first, protocol = 'tcp'] = match;
  const targets = range(Number(first), Number(last));
  const hostPorts = /^(\d*)(?:-(\d+))?$/.exec(published);
  if (!targets || !hostPorts) return undefined;
  const hosts = published === '' ? [] : range(Number(hostPorts[1]), Number(hostPorts[2] ?? hostPorts[1]));
  const isPool = hosts !== undefined && targets.length === 1 && hosts.length > 1;
  if (!hosts || (hosts.length > 0 && !isPool && hosts.length !== targets.length)) return undefined;
  return targets.map((target, index) => {
    const host = isPool ? published : hosts[index];
    return portMap({ target, protocol: protocol.toLowerCase(), host, address: address?.replace(/^\[|\]$/g, '') });
  });
}

interface Parts {
  target: number;
  protocol: string;
  host: string | number | undefined;
  address: string | undefined;
}

function portMap({ target, protocol, host, address }: Parts): TreeMap {
  const entries: [string, string | undefined][] = [
    ['target', String(target)],
    ['published', host === undefined ? undefined : String(host)],
    ['host_ip', address],
    ['protocol', protocol],
  ];
  return new Map(
    entries.flatMap(([key, value]): [string, Tree][] => (value === undefined ? [] : [[key, plainText(value)]])),
  );
}

function range(first: number, last: number): number[] | undefined {
  const isRight = first >= 0 && last >= first && last <= 65_535 && last - first < MOST;
  return isRight ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : undefined;
}

/** Reads what `portMaps` made, or what the file says in the long notation. */
export function portOf(given: TreeMap): ComposePort | undefined {
  const word = (key: string): string | undefined => {
    const value = given.get(key);
    return value === null || value === undefined || value instanceof Map ? undefined : String(value as ComposeText);
  };
  const target = Number(word('target') || Number.NaN);
  if (!Number.isInteger(target) || target < 1 || target > 65_535) return undefined;
  const published = word('published') || undefined;
  const isNumber = published !== undefined && /^\d+$/.test(published);
  const address = word('host_ip') || undefined;
  const mode = word('mode');
  const appProtocol = word('app_protocol');
  return {
    target,
    protocol: word('protocol') ?? 'tcp',
    ...(published !== undefined && { published: isNumber ? Number(published) : published }),
    ...(address !== undefined && { address }),
    ...(mode !== undefined && { mode }),
    ...(appProtocol !== undefined && { appProtocol }),
  };
}
