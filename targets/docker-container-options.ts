import type Docker from 'dockerode';
import { LABELS, containerName, networkName } from '../domain/names';
import type { ReleaseRef, Slot } from '../domain/release';
import type { ServiceSpec } from './target';

/** Which of an image's ports is the service's. */
export const PORT_LABEL = 'spillway.port';

export interface ReplicaPlan {
  release: ReleaseRef;
  owner: string;
  slot: Slot;
  spec: ServiceSpec;
  /** Image id or repository digest. */
  image: string;
  replica: number;
  address: string;
}

/** Everything the engine is told of a replica; the same for the same plan. */
export function containerOptions(plan: ReplicaPlan): Docker.ContainerCreateOptions {
  const { release, slot, spec, replica, address, image } = plan;
  const { config } = spec;
  const network = networkName(release);
  return {
    name: containerName(release, spec.service, slot, replica),
    Image: image,
    Labels: labelsOf(plan),
    Env: Object.entries(environmentOf(plan)).map(([name, value]) => `${name}=${value}`),
    ...(config.command && { Cmd: config.command }),
    ...(config.port && { ExposedPorts: { [`${config.port}/tcp`]: {} } }),
    StopTimeout: Math.ceil(config.stopGrace / 1_000),
    HostConfig: {
      NetworkMode: network,
      // One that is started later must not be started by an engine that restarts before.
      RestartPolicy: { Name: spec.start ? 'unless-stopped' : 'no' },
      ReadonlyRootfs: config.readOnlyRoot,
      Tmpfs: { '/tmp': '' },
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Binds: config.volumes.map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`),
      ...(config.cpu && { NanoCpus: Math.round(config.cpu * 1e9) }),
      // Without swap on top: a limit that swaps is none.
      ...(config.memory && { Memory: config.memory, MemorySwap: config.memory }),
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: { IPAMConfig: { IPv4Address: address }, Aliases: [`${spec.service}-${slot}`] },
      },
    },
  };
}

function labelsOf({ release, owner, slot, spec, replica }: ReplicaPlan): Record<string, string> {
  return {
    [LABELS.app]: release.app,
    [LABELS.environment]: release.environment,
    [LABELS.owner]: owner,
    [LABELS.release]: release.id,
    [LABELS.version]: release.version,
    [LABELS.slot]: slot,
    [LABELS.service]: spec.service,
    [LABELS.replica]: String(replica),
    ...(spec.config.port && { [PORT_LABEL]: String(spec.config.port) }),
  };
}

/** A service reaches its own slot's sibling as `<service>-$SPILLWAY_SLOT`: two versions never mix behind the router. */
function environmentOf({ release, slot, spec }: ReplicaPlan): Record<string, string> {
  return {
    ...spec.env,
    SPILLWAY_SLOT: slot,
    SPILLWAY_VERSION: release.version,
    SPILLWAY_RELEASE: release.id,
  };
}
