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
import { watchBlockers } from '../blockers';
import { withClient } from '../connection';
import type { PostgresServer } from '../server';
import { runScript, type ScriptRun } from '../script';
import { searchedSchemas, type ScriptLimits } from '../session';

/** A migration that lost against other sessions (lock time-out, deadlock) is tried this often. */
const TRIES = 3;
const RETRY_MS = 1_000;
/** The server needs about a second to free the lock of a migrator that died. */
const LOCK_WAIT_MS = 60_000;

interface LockedSession {
  client: Client;
  records: MigrationRecords;
}

/** Each migration has its own session, which holds the lock: a session that lost it can change nothing. */
export class MigrationRun {
  constructor(
    private readonly server: PostgresServer,
    private readonly config: DatabaseConfig,
    private readonly scope: Scope,
    private readonly io: Io,
  ) {}

  async locked<T>(work: (session: LockedSession) => Promise<T>): Promise<T> {
    return withClient(this.server, this.io, async (client) => {
      await takeMigrationLock(client, LOCK_WAIT_MS, this.io);
      return work({ client, records: new MigrationRecords(client, this.scope) });
    });
  }

  /**
   * Answers false when this release had already applied the migration.
   *
   * @throws MigrationFailure when another release or environment has applied it.
   */
  async apply(file: MigrationFile, release: string): Promise<boolean> {
    const { name, up, down, checksum } = file;
    const record = { name, checksum, release, down: (await down?.bytes())?.toString() ?? null };
    return this.patiently(up, async ({ client, records }) => {
      const before = (await records.all()).filter((each) => each.name === name);
      refuseForeign(before, release);
      if (before.some(({ finished }) => finished)) return false;
      const [schema = null] = await searchedSchemas(client);
      const twins = await twinRecords(client, this.scope);
      const mistakes = await twinMistakes({ twins, schema }, [file], this.scope, this.io);
      if (mistakes.length > 0) throw new MigrationFailure(mistakes.join('\n'));
      this.io.onProgress(`applying ${name}`);
      if (!up.transaction) await records.put({ ...record, finished: false }, schema);
      await this.run(client, { script: up, checksum }, () => records.put({ ...record, finished: true }, schema));
      return true;
    });
  }

  async revert(name: string, down: MigrationScript): Promise<void> {
    await this.patiently(down, async ({ client, records }) => {
      if (!(await records.all()).some((each) => each.name === name)) return;
      this.io.onProgress(`reverting ${name}`);
      await this.run(client, { script: down }, () => records.remove(name));
    });
  }

  private async run(
    client: Client,
    what: Pick<ScriptRun, 'script' | 'checksum'>,
    record: () => Promise<void>,
  ): Promise<void> {
    const limits: ScriptLimits = {
      statementTimeout: this.config.statementTimeout,
      lockTimeout: this.config.lockTimeout,
    };
    const { server, io } = this;
    const blockers = await watchBlockers({ server, sessions: client, lockTimeout: limits.lockTimeout }, io);
    try {
      await runScript({ ...what, client, limits, blockers, io }, record);
    } finally {
      await blockers.stop();
    }
  }

  /** Tries again after losing against other sessions, which come first; the attempt was rolled back. */
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

/** @throws MigrationFailure when another release applied one of these. */
export function refuseForeign(records: MigrationRecord[], release: string): void {
  const foreign = records.find((record) => record.release !== release && record.finished);
  if (!foreign) return;
  throw new MigrationFailure(
    `expected ${foreign.name} to be pending, but ${foreign.release} has applied it meanwhile; release again`,
  );
}

/** Prefers the file, which may have been corrected, over the script in the record. */
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

function lostAgainstOthers(error: unknown): boolean {
  const { code } = error as { code?: string };
  return ['55P03', '40P01', '40001'].includes(code ?? '');
}
