import type Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import type { Owned } from '../../domain/ownership';
import type { ReleaseRef, Slot } from '../../domain/release';
import { fill, hasPlace, type Places } from '../../domain/containers/placeholders';
import { discarded } from '../../domain/containers/volumes';
import { mountOptions } from './mounts';
import { containerName } from './names';
import type { ServiceSpec } from '../groups';

export const PORT_LABEL = 'spillway.port';
/** These labels exist because the configuration that a container came from is stored nowhere else. */
export const LIVE_ONLY_LABEL = 'spillway.live-only';
/** It lists paths whose data may be lost with the container. */
export const DISCARD_LABEL = 'spillway.discard';
export const ONCE_LABEL = 'spillway.once';
/** It keeps variables and a command as they were written with `{slot}`, for copies in another group; no secrets. */
export const WRITTEN_LABEL = 'spillway.written';

interface Written {
  env: Record<string, string>;
  command?: string[];
}

interface ReplicaPlan {
  release: Owned<ReleaseRef>;
  network: string;
  slot: Slot;
  spec: ServiceSpec;
  /** Image id or repository digest. */
  image: string;
  replica: number;
  address: string;
  /** The image has files in `/tmp`. */
  hasScratch: boolean;
}

export function containerOptions(plan: ReplicaPlan): Docker.ContainerCreateOptions {
  const { release, network, slot, spec, replica, address, image } = plan;
  const { config } = spec;
  const { HostConfig: mounts, ...volumes } = mountOptions(config, plan.hasScratch);
  return {
    ...volumes,
    name: containerName(release, spec.service, slot, replica),
    Image: image,
    Labels: labelsOf(plan),
    Env: Object.entries(environmentOf(plan)).map(([name, value]) => `${name}=${value}`),
    ...(config.command && { Cmd: config.command.map((word) => fill(word, placesOf(plan))) }),
    ...(config.port && { ExposedPorts: { [`${config.port}/tcp`]: {} } }),
    StopTimeout: Math.ceil(config.stopGrace / 1_000),
    HostConfig: {
      NetworkMode: network,
      // A restart of the engine must neither start a container before its time nor run a `once` service twice.
      RestartPolicy: { Name: spec.start ? 'unless-stopped' : 'no' },
      ReadonlyRootfs: config.readOnlyRoot,
      ...mounts,
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      ...(config.hosts && { ExtraHosts: Object.entries(config.hosts).map(([host, to]) => `${host}:${to}`) }),
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
    // These are always set, because labels of the image would apply otherwise.
    [WRITTEN_LABEL]: JSON.stringify(writtenBy(spec)),
    [DISCARD_LABEL]: JSON.stringify(discarded(spec.config)),
  };
}

function writtenBy({ config }: ServiceSpec): Written {
  const env = Object.fromEntries(textsOf(config).filter(([, text]) => hasPlace(text)));
  const command = config.command?.some(hasPlace) ? config.command : undefined;
  return { env, ...(command && { command }) };
}

function textsOf({ env }: ServiceSpec['config']): [string, string][] {
  return Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function placesOf({ release, slot }: Pick<ReplicaPlan, 'release' | 'slot'>): Places {
  return { slot, version: release.version, release: release.id };
}

/** A service reaches a sibling of its own slot as `<service>-{slot}`, so that two versions never mix. */
function environmentOf(plan: ReplicaPlan): Record<string, string> {
  const { release, slot, spec } = plan;
  const filled = textsOf(spec.config).map(([name, text]) => [name, fill(text, placesOf(plan))]);
  return {
    ...spec.env,
    ...(Object.fromEntries(filled) as Record<string, string>),
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
  const { env, command } = writtenOn(Config.Labels);
  const places = { slot: 'baseline', version: Config.Labels[LABELS.version] ?? '', release: release.id };
  const filled = Object.entries(env).map(([name, text]) => [name, fill(text, places)] as const);
  const own = { ...Object.fromEntries(filled), SPILLWAY_SLOT: 'baseline', SPILLWAY_RELEASE: release.id };
  const rest = Config.Env.filter((variable) => !Object.keys(own).some((name) => variable.startsWith(`${name}=`)));
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
    Env: [...rest, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)],
    Cmd: command?.map((word) => fill(word, places)) ?? Config.Cmd,
    Volumes: Config.Volumes,
    ExposedPorts: Config.ExposedPorts,
    StopTimeout: (Config as Docker.ContainerCreateOptions).StopTimeout,
    HostConfig,
    NetworkingConfig: endpoint(network, address, `${service}-baseline`),
  };
}

/** Containers of an older version have no such label. */
function writtenOn(labels: Record<string, string>): Written {
  return labels[WRITTEN_LABEL] === undefined ? { env: {} } : (JSON.parse(labels[WRITTEN_LABEL]) as Written);
}

function endpoint(network: string, address: string, alias: string): Docker.ContainerCreateOptions['NetworkingConfig'] {
  return { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address }, Aliases: [alias] } } };
}
