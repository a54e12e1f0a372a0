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

interface Watched {
  server: PostgresServer;
  /** Which sessions may wait: one of ours, or those of a program by the name of its application. */
  sessions: ClientBase | { application: string };
  lockTimeout: number;
  /** Milliseconds between two looks. */
  every?: number;
}

/** Looks from a second session at who blocks others: once their lock has timed out, nobody knows any more. */
export async function watchBlockers(
  { server, sessions, lockTimeout, every = EVERY_MS }: Watched,
  io: Io,
): Promise<BlockerWatch> {
  const waiting = 'application' in sessions ? sessions : { pid: await pidOf(sessions) };
  const stopped = new AbortController();
  let seen: string | undefined;
  const isOver = (ms: number) =>
    wait(ms, undefined, { signal: stopped.signal }).then(
      () => false,
      () => true,
    );
  const look = async (second: ClientBase): Promise<void> => {
    do {
      const now = await blockersOf(second, waiting);
      // Once the statement has ended it waits for nobody, so the answer from before stays.
      if (stopped.signal.aborted) return;
      seen = now;
      if (now) io.onProgress(`waiting for ${now}`);
    } while (!(await isOver(every)));
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

async function pidOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]!.pid;
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
WHERE NOT l.granted AND l.pid IN (SELECT pid FROM pg_stat_activity
  WHERE pid = $1 OR application_name = $2 AND datname = current_database() AND usename = session_user)
ORDER BY a.xact_start LIMIT 3`;

async function blockersOf(
  client: ClientBase,
  { pid, application }: { pid?: number; application?: string },
): Promise<string | undefined> {
  const { rows } = await client.query<Blocker>(BLOCKERS, [pid, application]);
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
