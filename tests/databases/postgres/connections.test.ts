import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withClient } from '../../../databases/postgres/connection';
import { parsePostgresUrl, type PostgresServer } from '../../../databases/postgres/server';
import { PostgresTools } from '../../../databases/postgres/tools';
import { ConfigurationFailure, UnreachableFailure } from '../../../domain/failures';
import { io, SHOP } from '../database-context';
import { freePort } from '../../support/free-port';
import { query, startPostgres, type TestPostgres } from '../../support/postgres';
import { until } from '../../support/until';

const run = promisify(execFile);
const ODD = "p/a#s?s@:w %41+\\'&";

let postgres: TestPostgres;
let directory: string;
let socket: string;
let closed: number;
let others: Server;
/** Values for the placeholders of the table. */
let words: Record<string, string>;

const openssl = (...argv: string[]) => run('openssl', argv, { cwd: directory });

/** A self-signed certificate of the server, which also signs that of a client. */
async function certificates(): Promise<void> {
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const self = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await openssl(...self, ...names, '-keyout', 'server.key', '-out', 'server.crt');
  await openssl(...self, '-keyout', 'other.key', '-out', 'other.crt');
  await openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=carol',
    '-keyout',
    'carol.key',
    '-out',
    'carol.csr',
  );
  const signed = ['-CA', 'server.crt', '-CAkey', 'server.key', '-CAcreateserial', '-days', '2', '-out', 'carol.crt'];
  await openssl('x509', '-req', '-in', 'carol.csr', ...signed);
  await chmod(join(directory, 'carol.key'), 0o600);
  await openssl('pkey', '-in', 'carol.key', '-aes256', '-passout', 'pass:secret', '-out', 'locked.key');
}

async function turnTlsOn(): Promise<void> {
  const [{ data }] = (await query<{ data: string }>(
    postgres.url,
    `SELECT current_setting('data_directory') AS data`,
  )) as [{ data: string }];
  const { uid, gid } = await stat(data);
  for (const name of ['server.crt', 'server.key']) {
    await writeFile(join(data, name), await readFile(join(directory, name)), { mode: 0o600 });
    await chown(join(data, name), uid, gid);
  }
  const rules = await readFile(join(data, 'pg_hba.conf'), 'utf8');
  const own = ['hostssl all carol all cert', 'hostnossl all tess all reject', 'hostssl all nell all reject'];
  await writeFile(join(data, 'pg_hba.conf'), `${own.join('\n')}\n${rules}`);
  await query(postgres.url, `ALTER SYSTEM SET ssl_ca_file = 'server.crt'`);
  await query(postgres.url, 'ALTER SYSTEM SET ssl = on');
  await query(postgres.url, 'SELECT pg_reload_conf()');
  await until(async () => (await query<{ ssl: string }>(postgres.url, 'SHOW ssl'))[0]?.ssl === 'on');
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-connections-'));
  postgres = await startPostgres();
  await certificates();
  await turnTlsOn();
  closed = await freePort();
  others = createServer((_request, answer) => answer.end('something else')).listen(0);
  for (const name of ['odd', 'carol', 'tess', 'nell']) await query(postgres.url, `CREATE ROLE ${name} LOGIN SUPERUSER`);
  for (const name of ['odd', 'tess', 'nell']) {
    await query(postgres.url, `ALTER ROLE ${name} PASSWORD '${ODD.replaceAll("'", "''")}'`);
  }
  for (const name of ['"a b/c?d"', 'odd']) await query(postgres.url, `CREATE DATABASE ${name}`);
  const [{ folder }] = (await query<{ folder: string }>(
    postgres.url,
    `SELECT current_setting('unix_socket_directories') AS folder`,
  )) as [{ folder: string }];
  socket = folder;
  // The folder is the server's own.
  await chmod(socket, 0o755);
  const passwordFile = join(directory, 'passwords');
  const lines = [
    `# a comment`,
    `elsewhere:*:*:*:wrong`,
    `localhost:${postgres.port}:*:odd:${ODD.replace(/[:\\]/g, '\\$&')}`,
  ];
  await writeFile(passwordFile, lines.join('\n'), { mode: 0o600 });
  words = {
    PORT: String(postgres.port),
    CLOSED: String(closed),
    OTHERS: String((others.address() as AddressInfo).port),
    PASSWORD: postgres.password,
    ODD: encodeURIComponent(ODD),
    QUOTED: `'${ODD.replace(/['\\]/g, '\\$&')}'`,
    SOCKET: socket,
    CODED: encodeURIComponent(socket),
    FILES: directory,
    PASSWORDS: passwordFile,
  };
}, 300_000);
afterAll(async () => {
  others.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

const filled = (form: string) => form.replace(/\b[A-Z]{3,}\b/g, (word) => words[word] ?? word);

interface Seen {
  user: string;
  database: string;
  tls: boolean;
  path: string;
}
const SEEN = `SELECT json_build_object('user', session_user, 'database', current_database(), 'tls', s.ssl,
  'path', (SELECT reset_val FROM pg_settings WHERE name = 'search_path')) AS seen FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()`;

async function byDriver(server: PostgresServer): Promise<Seen> {
  return withClient(server, io(), async (client) => (await client.query<{ seen: Seen }>(SEEN)).rows[0]!.seen);
}

const toolsOf = (server: PostgresServer) =>
  new PostgresTools(server, SHOP, { PATH: process.env.PATH, HOME: directory });

async function byPsql(server: PostgresServer): Promise<Seen> {
  const tools = toolsOf(server);
  const argv = ['psql', '--no-psqlrc', '--no-password', '-At', '-v', 'ON_ERROR_STOP=1', '-c', SEEN, ...tools.arguments];
  const { exitCode, stdout, stderr } = await tools.run(argv, io(), { options: '-c statement_timeout=61s' });
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Seen;
}

async function byDump(server: PostgresServer): Promise<string> {
  const tools = toolsOf(server);
  const { stderr } = await tools.run(['pg_dump', '--no-password', '--schema-only', ...tools.arguments], io());
  return stderr;
}

const POSTGRES: Seen = { user: 'postgres', database: 'postgres', tls: true, path: '"$user", public' };
const ODDLY: Seen = { ...POSTGRES, user: 'odd', database: 'odd' };
const PLAIN = { ...POSTGRES, tls: false };
const AT = 'postgres:PASSWORD@localhost:PORT';

describe('a connection string', () => {
  it.each<[form: string, seen: Seen]>([
    [`postgres://${AT}/postgres`, POSTGRES],
    [`postgresql://${AT}/postgres`, POSTGRES],
    [`  postgres://${AT}/postgres \n`, POSTGRES],
    ['postgres://postgres:PASSWORD@127.0.0.1:PORT', POSTGRES],
    ['postgres://odd:ODD@localhost:PORT/odd', ODDLY],
    ['postgres://odd:ODD@localhost:PORT', ODDLY],
    ['postgres://localhost:PORT/odd?user=odd&password=ODD', ODDLY],
    ['postgres://odd@localhost:PORT/?passfile=PASSWORDS', ODDLY],
    ['host=localhost port=PORT user=odd passfile=PASSWORDS', ODDLY],
    [`postgres://${AT}/a%20b%2Fc%3Fd`, { ...POSTGRES, database: 'a b/c?d' }],
    ["host=localhost port=PORT dbname='a b/c?d' user=odd password=QUOTED", { ...ODDLY, database: 'a b/c?d' }],
    ['host = localhost  port = PORT\nuser=odd dbname=odd password = QUOTED', ODDLY],
    ['postgres://postgres:PASSWORD@/postgres?host=SOCKET&port=PORT', PLAIN],
    ['postgres:///postgres?host=SOCKET&port=PORT&user=postgres&password=PASSWORD', PLAIN],
    ['postgres://postgres:PASSWORD@CODED:PORT/postgres', PLAIN],
    ['host=SOCKET port=PORT user=postgres password=PASSWORD dbname=postgres', PLAIN],
    ['postgres://postgres:PASSWORD@/postgres?host=SOCKET&port=PORT&sslmode=require', PLAIN],
    ['postgres://postgres:PASSWORD@localhost:CLOSED,localhost:PORT/postgres', POSTGRES],
    ['postgres://postgres:PASSWORD@localhost:CLOSED,127.0.0.1:PORT/postgres?target_session_attrs=read-write', POSTGRES],
    [`postgres://${AT}/postgres?target_session_attrs=primary`, POSTGRES],
    [`postgres://${AT}/postgres?target_session_attrs=prefer-standby`, POSTGRES],
    ['host=localhost,localhost port=CLOSED,PORT user=postgres password=PASSWORD', POSTGRES],
    ['postgres://postgres:PASSWORD@db.invalid:PORT/postgres?hostaddr=127.0.0.1', POSTGRES],
    [`postgres://${AT}/postgres?options=-c%20search_path%3Dapp`, { ...POSTGRES, path: 'app' }],
    [`postgres://${AT}/postgres?options=-csearch_path%3Dapp%20-c%20statement_timeout=5s`, { ...POSTGRES, path: 'app' }],
    [`postgres://${AT}/postgres?options=-c%20search_path%3D"a\\%20b",c`, { ...POSTGRES, path: '"a b",c' }],
    [`postgres://${AT}/postgres?sslmode=disable`, PLAIN],
    [`postgres://${AT}/postgres?sslmode=allow`, PLAIN],
    [`postgres://${AT}/postgres?sslmode=prefer`, POSTGRES],
    [`postgres://${AT}/postgres?sslmode=require`, POSTGRES],
    [`postgres://${AT}/postgres?sslmode=require&channel_binding=require`, POSTGRES],
    [`postgres://${AT}/postgres?sslmode=require&sslrootcert=FILES/server.crt`, POSTGRES],
    [`postgres://${AT}/postgres?sslmode=verify-ca&sslrootcert=FILES/server.crt`, POSTGRES],
    [`postgres://${AT}/postgres?sslmode=verify-full&sslrootcert=FILES/server.crt`, POSTGRES],
    [`postgres://postgres:PASSWORD@127.0.0.1:PORT/postgres?sslmode=verify-full&sslrootcert=FILES/server.crt`, POSTGRES],
    [
      'postgres://carol@localhost:PORT/odd?sslmode=require&sslcert=FILES/carol.crt&sslkey=FILES/carol.key',
      { ...ODDLY, user: 'carol' },
    ],
    ['postgres://tess:ODD@localhost:PORT/odd?sslmode=allow', { ...ODDLY, user: 'tess' }],
    ['postgres://nell:ODD@localhost:PORT/odd', { ...ODDLY, user: 'nell', tls: false }],
    [`postgres://${AT}/postgres?connect_timeout=7&keepalives=1&keepalives_idle=30&tcp_user_timeout=9000`, POSTGRES],
    [`postgres://${AT}/postgres?application_name=mine&client_encoding=LATIN1`, POSTGRES],
    // What other tools write.
    [`postgres://${AT}/postgres?ssl=true`, POSTGRES],
    [`postgres://${AT}/postgres?ssl=false`, PLAIN],
    [`postgres://${AT}/postgres?sslmode=no-verify`, POSTGRES],
    [`postgres://${AT}/postgres?schema=public`, { ...POSTGRES, path: '"public"' }],
    [
      `postgres://${AT}/postgres?schema=My%20Shop&connection_limit=5&pool_timeout=10`,
      { ...POSTGRES, path: '"My Shop"' },
    ],
    [`postgres://${AT}/postgres?sslmode=require&sslaccept=accept_invalid_certs`, POSTGRES],
    [`postgresql+asyncpg://${AT}/postgres?ssl=require`, POSTGRES],
    [`postgresql+psycopg2://${AT}/postgres`, POSTGRES],
    [`postgis://${AT}/postgres?conn_max_age=60`, POSTGRES],
    [`postgresql://${AT}/postgres?serverVersion=15&charset=utf8`, POSTGRES],
    [
      'jdbc:postgresql://localhost:PORT/odd?user=odd&password=ODD&ssl=true&currentSchema=app&ApplicationName=x',
      { ...ODDLY, path: '"app"' },
    ],
    [
      'host=localhost user=odd password=QUOTED dbname=odd port=PORT sslmode=disable TimeZone=Asia/Shanghai',
      { ...ODDLY, tls: false },
    ],
  ])('is taken by our own sessions, by psql and by pg_dump alike: %s [proves J]', async (form, seen) => {
    const server = parsePostgresUrl(filled(form), { environment: { HOME: directory } });
    expect(await byDriver(server)).toEqual(seen);
    expect(await byPsql(server)).toEqual(seen);
    expect(await byDump(server)).toBe('');
  });

  it('takes nothing from variables of the worker, but for the password file [proves J]', async () => {
    const before = { ...process.env };
    const own = { PGHOST: 'no-such-host.invalid', PGUSER: 'nobody', PGOPTIONS: '-c search_path=elsewhere' };
    Object.assign(process.env, { ...own, PGPASSWORD: 'wrong', PGSSLMODE: 'verify-full', PGSSLNEGOTIATION: 'direct' });
    process.env.PGSERVICE = 'none';
    try {
      const form = 'postgres://odd@localhost:PORT/odd?sslmode=disable';
      const server = parsePostgresUrl(filled(form), { environment: { PGPASSFILE: words.PASSWORDS } });
      expect(await byDriver(server)).toEqual({ ...ODDLY, tls: false });
      expect(await byPsql(server)).toEqual({ ...ODDLY, tls: false });
    } finally {
      process.env = before;
    }
  });

  it.each<[form: string, seen: RegExp]>([
    ['postgres://postgres:wrong-one@localhost:PORT/postgres', /28P01: password authentication failed/],
    ['postgres://postgres@localhost:PORT/postgres', /SASL.*password/],
    ['postgres://postgres:PASSWORD@localhost:PORT/nowhere', /3D000: database "nowhere" does not exist/],
    [`postgres://${AT}/postgres?sslmode=verify-full`, /"sslrootcert" beside sslmode=verify-full/],
    [`postgres://${AT}/postgres?sslmode=verify-full&sslrootcert=system`, /self.signed.*sslrootcert/i],
    [`postgres://${AT}/postgres?sslmode=require&sslrootcert=FILES/other.crt`, /self.signed.*sslrootcert/i],
    [`postgres://${AT}/postgres?sslrootcert=FILES/none.crt`, /"sslrootcert" to name a PEM file .*none\.crt.*ENOENT/],
    [`postgres://${AT}/postgres?sslrootcert=FILES/passwords`, /"sslrootcert" to name a PEM file .*something else/],
    [`postgres://${AT}/postgres?sslcert=FILES/carol.crt`, /"sslkey" beside "sslcert"/],
    [
      `postgres://${AT}/postgres?sslmode=require&sslcert=FILES/carol.crt&sslkey=FILES/locked.key`,
      /sslkey .*without a passphrase/,
    ],
    [
      `postgres://${AT}/postgres?sslmode=require&sslcert=FILES/carol.crt&sslkey=FILES/other.key`,
      /sslcert and sslkey .*its own key/,
    ],
    [
      'postgres://carol@localhost:PORT/odd?sslmode=require&sslcert=FILES/other.crt&sslkey=FILES/other.key',
      /the certificate of the client/,
    ],
    [
      'postgres://postgres:PASSWORD@db.invalid:PORT/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=FILES/server.crt',
      /sslrootcert/,
    ],
    ['postgres://tess:ODD@localhost:PORT/postgres?sslmode=disable', /28000: pg_hba\.conf rejects/],
    ['postgres://carol@localhost:PORT/postgres', /28000|28P01|SASL/],
    [`postgres://${AT}/postgres?options=-c%20no_such_thing%3D1`, /42704: unrecognized configuration parameter/],
    ['postgres://postgres:PASSWORD@localhost:OTHERS/postgres', /no PostgreSQL: correct host and port/],
  ])('that cannot work by waiting is told at once, naming the secret: %s [proves K]', async (form, seen) => {
    const source = { secret: 'database.url (env DATABASE_URL)', environment: { HOME: directory } };
    const told = await withClient(parsePostgresUrl(filled(form), source), io(), () => Promise.resolve()).catch(
      (error: unknown) => error as Error,
    );
    expect(told).toBeInstanceOf(ConfigurationFailure);
    expect((told as Error).message).toMatch(seen);
    expect((told as Error).message).toContain('database.url (env DATABASE_URL)');
    expect((told as Error).message).not.toContain('wrong-one');
  });

  it.each<[form: string, seen: RegExp]>([
    ['postgres://postgres:PASSWORD@no-such-host.invalid/postgres', /ENOTFOUND|EAI_AGAIN/],
    ['postgres://postgres:PASSWORD@localhost:CLOSED/postgres', /ECONNREFUSED/],
    ['host=FILES user=postgres', /ENOENT/],
    [
      'postgres://postgres:PASSWORD@localhost:CLOSED,no-such-host.invalid/postgres',
      /ECONNREFUSED.*(ENOTFOUND|EAI_AGAIN)/,
    ],
    [`postgres://${AT}/postgres?target_session_attrs=standby`, /is not standby/],
  ])('whose server may come back counts as unreachable: %s [proves K]', async (form, seen) => {
    const server = parsePostgresUrl(filled(form));
    const told = await withClient(server, io(), () => Promise.resolve()).catch((error: unknown) => error as Error);
    expect(told).toBeInstanceOf(UnreachableFailure);
    expect((told as Error).message).toMatch(seen);
    await expect(toolsOf(server).expectIn(io())).rejects.toBeInstanceOf(UnreachableFailure);
  });
});
