import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { TargetConfig } from '../../domain/config';
import type { ReadyCheck } from '../../domain/health';
import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import type { Claim, Owned } from '../../domain/ownership';
import type { Group, ReleaseRef, Scope, Slot } from '../../domain/release';
import { findClaims } from './claims';
import { DockerData } from './data';
import { connectEngine, type DockerEngine, type Surroundings } from './engine';
import { execIn, textOfFrames } from './exec';
import { DockerHost } from './host';
import { askFrom, type Asked } from './http';
import { DockerImages } from './images';
import { ensureNetwork } from './network';
import { DockerSlots } from './slots';
import { DockerVolumes } from './volumes';
import type { Answer, ContainerData, Replica, ReplicaUsage, ServiceSpec, Target, TargetProbe, Wanted } from '../target';

/** A target whose containers run on one machine, which holds the files of a router and of the state as well. */
export interface DockerTarget extends Target {
  readonly kind: 'docker';
  readonly host: Host;
}

/** Opens nothing yet: the first call connects, and says when there is nothing to connect to. */
export function openDockerTarget(config: TargetConfig, surroundings: Surroundings): Promise<DockerTarget> {
  return Promise.resolve(new EngineTarget(config, surroundings));
}

/** A Docker engine: this machine's, or another's over TCP, TLS or SSH. */
class EngineTarget implements DockerTarget {
  readonly kind = 'docker';
  readonly host: DockerHost;
  private readonly engine: DockerEngine;
  readonly images: DockerImages;
  private readonly slots: DockerSlots;
  private readonly volumes: DockerVolumes;
  private readonly data: DockerData;

  constructor(
    private readonly config: TargetConfig,
    surroundings: Surroundings,
  ) {
    this.engine = connectEngine(config, surroundings);
    this.images = new DockerImages(this.engine, surroundings.variables);
    this.host = new DockerHost(this.engine, this.images, config.helperImage);
    this.volumes = new DockerVolumes(this.engine, this.host);
    this.data = new DockerData(this.engine, this.volumes);
    this.slots = new DockerSlots(this.engine, this.images, this.data);
  }

  async probe(io: Io): Promise<TargetProbe> {
    const info = (await this.engine.call(io, (docker) => docker.info())) as EngineInfo;
    if (info.OSType !== 'linux') {
      throw new ConfigurationFailure(
        `expected a Docker engine with Linux containers, seen ${info.OSType}: use another host`,
      );
    }
    return {
      engine: info.ServerVersion,
      now: Date.parse(info.SystemTime),
      memory: info.MemTotal,
      cores: info.NCPU,
      freeDisk: await this.freeDisk(info.DockerRootDir, io),
    };
  }

  claims(scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]> {
    return findClaims(this.engine, scope, wanted, io);
  }

  async ensureNetwork(scope: Owned, io: Io): Promise<void> {
    await ensureNetwork(this.engine, this.config.addressPool, scope, io);
  }

  deploySlot(release: Owned<ReleaseRef>, slot: Slot, services: ServiceSpec[], io: Io): Promise<Replica[]> {
    return this.slots.deploy(release, slot, services, io);
  }

  copySlot(release: Owned<ReleaseRef>, from: Slot, io: Io): Promise<Replica[]> {
    return this.slots.copy(release, from, io);
  }

  replicas(scope: Owned, group: Group, io: Io): Promise<Replica[]> {
    return this.slots.list(scope, group, io);
  }

  dataOf(scope: Owned, group: Group, io: Io): Promise<ContainerData[]> {
    return this.slots.dataOf(scope, group, io);
  }

  changedFiles(container: string, io: Io): Promise<string[]> {
    return this.data.changed(container, io);
  }

  holdsData(source: string, io: Io): Promise<boolean> {
    return this.volumes.holdsData(source, io);
  }

  writersOf(volume: string, io: Io): Promise<(Scope & { container: string })[]> {
    return this.volumes.writers(volume, io);
  }

  removeGroup(scope: Owned, group: Group, releaseId: string | undefined, graceMs: number, io: Io): Promise<string[]> {
    return this.slots.remove(scope, group, releaseId, graceMs, io);
  }

  startContainer(container: string, io: Io): Promise<void> {
    return this.slots.start(container, io);
  }

  startOnce(container: string, io: Io): Promise<void> {
    return this.slots.startOnce(container, io);
  }

  stopContainer(container: string, graceMs: number, io: Io): Promise<void> {
    return this.slots.stop(container, graceMs, io);
  }

  async exec(container: string, argv: string[], io: Io): Promise<{ exitCode: number; output: string }> {
    const { exitCode, stdout, stderr } = await execIn(this.engine, container, argv, io);
    return { exitCode, output: stdout + stderr };
  }

  async logs(container: string, lines: number, io: Io): Promise<string[]> {
    return this.engine.call(io, async (docker, abort) => {
      const options = { stdout: true, stderr: true, tail: lines, follow: false as const, ...abort };
      const framed = await docker.getContainer(container).logs(options);
      return textOfFrames(framed).split('\n').filter(Boolean).slice(-lines);
    });
  }

  async usage(container: string, io: Io): Promise<ReplicaUsage> {
    const stats = await this.engine.call(io, (docker, abort) =>
      docker.getContainer(container).stats({ stream: false, 'one-shot': true, ...abort }),
    );
    const cpuTime = (stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6;
    return { container, memory: memoryOf(stats), cpuTime, at: Date.parse(stats.read) };
  }

  archiveVolume(scope: Owned, volume: string, io: Io): Promise<Readable> {
    return this.volumes.archive(scope, volume, io);
  }

  volumeSize(volume: string, io: Io): Promise<number | undefined> {
    return this.volumes.size(volume, io);
  }

  ask(at: Asked, check: ReadyCheck, io: Io): Promise<Answer> {
    return askFrom(this.host, at, check, io);
  }

  close(): Promise<void> {
    this.engine.close();
    return Promise.resolve();
  }

  /** Undefined when the host has no `df`, or keeps the folder from us. */
  private async freeDisk(directory: string, io: Io): Promise<number | undefined> {
    const { exitCode, stdout } = await this.host.run(['df', '-Pk', directory], io);
    const available = /^\S+\s+\d+\s+\d+\s+(\d+)\s/m.exec(stdout)?.[1];
    return exitCode === 0 && available ? Number(available) * 1024 : undefined;
  }
}

interface EngineInfo {
  ServerVersion: string;
  SystemTime: string;
  MemTotal: number;
  NCPU: number;
  DockerRootDir: string;
  OSType: string;
}

/** As `docker stats` counts it: without the cache that the kernel gives back when it is needed. */
function memoryOf({ memory_stats }: Docker.ContainerStats): number {
  const details = (memory_stats?.stats ?? {}) as unknown as Record<string, number | undefined>;
  return Math.max(0, (memory_stats?.usage ?? 0) - (details.total_inactive_file ?? details.inactive_file ?? 0));
}
