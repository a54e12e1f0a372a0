import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { groupAddresses, type ReplicaAddress } from '../../domain/addresses';
import { ConfigurationFailure, PreflightFailure, UnhealthyFailure, UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { LABELS, containerName, networkName } from '../../domain/names';
import { isOwn, type Owned } from '../../domain/ownership';
import type { Group, ReleaseRef, Slot } from '../../domain/release';
import { containerOptions, copyOptions } from './container-options';
import type { DockerData } from './data';
import { reasonOf, statusOf, unless, type DockerEngine } from './engine';
import type { DockerImages } from './images';
import { findNetwork, type EnvironmentNetwork } from './network';
import { replicaOf, runOf, serviceOf } from './replica';
import type { ContainerData, Replica, ServiceSpec } from '../target';

const CREATE_ATTEMPTS = 50;
const CREATE_PAUSE_MS = 100;

/** Containers of the slots of an environment, and of the fresh baseline that one of them may have. */
export class DockerSlots {
  constructor(
    private readonly engine: DockerEngine,
    private readonly images: DockerImages,
    private readonly data: DockerData,
  ) {}

  /** @throws PreflightFailure without a network; UnhealthyFailure when a container cannot start at all. */
  async deploy(release: Owned<ReleaseRef>, slot: Slot, services: ServiceSpec[], io: Io): Promise<Replica[]> {
    const wanted = services.map(({ service, config }) => ({ service, replicas: config.replicas }));
    const network = await this.network(release, io);
    const addresses = await this.plan(release, slot, network, wanted, io);
    const exact = new Map<string, string>();
    for (const { service, image } of services) exact.set(service, await this.images.exactName(image, io));
    await this.clear(release, slot, addresses, io);
    await Promise.all(
      addresses.map(async (at) => {
        const spec = services.find(({ service }) => service === at.service)!;
        const image = exact.get(at.service)!;
        const options = containerOptions({ release, network: network.name, slot, spec, image, ...at });
        await this.create(options, release, io);
        if (spec.start) await this.startNew(options.name!, io);
        io.onProgress(`${options.name} ${spec.start ? 'started' : 'created'}`);
      }),
    );
    return this.list(release, slot, io);
  }

  /** @throws UnreachableFailure when there is nothing to copy; UnhealthyFailure when a copy cannot start at all. */
  async copy(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]> {
    const originals = (await this.inspectAll(release, from, io)).filter((info) => runOf(info) === undefined);
    if (originals.length === 0)
      throw new UnreachableFailure(`expected containers in ${from} to make a fresh baseline of, seen none: try again`);
    const wanted = [...new Set(originals.map(serviceOf))].map((service) => ({
      service,
      replicas: originals.filter((info) => serviceOf(info) === service).length,
    }));
    const network = await this.network(release, io);
    const addresses = await this.plan(release, 'baseline', network, wanted, io);
    await this.clear(release, 'baseline', addresses, io);
    await Promise.all(
      addresses.map(async ({ service, replica, address }) => {
        // Replicas of a service differ in nothing but who they are.
        const original = originals.find((info) => serviceOf(info) === service)!;
        const options = copyOptions(original, { release, network: network.name, service, replica, address });
        await this.create(options, release, io);
        await this.startNew(options.name!, io);
        io.onProgress(`${options.name} started`);
      }),
    );
    return this.list(release, 'baseline', io);
  }

  async list(scope: Owned, group: Group, io: Io): Promise<Replica[]> {
    return (await this.inspectAll(scope, group, io))
      .map(replicaOf)
      .sort((a, b) => a.service.localeCompare(b.service) || a.replica - b.replica);
  }

  async dataOf(scope: Owned, group: Group, io: Io): Promise<ContainerData[]> {
    const all = await Promise.all((await this.inspectAll(scope, group, io)).map((info) => this.data.of(info, io)));
    return all.sort((a, b) => a.container.localeCompare(b.container));
  }

  async remove(scope: Owned, group: Group, releaseId: string | undefined, graceMs: number, io: Io): Promise<string[]> {
    const found = (await this.find(scope, group, io)).filter(
      ({ Labels }) => releaseId === undefined || Labels[LABELS.release] === releaseId,
    );
    await Promise.all(found.map(({ Id }) => this.stopAndRemove(Id, graceMs, io)));
    return found.map(({ Names }) => Names[0]!.slice(1)).sort();
  }

  /** Has the engine keep it running, and starts it: one that never ran must not come up by itself before its time. */
  async start(container: string, io: Io): Promise<void> {
    await this.engine.call(io, (docker, abort) =>
      docker.getContainer(container).update({ RestartPolicy: { Name: 'unless-stopped' }, ...abort }),
    );
    const isPaused = (await this.inspect(container, io))?.State.Paused;
    if (!isPaused) return this.startNew(container, io);
    await this.engine.call(io, (docker, abort) => docker.getContainer(container).unpause({ ...abort }));
  }

  /** What ran already, or runs, is not started again, whoever started it. */
  async startOnce(container: string, io: Io): Promise<void> {
    if ((await this.inspect(container, io))?.State.Status === 'created') await this.startNew(container, io);
  }

  /** Nothing to stop is fine. */
  async stop(container: string, graceMs: number, io: Io): Promise<void> {
    const t = Math.ceil(graceMs / 1_000);
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(container).stop({ t, ...abort }), graceMs + 60_000)
      .catch(unless(304, 404));
  }

  private async network(release: Owned<ReleaseRef>, io: Io): Promise<EnvironmentNetwork> {
    const network = await findNetwork(this.engine, release, io);
    if (network) return network;
    throw new PreflightFailure(`expected network ${networkName(release)}, seen none: make it before a slot`);
  }

  private async plan(
    release: Owned<ReleaseRef>,
    group: Group,
    network: EnvironmentNetwork,
    wanted: { service: string; replicas: number }[],
    io: Io,
  ): Promise<ReplicaAddress[]> {
    const taken = await this.foreignAddresses(release, group, network.id, io);
    const addresses = groupAddresses(network.subnet, group, wanted, taken);
    if (addresses) return addresses;
    throw new ConfigurationFailure(
      `expected fewer replicas in ${group} than ${network.subnet} has addresses for, seen ${JSON.stringify(wanted)}`,
    );
  }

  /** Addresses on the network that are not this group's own. */
  private async foreignAddresses(scope: Owned, group: Group, network: string, io: Io): Promise<string[]> {
    const own = new Set((await this.find(scope, group, io)).map(({ Id }) => Id));
    const info = (await this.engine.call(io, (docker) =>
      docker.getNetwork(network).inspect(),
    )) as Docker.NetworkInspectInfo;
    return Object.entries(info.Containers ?? {})
      .filter(([id]) => !own.has(id))
      .map(([, { IPv4Address }]) => IPv4Address.replace(/\/\d+$/, ''));
  }

  /** Removes what an earlier release left in the idle group, and what this one has too much of. */
  private async clear(release: Owned<ReleaseRef>, group: Group, wanted: ReplicaAddress[], io: Io): Promise<void> {
    const names = new Set(wanted.map(({ service, replica }) => containerName(release, service, group, replica)));
    const found = await this.find(release, group, io);
    const stale = found.filter(
      ({ Names, Labels }) => Labels[LABELS.release] !== release.id || !names.has(Names[0]!.slice(1)),
    );
    await Promise.all(stale.map(({ Id }) => this.stopAndRemove(Id, 0, io)));
  }

  private async create(options: Docker.ContainerCreateOptions, release: Owned<ReleaseRef>, io: Io): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.engine.call(io, (docker, abort) => docker.createContainer({ ...options, ...abort }));
        return;
      } catch (error) {
        if (statusOf(error) !== 409 || attempt === CREATE_ATTEMPTS) throw error;
      }
      const present = await this.inspect(options.name!, io);
      if (present && !isOwn(present.Config.Labels, release)) throw nameTaken(options.name!);
      if (present?.Config.Labels[LABELS.release] === release.id) return;
      if (present) await this.stopAndRemove(present.Id, 0, io);
      // A killed worker's last request still holds the name, and its container cannot be looked at yet.
      else await sleep(CREATE_PAUSE_MS, undefined, { signal: io.signal });
    }
  }

  private async startNew(container: string, io: Io): Promise<void> {
    try {
      await this.engine.call(io, (docker, abort) => docker.getContainer(container).start({ ...abort }));
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return;
      if (status === undefined) throw error;
      const seen = `expected ${container} to start, seen ${reasonOf(error)}`;
      // 400: the command cannot be run, which no further try changes.
      if (status === 400) throw new UnhealthyFailure(`${seen}: correct its \`command\` or image`);
      throw new UnreachableFailure(`${seen}: it is tried again`);
    }
  }

  private async stopAndRemove(container: string, graceMs: number, io: Io): Promise<void> {
    if (graceMs > 0) await this.stop(container, graceMs, io);
    const info = await this.inspect(container, io);
    if (!info) return;
    await this.data.remove(info, io);
    await this.untilGone(container, io);
  }

  private async untilGone(container: string, io: Io): Promise<void> {
    if (!(await this.inspect(container, io))) return;
    await this.engine
      .call(io, (docker, abort) => docker.getContainer(container).wait({ condition: 'removed', ...abort }))
      .catch(unless(404));
  }

  /** The environment's own, and nothing else that has its name. */
  private async find(scope: Owned, group: Group, io: Io): Promise<Docker.ContainerInfo[]> {
    const label = [
      `${LABELS.app}=${scope.app}`,
      `${LABELS.environment}=${scope.environment}`,
      `${LABELS.slot}=${group}`,
    ];
    const found = await this.engine.call(io, (docker, abort) =>
      docker.listContainers({ all: true, filters: { label }, ...abort }),
    );
    return found.filter(({ Labels }) => isOwn(Labels, scope));
  }

  private async inspectAll(scope: Owned, group: Group, io: Io): Promise<Docker.ContainerInspectInfo[]> {
    const found = await this.find(scope, group, io);
    const inspected = await Promise.all(found.map(({ Id }) => this.inspect(Id, io)));
    return inspected.filter((info) => info !== undefined);
  }

  /** Undefined when it is gone. */
  private async inspect(container: string, io: Io): Promise<Docker.ContainerInspectInfo | undefined> {
    try {
      return await this.engine.call(io, (docker, abort) => docker.getContainer(container).inspect({ ...abort }));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }
}

/** Preflight finds it; it may also have come since. */
function nameTaken(container: string): ConfigurationFailure {
  return new ConfigurationFailure(
    `expected the name ${container} to be free for the new version, seen a container that is not this environment's: ` +
      `rename or remove it if nobody needs it (\`docker rename ${container} OTHER\`); Spillway left it alone`,
  );
}
