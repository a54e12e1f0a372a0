import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackupFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { formatCount } from '../../domain/units';
import type { Dump } from '../database';
import { watchBlockers } from './blockers';
import { catalogueFile, takeCatalogue, type Catalogue } from './catalogue';
import { withClient } from './connection';
import type { PostgresServer } from './server';
import type { Restoring } from './restore';
import type { PostgresTools } from './tools';
import { programWithoutValues } from './without-values';
import type { ProgramResult } from '../run-program';

/** Milliseconds between two looks at who blocks a dump, which may take hours. */
const LOOK_MS = 1_000;

const LONGEST_LINE = 300;

/** @throws BackupFailure, or UnreachableFailure when the server went away meanwhile. */
export async function dumpPostgres(restoring: Restoring, file: string, io: Io): Promise<Dump> {
  await restoring.tools.endOrphans(io);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await removePartials(file);
  return makeDump(restoring, file, io);
}

/** Leaves other programs that work on the database alone. */
export async function makeDump(restoring: Restoring, file: string, io: Io, options: string[] = []): Promise<Dump> {
  const { tools, server, lockTimeout } = restoring;
  // Each attempt has its own name, so that a program left by an earlier one cannot write into this file.
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    io.onProgress('dumping the database');
    const argv = ['pg_dump', '--format=custom', '--compress=1', '--no-password', `--lock-wait-timeout=${lockTimeout}`];
    const catalogue = await withSnapshot(server, io, async ({ held, snapshot, found }) => {
      const own = [`--snapshot=${snapshot}`, `--file=${partial}`, ...tools.arguments];
      await runDump({ ...restoring, server: found, tools: tools.on(found) }, [...argv, ...options, ...own], io);
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

/** It waits for locks only at its beginning, and for as long as it runs somebody looks who holds them. */
async function runDump({ tools, server, lockTimeout }: Restoring, argv: string[], io: Io): Promise<void> {
  const every = Math.max(LOOK_MS, lockTimeout / 4);
  const sessions = { application: tools.application };
  const blockers = await watchBlockers({ server, sessions, lockTimeout, every }, io);
  try {
    expectDone('pg_dump', await tools.run(argv, io), blockers.seen());
  } finally {
    await blockers.stop();
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

/** `pg_dump --lock-wait-timeout` limits the time of the statement that locks, and no other one has a limit there. */
const WAITED = /lock timeout|deadlock detected|\b55P03\b|\b40P01\b|due to statement timeout[^]*LOCK TABLE/;

/**
 * @param blockers who held what it waited for, as `BlockerWatch` tells it
 * @throws with the program's output when it failed
 */
export function expectDone(program: string, result: ProgramResult, blockers?: string): ProgramResult {
  if (result.exitCode === 0) return result;
  const whole = programWithoutValues(result.stderr).trim();
  const said = shortened(whole) || 'nothing';
  if (/No space left on device/.test(whole)) {
    throw new BackupFailure(`${program} needs more room on disk; free some and try again. It said: ${said}`);
  }
  if (
    /could not connect|connection to server .* failed|server closed the connection|terminating connection|SSL SYSCALL|is shutting down|starting up/.test(
      whole,
    )
  ) {
    throw new UnreachableFailure(`${program} lost the database, or could not reach it. It said: ${said}`);
  }
  if (WAITED.test(result.stderr)) {
    const who = blockers ? ` It waited for ${blockers}.` : '';
    throw new UnreachableFailure(
      `${program} had to wait too long for tables that other sessions use.${who} It said: ${said}`,
    );
  }
  throw new BackupFailure(`expected ${program} to exit with 0, seen ${result.exitCode}. It said: ${said}`);
}

/** A statement that locks names every table, and would leave no room for what was wrong. */
function shortened(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
    .join('\n')
    .slice(-1_000);
}
