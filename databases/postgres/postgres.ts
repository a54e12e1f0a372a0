import { join } from 'node:path';
import type { DatabaseConfig } from '../../domain/config';
import { MigrationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Database, DatabaseProbe, Dump, MigrationStatus } from '../database';
import type { Migrations } from '../migrations/migrations';
import { CommandMigrations } from '../migrations/command';
import { SqlMigrations } from './migrations/sql';
import { parsePostgresUrl, withClient, type PostgresServer } from './connection';
import { dumpPostgres } from './dump';
import { rehearseRestore } from './rehearsal';
import { restoreMistakes } from './restorable';
import { restorePostgres, type Restoring } from './restore';
import { PostgresTools } from './tools';
import { runProgram } from '../run-program';

/** What is needed besides the configuration; secrets are resolved. */
export interface DatabaseContext {
  url: string;
  /** Whose database it is: others may have records in it, too. */
  scope: Scope;
  /** Ids of the releases that the environment's ledger knows; asked only where an older version left its records. */
  releases: (io: Io) => Promise<ReadonlySet<string>>;
  /** Absolute folder of `spillway.yaml`. */
  projectDirectory: string;
  /** Environment of the worker: programs get it, so that they find what they find in a shell. */
  environment: NodeJS.ProcessEnv;
  /** `database.migrations.env`, resolved. */
  variables: Record<string, string>;
  /** Removes secrets from what programs said. */
  redact: (text: string) => string;
}

/**
 * Opens a PostgreSQL database; connects only when something is asked of it.
 *
 * @throws ConfigurationFailure when the connection string is none.
 */
export function openPostgres(config: DatabaseConfig, context: DatabaseContext): Database {
  return new PostgresDatabase(config, context, parsePostgresUrl(context.url));
}

class PostgresDatabase implements Database {
  private readonly tools: PostgresTools;
  private readonly migrations: Migrations | undefined;

  constructor(
    private readonly config: DatabaseConfig,
    private readonly context: DatabaseContext,
    private readonly server: PostgresServer,
  ) {
    this.tools = new PostgresTools(server, context.scope, context.environment);
    this.migrations = this.openMigrations();
  }

  async probe(io: Io): Promise<DatabaseProbe> {
    const { number, version, size } = await this.ask(io);
    return { version, size, tools: await this.tools.version(Math.floor(number / 10_000), io) };
  }

  async size(io: Io): Promise<number> {
    return (await this.ask(io)).size;
  }

  dump(file: string, io: Io): Promise<Dump> {
    return dumpPostgres(this.restoring, file, io);
  }

  restore(file: string, io: Io): Promise<void> {
    return restorePostgres(this.restoring, file, io);
  }

  async restoreMistakes(io: Io, change: 'up' | 'down' = 'up'): Promise<string[]> {
    const { onRollback, migrations } = this.config;
    if (onRollback !== 'restore') return [];
    if (change === 'down' || !migrations || !('directory' in migrations))
      return restoreMistakes(this.restoring, undefined, io);
    const { pending = [] } = (await this.migrationStatus(io)) ?? {};
    const directory = join(this.context.projectDirectory, migrations.directory);
    return restoreMistakes(this.restoring, { directory, names: pending }, io);
  }

  rehearseRestore(io: Io): Promise<string> {
    return rehearseRestore(this.restoring, io);
  }

  async migrationStatus(io: Io): Promise<MigrationStatus | undefined> {
    return this.migrations?.status(io);
  }

  async checkMigrations(io: Io): Promise<string[]> {
    return (await this.migrations?.check(io)) ?? [];
  }

  async migrateUp(names: string[], release: string, io: Io): Promise<string[]> {
    return (await this.migrations?.up(names, release, io)) ?? [];
  }

  async migrateDown(names: string[], release: string | null, io: Io): Promise<string[]> {
    return (await this.migrations?.down(names, release, io)) ?? [];
  }

  async appliedBy(release: string, io: Io): Promise<string[] | undefined> {
    return this.migrations ? this.migrations.appliedBy(release, io) : [];
  }

  async verify(io: Io): Promise<void> {
    const argv = this.config.verify;
    if (!argv) return;
    io.onProgress(`running ${argv.join(' ')}`);
    const { projectDirectory: cwd, redact } = this.context;
    const limit = this.config.verifyTimeout;
    const result = await runProgram({ argv, cwd, env: this.programEnvironment(), limit, io }).catch(
      (error: unknown) => {
        // Too slow is a verdict on the migration, not a reason to ask again.
        throw error instanceof UnreachableFailure ? new MigrationFailure(this.context.redact(error.message)) : error;
      },
    );
    if (result.exitCode === 0) return;
    const said = redact(`${result.stdout}\n${result.stderr}`).trim().slice(-2_000) || 'nothing';
    throw new MigrationFailure(
      `expected database.verify (${argv.join(' ')}) to exit with 0 after the migrations, seen ${result.exitCode}. ` +
        `It said: ${said}`,
    );
  }

  close(): Promise<void> {
    // Every operation ends its own connection, so that none idles away while a release waits for people.
    return Promise.resolve();
  }

  private get restoring(): Restoring {
    const { tools, server, config, context } = this;
    const claim: Restoring['claim'] = async (client, io) => (await this.migrations?.claim(client, io)) ?? null;
    return { tools, server, lockTimeout: config.lockTimeout, owners: config.owners, scope: context.scope, claim };
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

  private openMigrations(): Migrations | undefined {
    const { migrations } = this.config;
    const { projectDirectory, redact, scope } = this.context;
    if (!migrations) return undefined;
    if ('directory' in migrations) {
      return new SqlMigrations(this.server, this.config, this.context, migrations.directory);
    }
    return new CommandMigrations(this.server, migrations, {
      projectDirectory,
      redact,
      scope,
      env: this.programEnvironment(),
    });
  }

  /** What the team's own programs see: the worker's environment, the database, and what the configuration adds. */
  private programEnvironment(): NodeJS.ProcessEnv {
    return { ...this.context.environment, DATABASE_URL: this.context.url, ...this.context.variables };
  }
}
