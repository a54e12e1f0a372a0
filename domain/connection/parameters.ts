import { nameOf, type Mistake } from './uri';

/** What a parameter comes to: keywords of libpq; text for `options`; nothing where only pools and drivers mind it. */
export type Meaning = { settings: Record<string, string> } | { option: string } | Mistake;

const NOTHING: Meaning = { settings: {} };

/** Keywords of libpq, with the values that they may have where there are few. */
const LIBPQ: Record<string, string[] | RegExp | undefined> = {
  host: undefined,
  hostaddr: undefined,
  port: undefined,
  dbname: undefined,
  user: undefined,
  password: undefined,
  passfile: undefined,
  options: undefined,
  connect_timeout: /^-?\d+$/,
  target_session_attrs: ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'],
  load_balance_hosts: ['disable', 'random'],
  sslmode: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
  sslnegotiation: ['postgres', 'direct'],
  sslcert: undefined,
  sslkey: undefined,
  sslrootcert: undefined,
  sslcrl: undefined,
  ssl_min_protocol_version: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  ssl_max_protocol_version: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  sslcertmode: ['disable', 'allow', 'require'],
  sslsni: ['0', '1'],
  sslcompression: ['0', '1'],
  channel_binding: ['disable', 'prefer', 'require'],
  require_auth: undefined,
  gssencmode: ['disable', 'prefer'],
  keepalives: /^\d+$/,
  keepalives_idle: /^\d+$/,
  keepalives_interval: /^\d+$/,
  keepalives_count: /^\d+$/,
  tcp_user_timeout: /^\d+$/,
};

/** Spillway sets these itself, or they change nothing for it: names of sessions, pools, caches and drivers. */
const WITHOUT_EFFECT =
  /^(application_?name|fallback_application_name|client_encoding|encoding|charset|server_?version|uselibpqcompat|adapter|krbsrvname|gsslib|gssdelegation|max_protocol_version|connection_?limit|pool|pool_?(size|timeout|min|max|recycle|mode|name)|pool_(max|min)_conns|pool_max_conn_(lifetime|idle_time)(_jitter)?|pool_health_check_period|min_?(pool_?size|connections)|max_?(pool_?size|overflow|connections|conns)|checkout_timeout|idle_?timeout|socket_?timeout|login_?timeout|timeout|(max_idle_)?connection_lifetime|single_use_connections|(prepared_)?statement_cache_(size|capacity|mode)|description_cache_capacity|default_query_exec_mode|prepared_?statements|prepare_?threshold|prepared_statement_cache_(size|queries|size_mib)|binary_(parameters|transfer)|disable_prepared_binary_result|rewrite_?batched_?inserts|string_?type|tcp_?keep_?alive|async_fallback|ssl_?factory|log_?(ger_?level|server_?error_?detail)|default_?row_?fetch_?size|auto_?save|assume_?min_?server_?version|conn_max_age|conn_health_checks|advisory_locks|reconnect|retries)$/;

const SETTINGS = ['search_path', 'timezone', 'datestyle', 'statement_timeout', 'lock_timeout', 'role'];

const ON = /^(true|1|on|yes|t|y)$/i;
const OFF = /^(false|0|off|no|f|n)$/i;

/** Parameters of other tools, by their names in lower case. */
const OTHERS: Record<string, (value: string) => Meaning> = {
  username: (value) => ({ settings: { user: value } }),
  database: (value) => ({ settings: { dbname: value } }),
  connecttimeout: (value) => meaningOf('connect_timeout', value),
  ssl: (value) => ssl(value),
  sslaccept: (value) => (value === 'strict' ? refused('sslaccept', VERIFY) : NOTHING),
  sslidentity: () => refused('sslidentity', 'write sslcert and sslkey, which name PEM files, instead'),
  sslinline: (value) =>
    ON.test(value) ? refused('sslinline', 'name files in sslcert, sslkey and sslrootcert') : NOTHING,
  sslpassword: () =>
    refused('sslpassword', 'name a key without a passphrase, which only its owner may read, in sslkey'),
  sslcrldir: () => refused('sslcrldir', 'name one file of revocations in sslcrl'),
  requirepeer: () =>
    refused('requirepeer', 'leave it out: a folder that only its owner may write to protects a socket'),
  replication: () => refused('replication', 'leave it out'),
  service: () => refused('service', 'write out what that service says: every worker shall reach the same database'),
  schema: searchPath,
  currentschema: searchPath,
  targetservertype: (value) => targetServer(value),
  loadbalancehosts: (value) => ({ settings: { load_balance_hosts: ON.test(value) ? 'random' : 'disable' } }),
  pgbouncer: (value) =>
    ON.test(value)
      ? refused(
          'pgbouncer=true',
          'give the direct address of the server: a pooler shares sessions, which migrations change',
        )
      : NOTHING,
};

const VERIFY = 'write sslmode=verify-full and sslrootcert=FILE (or sslrootcert=system) instead';

function refused(shown: string, todo: string): Mistake {
  return { mistake: `expected parameters that Spillway and pg_dump both take, seen "${shown}": ${todo}` };
}

function ssl(value: string): Meaning {
  if (ON.test(value)) return { settings: { sslmode: 'require' } };
  if (OFF.test(value)) return { settings: { sslmode: 'disable' } };
  return meaningOf('sslmode', value);
}

function targetServer(value: string): Meaning {
  const attributes: Record<string, string> = {
    primary: 'primary',
    master: 'primary',
    secondary: 'standby',
    slave: 'standby',
  };
  return meaningOf('target_session_attrs', attributes[value.toLowerCase()] ?? 'any');
}

/** Elsewhere a schema is named as it is, and PostgreSQL folds names without quotes to lower case. */
function searchPath(value: string): Meaning {
  const schemas = value.split(',').map((schema) => `"${schema.trim().replaceAll('"', '""')}"`);
  return setting('search_path', schemas.join(','));
}

function setting(name: string, value: string): Meaning {
  return { option: `-c ${name}=${value.replace(/[\s\\]/g, '\\$&')}` };
}

/** Answers what a parameter of libpq, of a driver or of another tool asks for. */
export function meaningOf(keyword: string, value: string): Meaning {
  if (keyword === 'sslmode' && value === 'no-verify') return { settings: { sslmode: 'require' } };
  if (Object.hasOwn(LIBPQ, keyword)) return valueMistake(keyword, value) ?? { settings: { [keyword]: value } };
  const name = keyword.toLowerCase();
  if (Object.hasOwn(OTHERS, name)) return OTHERS[name]!(value);
  if (SETTINGS.includes(name)) return setting(name, value);
  if (WITHOUT_EFFECT.test(name.replaceAll('-', '_'))) return NOTHING;
  if (name === 'gssencmode' || name === 'sslmode') return meaningOf(name, value);
  return {
    mistake: `expected only parameters that Spillway and pg_dump both take, seen ${nameOf(keyword)}: leave that out`,
  };
}

function valueMistake(keyword: string, value: string): Mistake | undefined {
  if (keyword === 'options' && /^-c\+/.test(value)) {
    return { mistake: 'expected spaces in its "options" as %20, seen "+", which libpq takes as it is: write %20' };
  }
  const allowed = LIBPQ[keyword];
  if (!allowed || value === '') return undefined;
  if (Array.isArray(allowed) ? allowed.includes(value) : allowed.test(value)) return undefined;
  const expected = Array.isArray(allowed) ? allowed.join(', ') : 'a whole number';
  return {
    mistake: `expected its "${keyword}" to be ${Array.isArray(allowed) ? `one of ${expected}` : expected}, seen something else`,
  };
}
