import type { PostgresHost } from './server';

/** A host that is there accepts or refuses a connection in less time. */
const SLOW_MS = 1_000;
/** A host that comes back is asked in its turn again after this time. */
const REMEMBERED_MS = 60_000;

/** When hosts kept somebody waiting in vain, by `HOST:PORT`. */
const silent = new Map<string, number>();

/** Puts hosts last that kept us waiting a moment ago, so that each session need not wait for them again. */
export function silentLast(hosts: PostgresHost[]): PostgresHost[] {
  return [...hosts.filter((host) => !isSilent(host)), ...hosts.filter(isSilent)];
}

/** Tries a host, and remembers it when it answers nothing for a while. */
export async function rememberingSilence<T>(host: PostgresHost, attempt: () => Promise<T>): Promise<T> {
  const began = Date.now();
  try {
    const answer = await attempt();
    silent.delete(keyOf(host));
    return answer;
  } catch (error) {
    if (Date.now() - began >= SLOW_MS) silent.set(keyOf(host), Date.now());
    throw error;
  }
}

function isSilent(host: PostgresHost): boolean {
  return Date.now() - (silent.get(keyOf(host)) ?? 0) < REMEMBERED_MS;
}

function keyOf({ host, address, port }: PostgresHost): string {
  return `${address ?? host}:${port}`;
}
