import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { MigrationError, Umzug } from 'umzug';
import type { DatabaseConfig } from '../domain/config';
import { MigrationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import type { MigrationStatus } from './database';
import { readMigrations, scriptOf, type MigrationFile, type MigrationScript } from './migration-files';
import { takeMigrationLock } from './migration-lock';
import { MigrationRecords, type MigrationRecord } from './migration-records';
import type { Migrations } from './migrations';
import { withClient, type PostgresServer } from './postgres-connection';
import { runScript, type ScriptLimits } from './postgres-script';
import { statementMistakes } from './postgres-statements';

/** Tries of a migration that lost against other sessions (lock time-out, deadlock) and was rolled back. */
const TRIES = 3;
const RETRY_MS = 1_000;
/** The lock of a migrator that died is free once the server notices, which takes it about a second. */
const LOCK_WAIT_MS = 60_000;

/** What the functions below share while one connection holds the lock. */
interface Session {
  client: ClientBase;
  records: MigrationRecords;
  release: string;
  io: Io;
}

/** Migrations as `NAME.up.sql` and `NAME.down.sql`, each applied in one transaction with the record that it is. */
export class SqlMigrations implements Migrations {
  private readonly directory: string;

  constructor(
    private readonly server: PostgresServer,
    private readonly config: DatabaseConfig,
    projectDirectory: string,
    directory: string,
  ) {
    this.directory = join(projectDirectory, directory);
  }

  async status(io: Io): Promise<MigrationStatus> {
    const { migrations } = await readMigrations(this.directory);
    const records = await withClient(this.server, io, (client) => MigrationRecords.read(client));
    const applied = records.filter(({ finished }) => finished).map(({ name }) => name);
    return { applied, pending: migrations.map(({ name }) => name).filter((name) => !applied.includes(name)) };
  }

  async check(io: Io): Promise<string[]> {
    const { migrations, mistakes } = await readMigrations(this.directory);
    const { records, mistake } = await withClient(this.server, io, async (client) => ({
      records: await MigrationRecords.read(client),
      mistake: await MigrationRecords.mistake(client),
    }));
    if (mistake) mistakes.push(mistake);
    const byName = new Map(records.map((record) => [record.name, record]));
    for (const migration of migrations) {
      const record = byName.get(migration.name);
      if (!record?.finished) mistakes.push(...(await this.pendingMistakes(migration)));
      else if (record.checksum !== migration.checksum) mistakes.push(this.changed(migration));
    }
    return mistakes;
  }

  async up(names: string[], release: string, io: Io): Promise<string[]> {
    if (names.length === 0) return [];
    const { migrations } = await readMigrations(this.directory);
    return this.locked(release, io, async (session) => {
      const records = await session.records.all();
      refuseForeign(names, release, records);
      refuseMissing(names, migrations, this.directory);
      const applied = await this.umzug(session, migrations, records).up({ migrations: names, rerun: 'SKIP' });
      return applied.map(({ name }) => name);
    });
  }

  async appliedBy(release: string, io: Io): Promise<string[]> {
    const records = await withClient(this.server, io, (client) => MigrationRecords.read(client));
    return records.filter((record) => record.release === release).map(({ name }) => name);
  }

  async down(names: string[], release: string | null, io: Io): Promise<string[]> {
    if (names.length === 0) return [];
    const { migrations } = await readMigrations(this.directory);
    return this.locked(release ?? '', io, async (session) => {
      const records = await session.records.all();
      const mine = records.filter(
        (record) => names.includes(record.name) && (release ?? record.release) === record.release,
      );
      const newestFirst = mine.map(({ name }) => name).reverse();
      await this.umzug(session, migrations, records).down({ migrations: newestFirst, rerun: 'ALLOW' });
      return newestFirst;
    });
  }

  private async locked<T>(release: string, io: Io, work: (session: Session) => Promise<T>): Promise<T> {
    return withClient(this.server, io, async (client) => {
      await takeMigrationLock(client, LOCK_WAIT_MS, io);
      const records = await MigrationRecords.open(client);
      try {
        return await work({ client, records, release, io });
      } catch (error) {
        // What went wrong, without Umzug's frame around it.
        throw error instanceof MigrationError ? (error.cause ?? error) : error;
      }
    });
  }

  /** Umzug decides what is to run and in which order; records are kept by `apply` and `revert`, in the same transaction. */
  private umzug(session: Session, files: MigrationFile[], records: MigrationRecord[]): Umzug<Session> {
    const gone = records.filter(({ name }) => !files.some((file) => file.name === name));
    const runnable = (name: string, file?: MigrationFile) => ({
      name,
      up: () => this.apply(session, file as MigrationFile),
      down: () =>
        this.revert(
          session,
          name,
          file,
          records.find((record) => record.name === name),
        ),
    });
    return new Umzug<Session>({
      migrations: [...files.map((file) => runnable(file.name, file)), ...gone.map(({ name }) => runnable(name))],
      context: session,
      logger: undefined,
      storage: {
        executed: () => Promise.resolve(records.filter(({ finished }) => finished).map(({ name }) => name)),
        logMigration: () => Promise.resolve(),
        unlogMigration: () => Promise.resolve(),
      },
    });
  }

  private async apply({ client, records, release, io }: Session, { name, up, down, checksum }: MigrationFile) {
    const record = { name, checksum, release, down: down?.sql ?? null };
    io.onProgress(`applying ${name}`);
    if (up.transaction) {
      return this.patiently(io, () =>
        runScript(client, up, this.limits(), io, () => records.put({ ...record, finished: true })),
      );
    }
    await records.put({ ...record, finished: false });
    await runScript(client, up, this.limits(), io);
    await records.put({ ...record, finished: true });
  }

  private async revert({ client, records, io }: Session, name: string, file?: MigrationFile, record?: MigrationRecord) {
    const down = file?.down ?? (record?.down ? scriptOf(`${name}.down.sql`, record.down) : undefined);
    if (!down) {
      throw new MigrationFailure(
        `expected ${name}.down.sql in ${this.directory} to revert ${name}; write it and try again, or restore the dump`,
      );
    }
    io.onProgress(`reverting ${name}`);
    if (down.transaction) {
      return this.patiently(io, () => runScript(client, down, this.limits(), io, () => records.remove(name)));
    }
    await runScript(client, down, this.limits(), io);
    await records.remove(name);
  }

  /** Tries again what only lost against other sessions: everything was rolled back, and the live version comes first. */
  private async patiently(io: Io, attempt: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (tries === TRIES || !lostAgainstOthers(error)) throw error;
        io.onProgress(`trying again (${tries} of ${TRIES}): ${(error as Error).message}`);
        await wait(tries * RETRY_MS, undefined, { signal: io.signal });
      }
    }
  }

  private limits(): ScriptLimits {
    return { statementTimeout: this.config.statementTimeout, lockTimeout: this.config.lockTimeout };
  }

  private async pendingMistakes({ name, up, down }: MigrationFile): Promise<string[]> {
    const scripts = [up, down].filter((script): script is MigrationScript => script !== undefined);
    const mistakes = (await Promise.all(scripts.map(statementMistakes))).flat();
    if (!down && this.config.onRollback === 'revert') {
      mistakes.push(
        `${up.file}: expected ${name}.down.sql beside it; add it, or set database.onRollback to restore or keep`,
      );
    }
    return mistakes.map((mistake) => join(this.directory, mistake));
  }

  private changed({ up, name }: MigrationFile): string {
    return (
      `${join(this.directory, up.file)}:1: ${name} was changed after it was applied; ` +
      'restore the file and put the change in a new migration'
    );
  }
}

/** SQLSTATE of the server's answers after which the same may work a moment later. */
function lostAgainstOthers(error: unknown): boolean {
  const { code } = error as { code?: string };
  return ['55P03', '40P01', '40001'].includes(code ?? '');
}

function refuseForeign(names: string[], release: string, records: MigrationRecord[]): void {
  const foreign = records.find(
    (record) => names.includes(record.name) && record.release !== release && record.finished,
  );
  if (!foreign) return;
  throw new MigrationFailure(
    `expected ${foreign.name} to be pending, but ${foreign.release} has applied it meanwhile; release again`,
  );
}

function refuseMissing(names: string[], files: MigrationFile[], directory: string): void {
  const missing = names.filter((name) => !files.some((file) => file.name === name));
  if (missing.length === 0) return;
  throw new MigrationFailure(
    `expected ${missing.map((name) => `${name}.up.sql`).join(', ')} in ${directory}, seen none`,
  );
}
