import type Docker from 'dockerode';
import type { Endpoint } from '../../domain/endpoint';
import type { ReadyCheck } from '../../domain/health';
import type { Host, Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import type { Group } from '../../domain/release';
import type { DockerContainers } from './containers';
import type { DockerEngine } from './engine';
import { execIn, textOfFrames } from './exec';
import { greet } from './greeting';
import { askFrom } from './http';
import { replicaOf } from './replica';
import type { Answer, Asked, Probe, Protocol, Replica, ReplicaRef, Replicas, ReplicaUsage, Spoken } from '../replicas';

export class DockerReplicas implements Replicas {
  constructor(
    private readonly engine: DockerEngine,
    private readonly containers: DockerContainers,
    private readonly host: Host,
  ) {}

  async list(scope: Owned, group: Group, io: Io): Promise<Replica[]> {
    return (await this.containers.inspectAll(scope, group, io))
      .map((info) => replicaOf(info, group))
      .sort((a, b) => a.service.localeCompare(b.service) || a.replica - b.replica);
  }

  async logs(of: ReplicaRef, lines: number, io: Io): Promise<string[]> {
    const container = await this.containers.idOf(of, io);
    return this.engine.call(io, async (docker, abort) => {
      const options = { stdout: true, stderr: true, tail: lines, follow: false as const, ...abort };
      const framed = await docker.getContainer(container).logs(options);
      return textOfFrames(framed).split('\n').filter(Boolean).slice(-lines);
    });
  }

  async lastProbe(of: ReplicaRef, io: Io): Promise<Probe | undefined> {
    const info = await this.containers.inspect(await this.containers.idOf(of, io), io);
    const last = info?.State.Health?.Log?.at(-1);
    return last && { exitCode: last.ExitCode, output: last.Output.trim() };
  }

  async usage(of: ReplicaRef, io: Io): Promise<ReplicaUsage> {
    const container = await this.containers.idOf(of, io);
    const stats = await this.engine.call(io, (docker, abort) =>
      docker.getContainer(container).stats({ stream: false, 'one-shot': true, ...abort }),
    );
    const cpuTime = (stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6;
    return { memory: memoryOf(stats), cpuTime, at: Date.parse(stats.read) };
  }

  async exec(of: ReplicaRef, argv: string[], io: Io): Promise<{ exitCode: number; output: string }> {
    const { exitCode, stdout, stderr } = await execIn(this.engine, await this.containers.idOf(of, io), argv, io);
    return { exitCode, output: stdout + stderr };
  }

  ask(at: Asked, check: ReadyCheck, io: Io): Promise<Answer> {
    return askFrom(this.host, at, check, io);
  }

  greet(at: Endpoint, protocol: Protocol, io: Io): Promise<Spoken> {
    return greet(this.host, at, protocol, io);
  }
}

/** Leaves out the cache that the kernel can reclaim, as `docker stats` does. */
function memoryOf({ memory_stats }: Docker.ContainerStats): number {
  const details = (memory_stats?.stats ?? {}) as unknown as Record<string, number | undefined>;
  return Math.max(0, (memory_stats?.usage ?? 0) - (details.total_inactive_file ?? details.inactive_file ?? 0));
}
