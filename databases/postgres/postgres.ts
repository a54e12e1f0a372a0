import type { DatabaseConfig } from '../../domain/config';
import { secretKey } from '../../domain/identity';
import type { Io } from '../../domain/host';
import type { Database, DatabaseContext, DatabaseProbe, Dump, Restore } from '../database';
import { CommandMigrations } from '../migrations/command';
import type { Migrations } from '../migrations/migrations';
import { verifyDatabase } from '../verify';
import { applicationName, endSessionsOf } from './application-name';
import { withClient } from './connection';
import { parsePostgresUrl, type PostgresServer } from './server';
import { dumpPostgres } from './dump';
import { backupMistakes } from './dumpable';
import { SqlMigrations } from './migrations/sql';
import { rehearseRestore } from './rehearsal';
import { restoreMistakes } from './restorable';
import { restorePostgres, type Restoring } from './restore';
import { PostgresTools } from './tools';

/** @throws ConfigurationFailure when the connection string is not valid. */
export function openPostgres(config: DatabaseConfig, context: DatabaseContext): Database {
  const secret = `database.url (${secretKey(config.url)})`;
  const { environment, backupUrl } = context;
  const server = parsePostgresUrl(context.url, { secret, environment });
  if (backupUrl === undefined || !config.backupUrl) return new PostgresDatabase(config, context, server);
  const backup = { secret: `database.backupUrl (${secretKey(config.backupUrl)})`, environment };
  return new PostgresDatabase(config, context, server, parsePostgresUrl(backupUrl, backup));
}

class PostgresDatabase implements Database {
  readonly capabilities = { transactionalDdl: true };
  readonly restore: Restore;
  readonly migrations: Migrations | undefined;
  private readonly tools: PostgresTools;
  private readonly sql: SqlMigrations | undefined;

  constructor(
    private readonly config: DatabaseConfig,
    private readonly context: DatabaseContext,
    private readonly server: PostgresServer,
    private readonly backupServer: PostgresServer = server,
  ) {
    this.tools = new PostgresTools(server, context.scope, context.environment);
    const { migrations } = config;
    this.sql =
      migrations && 'directory' in migrations
        ? new SqlMigrations(server, { ...config, migrations }, context)
        : undefined;
    this.migrations = this.sql ?? this.commandMigrations();
    this.restore = {
      from: (file, io) => restorePostgres(this.restoring, file, io),
      mistakes: (io, change = 'up') => this.restoreMistakes(io, change),
      rehearse: (io) => rehearseRestore(this.restoring, io),
    };
  }

  async probe(io: Io): Promise<DatabaseProbe> {
    const { number, version, size } = await this.ask(io);
    const tools = await this.tools.version(Math.floor(number / 10_000), io);
    await this.tools.expectIn(io);
    if (this.backupServer !== this.server) await this.backing.tools.expectIn(io);
    const mistakes = await backupMistakes(this.server, this.backupServer, io);
    return { version, size, tools, ...(mistakes.length > 0 && { mistakes }) };
  }

  async size(io: Io): Promise<number> {
    return (await this.ask(io)).size;
  }

  dump(file: string, io: Io): Promise<Dump> {
    return dumpPostgres(this.backing, file, io);
  }

  verify(io: Io): Promise<void> {
    const { verify: argv, verifyTimeout: limit } = this.config;
    return verifyDatabase({ argv, limit, context: this.context, env: this.programEnvironment() }, io);
  }

  close(): Promise<void> {
    // Each operation closes its own connection, so that none idles while a release waits for people.
    return Promise.resolve();
  }

  private async restoreMistakes(io: Io, change: 'up' | 'down'): Promise<string[]> {
    const { onRollback } = this.config;
    if (onRollback !== 'restore') return [];
    const pending =
      change === 'down' || !this.sql
        ? undefined
        : { directory: this.sql.directory, names: (await this.sql.status(io)).pending };
    return [
      ...(await backupMistakes(this.server, this.backupServer, io)),
      ...(await restoreMistakes(this.restoring, pending, io)),
    ];
  }

  private get restoring(): Restoring {
    const { tools, server, config, context } = this;
    // A team's own tool keeps its own records.
    const claim: Restoring['claim'] = async (client, io) => (await this.sql?.claim(client, io)) ?? null;
    return { tools, server, lockTimeout: config.lockTimeout, owners: config.owners, scope: context.scope, claim };
  }

  /** Whoever makes backups may see more than whoever migrates and restores. */
  private get backing(): Restoring {
    return { ...this.restoring, server: this.backupServer, tools: this.tools.on(this.backupServer) };
  }

  private ask(io: Io): Promise<{ number: number; version: string; size: number }> {
    return withClient(this.server, io, async (client) => {
      const { rows } = await client.query<{ number: number; version: string; size: string }>(
        `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
                pg_database_size(current_database()) AS size`,
      );
      const { size, ...rest } = rows[0]!;
      return { ...rest, size: Number(size) };
    });
  }

  private commandMigrations(): Migrations | undefined {
    const { migrations } = this.config;
    const { projectDirectory, redact, scope } = this.context;
    if (!migrations || 'directory' in migrations) return undefined;
    // All tools that use libpq take this name, so a connection left by a dead worker is recognised.
    const application = applicationName('migrations', scope);
    return new CommandMigrations(migrations, {
      projectDirectory,
      redact,
      env: { ...this.programEnvironment(), PGAPPNAME: application },
      endOrphans: (io) => endSessionsOf(application, this.server, io),
    });
  }

  private programEnvironment(): NodeJS.ProcessEnv {
    return { ...this.context.environment, DATABASE_URL: this.context.url, ...this.context.variables };
  }
}
