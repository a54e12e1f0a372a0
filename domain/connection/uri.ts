/** What a connection string says, in its order: libpq lets a later parameter replace an earlier one. */
export type Given = [keyword: string, value: string][];

/** It says what was expected and seen, and never quotes a value, since that may be a password. */
export interface Mistake {
  mistake: string;
}

interface Authority {
  user: string;
  password: string;
  hosts: string;
  rest: string;
}

/** Reads what follows `postgres://`, as libpq does. */
export function readUri(text: string): Given | Mistake {
  const { user, password, hosts, rest } = authorityOf(text);
  const places = readHosts(hosts);
  // With a "/" in the password, what stands before it passes for the host and its port.
  if (user === '' && /^[^?]*@/.test(rest)) return CUT;
  if ('mistake' in places) return places;
  const [path = '', ...queries] = rest.split('?');
  const raw: Given = [
    ['user', user],
    ['password', password],
    ['host', places.host],
    ['port', places.port],
    ['dbname', path.replace(/^\//, '')],
  ];
  const query = readQuery(queries.join('?'));
  if (!Array.isArray(query)) return query;
  return decoded([...raw.filter(([, value]) => value !== ''), ...query]);
}

/** The hosts end at the first "/" or "?", but a password may have a "?". No host has an "@". */
function authorityOf(text: string): Authority {
  const beforePath = text.split('/', 1)[0]!;
  const at = beforePath.lastIndexOf('@');
  const credentials = at === -1 ? '' : beforePath.slice(0, at);
  const [, user = '', password = ''] = /^([^:]*):?([^]*)$/.exec(credentials) ?? [];
  const place = text.slice(at + 1);
  const end = place.search(/[/?]/);
  const hosts = end === -1 ? place : place.slice(0, end);
  return { user, password, hosts, rest: place.slice(hosts.length) };
}

const CUT: Mistake = {
  mistake:
    'expected its user and password to be percent-encoded, seen a "/" before an "@": write %2F for a "/" in them',
};

function readHosts(text: string): { host: string; port: string } | Mistake {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const each of text.split(',')) {
    const place = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::([^:]*))?$/.exec(each);
    if (!place) return UNREADABLE_HOST;
    const [, address, name = '', port = ''] = place;
    if (!isPort(port)) return UNREADABLE_PORT;
    hosts.push(address ?? name);
    ports.push(port);
  }
  return { host: hosts.join(','), port: ports.every((port) => port === '') ? '' : ports.join(',') };
}

/** An empty one stands for 5432. */
export function isPort(text: string): boolean {
  return text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535);
}

export const UNREADABLE_PORT: Mistake = {
  mistake:
    'expected its port to be a number from 1 to 65535, seen something else: correct it, or write : in a password as %3A',
};

const UNREADABLE_HOST: Mistake = {
  mistake:
    'expected its host as NAME, NAME:PORT or [IPV6]:PORT, seen something else: ' +
    'put an IPv6 address into brackets, and write : / ? # [ ] @ in a user or password percent-encoded (%3A, %2F, …)',
};

function readQuery(text: string): Given | Mistake {
  const found: Given = [];
  // libpq takes one "&" at the end.
  const pairs = text.replace(/&$/, '');
  for (const pair of pairs === '' ? [] : pairs.split('&')) {
    const at = pair.indexOf('=');
    if (at === -1) return { mistake: 'expected its parameters after "?" as NAME=VALUE, seen one without "="' };
    found.push([pair.slice(0, at), pair.slice(at + 1)]);
  }
  return found;
}

function decoded(raw: Given): Given | Mistake {
  const found: Given = [];
  for (const [keyword, value] of raw) {
    try {
      found.push([decodeURIComponent(keyword), decodeURIComponent(value)]);
    } catch {
      return {
        mistake:
          `expected ${nameOf(keyword)} to be percent-encoded, seen a "%" that two hexadecimal digits of UTF-8 ` +
          'do not follow: write %25 for a "%" itself',
      };
    }
    if (found.at(-1)![1].includes('\0')) return { mistake: `expected text in ${nameOf(keyword)}, seen %00: remove it` };
  }
  return found;
}

/** A long or odd keyword may be a piece of a password. */
export function nameOf(keyword: string): string {
  return /^[a-z][a-z_]{1,40}$/i.test(keyword) ? `its "${keyword}"` : 'one of its parameters';
}
