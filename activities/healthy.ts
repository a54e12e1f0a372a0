import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthConfig } from '../domain/config';
import { UnhealthyFailure, UnreachableFailure } from '../domain/failures';
import { checkName } from '../domain/health';
import type { Owned } from '../domain/ownership';
import type { Group, ReleaseRef } from '../domain/release';
import { formatDuration } from '../domain/units';
import type { Replica } from '../targets/target';
import { askCheck, type Asker } from './ask';
import type { Step } from './steps';

/** First pause between two looks; it doubles up to the configured interval, so what is ready at once costs no wait. */
const FIRST_PAUSE_MS = 50;
/** More restarts than a service needs that waits for its database by giving up. */
const CRASH_LOOP = 3;
const LOG_LINES = 50;
/** Of all quoted logs together: a failure stays small in the history. */
const LOG_CHARACTERS = 8_000;

/** Of a service that the new version has no more: it only has to keep running. */
const NO_ENDPOINTS: HealthConfig = { attempts: 30, interval: 1_000, endpoints: [] };

interface Waiting extends Asker, Pick<Step, 'config'> {
  release: Owned<ReleaseRef>;
  group: Group;
  /** What runs in it when it is not what the configuration describes, but copies of an older version. */
  copies?: { version: string; replicas: number };
  /** When each container was first seen running, and after how many restarts. */
  seen: Map<string, { at: number; restarts: number }>;
}

interface Look {
  replica: Replica;
  healthy: boolean;
  /** No further look will change it. */
  hopeless: boolean;
  detail: string;
}

/**
 * Waits until every replica that was started is healthy: all endpoints of its service pass; without endpoints the
 * engine's HEALTHCHECK does; without that it keeps running for an interval.
 *
 * @throws UnhealthyFailure after `attempts` × `interval`, or as soon as a container crashes again and again.
 */
export async function untilHealthy(waiting: Omit<Waiting, 'seen'>): Promise<Replica[]> {
  const state: Waiting = { ...waiting, seen: new Map() };
  const started = Date.now();
  const services = Object.values(state.config.services);
  const limit = Math.max(...services.map(({ health }) => health.attempts * health.interval));
  const longestPause = Math.max(...services.map(({ health }) => health.interval));
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, longestPause)) {
    const looks = await lookAtAll(state, Date.now() - started);
    const sick = looks.filter(({ healthy }) => !healthy);
    if (sick.length === 0) return looks.map(({ replica }) => replica);
    const left = started + limit - Date.now();
    if (left <= 0 || sick.some(({ hopeless }) => hopeless)) throw await failure(state, sick, Date.now() - started);
    state.io.onProgress(`${looks.length - sick.length} of ${looks.length} replicas healthy; ${sick[0]!.detail}`);
    await sleep(Math.max(1, Math.min(pause, left)), undefined, { signal: state.io.signal });
  }
}

async function lookAtAll(state: Waiting, waited: number): Promise<Look[]> {
  const { target, release, group, config, io, copies } = state;
  const all = await target.replicas(release, group, io);
  const replicas = copies ? all : all.filter((replica) => isStarted(replica, config));
  refuseMissing(replicas, state);
  return Promise.all(
    replicas.map(async (replica) => {
      const health = config.services[replica.service]?.health ?? NO_ENDPOINTS;
      const crashed = crash(replica);
      if (crashed) return { replica, healthy: false, hopeless: replica.restarts >= CRASH_LOOP, detail: crashed };
      const { healthy, detail, hopeless = false } = await look(state, replica, health);
      return {
        replica,
        healthy,
        detail,
        hopeless: hopeless || (!healthy && waited > health.attempts * health.interval),
      };
    }),
  );
}

/** What is not there cannot be asked, and must not count as well: trying the step again makes it anew. */
function refuseMissing(replicas: Replica[], { config, group, copies }: Waiting): void {
  const wanted = Object.values(config.services).filter(({ run }) => run !== 'live-only');
  const expected = copies?.replicas ?? wanted.reduce((sum, service) => sum + service.replicas, 0);
  if (replicas.length === expected) return;
  throw new UnreachableFailure(
    `expected ${expected} containers in ${group}, seen ${replicas.length}: something else made or removed containers`,
  );
}

function isStarted({ service }: Replica, config: Step['config']): boolean {
  return config.services[service] !== undefined && config.services[service].run !== 'live-only';
}

function crash({ container, state, exitCode, restarts }: Replica): string | undefined {
  if (state === 'running' && restarts < CRASH_LOOP) return undefined;
  const end = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
  if (restarts >= CRASH_LOOP) return `${container} ended${end} and was restarted ${restarts} times`;
  return state === 'created' ? `${container} has not started yet` : `${container} ended${end}`;
}

async function look(
  state: Waiting,
  replica: Replica,
  health: HealthConfig,
): Promise<{ healthy: boolean; detail: string; hopeless?: boolean }> {
  if (health.endpoints.length > 0) return askEndpoints(state, replica, health);
  const engine = await state.target.engineHealth(replica.container, state.io);
  if (engine === 'none') return keepsRunning(state, replica, health);
  const detail = `${replica.container}: HEALTHCHECK says ${engine}`;
  return { healthy: engine === 'healthy', detail, hopeless: engine === 'unhealthy' };
}

async function askEndpoints(
  waiting: Waiting,
  replica: Replica,
  { endpoints }: HealthConfig,
): Promise<{ healthy: boolean; detail: string }> {
  const at = { host: replica.address, port: replica.port ?? waiting.config.services[replica.service]?.port ?? 80 };
  const results = await Promise.all(endpoints.map((check) => askCheck(waiting, at, check)));
  const failed = endpoints.flatMap((check, index) =>
    results[index]!.ok ? [] : [`${replica.container} ${checkName(check)}: ${results[index]!.detail}`],
  );
  return { healthy: failed.length === 0, detail: failed.join('; ') };
}

/** By this process's clock: the engine's may differ. */
function keepsRunning(
  { seen }: Waiting,
  { container, restarts }: Replica,
  { interval }: HealthConfig,
): { healthy: boolean; detail: string } {
  const known = seen.get(container);
  if (known?.restarts !== restarts) {
    seen.set(container, { at: Date.now(), restarts });
    return { healthy: false, detail: `${container} is running; watched for ${interval} ms` };
  }
  return { healthy: Date.now() - known.at >= interval, detail: `${container} is running; watched for ${interval} ms` };
}

async function failure(state: Waiting, sick: Look[], waited: number): Promise<UnhealthyFailure> {
  const { release, group, parts, copies } = state;
  const details = sick.map(({ detail }) => detail);
  // Secrets of an older version may be others than those known here, so what its copies say is not quoted.
  const logs = copies ? [] : [await quoteLogs(state, sick)];
  const expected = `expected ${copies?.version ?? release.version} in ${group} to be healthy`;
  const seen = [`seen after ${formatDuration(waited)}:`, ...details, ...logs].join('\n');
  return new UnhealthyFailure(parts.redact(`${expected}, ${seen}`));
}

/** One replica of each sick service speaks for the others. */
async function quoteLogs({ target, io, parts: { redact } }: Waiting, sick: Look[]): Promise<string> {
  const first = [...new Map([...sick].reverse().map((look) => [look.replica.service, look.replica])).values()];
  const share = Math.floor(LOG_CHARACTERS / first.length);
  const quoted = first.map(async ({ container }) => {
    const lines = await target.logs(container, LOG_LINES, io).catch((error: Error) => [`(no logs: ${error.message})`]);
    // Before it is cut: of a secret cut in two nothing would be recognised.
    const text = redact(lines.join('\n'));
    return `last ${lines.length} lines of ${container}:\n${text.length > share ? `…${text.slice(-share)}` : text}`;
  });
  return (await Promise.all(quoted)).join('\n');
}
