import type Docker from 'dockerode';
import { freeSubnet, unreservedRange } from './addresses';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';
import { networkName } from './names';

/** How often another process may take a subnet before this one does. */
const ATTEMPTS = 20;

/** The network of an environment, as found. */
export interface EnvironmentNetwork {
  id: string;
  /** One that an earlier version made has another name than one made now. */
  name: string;
  subnet: string;
}

/** Undefined when there is none yet. */
async function findNetwork(engine: DockerEngine, scope: Owned, io: Io): Promise<EnvironmentNetwork | undefined> {
  const [first] = await ownNetworks(engine, scope, io);
  if (!first) return undefined;
  const subnet = first.IPAM?.Config?.[0]?.Subnet;
  if (!subnet?.endsWith('.0/24')) {
    throw new ConfigurationFailure(
      `expected network ${first.Name} to be a /24, seen ${subnet ?? 'no subnet'}: remove it, or rename the app`,
    );
  }
  return { id: first.Id, name: first.Name, subnet };
}

/**
 * The network of an environment, made when missing: a free /24 of the pool.
 *
 * @throws ConfigurationFailure when the pool is used up, or something else has the name.
 */
export async function ensureNetwork(
  engine: DockerEngine,
  pool: string,
  scope: Owned,
  io: Io,
): Promise<EnvironmentNetwork> {
  // The engine may refuse a subnet that its list does not show, while its network is being made or removed.
  const refused: string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const found = await findNetwork(engine, scope, io);
    if (found) return found;
    const subnet = freeSubnet(pool, [...refused, ...(await subnetsInUse(engine, io))]);
    if (!(await createNetwork(engine, { pool, subnet, scope }, io)) && subnet) refused.push(subnet);
    await keepOldest(engine, scope, io);
  }
  throw new UnreachableFailure(
    `expected to make network ${networkName(scope)} within ${ATTEMPTS} attempts, seen every subnet taken by others meanwhile: try again`,
  );
}

interface NewNetwork {
  pool: string;
  subnet: string | undefined;
  scope: Owned;
}

/** Answers whether this one made it. */
async function createNetwork(engine: DockerEngine, { pool, subnet, scope }: NewNetwork, io: Io): Promise<boolean> {
  if (!subnet) {
    throw new ConfigurationFailure(
      `expected a free /24 in \`target.addressPool\` ${pool}, seen none: remove unused networks, or give another pool`,
    );
  }
  try {
    await engine.call(io, (docker, abort) =>
      docker.createNetwork({
        Name: networkName(scope),
        Driver: 'bridge',
        CheckDuplicate: true,
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet, IPRange: unreservedRange(subnet) }] },
        Labels: { [LABELS.app]: scope.app, [LABELS.environment]: scope.environment, [LABELS.id]: scope.owner.id },
        ...abort,
      }),
    );
    return true;
  } catch (error) {
    // 403 (409 since 27): the subnet was taken meanwhile; 409: the name was. Either way look again.
    if (statusOf(error) === 403 || statusOf(error) === 409) return false;
    if (statusOf(error) === undefined) throw error;
    throw new UnreachableFailure(
      `expected to make network ${networkName(scope)} with ${subnet}, seen ${reasonOf(error)}`,
    );
  }
}

async function subnetsInUse(engine: DockerEngine, io: Io): Promise<string[]> {
  const networks = await engine.call(io, (docker, abort) => docker.listNetworks({ ...abort }));
  return networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
}

/** An engine allows two networks of one name when they are made at once: everyone keeps the oldest. */
async function keepOldest(engine: DockerEngine, scope: Owned, io: Io): Promise<void> {
  const [, ...younger] = await ownNetworks(engine, scope, io);
  for (const { Id } of younger) {
    await engine.call(io, (docker, abort) => docker.getNetwork(Id).remove({ ...abort })).catch(unless(404));
  }
}

async function ownNetworks(engine: DockerEngine, scope: Owned, io: Io): Promise<Docker.NetworkInspectInfo[]> {
  const label = [`${LABELS.app}=${scope.app}`, `${LABELS.environment}=${scope.environment}`];
  const found = await engine.call(io, (docker, abort) => docker.listNetworks({ filters: { label }, ...abort }));
  return found
    .filter(({ Labels }) => isOwn(Labels ?? {}, scope))
    .sort((a, b) => (a.Created === b.Created ? a.Id.localeCompare(b.Id) : a.Created.localeCompare(b.Created)));
}
