import type { Endpoint } from '../../domain/endpoint';
import { RouterFailure, UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { RouterProbe, Routing } from '../router';
import { entriesByPort, onHost, type Fragment, type HostRouting, type Place } from './fragments';

export function entryOnHost(port: number): Endpoint {
  return { on: 'docker', address: '127.0.0.1', port };
}

interface Probed<Tls> {
  routing: Routing;
  /** Undefined when the router does not run. */
  version: string | undefined;
  image: string;
  fragments: Fragment<Tls>[];
}

/** The ports of a router that does not run are not its own: another program may listen there. */
export async function probed<Tls>(
  host: Host,
  { routing, version, image, fragments }: Probed<Tls>,
  io: Io,
): Promise<RouterProbe> {
  const running = version !== undefined;
  const portsTaken = await takenPorts(host, onHost(routing), running ? fragments : [], io);
  return { version: version ?? image, running, portsTaken };
}

async function takenPorts<Tls>(host: Host, routing: HostRouting, inForce: Fragment<Tls>[], io: Io): Promise<number[]> {
  const ours = entriesByPort(inForce);
  const wanted = [...entriesByPort([{ routing }]).keys()].filter((port) => !ours.has(port));
  const taken = await Promise.all(wanted.map((port) => listens(host, entryOnHost(port), io)));
  return wanted.filter((_, index) => taken[index]);
}

/** @throws RouterFailure when another program listens on a port of the routes */
export async function refuseTakenPorts<Tls>(
  host: Host,
  routing: HostRouting,
  inForce: Fragment<Tls>[],
  io: Io,
): Promise<void> {
  const taken = await takenPorts(host, routing, inForce, io);
  if (taken.length === 0) return;
  throw new RouterFailure(
    `Expected port ${taken.join(', ')} of the routes to be free on the target; another program listens there. Stop it, or choose another port.`,
  );
}

export async function listens(host: Host, { address, port }: Place, io: Io): Promise<boolean> {
  try {
    (await host.connect({ host: address, port }, io)).destroy();
    return true;
  } catch (error) {
    if (error instanceof UnreachableFailure) return false;
    throw error;
  }
}
