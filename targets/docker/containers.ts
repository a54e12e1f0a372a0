import type Docker from 'dockerode';
import { UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import type { Group } from '../../domain/release';
import { unless, type DockerEngine } from './engine';
import type { ServiceRef } from '../groups';
import type { ReplicaRef } from '../replicas';

/** Finds an environment's containers by their labels, since anybody may take a name. */
export class DockerContainers {
  constructor(private readonly engine: DockerEngine) {}

  find(scope: Owned, group: Group, io: Io): Promise<Docker.ContainerInfo[]> {
    return this.labelled(scope, { [LABELS.slot]: group }, io);
  }

  async inspectAll(scope: Owned, group: Group, io: Io): Promise<Docker.ContainerInspectInfo[]> {
    const found = await this.find(scope, group, io);
    const inspected = await Promise.all(found.map(({ Id }) => this.inspect(Id, io)));
    return inspected.filter((info) => info !== undefined);
  }

  inspect(container: string, io: Io): Promise<Docker.ContainerInspectInfo | undefined> {
    return this.engine
      .call(io, (docker, abort) => docker.getContainer(container).inspect({ ...abort }))
      .catch(unless(404));
  }

  async idsOf({ scope, group, service, replica }: ServiceRef, io: Io): Promise<string[]> {
    const labels = { [LABELS.slot]: group, [LABELS.service]: service };
    const one = replica === undefined ? labels : { ...labels, [LABELS.replica]: String(replica) };
    const found = await this.labelled(scope, one, io);
    return found.map(({ Id }) => Id);
  }

  /** @throws UnreachableFailure when it is gone. */
  async idOf(of: ReplicaRef, io: Io): Promise<string> {
    const [id] = await this.idsOf(of, io);
    if (id !== undefined) return id;
    throw goneFailure(of);
  }

  private async labelled(scope: Owned, labels: Record<string, string>, io: Io): Promise<Docker.ContainerInfo[]> {
    const all = { [LABELS.app]: scope.app, [LABELS.environment]: scope.environment, ...labels };
    const label = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    const found = await this.engine.call(io, (docker, abort) =>
      docker.listContainers({ all: true, filters: { label }, ...abort }),
    );
    return found.filter(({ Labels }) => isOwn(Labels, scope));
  }
}

/** The container was there a moment ago, so another try makes sense. */
export function goneFailure({ group, service, replica }: ServiceRef): UnreachableFailure {
  const which = replica === undefined ? 'containers' : `container ${replica}`;
  return new UnreachableFailure(`expected ${which} of ${service} in ${group}, seen none: something else removed it`);
}
