import type Docker from 'dockerode';
import type { SeenNetwork } from '../../domain/containers/networks';
import { ConfigurationFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import type { Group, ReleaseRef, Slot } from '../../domain/release';
import { groupAddresses, type ReplicaAddress } from './addresses';
import { containerOptions, copyOptions } from './container-options';
import { goneFailure, type DockerContainers } from './containers';
import type { DockerData } from './data';
import { statusOf, unless, type DockerEngine } from './engine';
import type { DockerImages } from './images';
import { mayNeedScratch } from '../../domain/containers/volumes';
import { createFailure, nameTaken, startFailure } from './container-failures';
import { ensureNetwork, type EnvironmentNetwork } from './network';
import { join, joinedBy, outsideNetworks, rejoin } from './outside-networks';
import { runOf, serviceOf } from './replica';
import type { DockerReplicas } from './replicas';
import { until } from '../../waiting/until';
import { containerName } from './names';
import type { Deployment, Groups, Removal, ServiceRef } from '../groups';
import type { Replica } from '../replicas';

const CREATE_LOOKS = 50;
const CREATE_PAUSE_MS = 100;

interface Plan {
  release: Owned<ReleaseRef>;
  group: Group;
  wanted: { service: string; replicas: number }[];
}

interface Planned {
  network: EnvironmentNetwork;
  addresses: ReplicaAddress[];
}

interface GroupParts {
  engine: DockerEngine;
  images: DockerImages;
  containers: DockerContainers;
  data: DockerData;
  replicas: DockerReplicas;
  /** Each environment gets a /24 of it. */
  addressPool: string;
}

export class DockerGroups implements Groups {
  constructor(private readonly parts: GroupParts) {}

  /** @throws UnhealthyFailure when a container cannot start at all. */
  async deploy({ release, slot, services }: Deployment, io: Io): Promise<Replica[]> {
    const { images, replicas } = this.parts;
    const wanted = services.map(({ service, config }) => ({ service, replicas: config.replicas }));
    const { network, addresses } = await this.plan({ release, group: slot, wanted }, io);
    const exact = new Map<string, { image: string; hasScratch: boolean }>();
    for (const { service, image, config } of services) {
      const name = await images.exactName(image, io);
      const hasScratch = mayNeedScratch(config) && (await images.look(image, io)).hasScratch;
      exact.set(service, { image: name, hasScratch });
    }
    await this.clear(release, slot, addresses, io);
    await Promise.all(
      addresses.map(async (at) => {
        const spec = services.find(({ service }) => service === at.service)!;
        const options = containerOptions({
          release,
          network: network.name,
          slot,
          spec,
          ...exact.get(at.service)!,
          ...at,
        });
        await this.create(options, release, io);
        await join(this.parts.engine, options.name!, spec.config.networks ?? [], io);
        if (spec.start) await this.startNew(options.name!, io);
        io.onProgress(`${options.name} ${spec.start ? 'started' : 'created'}`);
      }),
    );
    return replicas.list(release, slot, io);
  }

  /** @throws UnreachableFailure when there is nothing to copy; UnhealthyFailure when a copy cannot start at all. */
  async copy(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]> {
    const { containers, replicas } = this.parts;
    const originals = (await containers.inspectAll(release, from, io)).filter((info) => runOf(info) === undefined);
    if (originals.length === 0)
      throw new UnreachableFailure(`expected containers in ${from} to make a fresh baseline of, seen none: try again`);
    const wanted = [...new Set(originals.map(serviceOf))].map((service) => ({
      service,
      replicas: originals.filter((info) => serviceOf(info) === service).length,
    }));
    const { network, addresses } = await this.plan({ release, group: 'baseline', wanted }, io);
    await this.clear(release, 'baseline', addresses, io);
    await Promise.all(
      addresses.map(async ({ service, replica, address }) => {
        const original = originals.find((info) => serviceOf(info) === service)!;
        const options = copyOptions(original, { release, network: network.name, service, replica, address });
        await this.create(options, release, io);
        await join(this.parts.engine, options.name!, joinedBy(original), io);
        await this.startNew(options.name!, io);
        io.onProgress(`${options.name} started`);
      }),
    );
    return replicas.list(release, 'baseline', io);
  }

  async remove({ scope, group, releaseId, grace }: Removal, io: Io): Promise<string[]> {
    const found = (await this.parts.containers.find(scope, group, io)).filter(
      ({ Labels }) => releaseId === undefined || Labels[LABELS.release] === releaseId,
    );
    await Promise.all(found.map(({ Id }) => this.stopAndRemove(Id, grace, io)));
    return found.map(({ Names }) => Names[0]!.slice(1)).sort();
  }

  networks(scope: Owned, io: Io): Promise<SeenNetwork[]> {
    return outsideNetworks(this.parts.engine, scope, io);
  }

  /** @throws UnreachableFailure when there is nothing to start. */
  async start(of: ServiceRef, io: Io): Promise<void> {
    const ids = await this.parts.containers.idsOf(of, io);
    if (ids.length === 0) throw goneFailure(of);
    await Promise.all(ids.map((id) => this.keepRunning(id, io)));
  }

  async startOnce(of: ServiceRef, io: Io): Promise<void> {
    const { containers } = this.parts;
    for (const id of await containers.idsOf(of, io)) {
      const info = await containers.inspect(id, io);
      if (info?.State.Status === 'created') await this.startNew(info.Name.slice(1), io);
    }
  }

  async stop(of: ServiceRef, graceMs: number, io: Io): Promise<void> {
    const ids = await this.parts.containers.idsOf(of, io);
    await Promise.all(ids.map((id) => this.stopOne(id, graceMs, io)));
  }

  /** The restart policy comes only now, because a container that never ran must not start before its time. */
  private async keepRunning(id: string, io: Io): Promise<void> {
    const { engine, containers } = this.parts;
    await engine.call(io, (docker, abort) =>
      docker.getContainer(id).update({ RestartPolicy: { Name: 'unless-stopped' }, ...abort }),
    );
    const info = await containers.inspect(id, io);
    if (info && !info.State.Running) await rejoin(engine, info, io);
    if (!info?.State.Paused) return this.startNew(info?.Name.slice(1) ?? id, io);
    await engine.call(io, (docker, abort) => docker.getContainer(id).unpause({ ...abort }));
  }

  private async stopOne(id: string, graceMs: number, io: Io): Promise<void> {
    const t = Math.ceil(graceMs / 1_000);
    await this.parts.engine
      .call(io, (docker, abort) => docker.getContainer(id).stop({ t, ...abort }), graceMs + 60_000)
      .catch(unless(304, 404));
  }

  private async plan({ release, group, wanted }: Plan, io: Io): Promise<Planned> {
    const { engine, addressPool } = this.parts;
    const network = await ensureNetwork(engine, addressPool, release, io);
    const taken = await this.foreignAddresses(release, group, network.id, io);
    const addresses = groupAddresses(network.subnet, group, wanted, taken);
    if (addresses) return { network, addresses };
    throw new ConfigurationFailure(
      `expected fewer replicas in ${group} than ${network.subnet} has addresses for, seen ${JSON.stringify(wanted)}`,
    );
  }

  private async foreignAddresses(scope: Owned, group: Group, network: string, io: Io): Promise<string[]> {
    const own = new Set((await this.parts.containers.find(scope, group, io)).map(({ Id }) => Id));
    const info = (await this.parts.engine.call(io, (docker) =>
      docker.getNetwork(network).inspect(),
    )) as Docker.NetworkInspectInfo;
    return Object.entries(info.Containers ?? {})
      .filter(([id]) => !own.has(id))
      .map(([, { IPv4Address }]) => IPv4Address.replace(/\/\d+$/, ''));
  }

  private async clear(release: Owned<ReleaseRef>, group: Group, wanted: ReplicaAddress[], io: Io): Promise<void> {
    const names = new Set(wanted.map(({ service, replica }) => containerName(release, service, group, replica)));
    const found = await this.parts.containers.find(release, group, io);
    const stale = found.filter(
      ({ Names, Labels }) => Labels[LABELS.release] !== release.id || !names.has(Names[0]!.slice(1)),
    );
    await Promise.all(stale.map(({ Id }) => this.stopAndRemove(Id, 0, io)));
  }

  private async create(options: Docker.ContainerCreateOptions, release: Owned<ReleaseRef>, io: Io): Promise<void> {
    const { engine, containers } = this.parts;
    let refusal: unknown;
    const isThere = await until({ signal: io.signal, pause: CREATE_PAUSE_MS, looks: CREATE_LOOKS }, async () => {
      try {
        await engine.call(io, (docker, abort) => docker.createContainer({ ...options, ...abort }));
        return true;
      } catch (error) {
        if (statusOf(error) !== 409) throw createFailure(options.name!, error);
        refusal = error;
      }
      // The last request of a killed worker may hold the name before its container can be inspected.
      const present = await containers.inspect(options.name!, io);
      if (present && !isOwn(present.Config.Labels, release)) throw nameTaken(options.name!);
      if (present?.Config.Labels[LABELS.release] === release.id) return true;
      if (present) await this.stopAndRemove(present.Id, 0, io);
    });
    if (!isThere) throw refusal;
  }

  private async startNew(container: string, io: Io): Promise<void> {
    try {
      await this.parts.engine.call(io, (docker, abort) => docker.getContainer(container).start({ ...abort }));
    } catch (error) {
      if (statusOf(error) !== 304) throw startFailure(container, error);
    }
  }

  private async stopAndRemove(container: string, graceMs: number, io: Io): Promise<void> {
    if (graceMs > 0) await this.stopOne(container, graceMs, io);
    const info = await this.parts.containers.inspect(container, io);
    if (!info) return;
    await this.parts.data.remove(info, io);
    await this.untilGone(container, io);
  }

  private async untilGone(container: string, io: Io): Promise<void> {
    if (!(await this.parts.containers.inspect(container, io))) return;
    await this.parts.engine
      .call(io, (docker, abort) => docker.getContainer(container).wait({ condition: 'removed', ...abort }))
      .catch(unless(404));
  }
}
