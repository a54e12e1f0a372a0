import { createHash } from 'node:crypto';
import type { Scope } from '../../domain/release';

/** PostgreSQL cuts longer names off. */
const LONGEST = 63;

/**
 * What the connections of a program are called in `pg_stat_activity`. It names the environment: several may work on one
 * database, and what one has left behind is ended without touching what another does just now.
 */
export function applicationName(program: 'tool' | 'migrations', { app, environment }: Scope): string {
  const name = `spillway ${program} ${app}/${environment}`;
  if (name.length <= LONGEST) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, LONGEST - digest.length - 1)}#${digest}`;
}
