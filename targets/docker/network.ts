import type Docker from 'dockerode';
import { freeSubnet, unreservedRange } from './addresses';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';
import { networkName } from './names';

/** Another process may take a subnet first this often. */
const ATTEMPTS = 20;

export interface EnvironmentNetwork {
  id: string;
  name: string;
  subnet: string;
}

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

/** @throws ConfigurationFailure when the pool is used up, or something else has the name. */
export async function ensureNetwork(
  engine: DockerEngine,
  pool: string,
  scope: Owned,
  io: Io,
): Promise<EnvironmentNetwork> {
  // The engine may refuse a subnet that its list does not show, while a network is being made or removed.
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
    // 403 (409 since Docker 27) means that the subnet was taken meanwhile; 409 that the name was.
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

/** Docker allows two networks of one name when they are made at once, so everybody keeps the oldest. */
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
