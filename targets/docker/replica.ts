import type Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import type { Group } from '../../domain/release';
import { groupOfAddress } from './addresses';
import { LIVE_ONLY_LABEL, ONCE_LABEL, PORT_LABEL } from './container-options';
import { healthcheckOf } from './healthcheck';
import type { Replica } from '../replicas';

export function serviceOf({ Config }: Docker.ContainerInspectInfo): string {
  return Config.Labels[LABELS.service] ?? '';
}

/** Answers undefined for a service whose versions may run side by side. */
export function runOf({ Config }: Docker.ContainerInspectInfo): Replica['run'] {
  if (Config.Labels[ONCE_LABEL] !== undefined) return 'once';
  return Config.Labels[LIVE_ONLY_LABEL] === undefined ? undefined : 'live-only';
}

export function replicaOf(info: Docker.ContainerInspectInfo, group: Group): Replica {
  const { Labels, Image } = info.Config;
  const { OOMKilled, ExitCode, StartedAt } = info.State;
  const started = Date.parse(StartedAt);
  const [run, state, health] = [runOf(info), stateOf(info), healthOf(info)];
  const healthcheck = healthcheckOf(info.Config.Healthcheck);
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
    ...(health && healthcheck && { healthcheck }),
    ...(started > 0 && { startedAt: started }),
    restarts: info.RestartCount,
  };
}

/** A stopped container has only the configured address; one outside the environment's network has none. */
function addressOf({ NetworkSettings, HostConfig }: Docker.ContainerInspectInfo): string | undefined {
  const attached = NetworkSettings.Networks[HostConfig.NetworkMode ?? ''];
  return attached?.IPAddress || attached?.IPAMConfig?.IPv4Address || undefined;
}

/** After a restart, an engine that hands out addresses may give one version's address to the other. */
function misplacedAt(address: string, { Name }: Docker.ContainerInspectInfo, group: Group): Pick<Replica, 'misplaced'> {
  const name = Name.slice(1);
  return {
    misplaced: `${name} at ${address}, which is not reserved for ${group}: remove it with \`docker rm --force ${name}\``,
  };
}

/** A container between two restarts does not count as running, nor does a paused one. */
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
