import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appConfigSchema, type DatabaseConfig } from '../../domain/config';
import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Database } from '../../databases/database';
import { openDatabase } from '../../databases/open';
import { query, startPostgres } from '../support/postgres';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';

/** A folder with migrations and the database they belong to, opened as a worker does. */
export interface Project {
  directory: string;
  config: DatabaseConfig;
  database: Database;
  /** Writes files relative to the folder `migrations`. */
  write(files: Record<string, string | Buffer>): Promise<void>;
  remove(): Promise<void>;
}

/** A database configuration as `spillway.yaml` would give it, with all defaults. */
export function databaseConfig(overrides: Record<string, unknown> = {}): DatabaseConfig {
  const database = { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' } };
  const services = { web: { image: 'web:{version}', port: 80 } };
  const file = { version: 1, app: 'shop', services, database: { ...database, ...overrides } };
  return appConfigSchema.parse(file).database!;
}

/** Whose projects these are, unless a test says otherwise. */
export const SHOP: Scope = { app: 'shop', environment: 'production' };

/** Whose a project is, and which releases its ledger knows. */
export interface Owner extends Scope {
  releases?: string[];
}

export async function project(
  url: string,
  overrides: Record<string, unknown> = {},
  { releases = [], ...scope }: Owner = SHOP,
): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-project-'));
  await mkdir(join(directory, 'migrations'));
  const config = databaseConfig(overrides);
  const password = decodeURIComponent(new URL(url).password);
  const database = openDatabase(config, {
    url,
    scope,
    releases: () => Promise.resolve(new Set(releases)),
    projectDirectory: directory,
    environment: process.env,
    variables: {},
    redact: (text) => text.replaceAll(password, '[redacted]'),
  });
  const write = async (files: Record<string, string | Buffer>) => {
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

/** For each test of a file an empty database and projects, which go again by themselves. */
export class Databases {
  private postgres: UsedPostgres | undefined;
  private made: Project[] = [];
  url = '';

  /** @param server `own` for tests that make roles, end sessions or change settings of the server */
  constructor(server: 'own' | 'shared' = 'shared') {
    const open = server === 'own' ? startPostgres : sharedPostgres;
    beforeAll(async () => void (this.postgres = await open()));
    afterAll(() => this.postgres?.stop());
    beforeEach(async () => void (this.url = await this.postgres!.createDatabase()));
    afterEach(async () => void (await Promise.all(this.made.splice(0).map((each) => each.remove()))));
  }

  /** A project whose migrations belong to the database of this test. */
  async project(overrides?: Record<string, unknown>, owner?: Owner): Promise<Project> {
    const opened = await project(this.url, overrides, owner);
    this.made.push(opened);
    return opened;
  }

  /** Names of all tables. */
  async tables(): Promise<string[]> {
    const ordinary = `relkind = 'r' AND relnamespace = 'public'::regnamespace`;
    const rows = await query<{ name: string }>(
      this.url,
      `SELECT relname AS name FROM pg_class WHERE ${ordinary} ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }
}

/** A migration of one table with a row in it. */
export const ORDERS = {
  '001_orders.up.sql': 'CREATE TABLE orders (id int PRIMARY KEY);\nINSERT INTO orders VALUES (1);\n',
  '001_orders.down.sql': 'DROP TABLE orders;\n',
};
