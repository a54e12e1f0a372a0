import type Docker from 'dockerode';
import { LABELS } from '../../domain/names';
import { LIVE_ONLY_LABEL, ONCE_LABEL, PORT_LABEL } from './container-options';
import type { Replica } from '../target';

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
export function replicaOf(info: Docker.ContainerInspectInfo): Replica {
  const { Labels, Image } = info.Config;
  const { OOMKilled, ExitCode, StartedAt } = info.State;
  const attached = info.NetworkSettings.Networks[info.HostConfig.NetworkMode ?? ''];
  const started = Date.parse(StartedAt);
  const [run, state, health] = [runOf(info), stateOf(info), healthOf(info)];
  return {
    service: serviceOf(info),
    replica: Number(Labels[LABELS.replica]),
    container: info.Name.slice(1),
    id: info.Id,
    ...(run && { run }),
    // The engine's word while it runs; what it was told while it does not.
    address: attached?.IPAddress || attached?.IPAMConfig?.IPv4Address || '',
    ...(Labels[PORT_LABEL] && { port: Number(Labels[PORT_LABEL]) }),
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
