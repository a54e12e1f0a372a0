import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupFailure, ConfigurationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Claim } from './migrations/older-claims';
import { catalogueFile, comparableSql, schemaOf, takeCatalogue, type Catalogue } from './catalogue';
import { CATALOGUE_SETTINGS, TEMPORARY } from './catalogue-sql';
import { withClient } from './connection';
import type { PostgresServer } from './server';
import { expectDone } from './dump';
import { emptyingScript } from './empty';
import { foreignMistakes, listed, ownersOf } from './ownership';
import { putBack } from './put-back';
import { writeScripts } from './restore-script';
import type { PostgresTools } from './tools';
import type { ProgramResult } from '../run-program';

export interface Restoring {
  tools: PostgresTools;
  server: PostgresServer;
  /** In milliseconds. */
  lockTimeout: number;
  owners: string[];
  scope: Scope;
  /** Null when no older records are left to take over. */
  claim: (client: ClientBase, io: Io) => Promise<Claim | null>;
}

interface Kept {
  owners: string[];
  extensions: string[];
  schemas: string[];
  casts: string[];
  /** Tables of extensions that this role may not write to, as [schema, name]. */
  data: [string, string][];
}

/**
 * Brings the database back to the state of the dump in one transaction, or changes nothing; writes since then are lost.
 * It compares the database with the dump before the commit. It ends sessions that block it for `lockTimeout` once,
 * since a forgotten transaction must not keep a database broken.
 *
 * @throws ConfigurationFailure when there are objects of others; BackupFailure when it failed and changed nothing.
 */
export async function restorePostgres(restoring: Restoring, file: string, io: Io): Promise<void> {
  await restoring.tools.endOrphans(io);
  await restoreInto(restoring, file, io);
}

/** Leaves other programs that work on the database alone. */
export async function restoreInto(restoring: Restoring, file: string, io: Io): Promise<void> {
  const { tools, server } = restoring;
  const dumped = await readCatalogue(file);
  const directory = await mkdtemp(join(dirname(file), '.restore-'));
  try {
    io.onProgress('reading the dump');
    const files = await prepare({ restoring, file, dumped, directory }, io);
    let result = await apply(tools, files, io);
    if (/\b55P03\b/.test(result.stderr)) {
      await endOtherSessions(server, io);
      result = await apply(tools, files, io);
    }
    expectDone('psql', result);
    expectSame(dumped, result.stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const TEMPORARY_NAME = new RegExp(TEMPORARY);

async function readCatalogue(file: string): Promise<Catalogue> {
  try {
    const catalogue = JSON.parse(await readFile(catalogueFile(file), 'utf8')) as Catalogue;
    // An older version also recorded parts of temporary tables.
    return { ...catalogue, rows: catalogue.rows.filter(({ name }) => !TEMPORARY_NAME.test(name)) };
  } catch (error) {
    throw new BackupFailure(
      `expected ${catalogueFile(file)}, which says what the database held when it was dumped, seen: ` +
        `${(error as Error).message}. Put the dump back by hand with pg_restore (docs/databases.md, "By hand")`,
    );
  }
}

interface Preparing {
  restoring: Restoring;
  file: string;
  dumped: Catalogue;
  directory: string;
}

async function prepare({ restoring, file, dumped, directory }: Preparing, io: Io) {
  const { tools, server, lockTimeout } = restoring;
  const { now, kept } = await withClient(server, io, async (client) => {
    await client.query('BEGIN READ ONLY');
    const whole = await takeCatalogue(client);
    const seen = dumped.schemaOnly ? schemaOf(whole) : whole;
    const owners = ownersOf(seen, restoring.owners);
    const [problem] = await foreignMistakes(client, seen, restoring, io);
    if (problem) throw new ConfigurationFailure(`${problem}. Nothing was changed`);
    const extensions = keptExtensions(dumped, seen);
    const { rows } = await client.query<{ schema: string; name: string }>(UNWRITABLE, [extensions]);
    const data = rows.map(({ schema, name }): [string, string] => [schema, name]);
    return {
      now: seen,
      kept: {
        owners,
        extensions,
        data,
        casts: keptCasts(dumped, seen),
        schemas: keptSchemas(dumped, seen, owners, extensions),
      },
    };
  });
  const write = async (name: string, statements: string[]) => {
    const path = join(directory, `${name}.sql`);
    await writeFile(path, `${["SET client_encoding = 'UTF8'", ...statements].join(';\n')}\n`, { mode: 0o600 });
    return path;
  };
  const entries = [...dumped.rows].filter((row) => row.toc && stays(row, kept)).map(({ toc }) => toc!);
  const scripts = await writeScripts({ tools, dump: file, directory, left: { ...kept, entries } }, io);
  const settings = [`SET LOCAL lock_timeout = ${lockTimeout}`, 'SET LOCAL statement_timeout = 0', CATALOGUE_SETTINGS];
  const emptying = emptyingScript({
    server: now.server,
    owners: kept.owners,
    keptExtensions: kept.extensions,
    keptSchemas: kept.schemas,
    keptCasts: kept.casts,
  });
  return [
    await write('empty', ['BEGIN READ WRITE', ...settings, emptying]),
    scripts.schemas,
    await write('extensions', [...between(dumped), '']),
    scripts.rest,
    await write('compare', [CATALOGUE_SETTINGS, ...putBack(dumped, now, kept.schemas), comparing(dumped, now.server)]),
  ];
}

const UNWRITABLE = `
SELECT n.nspname AS schema, c.relname AS name
FROM pg_extension e, unnest(e.extconfig) AS own (relation) JOIN pg_class c ON c.oid = relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE e.extname = ANY ($1) AND NOT CASE c.relkind WHEN 'S' THEN has_table_privilege(c.oid, 'UPDATE')
  ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE') END`;

/** Keeps unchanged extensions, since the role may lack the right to create them again. */
function keptExtensions(dumped: Catalogue, now: Catalogue): string[] {
  const before = new Map(dumped.rows.map(({ id, state }) => [id, state]));
  return now.rows.flatMap(({ id, state, extension }) =>
    extension && before.get(id) === state ? [extension.name] : [],
  );
}

/** Keeps schemas of others, schemas of kept extensions, and `public`, which no dump creates. */
function keptSchemas(dumped: Catalogue, now: Catalogue, owners: string[], extensions: string[]): string[] {
  const homes = now.rows.flatMap(({ extension }) =>
    extension && extensions.includes(extension.name) ? [extension.schema] : [],
  );
  const schemas = ({ rows }: Catalogue) => rows.filter(({ name }) => name.startsWith('schema '));
  const there = new Set(schemas(dumped).map(({ schema }) => schema));
  return schemas(now).flatMap(({ schema, owner }) => {
    const stays = !owners.includes(owner ?? '') || homes.includes(schema ?? '') || schema === 'public';
    return schema && stays && there.has(schema) ? [schema] : [];
  });
}

/** Keeps unchanged casts between built-in types: only an administrator may drop them. */
function keptCasts(dumped: Catalogue, now: Catalogue): string[] {
  const before = new Map(dumped.rows.map(({ id, state, toc }) => [id, toc && state]));
  return now.rows.flatMap(({ id, name, state, toc }) =>
    toc && name.startsWith('cast ') && before.get(id) === state ? [name] : [],
  );
}

function stays({ name, schema, owner }: Catalogue['rows'][number], kept: Kept): boolean {
  if (name.startsWith('cast ')) return kept.casts.includes(name);
  return name.startsWith('schema ') ? schema === 'public' || kept.schemas.includes(schema ?? '') : owner !== undefined;
}

/** A dump does not record the versions of extensions. */
function between({ rows }: Catalogue): string[] {
  const extensions = rows.flatMap(({ extension }) => (extension ? [extension] : []));
  return [
    ...rows.flatMap(({ name }) => (name === 'schema public' ? ['CREATE SCHEMA IF NOT EXISTS public'] : [])),
    ...extensions.map(
      ({ name, schema, version }) =>
        `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)} WITH SCHEMA ${escapeIdentifier(schema)} VERSION ${escapeIdentifier(version)} CASCADE`,
    ),
  ];
}

/** Commits only when the database equals the dump. */
function comparing(dumped: Catalogue, server: number): string {
  const expected = escapeLiteral(JSON.stringify(dumped.rows.map(({ id, state }) => [id, state])));
  return [
    `SELECT coalesce(json_agg(json_build_array(id, name, was.state IS NULL, seen.state IS NULL)), '[]') AS differences, count(*) = 0 AS same
FROM (${comparableSql({ server, schemaOnly: dumped.schemaOnly })}) seen
FULL JOIN (SELECT row ->> 0 AS id, row ->> 1 AS state FROM json_array_elements(${expected}::json) row) was USING (id)
WHERE was.state IS DISTINCT FROM seen.state
\\gset
\\if :same
COMMIT;
\\else
ROLLBACK;
\\endif
\\echo ${MARK} :differences`,
  ].join('\n');
}

const MARK = 'differences:';

/** @throws BackupFailure with the differences, before anything was committed. */
function expectSame(dumped: Catalogue, output: string): void {
  const text = output
    .split('\n')
    .find((line) => line.startsWith(MARK))
    ?.slice(MARK.length);
  const differences = JSON.parse(text ?? 'null') as
    [id: string, name: string | null, isNew: boolean, isGone: boolean][] | null;
  if (differences?.length === 0) return;
  const names = new Map(dumped.rows.map(({ id, name }) => [id, name]));
  const words = differences?.map(
    ([id, name, isNew, isGone]) =>
      `${names.get(id) ?? name} ${isNew ? 'would stay' : isGone ? 'would be missing' : 'would differ'}`,
  );
  throw new BackupFailure(
    `expected the database to hold what it held when it was dumped, seen that ${words ? listed(words) : 'nobody compared it'}; ` +
      'nothing was changed. Put that right by hand and try again',
  );
}

async function apply(tools: PostgresTools, files: string[], io: Io): Promise<ProgramResult> {
  io.onProgress('restoring the dump');
  const argv = ['psql', '--no-psqlrc', '--quiet', '--no-password', '--tuples-only', '--no-align', '--output=/dev/null'];
  argv.push('--set=ON_ERROR_STOP=1', '--set=VERBOSITY=verbose', '--set=SHOW_CONTEXT=never');
  const options = '-c client_min_messages=warning';
  return tools.run([...argv, ...files.map((file) => `--file=${file}`), ...tools.arguments], io, { options });
}

async function endOtherSessions(server: PostgresServer, io: Io): Promise<void> {
  io.onProgress('ending sessions that keep the restore waiting');
  await withClient(server, io, (client) =>
    client.query(
      `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
       WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
         AND (pg_has_role(a.usesysid, 'MEMBER') OR pg_has_role('pg_signal_backend', 'MEMBER'))
         AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted)`,
    ),
  );
}
