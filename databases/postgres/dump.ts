import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackupFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { formatCount } from '../../domain/units';
import type { Dump } from '../database';
import { catalogueFile, takeCatalogue, type Catalogue } from './catalogue';
import { withClient } from './connection';
import type { PostgresServer } from './server';
import type { Restoring } from './restore';
import type { PostgresTools } from './tools';
import { programWithoutValues } from './without-values';
import type { ProgramResult } from '../run-program';

/** @throws BackupFailure, or UnreachableFailure when the server went away meanwhile. */
export async function dumpPostgres(restoring: Restoring, file: string, io: Io): Promise<Dump> {
  await restoring.tools.endOrphans(io);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await removePartials(file);
  return makeDump(restoring, file, io);
}

/** Leaves other programs that work on the database alone. */
export async function makeDump(
  { tools, server, lockTimeout }: Restoring,
  file: string,
  io: Io,
  options: string[] = [],
): Promise<Dump> {
  // Each attempt has its own name, so that a program left by an earlier one cannot write into this file.
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    io.onProgress('dumping the database');
    const argv = ['pg_dump', '--format=custom', '--compress=1', '--no-password', `--lock-wait-timeout=${lockTimeout}`];
    const catalogue = await withSnapshot(server, io, async ({ held, snapshot, found }) => {
      const own = [`--snapshot=${snapshot}`, `--file=${partial}`, ...tools.arguments];
      expectDone('pg_dump', await tools.on(found).run([...argv, ...options, ...own], io));
      return held;
    });
    const entries = await readBack(tools, partial, io);
    const size = await synced(partial);
    await writeCatalogue(catalogue, file, `${partial}.catalogue.partial`);
    await rename(partial, file);
    return { files: [file, catalogueFile(file)], size, holds: formatCount(entries, 'object') };
  } finally {
    await rm(partial, { force: true });
  }
}

/** Other sessions can use the exported snapshot while `work` runs. */
async function withSnapshot<T>(
  server: PostgresServer,
  io: Io,
  work: (seen: { held: Catalogue; snapshot: string; found: PostgresServer }) => Promise<T>,
): Promise<T> {
  return withClient(server, io, async (client, found) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const held = await takeCatalogue(client);
    const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    // A long dump may outlive this session's idle limit; `pg_dump` has taken the snapshot over by then.
    return work({ held, snapshot: rows[0]!.id, found });
  });
}

async function writeCatalogue(catalogue: Catalogue, dump: string, partial: string): Promise<void> {
  await writeFile(partial, JSON.stringify(catalogue), { mode: 0o600, flush: true });
  await rename(partial, catalogueFile(dump));
}

async function readBack(tools: PostgresTools, file: string, io: Io): Promise<number> {
  io.onProgress('reading the dump back');
  const [list, all] = await Promise.all([
    tools.run(['pg_restore', '--list', file], io),
    tools.run(['pg_restore', '--file=/dev/null', file], io),
  ]);
  expectDone('pg_restore --list', list);
  expectDone('pg_restore', all);
  const entries = Number(/TOC Entries: (\d+)/.exec(list.stdout)?.[1] ?? Number.NaN);
  if (Number.isNaN(entries)) throw new BackupFailure(`expected a list of objects in ${file}, seen none; make it again`);
  return entries;
}

/** Flushes the file, so that it survives a crash of the machine. */
async function synced(file: string): Promise<number> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function removePartials(file: string): Promise<void> {
  const directory = dirname(file);
  for (const name of await readdir(directory)) {
    if (name.startsWith(`${basename(file)}.`) && name.endsWith('.partial'))
      await rm(join(directory, name), { force: true });
  }
}

/** @throws with the program's output when it failed. */
export function expectDone(program: string, result: ProgramResult): ProgramResult {
  if (result.exitCode === 0) return result;
  const said = programWithoutValues(result.stderr).trim().slice(-1_000) || 'nothing';
  if (/No space left on device/.test(said)) {
    throw new BackupFailure(`${program} needs more room on disk; free some and try again. It said: ${said}`);
  }
  if (
    /could not connect|connection to server .* failed|server closed the connection|terminating connection|SSL SYSCALL|is shutting down|starting up/.test(
      said,
    )
  ) {
    throw new UnreachableFailure(`${program} lost the database, or could not reach it. It said: ${said}`);
  }
  if (/lock timeout|deadlock detected|\b55P03\b|\b40P01\b/.test(said)) {
    throw new UnreachableFailure(
      `${program} had to wait too long for tables that other sessions use. It said: ${said}`,
    );
  }
  throw new BackupFailure(`expected ${program} to exit with 0, seen ${result.exitCode}. It said: ${said}`);
}
