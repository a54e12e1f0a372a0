import type Docker from 'dockerode';
import type { SeenNetwork } from '../../domain/containers/networks';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import { overlap } from './addresses';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';

export async function outsideNetworks(engine: DockerEngine, scope: Owned, io: Io): Promise<SeenNetwork[]> {
  const all = await engine.call(io, (docker, abort) => docker.listNetworks({ ...abort }));
  const isTheirs = ({ Labels = {} }: Docker.NetworkInspectInfo): boolean =>
    Labels[LABELS.app] === scope.app && Labels[LABELS.environment] === scope.environment && isOwn(Labels, scope);
  const own = all.filter(isTheirs).flatMap(subnetsOf);
  return all.map((network) => {
    const { Name: name, Driver: driver, Scope, Attachable } = network;
    return {
      name,
      isOwn: isTheirs(network),
      isJoinable: driver !== 'host' && driver !== 'null' && (Scope !== 'swarm' || Attachable === true),
      // The default bridge has no name server.
      hasNames: name !== 'bridge',
      overlaps: !isTheirs(network) && subnetsOf(network).some((one) => own.some((other) => overlap(one, other))),
    };
  });
}

function subnetsOf({ IPAM }: Docker.NetworkInspectInfo): string[] {
  return (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
}

/** Names of networks beside the environment's own. */
export function joinedBy({ NetworkSettings, HostConfig }: Docker.ContainerInspectInfo): string[] {
  return Object.keys(NetworkSettings.Networks).filter((name) => name !== HostConfig.NetworkMode);
}

/**
 * Joins before the container starts; engines before Docker 25 take one network when it is made. It gets no alias there,
 * since the names of services may belong to others.
 */
export async function join(engine: DockerEngine, container: string, networks: string[], io: Io): Promise<void> {
  if (networks.length === 0) return;
  const info = await engine.call(io, (docker, abort) => docker.getContainer(container).inspect({ ...abort }));
  const missing = networks.filter((name) => !joinedBy(info).includes(name));
  for (const name of missing) await connect(engine, container, name, io);
}

/** A container that was stopped only starts again on the very networks it left, of which one may have been made anew. */
export async function rejoin(engine: DockerEngine, info: Docker.ContainerInspectInfo, io: Io): Promise<void> {
  for (const name of joinedBy(info)) {
    const network = await engine.call(io, (docker) => docker.getNetwork(name).inspect()).catch(unless(404));
    if (!network || network.Id === info.NetworkSettings.Networks[name]?.NetworkID) continue;
    await engine.call(io, (docker, abort) =>
      docker.getNetwork(name).disconnect({ Container: info.Id, Force: true, ...abort }),
    );
    await connect(engine, info.Id, name, io);
  }
}

async function connect(engine: DockerEngine, container: string, name: string, io: Io): Promise<void> {
  try {
    // For a container that does not run, the engine accepts any name, and fails only at its start.
    await engine.call(io, (docker) => docker.getNetwork(name).inspect());
    await engine.call(io, (docker, abort) => docker.getNetwork(name).connect({ Container: container, ...abort }));
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    const seen = `expected ${container} to join the network ${name}, seen ${reasonOf(error)}`;
    if (status === 404)
      throw new ConfigurationFailure(`${seen}: make the network again, or correct \`networks\` of its service`);
    throw new UnreachableFailure(`${seen}: it is tried again`);
  }
}
