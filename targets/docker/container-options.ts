import type Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import type { Owned } from '../../domain/ownership';
import type { ReleaseRef, Slot } from '../../domain/release';
import { cleanPath, discarded } from '../../domain/containers/volumes';
import { containerName } from './names';
import type { ServiceSpec } from '../groups';

export const PORT_LABEL = 'spillway.port';
/** These labels exist because the configuration that a container came from is stored nowhere else. */
export const LIVE_ONLY_LABEL = 'spillway.live-only';
/** It lists paths whose data may be lost with the container. */
export const DISCARD_LABEL = 'spillway.discard';
export const ONCE_LABEL = 'spillway.once';

interface ReplicaPlan {
  release: Owned<ReleaseRef>;
  network: string;
  slot: Slot;
  spec: ServiceSpec;
  /** Image id or repository digest. */
  image: string;
  replica: number;
  address: string;
}

export function containerOptions(plan: ReplicaPlan): Docker.ContainerCreateOptions {
  const { release, network, slot, spec, replica, address, image } = plan;
  const { config } = spec;
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
      // A restart of the engine must neither start a container before its time nor run a `once` service twice.
      RestartPolicy: { Name: spec.start ? 'unless-stopped' : 'no' },
      ReadonlyRootfs: config.readOnlyRoot,
      // The engine takes one mount for each path.
      ...(!config.volumes.some(({ target }) => cleanPath(target) === '/tmp') && { Tmpfs: { '/tmp': '' } }),
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Binds: config.volumes.map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`),
      ...(config.cpu && { NanoCpus: Math.round(config.cpu * 1e9) }),
      // Equal limits allow no swap, which would undermine the memory limit.
      ...(config.memory && { Memory: config.memory, MemorySwap: config.memory }),
    },
    NetworkingConfig: endpoint(network, address, `${spec.service}-${slot}`),
  };
}

function labelsOf({ release, slot, spec, replica }: ReplicaPlan): Record<string, string> {
  return {
    [LABELS.app]: release.app,
    [LABELS.environment]: release.environment,
    [LABELS.id]: release.owner.id,
    [LABELS.release]: release.id,
    [LABELS.version]: release.version,
    [LABELS.slot]: slot,
    [LABELS.service]: spec.service,
    [LABELS.replica]: String(replica),
    ...(spec.config.port && { [PORT_LABEL]: String(spec.config.port) }),
    ...(spec.config.run === 'live-only' && { [LIVE_ONLY_LABEL]: 'true' }),
    ...(spec.config.run === 'once' && { [ONCE_LABEL]: 'true' }),
    // It is always set, because a label of the image would apply otherwise.
    [DISCARD_LABEL]: JSON.stringify(discarded(spec.config)),
  };
}

/** A service reaches a sibling of its own slot as `<service>-$SPILLWAY_SLOT`, so that two versions never mix. */
function environmentOf({ release, slot, spec }: ReplicaPlan): Record<string, string> {
  return {
    ...spec.env,
    SPILLWAY_SLOT: slot,
    SPILLWAY_VERSION: release.version,
    SPILLWAY_RELEASE: release.id,
  };
}

interface CopyPlan {
  release: Owned<ReleaseRef>;
  network: string;
  service: string;
  replica: number;
  address: string;
}

/** The options hold secrets: never log them. */
export function copyOptions(
  { Config, HostConfig }: Docker.ContainerInspectInfo,
  { release, network, service, replica, address }: CopyPlan,
): Docker.ContainerCreateOptions {
  const identity = { SPILLWAY_SLOT: 'baseline', SPILLWAY_RELEASE: release.id };
  const rest = Config.Env.filter((variable) => !Object.keys(identity).some((name) => variable.startsWith(`${name}=`)));
  return {
    name: containerName(release, service, 'baseline', replica),
    Image: Config.Image,
    Labels: {
      ...Config.Labels,
      [LABELS.id]: release.owner.id,
      [LABELS.release]: release.id,
      [LABELS.slot]: 'baseline',
      [LABELS.replica]: String(replica),
    },
    Env: [...rest, ...Object.entries(identity).map(([name, value]) => `${name}=${value}`)],
    Cmd: Config.Cmd,
    ExposedPorts: Config.ExposedPorts,
    StopTimeout: (Config as Docker.ContainerCreateOptions).StopTimeout,
    HostConfig,
    NetworkingConfig: endpoint(network, address, `${service}-baseline`),
  };
}

function endpoint(network: string, address: string, alias: string): Docker.ContainerCreateOptions['NetworkingConfig'] {
  return { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address }, Aliases: [alias] } } };
}
