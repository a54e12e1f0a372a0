import { UnreachableFailure } from '../domain/failures';
import type { Host, Io } from '../domain/host';
import { entriesByPort, type Fragment } from './fragments';
import type { Routing } from './router';

/** Ports of the routes on which somebody listens who is not the router with these fragments in force. */
export async function takenPorts<Tls>(
  host: Host,
  routing: Routing,
  inForce: Fragment<Tls>[],
  io: Io,
): Promise<number[]> {
  const ours = entriesByPort(inForce);
  const wanted = [...entriesByPort([{ routing }]).keys()].filter((port) => !ours.has(port));
  const taken = await Promise.all(wanted.map((port) => listens(host, port, io)));
  return wanted.filter((_, index) => taken[index]);
}

async function listens(host: Host, port: number, io: Io): Promise<boolean> {
  try {
    (await host.connect({ host: '127.0.0.1', port }, io)).destroy();
    return true;
  } catch (error) {
    if (error instanceof UnreachableFailure) return false;
    throw error;
  }
}
