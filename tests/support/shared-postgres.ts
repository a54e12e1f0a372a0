import { createDatabase, query, startPostgres } from './postgres';
import type { TestPostgres } from './postgres';
import { sharedPart } from './shared-parts';

/** A server to make databases on; `stop()` gives it back. */
export type UsedPostgres = Pick<TestPostgres, 'password' | 'createDatabase' | 'stop'>;

/**
 * The PostgreSQL that all test files of a run share: databases of their own keep them apart. Whoever ends its server,
 * makes roles, or changes settings of the server starts one (postgres.ts).
 */
export async function sharedPostgres(): Promise<UsedPostgres> {
  const server = await sharedPart<Pick<TestPostgres, 'url' | 'password'>>('postgres');
  if (!server) return startPostgres();
  const made: string[] = [];
  return {
    password: server.password,
    createDatabase: async () => {
      const url = await createDatabase(server.url);
      made.push(url);
      return url;
    },
    // Else they would fill the disk by the hundred.
    stop: async () => {
      for (const url of made.splice(0))
        await query(server.url, `DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
    },
  };
}
