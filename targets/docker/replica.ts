import type Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import type { Group } from '../../domain/release';
import { groupOfAddress } from './addresses';
import { LIVE_ONLY_LABEL, ONCE_LABEL, PORT_LABEL } from './container-options';
import type { Replica } from '../replicas';

/** Which service a container is a replica of. */
export function serviceOf({ Config }: Docker.ContainerInspectInfo): string {
  return Config.Labels[LABELS.service] ?? '';
}

/** Undefined for a service of which two versions may run side by side. */
export function runOf({ Config }: Docker.ContainerInspectInfo): Replica['run'] {
  if (Config.Labels[ONCE_LABEL] !== undefined) return 'once';
  return Config.Labels[LIVE_ONLY_LABEL] === undefined ? undefined : 'live-only';
}

/** A container as the engine shows it, on the network that it was made for. */
export function replicaOf(info: Docker.ContainerInspectInfo, group: Group): Replica {
  const { Labels, Image } = info.Config;
  const { OOMKilled, ExitCode, StartedAt } = info.State;
  const started = Date.parse(StartedAt);
  const [run, state, health] = [runOf(info), stateOf(info), healthOf(info)];
  const [address, port] = [addressOf(info), Labels[PORT_LABEL]];
  return {
    group,
    service: serviceOf(info),
    replica: Number(Labels[LABELS.replica]),
    container: info.Name.slice(1),
    id: info.Id,
    ...(run && { run }),
    ...(!address && { isolated: true as const }),
    ...(address && port && { endpoint: { on: 'docker' as const, address, port: Number(port) } }),
    ...(address && state === 'running' && groupOfAddress(address) !== group && misplacedAt(address, info, group)),
    releaseId: Labels[LABELS.release] ?? '',
    version: Labels[LABELS.version] ?? '',
    imageDigest: Image.slice(Image.indexOf('@') + 1),
    state,
    ...((state === 'exited' || state === 'restarting') && { exitCode: ExitCode }),
    ...(OOMKilled && { outOfMemory: true as const }),
    ...(health && { health }),
    ...(started > 0 && { startedAt: started }),
    restarts: info.RestartCount,
  };
}

/** The engine's word while it runs, what it was told while it does not; nothing where it is on no network of the environment. */
function addressOf({ NetworkSettings, HostConfig }: Docker.ContainerInspectInfo): string | undefined {
  const attached = NetworkSettings.Networks[HostConfig.NetworkMode ?? ''];
  return attached?.IPAddress || attached?.IPAMConfig?.IPv4Address || undefined;
}

/** An engine that hands addresses out anew after a restart may give one version's to the other. */
function misplacedAt(address: string, { Name }: Docker.ContainerInspectInfo, group: Group): Pick<Replica, 'misplaced'> {
  const name = Name.slice(1);
  return {
    misplaced: `${name} at ${address}, which is not reserved for ${group}: remove it with \`docker rm --force ${name}\``,
  };
}

/** A container between two restarts is not running, whatever the engine hopes; neither is one that is frozen. */
function stateOf({ State }: Docker.ContainerInspectInfo): Replica['state'] {
  if (State.Status === 'created') return 'created';
  if (State.Restarting) return 'restarting';
  if (State.Paused) return 'paused';
  return State.Running ? 'running' : 'exited';
}

function healthOf({ State }: Docker.ContainerInspectInfo): Replica['health'] {
  const status = State.Health?.Status;
  return status === 'healthy' || status === 'starting' || status === 'unhealthy' ? status : undefined;
}
