import type { Endpoint } from '../../domain/endpoint';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { until } from '../../waiting/until';
import type { RouterProbe, Routing } from '../router';
import { entriesByPort, onHost, type Fragment, type HostRouting, type Place } from './fragments';

const FREE_MS = 3_000;
const FREE_PAUSE_MS = 100;

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
  const ours = new Set(entriesByPort(inForce).keys());
  const wanted = [...entriesByPort([{ routing }]).keys()].filter((port) => !ours.has(port));
  if (wanted.length === 0) return [];
  const listening = await listeningPorts(host, io);
  const taken = await Promise.all(
    wanted.map(async (port) => listening.has(port) || (await listens(host, entryOnHost(port), io))),
  );
  return wanted.filter((_, index) => taken[index]);
}

/** A program that listens on a single address of the host is in the way as well. */
async function listeningPorts(host: Host, io: Io): Promise<Set<number>> {
  const { stdout } = await host.run(['sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true'], io);
  const rows = [...stdout.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm)];
  return new Set(rows.map(([, port]) => parseInt(port!, 16)));
}

/**
 * Waits a moment, because a process of the router that is leaving closes its ports a little later.
 * @throws ConfigurationFailure when another program listens on a port of the routes
 */
export async function refuseTakenPorts<Tls>(
  host: Host,
  routing: HostRouting,
  inForce: Fragment<Tls>[],
  io: Io,
): Promise<void> {
  let taken: number[] = [];
  const areFree = await until({ signal: io.signal, pause: FREE_PAUSE_MS, limit: FREE_MS }, async () => {
    taken = await takenPorts(host, routing, inForce, io);
    return taken.length === 0 || undefined;
  });
  if (areFree) return;
  throw new ConfigurationFailure(
    `expected port ${taken.join(', ')} of the routes to be free on the target, seen another program that listens there; stop it, or choose another port`,
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
