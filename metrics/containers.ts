import { setTimeout as sleep } from 'node:timers/promises';
import type { AppConfig, AnalysisMetric } from '../domain/config';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import type { Replica, ReplicaRef, ReplicaUsage } from '../targets/replicas';
import type { Target } from '../targets/target';
import { within } from '../waiting/within';
import { missingBecause, type Measured, type MetricSource, type Reading, type Window } from './metric';

/** Engines' figures of CPU time are too coarse for looks closer together than this. */
const LOOK_MS = 1_000;
const OLDEST_MS = 120_000;

interface ContainersSettings {
  config: NonNullable<AnalysisMetric['containers']>;
  service: string | undefined;
  services: AppConfig['services'];
  target: Pick<Target, 'replicas'>;
}

type Running = ReplicaRef & Pick<Replica, 'container'>;

/** Adds up what all replicas of a slot use, so that a leak or a hot loop shows. */
export class ContainersSource implements MetricSource {
  /** The look before, by container: CPU is what was used since then. */
  private readonly looks = new Map<string, ReplicaUsage>();
  /** The highest replica number of each service, by version and place. */
  private readonly most = new Map<string, Map<string, number>>();

  constructor(private readonly settings: ContainersSettings) {}

  async read(of: Measured, _window: Window, io: Io): Promise<Reading> {
    const { timeout, measure } = this.settings.config;
    const late = `expected the engine to answer within ${formatDuration(timeout)}, seen nothing`;
    try {
      return await within({ signal: io.signal, limit: timeout, late }, async (signal) => {
        const bounded = { ...io, signal };
        const running = await this.running(of, bounded);
        if (!Array.isArray(running)) return running;
        return measure === 'memory' ? this.memory(running, bounded) : this.cpu(running, bounded);
      });
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  /** All replicas must run, as one that is gone would look like less use. */
  private async running(of: Measured, io: Io): Promise<Running[] | Reading> {
    const { service, services, target } = this.settings;
    const { owner, ...scope } = of;
    if (!owner) return { missing: 'expected to know whose containers are measured, seen no environment', fault: true };
    const found = (await target.replicas.list({ ...scope, owner }, of.slot, io)).filter((replica) =>
      service === undefined ? runsInBoth(services[replica.service]?.run) : replica.service === service,
    );
    const whose = `${service === undefined ? 'containers' : `containers of ${service}`} in ${of.slot}`;
    if (found.length === 0) return { missing: `expected ${whose}, seen none`, fault: false };
    const stopped = found
      .filter(({ state }) => state !== 'running')
      .map(({ container, state }) => `${container} ${state}`);
    if (stopped.length > 0) return { missing: `expected ${whose} to run, seen ${stopped.join(', ')}`, fault: false };
    const wanted = this.countedOf(of, found);
    if (found.length < wanted)
      return { missing: `expected ${whose} to be there, seen ${found.length} of ${wanted}`, fault: false };
    return found.map((replica) => ({ scope: { ...scope, owner }, ...replica }));
  }

  /** The configuration is that of the new version, which may have more replicas, so it counts those seen. */
  private countedOf({ slot, version, release }: Measured, found: Replica[]): number {
    const key = JSON.stringify([slot, version, release]);
    const most = this.most.get(key) ?? new Map<string, number>();
    for (const { service, replica } of found) most.set(service, Math.max(replica, most.get(service) ?? 0));
    this.most.set(key, most);
    return [...most.values()].reduce((sum, count) => sum + count, 0);
  }

  private async memory(running: Running[], io: Io): Promise<Reading> {
    const used = await this.look(running, io);
    return { value: used.reduce((sum, { memory }) => sum + memory, 0) };
  }

  private async cpu(running: Running[], io: Io): Promise<Reading> {
    let now = await this.look(running, io);
    let before = running.map(({ container }) => this.looks.get(container));
    if (!now.every((one, index) => isUsable(before[index], one))) {
      before = now;
      await sleep(LOOK_MS, undefined, { signal: io.signal });
      now = await this.look(running, io);
    }
    running.forEach(({ container }, index) => this.looks.set(container, now[index]!));
    const shares = now.map((one, index) => share(before[index]!, one));
    if (shares.some((one) => one < 0))
      return { missing: 'expected CPU time to grow, seen that a container began anew', fault: false };
    return { value: shares.reduce((sum, one) => sum + one, 0) };
  }

  private look(running: Running[], io: Io): Promise<ReplicaUsage[]> {
    return Promise.all(running.map((one) => this.settings.target.replicas.usage(one, io)));
  }
}

function runsInBoth(run = 'both'): boolean {
  return run === 'both';
}

function isUsable(before: ReplicaUsage | undefined, now: ReplicaUsage): boolean {
  if (!before || now.cpuTime < before.cpuTime) return false;
  const age = now.at - before.at;
  return age >= LOOK_MS && age <= OLDEST_MS;
}

function share(before: ReplicaUsage, now: ReplicaUsage): number {
  return now.at <= before.at ? 0 : (100 * (now.cpuTime - before.cpuTime)) / (now.at - before.at);
}
