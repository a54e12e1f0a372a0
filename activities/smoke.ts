import { setTimeout as sleep } from 'node:timers/promises';
import type { AppConfig, HttpCheck, RouteConfig } from '../domain/config';
import { SmokeFailure } from '../domain/failures';
import { checkName } from '../domain/health';
import { hostFor, plainRoute, takesPath } from '../domain/routes';
import { formatDuration, formatSize } from '../domain/units';
import type { Router } from '../routers/router';
import type { Asked as Place, Replica } from '../targets/replicas';
import { askCheck, spokenBy, type Asker } from './ask';
import { expectUnbroken } from './exits';
import { withStep, type StepParts } from './io';
import type { Parts } from './parts';
import type { Activities, SmokeReport } from './steps';

type Input = Parameters<Activities['smoke']>[0];
type Result = SmokeReport['checks'][number];

interface Smoke extends Asker, Pick<StepParts, 'release' | 'router'> {
  input: Input;
  parts: Parts;
}

export const smokeActivities = (parts: Parts): Pick<Activities, 'smoke'> => ({
  smoke: (input) =>
    withStep(parts, input, async (step) => {
      const all = { ...step, input, parts, projectDirectory: input.projectDirectory };
      await expectUnbroken(input, step, parts);
      const checks = await round(all);
      refuse(checks, input, parts, 'at the first try');
      const answer = { checks: await watch(all, checks) };
      // A check may pass and still kill the container.
      await expectUnbroken(input, step, parts);
      return answer;
    }),
});

/** Failed checks are answers, not errors. */
export function askSlot(
  input: Input,
  step: Pick<StepParts, 'target' | 'router' | 'io' | 'release'>,
  parts: Parts,
): Promise<Result[]> {
  return round({ ...step, input, parts, projectDirectory: input.projectDirectory });
}

/** Only failures in a row count, because a single one may be a hiccup of the network. */
async function watch(smoke: Smoke, first: Result[]): Promise<Result[]> {
  const { input, io, parts } = smoke;
  const { watch: duration, failures, interval } = input.config.smoke;
  const until = Date.now() + duration;
  let last = first;
  for (let inARow = 0; Date.now() < until;) {
    await sleep(Math.min(interval, Math.max(0, until - Date.now())), undefined, { signal: io.signal });
    await expectUnbroken(input, smoke, parts);
    const checks = await round(smoke);
    const hasFailed = checks.some(({ ok }) => !ok);
    inARow = hasFailed ? inARow + 1 : 0;
    if (inARow >= failures) refuse(checks, input, parts, `${inARow} times in a row`);
    if (!hasFailed) last = checks;
    io.onProgress(`watched for another ${formatDuration(Math.max(0, until - Date.now()))}`);
  }
  return last;
}

async function round(smoke: Smoke): Promise<Result[]> {
  const { config, slot, through } = smoke.input;
  const running = (await smoke.target.replicas.list(smoke.release, slot, smoke.io)).filter(
    ({ state }) => state === 'running',
  );
  const asked = config.smoke.checks.map(async (check) => {
    const place = through === 'router' ? routerPlace(config, check, smoke.router) : undefined;
    return askOne(smoke, place ?? replicaPlace(check, running), check);
  });
  const used = through === 'router' ? memory(config, running, smoke) : Promise.resolve([]);
  return [...(await Promise.all(asked)), ...(await used)];
}

async function askOne(smoke: Smoke, at: Place | undefined, check: HttpCheck): Promise<Result> {
  const name = checkName(check);
  if (!at)
    return {
      name,
      ok: false,
      latency: 0,
      detail: `expected a running replica of ${check.service} in ${smoke.input.slot}, seen none`,
    };
  const place = { ...at, ...spokenBy(smoke.input.config.services[check.service ?? '']) };
  return { name, ...(await askCheck(smoke, place, withLimit(check, smoke.input))) };
}

/** The limits of verify apply only behind the router, where users are. */
function withLimit(check: HttpCheck, { through, config }: Input): HttpCheck {
  const limits = [check.maxLatency, through === 'router' ? config.verify.maxLatency : undefined].filter(
    (limit) => limit !== undefined,
  );
  return limits.length === 0 ? check : { ...check, maxLatency: Math.min(...limits) };
}

function replicaPlace({ service }: HttpCheck, running: Replica[]): Place | undefined {
  const endpoint = running.find((one) => one.service === service)?.endpoint;
  return endpoint && { endpoint };
}

/** Answers undefined for a service without a route; it is asked directly. */
function routerPlace(config: AppConfig, { service, path, grpc }: HttpCheck, router: Router): Place | undefined {
  const routes = config.services[service ?? '']?.routes ?? [];
  const [route] = [...routes].sort((a, b) => suitability(b, path) - suitability(a, path));
  if (!route) return undefined;
  // Users need not reach the health of gRPC.
  if (grpc !== undefined && suitability(route, path) < 0) return undefined;
  const tls = config.router.tls?.ports.includes(route.port) ?? false;
  const host = hostFor(route);
  return { endpoint: router.entry(route.port), ...(host !== undefined && { hostHeader: host }), tls };
}

/** Answers −1 when the route does not take the path. */
function suitability(route: RouteConfig, path: string): number {
  return takesPath(route, path) ? plainRoute(route).path.length : -1;
}

async function memory({ verify }: AppConfig, running: Replica[], { target, io, release }: Smoke): Promise<Result[]> {
  const limit = verify.maxMemory;
  if (limit === undefined) return [];
  return Promise.all(
    running.map(async (replica) => {
      const { memory: used } = await target.replicas.usage({ scope: release, ...replica }, io);
      const ok = used <= limit;
      const detail = ok ? formatSize(used) : `expected at most ${formatSize(limit)}, seen ${formatSize(used)}`;
      return { name: `memory of ${replica.container}`, ok, latency: 0, detail };
    }),
  );
}

function refuse(checks: Result[], { slot, through, release }: Input, { redact }: Parts, when: string): void {
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const how = through === 'router' ? 'through the router' : `directly in ${slot}`;
  const lines = failed.map(({ name, detail }) => `${name}: ${detail}`);
  throw new SmokeFailure(
    redact(
      `expected all checks of ${release.version} to pass ${how}, seen ${failed.length} of ${checks.length} fail ${when}:\n${lines.join('\n')}`,
    ),
  );
}
