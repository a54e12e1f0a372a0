import { join } from 'node:path';
import type { ClientBase } from 'pg';
import type { DatabaseConfig } from '../../../domain/config';
import { MigrationFailure } from '../../../domain/failures';
import type { Io } from '../../../domain/host';
import { readMigrations, type MigrationFile, type MigrationFolder } from '../../migrations/files';
import { migrationMistakes, recordMistakes, scriptMistakes, scriptNotes } from './mistakes';
import { baselineMistakes, folderMistakes, recordAsApplied } from './baseline';
import { recordsMistake } from './records';
import { downScript, MigrationRun, refuseForeign } from './run';
import { lookAtRecords, settleRecords, type RecordsView, type Viewer } from './view';
import { mergedOutOfOrder } from '../../migrations/order';
import type { Baseline, MigrationRemarks, Migrations, MigrationStatus } from '../../migrations/migrations';
import type { Claim } from './older-claims';
import type { DatabaseContext } from '../../database';
import { withClient } from '../connection';
import type { PostgresServer } from '../server';

type SqlConfig = DatabaseConfig & { migrations: { directory: string; order: 'warn' | 'strict' } };
type Context = Pick<DatabaseContext, 'projectDirectory' | 'scope' | 'releases'>;

function order({ records }: RecordsView, pending: MigrationFile[]): string[] {
  const applied = records.filter(({ finished }) => finished).map(({ name }) => name);
  return mergedOutOfOrder(
    pending.map(({ name }) => name),
    applied,
  );
}

export class SqlMigrations implements Migrations {
  readonly directory: string;

  constructor(
    private readonly server: PostgresServer,
    private readonly config: SqlConfig,
    private readonly context: Context,
  ) {
    this.directory = join(context.projectDirectory, config.migrations.directory);
  }

  async status(io: Io): Promise<MigrationStatus> {
    const { migrations } = await readMigrations(this.directory);
    const view = await withClient(this.server, io, (client) => lookAtRecords(client, this.viewer(migrations), io));
    const unclaimed = view.claim?.unclaimed ?? [];
    const applied = view.records.filter(({ finished }) => finished).map(({ name }) => name);
    const pending = migrations.map(({ name }) => name).filter((name) => !applied.includes(name));
    return { applied, pending, ...(unclaimed.length > 0 && { unclaimed }) };
  }

  async check(io: Io): Promise<string[]> {
    const folder = await readMigrations(this.directory);
    return withClient(this.server, io, async (client) => {
      const mistake = await recordsMistake(client);
      if (mistake) return [...folder.mistakes, mistake];
      const view = await lookAtRecords(client, this.viewer(folder.migrations), io);
      const byName = new Map(view.records.map((record) => [record.name, record]));
      const pending = folder.migrations.filter(({ name }) => !byName.get(name)?.finished);
      const mistakes = [...folder.mistakes, ...(this.config.migrations.order === 'strict' ? order(view, pending) : [])];
      for (const migration of folder.migrations) {
        if (!pending.includes(migration))
          mistakes.push(...this.changed(migration, byName.get(migration.name)?.checksum));
        else {
          mistakes.push(
            ...(await migrationMistakes(client, migration, this.directory, io)),
            ...this.withoutDown(migration),
          );
        }
      }
      return [...mistakes, ...(await recordMistakes(view, pending, this.context.scope, io))];
    });
  }

  async remarks(io: Io): Promise<MigrationRemarks> {
    const { migrations, ignored } = await readMigrations(this.directory);
    const view = await withClient(this.server, io, (client) => lookAtRecords(client, this.viewer(migrations), io));
    const finished = new Set(view.records.filter((record) => record.finished).map(({ name }) => name));
    const pending = migrations.filter(({ name }) => !finished.has(name));
    const notes: string[] = [];
    for (const { up } of pending) notes.push(...(await scriptNotes(up, io)));
    if (ignored.length > 0) notes.push(`no migrations: ${ignored.join(', ')}`);
    return { warnings: order(view, pending), notes };
  }

  async up(names: string[], release: string, io: Io): Promise<string[]> {
    if (names.length === 0) return [];
    const folder = await readMigrations(this.directory);
    const run = this.run(io);
    const wanted = await run.locked(async ({ client }) => {
      const view = await lookAtRecords(client, this.viewer(folder.migrations, release), io);
      refuseForeign(
        view.records.filter(({ name }) => names.includes(name)),
        release,
      );
      const applied = view.records.filter(({ finished }) => finished).map(({ name }) => name);
      const pending = this.filesOf(names, folder).filter(({ name }) => !applied.includes(name));
      const mistakes = await recordMistakes(view, pending, this.context.scope, io);
      // Preflight checks this too, but a file may have changed since.
      for (const migration of pending)
        mistakes.push(...(await migrationMistakes(client, migration, this.directory, io)));
      if (mistakes.length > 0) throw new MigrationFailure(mistakes.join('\n'));
      await settleRecords(client, this.context.scope, view, io);
      return pending;
    });
    const applied: string[] = [];
    for (const migration of wanted) if (await run.apply(migration, release)) applied.push(migration.name);
    return applied;
  }

  readonly baseline: Baseline = {
    mistakes: (names, io) =>
      withClient(this.server, io, async (client) => {
        const folder = await readMigrations(this.directory);
        const view = await lookAtRecords(client, this.viewer(folder.migrations), io);
        const changed = view.records.flatMap(({ name, checksum, finished }) => {
          const file = finished ? folder.migrations.find((each) => each.name === name) : undefined;
          return file ? this.changed(file, checksum) : [];
        });
        const { scope } = this.context;
        const { directory } = this;
        const adopting = { client, scope, view, directory, files: this.filesOf(names, folder), io };
        return [...folderMistakes(folder, directory), ...changed, ...(await baselineMistakes(adopting))];
      }),
    mark: (names, release, io) =>
      this.run(io).locked(async ({ client }) => {
        const { directory } = this;
        const folder = await readMigrations(directory);
        const mistakes = folderMistakes(folder, directory);
        if (mistakes.length > 0) throw new MigrationFailure(mistakes.join('\n'));
        const view = await lookAtRecords(client, this.viewer(folder.migrations, release), io);
        const finished = new Set(view.records.filter((each) => each.finished).map(({ name }) => name));
        const files = this.filesOf(names, folder).filter(({ name }) => !finished.has(name));
        await recordAsApplied({ client, scope: this.context.scope, view, directory, files, io }, release);
      }),
    forget: (names, release, io) =>
      this.run(io).locked(async ({ records }) => {
        const own = (await records.all()).filter((each) => each.release === release && names.includes(each.name));
        for (const { name } of own) await records.remove(name);
      }),
  };

  async appliedBy(release: string, io: Io): Promise<string[]> {
    const { migrations } = await readMigrations(this.directory);
    const viewer = this.viewer(migrations, release);
    const { records } = await withClient(this.server, io, (client) => lookAtRecords(client, viewer, io));
    return records.filter((record) => record.release === release).map(({ name }) => name);
  }

  async claim(client: ClientBase, io: Io): Promise<Claim | null> {
    const { migrations } = await readMigrations(this.directory);
    return (await lookAtRecords(client, this.viewer(migrations), io)).claim;
  }

  async down(names: string[], release: string | null, io: Io): Promise<string[]> {
    if (names.length === 0) return [];
    const { migrations } = await readMigrations(this.directory);
    const run = this.run(io);
    const viewer = this.viewer(migrations, release ?? undefined);
    const scripts = await run.locked(async ({ client }) => {
      const view = await lookAtRecords(client, viewer, io);
      // A role without records here may lack the right to create our table.
      if (view.records.length > 0) await settleRecords(client, viewer.scope, view, io);
      const newestFirst = view.records
        .filter((record) => names.includes(record.name) && (release ?? record.release) === record.release)
        .reverse();
      const all = newestFirst.map((record) => {
        const file = migrations.find(({ name }) => name === record.name);
        return { name: record.name, script: downScript(record, file, this.directory) };
      });
      const mistakes: string[] = [];
      for (const { script } of all) mistakes.push(...(await scriptMistakes(client, script, false, io)));
      if (mistakes.length > 0) throw new MigrationFailure(`${mistakes.join('\n')}\nNothing was reverted`);
      return all;
    });
    for (const { name, script } of scripts) await run.revert(name, script);
    return scripts.map(({ name }) => name);
  }

  private run(io: Io): MigrationRun {
    return new MigrationRun(this.server, this.config, this.context.scope, io);
  }

  private viewer(files: MigrationFile[], release?: string): Viewer {
    const { scope, releases } = this.context;
    return { scope, releases, files, ...(release !== undefined && { release }) };
  }

  private filesOf(names: string[], { migrations }: MigrationFolder): MigrationFile[] {
    const missing = names.filter((name) => !migrations.some((file) => file.name === name));
    if (missing.length > 0) {
      const files = missing.map((name) => `${name}.up.sql`).join(', ');
      throw new MigrationFailure(`expected ${files} in ${this.directory}, seen none`);
    }
    return names.map((name) => migrations.find((file) => file.name === name) as MigrationFile);
  }

  private withoutDown({ name, up, down }: MigrationFile): string[] {
    if (down || this.config.onRollback !== 'revert') return [];
    const file = join(this.directory, up.file);
    return [`${file}: expected ${name}.down.sql beside it; add it, or set database.onRollback to restore or keep`];
  }

  private changed({ up, name, checksum }: MigrationFile, applied: string | undefined): string[] {
    if (applied === checksum) return [];
    return [
      `${join(this.directory, up.file)}:1: ${name} was changed after it was applied; ` +
        'restore the file and put the change in a new migration',
    ];
  }
}
