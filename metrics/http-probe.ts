import type { Evidence } from '../domain/judging/counters';
import type { AppConfig, HttpCheck } from '../domain/config';
import type { Endpoint } from '../domain/endpoint';
import { UnreachableFailure } from '../domain/failures';
import { checkName } from '../domain/health';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Slot } from '../domain/release';
import type { Replica, Replicas } from '../targets/replicas';

type Probes = Evidence['probes'];

interface Asking {
  target: { replicas: Pick<Replicas, 'list'> };
  services: AppConfig['services'];
  scope: Owned;
  slot: Slot;
  ask: (at: Endpoint, check: HttpCheck, service: string) => Promise<{ ok: boolean; detail: string }>;
  io: Io;
}

/** Adds to the failures in a row. When the target does not answer, `before` stands, and `gap` says why. */
export async function probeSlot(asking: Asking, before: Probes): Promise<{ probes: Probes; gap?: string }> {
  try {
    const replicas = await asking.target.replicas.list(asking.scope, asking.slot, asking.io);
    const services = Object.keys(asking.services).filter((name) => hasBegun(asking.services[name]!, name, replicas));
    const results = await Promise.all(services.map((service) => probeService(asking, service, replicas)));
    return { probes: Object.fromEntries(results.flat().map((result) => [result.name, follow(before, result)])) };
  } catch (error) {
    if (!(error instanceof UnreachableFailure)) throw error;
    return { probes: before, gap: `the target did not answer: ${error.message}` };
  }
}

/** A `live-only` service starts only with the switch, and a job has no health. */
function hasBegun({ run }: AppConfig['services'][string], service: string, replicas: Replica[]): boolean {
  if (run === 'once') return false;
  return run !== 'live-only' || replicas.some((one) => one.service === service && one.state !== 'created');
}

interface Result {
  name: string;
  ok: boolean;
  seen: string;
}

async function probeService(asking: Asking, service: string, all: Replica[]): Promise<Result[]> {
  const replicas = all.filter((replica) => replica.service === service);
  const missing = asking.services[service]!.replicas - replicas.length;
  const gone = missing > 0 ? [{ name: `${service} replicas`, ok: false, seen: `${missing} gone` }] : [];
  return [...gone, ...(await Promise.all(replicas.map((replica) => probeReplica(asking, replica)))).flat()];
}

async function probeReplica({ services, ask }: Asking, replica: Replica): Promise<Result[]> {
  const { health } = services[replica.service]!;
  const { container, state, exitCode, endpoint } = replica;
  if (state !== 'running' || health.endpoints.length === 0) {
    const seen = exitCode === undefined ? state : `${state} with exit code ${exitCode}`;
    return [{ name: container, ok: state === 'running', seen }];
  }
  return Promise.all(
    health.endpoints.map(async (check) => {
      const name = `${container} ${checkName(check)}`;
      if (!endpoint) return { name, ok: false, seen: 'it is at no address where it could be asked' };
      const { ok, detail } = await ask(endpoint, check, replica.service);
      return { name, ok, seen: detail };
    }),
  );
}

function follow(before: Probes, { name, ok, seen }: Result): Probes[string] {
  return { failures: ok ? 0 : (before[name]?.failures ?? 0) + 1, seen };
}
