import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appConfigSchema, type DatabaseConfig } from '../../domain/config';
import type { Io } from '../../domain/host';
import type { Database } from '../../databases/database';
import { openDatabase } from '../../databases/open';

/** A folder with migrations and the database they belong to, opened as a worker does. */
export interface Project {
  directory: string;
  config: DatabaseConfig;
  database: Database;
  /** Writes files relative to the folder `migrations`. */
  write(files: Record<string, string>): Promise<void>;
  remove(): Promise<void>;
}

/** A database configuration as `spillway.yaml` would give it, with all defaults. */
export function databaseConfig(overrides: Record<string, unknown> = {}): DatabaseConfig {
  const database = { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' } };
  const services = { web: { image: 'web:{version}', port: 80 } };
  const file = { version: 1, app: 'shop', services, database: { ...database, ...overrides } };
  return appConfigSchema.parse(file).database!;
}

export async function project(url: string, overrides: Record<string, unknown> = {}): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-project-'));
  await mkdir(join(directory, 'migrations'));
  const config = databaseConfig(overrides);
  const password = decodeURIComponent(new URL(url).password);
  const database = openDatabase(config, {
    url,
    projectDirectory: directory,
    environment: process.env,
    variables: {},
    redact: (text) => text.replaceAll(password, '[redacted]'),
  });
  const write = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, 'migrations', name), text);
  };
  const remove = () => rm(directory, { recursive: true, force: true });
  return { directory, config, database, write, remove };
}

/** An `Io` that nobody aborts, and which remembers what it was told. */
export function io(controller = new AbortController()): Io & { said: string[] } {
  const said: string[] = [];
  return { signal: controller.signal, onProgress: (detail) => void said.push(detail), said };
}
