import { meaningOf } from './parameters';
import { isPort, nameOf, readUri, UNREADABLE_PORT, type Given, type Mistake } from './uri';
import { readWords } from './words';

/** What a connection string asks for, by the keywords of libpq. What is absent it leaves to libpq's defaults. */
export type ConnectionSettings = Readonly<Record<string, string>>;

/** Frameworks name their driver in the scheme. */
const URI =
  /^(?:jdbc:|r2dbc:(?:pool:)?)?(?:postgres(?:ql)?(?:\+[a-z0-9_]+)?|postgis|pgsql|psql|pgx5?|ecto|timescaledb):\/\//i;

/** Reads a connection string in every form that libpq takes, and in those of other tools whose meaning is plain. */
export function readConnection(given: string): { settings: ConnectionSettings } | Mistake {
  const text = given.trim();
  const scheme = URI.exec(text)?.[0];
  const wrong = scheme ? lineMistake(text) : formMistake(text);
  if (wrong) return { mistake: `expected ${FORM}, seen ${wrong}` };
  const said = scheme ? readUri(text.slice(scheme.length)) : readWords(text);
  if (!Array.isArray(said)) return said;
  const read = understood(said);
  if ('mistake' in read) return read;
  const { settings } = read;
  return nameMistake(settings) ?? hostsMistake(settings) ?? authorityMistake(settings) ?? read;
}

const UNFILLED = 'a placeholder that nobody has filled in';
const FORM = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE, or host=HOST dbname=DATABASE user=USER password=PASSWORD';

/** What follows would become a part of the database's name, which messages tell. */
function lineMistake(text: string): string | undefined {
  return /[\r\n]/.test(text) ? 'more than one line: give this one alone' : undefined;
}

function formMistake(text: string): string | undefined {
  if (text === '') return 'nothing but spaces';
  if (/^(["'“‘`]).*["'”’`]$/s.test(text)) return 'quotes around it: leave them out';
  if (/^\$\{?\w+\}?$|^\{\{|^<.*>$/.test(text) || (/\$\{?\w+\}?|\{\{/.test(text) && /:\/\//.test(text))) return UNFILLED;
  if (/^[{[]/.test(text)) return 'JSON';
  if (/^psql\s/.test(text)) return 'a command: give only what follows psql, without quotes';
  if (/^(jdbc:)?(postgres(ql)?|pgsql):/i.test(text)) return 'something else behind its first ":"';
  if (/^(export\s+)?[\w.-]+\s*[=:]\s*["']?(jdbc:)?postgres(ql)?:/i.test(text)) {
    return 'a whole assignment: give only what follows its name';
  }
  const scheme = /^([a-z][a-z0-9+.-]{1,30}):\/\//i.exec(text)?.[1];
  if (scheme) return `an address that begins with ${scheme}://`;
  if (/^[a-z ]+=[^;]*;/i.test(text)) return 'pairs between semicolons';
  if (!/^\s*\w+\s*=/.test(text)) return 'something else';
  return undefined;
}

function understood(said: Given): { settings: ConnectionSettings } | Mistake {
  const settings: Record<string, string> = {};
  const options: string[] = [];
  for (const [keyword, value] of said) {
    if (value.includes('\0')) return { mistake: `expected text in ${nameOf(keyword)}, seen a zero byte: remove it` };
    const meaning = meaningOf(keyword, value);
    if ('mistake' in meaning) return meaning;
    if ('option' in meaning) options.push(meaning.option);
    else Object.assign(settings, meaning.settings);
  }
  if (settings.sslrootcert === 'system') settings.sslmode ||= 'verify-full';
  const all = [...(settings.options ? [settings.options] : []), ...options].join(' ');
  const kept = Object.entries({ ...settings, options: all }).filter(([, value]) => value !== '');
  return { settings: Object.fromEntries(kept) };
}

/** Names of users and databases stand in messages, so no password may have come into them. */
function nameMistake(settings: ConnectionSettings): Mistake | undefined {
  for (const keyword of ['user', 'password', 'dbname']) {
    if (!/^(\$\{\w+\}|\{\{.+\}\})$/.test(settings[keyword] ?? '')) continue;
    return { mistake: `expected ${nameOf(keyword)} to be filled in, seen ${UNFILLED}: write it out` };
  }
  if (!/:\/\//.test(settings.dbname ?? '')) return undefined;
  return { mistake: 'expected the name of its database, seen a whole connection string there: give that one alone' };
}

/** As in libpq, since anybody can have a certificate of a public authority. */
function authorityMistake({ sslrootcert, sslmode = '' }: ConnectionSettings): Mistake | undefined {
  if (sslrootcert !== 'system' || ['verify-full', 'disable'].includes(sslmode)) return undefined;
  return {
    mistake:
      `expected sslmode=verify-full beside sslrootcert=system, seen sslmode=${sslmode}, with which anybody's certificate ` +
      'of a public authority would do: write verify-full, or name the file of your own authority',
  };
}

/** Lists of hosts, addresses and ports belong together, by their places. */
function hostsMistake({ host, hostaddr, port }: ConnectionSettings): Mistake | undefined {
  const ports = port?.split(',') ?? [];
  if (!ports.every(isPort)) return UNREADABLE_PORT;
  if (host !== undefined && !host.startsWith('/') && /[\s${}<>]/.test(host)) {
    return {
      mistake: `expected the name of its host, seen spaces or ${UNFILLED}: write the name`,
    };
  }
  const [hosts, addresses] = [host?.split(',') ?? [], hostaddr?.split(',') ?? []];
  const count = Math.max(hosts.length, addresses.length, 1);
  const isEqual = hosts.length === 0 || addresses.length === 0 || hosts.length === addresses.length;
  if (isEqual && [0, 1, count].includes(ports.length)) return undefined;
  return {
    mistake:
      `expected one port for all hosts or one for each, seen ${hosts.length} hosts, ${addresses.length} addresses ` +
      `and ${ports.length} ports: write as many of each`,
  };
}
