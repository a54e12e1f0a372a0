import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';
import type { DatabaseConfig } from '../../../domain/config';
import { MigrationFailure } from '../../../domain/failures';
import type { Io } from '../../../domain/host';
import type { Scope } from '../../../domain/release';
import { scriptOf, type MigrationFile, type MigrationScript } from '../../migrations/files';
import { takeMigrationLock } from './lock';
import { twinMistakes } from './mistakes';
import { MigrationRecords, twinRecords, type MigrationRecord } from './records';
import { withClient, type PostgresServer } from '../connection';
import { runScript } from '../script';
import { searchedSchemas, type ScriptLimits } from '../session';

/** Tries of a migration that lost against other sessions (lock time-out, deadlock) and was rolled back. */
const TRIES = 3;
const RETRY_MS = 1_000;
/** The lock of a migrator that died is free once the server notices, which takes it about a second. */
const LOCK_WAIT_MS = 60_000;

/** A session that holds the lock, and the records of one app and environment in it. */
interface LockedSession {
  client: Client;
  records: MigrationRecords;
}

/**
 * Applies and reverts single migrations. Each has a session of its own, which holds the lock as long as it lives: so
 * nothing that a migration does to its session reaches another, and who lost the lock can change nothing any more.
 */
export class MigrationRun {
  constructor(
    private readonly server: PostgresServer,
    private readonly config: DatabaseConfig,
    private readonly scope: Scope,
    private readonly io: Io,
  ) {}

  /** Runs `work` while nobody else migrates this database. */
  async locked<T>(work: (session: LockedSession) => Promise<T>): Promise<T> {
    return withClient(this.server, this.io, async (client) => {
      await takeMigrationLock(client, LOCK_WAIT_MS, this.io);
      return work({ client, records: new MigrationRecords(client, this.scope) });
    });
  }

  /**
   * Applies a migration; answers false when this release had applied it already.
   *
   * @throws MigrationFailure when another release has, or another environment meanwhile.
   */
  async apply(file: MigrationFile, release: string): Promise<boolean> {
    const { name, up, down, checksum } = file;
    const record = { name, checksum, release, down: down?.sql ?? null };
    return this.patiently(up, async ({ client, records }) => {
      const before = (await records.all()).filter((each) => each.name === name);
      refuseForeign(before, release);
      if (before.some(({ finished }) => finished)) return false;
      const [schema = null] = await searchedSchemas(client);
      const twins = await twinRecords(client, this.scope);
      const mistakes = await twinMistakes({ twins, schema }, [file], this.scope);
      if (mistakes.length > 0) throw new MigrationFailure(mistakes.join('\n'));
      this.io.onProgress(`applying ${name}`);
      if (!up.transaction) await records.put({ ...record, finished: false }, schema);
      await this.run(client, up, () => records.put({ ...record, finished: true }, schema));
      return true;
    });
  }

  /** Reverts a migration; one that is reverted already is left alone. */
  async revert(name: string, down: MigrationScript): Promise<void> {
    await this.patiently(down, async ({ client, records }) => {
      if (!(await records.all()).some((each) => each.name === name)) return;
      this.io.onProgress(`reverting ${name}`);
      await this.run(client, down, () => records.remove(name));
    });
  }

  private run(client: Client, script: MigrationScript, record: () => Promise<void>): Promise<void> {
    const limits: ScriptLimits = {
      statementTimeout: this.config.statementTimeout,
      lockTimeout: this.config.lockTimeout,
    };
    return runScript({ client, script, limits, io: this.io }, record);
  }

  /** Tries again what only lost against others: all of it was rolled back, and the live version comes first. */
  private async patiently<T>(script: MigrationScript, work: (session: LockedSession) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.locked(work);
      } catch (error) {
        if (tries === TRIES || !script.transaction || !lostAgainstOthers(error)) throw error;
        this.io.onProgress(`trying again (${tries} of ${TRIES}): ${(error as Error).message}`);
        await wait(tries * RETRY_MS, undefined, { signal: this.io.signal });
      }
    }
  }
}

/** @throws MigrationFailure when one of these was applied by another release. */
export function refuseForeign(records: MigrationRecord[], release: string): void {
  const foreign = records.find((record) => record.release !== release && record.finished);
  if (!foreign) return;
  throw new MigrationFailure(
    `expected ${foreign.name} to be pending, but ${foreign.release} has applied it meanwhile; release again`,
  );
}

/** The script that reverts a migration: the file, which may have been corrected, else what its record has kept. */
export function downScript(
  record: MigrationRecord,
  file: MigrationFile | undefined,
  directory: string,
): MigrationScript {
  if (file?.down) return file.down;
  if (record.down !== null) return scriptOf(`${record.name}.down.sql`, record.down);
  throw new MigrationFailure(
    `expected ${record.name}.down.sql in ${directory} to revert ${record.name}; write it and try again, or restore the dump`,
  );
}

/** SQLSTATE of the server's answers after which the same may work a moment later. */
function lostAgainstOthers(error: unknown): boolean {
  const { code } = error as { code?: string };
  return ['55P03', '40P01', '40001'].includes(code ?? '');
}
