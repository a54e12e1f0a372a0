import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { applicationName, endSessionsOf } from './application-name';
import { passwordOf } from './password-file';
import { connectSeconds, type PostgresServer } from './server';
import { silentLast } from './silent-hosts';
import { tlsFiles } from './tls';
import { programWithoutValues } from './without-values';
import { writeWords } from '../../domain/connection/words';
import { runProgram, type ProgramResult } from '../run-program';

const QUICK_MS = 10_000;
const LONG_MS = 24 * 3_600_000;

/** Keywords of libpq and the variables that it reads them from; a program that does not know one yet ignores it. */
const VARIABLES: Record<string, string> = {
  options: 'PGOPTIONS',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  load_balance_hosts: 'PGLOADBALANCEHOSTS',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslrootcert: 'PGSSLROOTCERT',
  sslcrl: 'PGSSLCRL',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  sslcertmode: 'PGSSLCERTMODE',
  sslsni: 'PGSSLSNI',
  channel_binding: 'PGCHANNELBINDING',
  require_auth: 'PGREQUIREAUTH',
  gssencmode: 'PGGSSENCMODE',
};
const WITHOUT_VARIABLE = [
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
];

/** What libpq says where another try may find the server again. */
const AWAY =
  /refused|reset by peer|timeout expired|could not translate host name|on socket .*No such file|unreachable|No route|closed the connection|starting up|shutting down|in recovery|too many|remaining connection slots|(session|server) is /;

export class PostgresTools {
  /** Names their connections, so that those left by a dead worker are recognised. */
  readonly application: string;

  constructor(
    private readonly server: PostgresServer,
    private readonly scope: Scope,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.application = applicationName('tool', scope);
  }

  on(server: PostgresServer): PostgresTools {
    return new PostgresTools(server, this.scope, this.environment);
  }

  /** Arguments for what libpq reads from no variable: every user of the machine can read them, and may. */
  get arguments(): string[] {
    const given = WITHOUT_VARIABLE.flatMap((keyword): [string, string][] => {
      const value = this.server.settings[keyword];
      return value === undefined ? [] : [[keyword, value]];
    });
    return given.length > 0 ? [`--dbname=${writeWords(given)}`] : [];
  }

  /** @throws ConfigurationFailure when a program is missing, or too old for this server. */
  async version(serverMajor: number, io: Io): Promise<string> {
    const programs = ['pg_dump', 'pg_restore', 'psql'];
    const versions = await Promise.all(programs.map((program) => this.versionOf(program, io)));
    const old = programs.findIndex((_, index) => !(Number.parseInt(versions[index]!, 10) >= serverMajor));
    if (old === -1) return versions[0]!;
    throw new ConfigurationFailure(
      `expected ${programs[old]} ${serverMajor} or newer on the worker's machine for a PostgreSQL ${serverMajor}, ` +
        `seen ${versions[old]}: install postgresql-client-${serverMajor}`,
    );
  }

  /**
   * @throws ConfigurationFailure when libpq does not take the connection string, or its files, as our driver does;
   *   UnreachableFailure when the server went away meanwhile.
   */
  async expectIn(io: Io): Promise<void> {
    const argv = ['psql', '--no-psqlrc', '--no-password', '--quiet', '--command=SELECT 1', ...this.arguments];
    const { exitCode, stderr } = await this.run(argv, io, { limit: 2 * QUICK_MS });
    if (exitCode === 0) return;
    const said = programWithoutValues(stderr).trim().slice(-1_000);
    const { name, secret } = this.server;
    if (AWAY.test(said)) throw new UnreachableFailure(`expected psql to reach PostgreSQL at ${name}, seen: ${said}`);
    throw new ConfigurationFailure(
      `expected psql on the worker's machine to connect to ${name} as the secret ${secret} says, and as Spillway itself ` +
        `does, seen: ${said}. Correct it: pg_dump connects in the same way`,
    );
  }

  private async versionOf(program: string, io: Io): Promise<string> {
    const { stdout } = await this.run([program, '--version'], io, { limit: QUICK_MS });
    return /(\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? 'none';
  }

  /** Passes the password by the environment; `options` are settings of the session. */
  async run(
    argv: string[],
    io: Io,
    { limit = LONG_MS, options = '' }: { limit?: number; options?: string } = {},
  ): Promise<ProgramResult> {
    const env: NodeJS.ProcessEnv = { ...(await this.connection()), PGAPPNAME: this.application, LC_ALL: 'C' };
    // The last of equal settings counts, so ours stand last.
    env.PGOPTIONS = [env.PGOPTIONS, options].filter(Boolean).join(' ');
    for (const name of ['PATH', 'HOME', 'TMPDIR']) env[name] = this.environment[name];
    // What they say on the way may quote data in pieces of lines, and the failure tells it without.
    return runProgram({ argv, env, limit, io: { ...io, onProgress: () => undefined } });
  }

  /** Says by the environment whom a program connects to, as `connect` does for our own sessions. */
  private async connection(): Promise<NodeJS.ProcessEnv> {
    const { settings, user, database } = this.server;
    const hosts = silentLast(this.server.hosts);
    const env: NodeJS.ProcessEnv = {};
    const said: Record<string, string | undefined> = { ...settings, ...tlsFiles(this.server) };
    for (const [keyword, variable] of Object.entries(VARIABLES)) if (said[keyword]) env[variable] = said[keyword];
    env.PGCONNECT_TIMEOUT = String(connectSeconds(this.server));
    const passwords = await Promise.all(hosts.map((host) => passwordOf(this.server, host)));
    if (passwords[0]) env.PGPASSWORD = passwords[0];
    if (hosts.some(({ address }) => address)) env.PGHOSTADDR = hosts.map(({ address = '' }) => address).join(',');
    return {
      ...env,
      PGHOST: hosts.map(({ host }) => host).join(','),
      PGPORT: hosts.map(({ port }) => port).join(','),
      PGUSER: user,
      PGDATABASE: database,
    };
  }

  /** Ends programs of a dead worker, which would hold locks or write the same file. */
  async endOrphans(io: Io): Promise<void> {
    await endSessionsOf(this.application, this.server, io);
  }
}
