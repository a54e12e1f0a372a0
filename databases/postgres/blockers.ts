import { setTimeout as wait } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { Io } from '../../domain/host';
import { withClient } from './connection';
import { firstWords } from './reading/parser';
import type { PostgresServer } from './server';

/** A statement that waits no longer than this costs no second session. */
const FIRST_MS = 400;
const EVERY_MS = 300;

export interface BlockerWatch {
  /** Who blocked the session when it was last looked at, and what it waited for; absent when nobody did. */
  seen(): string | undefined;
  stop(): Promise<void>;
}

/** Looks from a second session at who blocks a session: once its lock has timed out, nobody knows any more. */
export async function watchBlockers(
  { server, client, lockTimeout }: { server: PostgresServer; client: ClientBase; lockTimeout: number },
  io: Io,
): Promise<BlockerWatch> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  const stopped = new AbortController();
  let seen: string | undefined;
  const isOver = (ms: number) =>
    wait(ms, undefined, { signal: stopped.signal }).then(
      () => false,
      () => true,
    );
  const look = async (second: ClientBase): Promise<void> => {
    do {
      const now = await blockersOf(second, rows[0]!.pid);
      // Once the statement has ended it waits for nobody, so the answer from before stays.
      if (stopped.signal.aborted) return;
      seen = now;
      if (now) io.onProgress(`waiting for ${now}`);
    } while (!(await isOver(EVERY_MS)));
  };
  const watching = isOver(Math.min(FIRST_MS, lockTimeout / 3))
    .then((over) => (over ? undefined : withClient(server, io, look)))
    // Who blocks is good to know, but no reason to fail.
    .catch(() => undefined);
  return {
    seen: () => seen,
    stop: async () => {
      stopped.abort();
      await watching;
    },
  };
}

interface Blocker {
  pid: number;
  program: string | null;
  role: string | null;
  state: string | null;
  since: string | null;
  statement: string | null;
  lock: string;
  prepared: string | null;
}

/** Sessions of other roles show their statement only to members of pg_read_all_stats. */
const BLOCKERS = `
SELECT b.pid, a.application_name AS program, a.usename AS role, a.state, a.query AS statement,
  to_char(coalesce(a.xact_start, a.backend_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
  regexp_replace(replace(l.mode, 'Lock', ''), '([a-z])([A-Z])', '\\1 \\2', 'g') || ' lock on ' ||
    coalesce(l.relation::regclass::text, CASE l.locktype WHEN 'transactionid' THEN 'rows that another transaction has changed' ELSE l.locktype END) AS lock,
  (SELECT string_agg(gid, ', ') FROM pg_prepared_xacts WHERE b.pid = 0 AND database = current_database()) AS prepared
FROM pg_locks l, unnest(pg_blocking_pids(l.pid)) b (pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid
WHERE l.pid = $1 AND NOT l.granted
ORDER BY a.xact_start LIMIT 3`;

async function blockersOf(client: ClientBase, pid: number): Promise<string | undefined> {
  const { rows } = await client.query<Blocker>(BLOCKERS, [pid]);
  const [first] = rows;
  return first && `${first.lock}, which ${rows.map(describe).join(' and ')} holds or asked for before`;
}

function describe({ pid, program, role, state, since, statement, prepared }: Blocker): string {
  if (prepared !== null) return `the prepared transaction ${prepared}`;
  const facts = [
    program && `application ${program}`,
    role && `user ${role}`,
    `${state ?? 'working'} since ${since ?? 'an unknown time'}`,
    statement && `statement «${firstWords(statement)}»`,
  ];
  return `session ${pid} (${facts.filter(Boolean).join(', ')})`;
}
