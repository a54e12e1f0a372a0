import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { BackupFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import { catalogueFile, schemaOf, type Catalogue } from './catalogue';
import { withClient } from './connection';
import { onDatabase } from './server';
import { makeDump } from './dump';
import { ownersOf } from './ownership';
import { restoreInto, type Restoring } from './restore';

/** Preflight waits this long at most. */
const LIMIT_MS = 12_000;

/**
 * Restores the schema into a scratch database; without the rights for one, tries only the dump. Says what it tried.
 *
 * @throws BackupFailure when the dump or the restore fails.
 */
export async function rehearseRestore(restoring: Restoring, io: Io): Promise<string> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const bounded = { ...io, signal: AbortSignal.any([io.signal, limit]) };
  const directory = await mkdtemp(join(tmpdir(), 'spillway-rehearsal-'));
  try {
    return await rehearse(restoring, join(directory, 'schema.dump'), bounded);
  } catch (error) {
    io.signal.throwIfAborted();
    if (limit.aborted) return `not rehearsed in full: it takes longer than ${formatDuration(LIMIT_MS)}`;
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function rehearse(restoring: Restoring, file: string, io: Io): Promise<string> {
  await makeDump(restoring, file, io, ['--schema-only']);
  const schema = schemaOf(JSON.parse(await readFile(catalogueFile(file), 'utf8')) as Catalogue);
  await writeFile(catalogueFile(file), JSON.stringify(schema));
  const obstacle = await withClient(restoring.server, io, (client) => whyNot(client, schema, restoring.owners));
  if (obstacle) return `dumped without data; not put back into a database of its own, as ${obstacle}`;
  const name = await createScratch(restoring, io);
  try {
    const server = onDatabase(restoring.server, name);
    await restoreInto({ ...restoring, server, tools: restoring.tools.on(server) }, file, io);
    return 'rehearsed without data in a database of its own';
  } catch (error) {
    if (!(error instanceof BackupFailure)) throw error;
    if (/can only create extension in database/.test(error.message))
      return 'dumped without data; an extension is for this database only';
    throw new BackupFailure(
      `expected a dump to be put back into an empty database, where it was rehearsed, seen: ${error.message} ` +
        '(in the rehearsal; the database itself was only read). Put that right, or set database.onRollback to revert or keep',
    );
  } finally {
    await dropScratch(restoring, name);
  }
}

async function whyNot(client: ClientBase, catalogue: Catalogue, added: string[]): Promise<string | undefined> {
  const { rows } = await client.query<{ super: boolean; createdb: boolean }>(
    `SELECT rolsuper AS super, rolcreatedb AND current_setting('server_version_num')::int >= 150000 AS createdb FROM pg_roles WHERE rolname = current_user`,
  );
  if (rows[0]?.super) return undefined;
  if (!rows[0]?.createdb) return `${catalogue.role} lacks CREATEDB`;
  const own = [...ownersOf(catalogue, added), 'pg_database_owner'];
  const others = catalogue.rows.find(
    ({ owner, extension }) =>
      (owner && !own.includes(owner)) || (extension && extension.name !== 'plpgsql' && !own.includes(extension.owner)),
  );
  return others && `${others.name} was made by another role`;
}

/** Also removes what interrupted rehearsals left. */
async function createScratch({ server }: Restoring, io: Io): Promise<string> {
  return withClient(server, io, async (client) => {
    const { rows } = await client.query<{ name: string; encoding: string; row: Record<string, string | null> }>(
      `SELECT datname AS name, pg_encoding_to_char(encoding) AS encoding, to_jsonb(d) AS row FROM pg_database d WHERE datname = current_database()`,
    );
    const { name, encoding, row } = rows[0]!;
    const prefix = `spillway_rehearsal_${createHash('sha256').update(name).digest('hex').slice(0, 12)}_`;
    await removeLeftovers(client, prefix);
    const scratch = `${prefix}${randomBytes(4).toString('hex')}`;
    const locale = row.daticulocale ?? row.datlocale;
    const icu = row.datlocprovider === 'i' && locale ? ` LOCALE_PROVIDER icu ICU_LOCALE ${escapeLiteral(locale)}` : '';
    await client.query(
      `CREATE DATABASE ${escapeIdentifier(scratch)} TEMPLATE template0 ENCODING ${escapeLiteral(encoding)}
         LC_COLLATE ${escapeLiteral(row.datcollate ?? 'C')} LC_CTYPE ${escapeLiteral(row.datctype ?? 'C')}${icu}`,
    );
    return scratch;
  });
}

async function removeLeftovers(client: ClientBase, prefix: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database d WHERE starts_with(datname, $1)
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
    [prefix],
  );
  // Another rehearsal may use it, or may have removed it meanwhile.
  for (const { name } of rows)
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`).catch(() => undefined);
}

/** Runs after an abort, too. The next rehearsal removes what is left. */
async function dropScratch({ server }: Restoring, name: string): Promise<void> {
  const io = { signal: AbortSignal.timeout(5_000), onProgress: () => undefined };
  const drop = `DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`;
  await withClient(server, io, (client) => client.query(drop)).catch(() => undefined);
}
