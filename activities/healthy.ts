import type { HealthConfig, ServiceConfig } from '../domain/config';
import { endOf, judgeExits, watchedOf, type Watched } from '../domain/containers/exits';
import { MOST_PATIENCE_MS, patienceOf, pollInterval } from '../domain/containers/healthcheck';
import { UnhealthyFailure, UnreachableFailure } from '../domain/failures';
import { checkName } from '../domain/health';
import type { Owned } from '../domain/ownership';
import type { Group, ReleaseRef } from '../domain/release';
import { formatDuration } from '../domain/units';
import type { Replica } from '../targets/replicas';
import { until } from '../waiting/until';
import { askCheck, spokenBy, type Asker } from './ask';
import { lastProbes, lastWords } from './last-words';
import type { Step } from './steps';

/** The pause doubles up to the configured interval, so that what is ready at once costs no wait. */
const FIRST_PAUSE_MS = 50;
/** A service that waits for its database by crashing restarts less often. */
const CRASH_LOOP = 3;

/** A service that the new version no longer has only needs to keep running. */
const NO_ENDPOINTS: HealthConfig = { endpoints: [], restarts: 0 };

interface Waiting extends Asker, Pick<Step, 'config'> {
  release: Owned<ReleaseRef>;
  group: Group;
  /** Set when the group runs copies of an older version. */
  copies?: { version: string; replicas: number };
  only?: 'live-only';
  /** When a container that nothing asks has run for long enough, by this process's clock: the engine's may differ. */
  seen: Map<string, { until: number; restarts: number }>;
  well: Map<string, Watched>;
}

interface Look {
  replica: Replica;
  healthy: boolean;
  hopeless: boolean;
  detail: string;
  /** Milliseconds that it may take. */
  patience: number;
}

/**
 * Relies on HEALTHCHECK for a service without endpoints, and without both on how long the container runs.
 * @throws UnhealthyFailure after the time that `patienceOf` gives, or at once when a container crashes again and again,
 * ends, or is unhealthy by its HEALTHCHECK.
 */
export async function untilHealthy(waiting: Omit<Waiting, 'seen' | 'well'>): Promise<Replica[]> {
  const state: Waiting = { ...waiting, seen: new Map(), well: new Map() };
  const started = Date.now();
  const longestPause = Math.max(...waitedFor(state).map(([, { health }]) => pollInterval(health)));
  let sick: Look[] = [];
  const left = (): number => Math.min(...sick.map(({ patience }) => patience)) - (Date.now() - started);
  const pause = (looks: number): number =>
    Math.min(FIRST_PAUSE_MS * 2 ** (looks - 1), longestPause, left(), untilSoonest(state));
  const well = await until({ signal: state.io.signal, pause, limit: MOST_PATIENCE_MS }, async () => {
    const waited = Date.now() - started;
    const looks = await lookAtAll(state, waited);
    sick = looks.filter(({ healthy }) => !healthy);
    const [first] = sick;
    if (!first) return looks.map(({ replica }) => replica);
    if (sick.some(({ hopeless }) => hopeless)) throw await failure(state, sick, Date.now() - started);
    const time = `${formatDuration(waited)} of at most ${formatDuration(first.patience)}`;
    state.io.onProgress(`${looks.length - sick.length} of ${looks.length} replicas healthy; ${first.detail}, ${time}`);
  });
  if (well) return well;
  throw await failure(state, sick, Date.now() - started);
}

async function lookAtAll(state: Waiting, waited: number): Promise<Look[]> {
  const { target, release, group, config, io, copies } = state;
  const all = await target.replicas.list(release, group, io);
  const names = waitedFor(state).map(([name]) => name);
  const replicas = copies ? all : all.filter(({ service }) => names.includes(service));
  refuseMissing(replicas, state);
  const { problem, containers } = judgeExits([...state.well.values()], replicas, config.services);
  return Promise.all(
    replicas.map(async (replica) => {
      const health = config.services[replica.service]?.health ?? NO_ENDPOINTS;
      const patience = patienceOf(health, replica.healthcheck);
      if (problem && containers.includes(replica.container))
        return { replica, patience, healthy: false, hopeless: true, detail: problem };
      const { healthy, detail, hopeless = false } = crashOf(replica) ?? (await look(state, replica, health));
      if (healthy && !state.well.has(replica.container))
        for (const one of watchedOf([replica])) state.well.set(one.container, one);
      return { replica, patience, healthy, detail, hopeless: hopeless || (!healthy && waited >= patience) };
    }),
  );
}

/** A missing container must fail the step, because only another try of the step creates it again. */
function refuseMissing(replicas: Replica[], state: Waiting): void {
  const { group, copies } = state;
  const expected = copies?.replicas ?? waitedFor(state).reduce((sum, [, service]) => sum + service.replicas, 0);
  if (replicas.length === expected) return;
  throw new UnreachableFailure(
    `expected ${expected} containers in ${group}, seen ${replicas.length}: something else made or removed containers`,
  );
}

function waitedFor({ config, only }: Waiting): [string, ServiceConfig][] {
  return Object.entries(config.services).filter(([, { run }]) =>
    only === 'live-only' ? run === 'live-only' : run !== 'live-only' && run !== 'once',
  );
}

interface Seen {
  healthy: boolean;
  detail: string;
  hopeless?: boolean;
}

function crashOf({ container, state, exitCode, outOfMemory, restarts }: Replica): Seen | undefined {
  if (state === 'running' && restarts < CRASH_LOOP) return undefined;
  const end = endOf({ exitCode, outOfMemory });
  const down = (detail: string, hopeless: boolean): Seen => ({ healthy: false, detail, hopeless });
  if (restarts >= CRASH_LOOP) return down(`${container} ended${end} and was restarted ${restarts} times`, true);
  if (state === 'paused') return down(`${container} is paused`, false);
  if (state === 'created') return down(`${container} has not started yet`, false);
  // A container that exited for good never comes back.
  return down(`${container} ended${end}`, state === 'exited');
}

async function look(state: Waiting, replica: Replica, health: HealthConfig): Promise<Seen> {
  if (health.endpoints.length > 0) return askEndpoints(state, replica, health);
  if (replica.health === undefined) return keepsRunning(state, replica, health);
  const detail = `${replica.container}: HEALTHCHECK says ${replica.health}`;
  return { healthy: replica.health === 'healthy', detail, hopeless: replica.health === 'unhealthy' };
}

async function askEndpoints(waiting: Waiting, replica: Replica, { endpoints }: HealthConfig): Promise<Seen> {
  const { endpoint } = replica;
  if (!endpoint) return { healthy: false, detail: `${replica.container} is at no address where it could be asked` };
  const results = await Promise.all(
    endpoints.map((check) =>
      askCheck(waiting, { endpoint, ...spokenBy(waiting.config.services[replica.service]) }, check),
    ),
  );
  const failed = endpoints.flatMap((check, index) =>
    results[index]!.ok ? [] : [`${replica.container} ${checkName(check)}: ${results[index]!.detail}`],
  );
  return { healthy: failed.length === 0, detail: failed.join('; ') };
}

function keepsRunning({ seen }: Waiting, { container, restarts }: Replica, health: HealthConfig): Seen {
  const interval = pollInterval(health);
  const known = seen.get(container);
  const isKnown = known?.restarts === restarts;
  if (!isKnown) seen.set(container, { until: Date.now() + interval, restarts });
  const healthy = isKnown && Date.now() >= known.until;
  return { healthy, detail: `${container} is running; watched for ${formatDuration(interval)}` };
}

/** A pause that went on after this moment would keep a release waiting for a container that is known to be well. */
function untilSoonest({ seen }: Waiting): number {
  const left = [...seen.values()].map(({ until }) => until - Date.now());
  return Math.min(...left.filter((ms) => ms > 0));
}

async function failure(state: Waiting, sick: Look[], waited: number): Promise<UnhealthyFailure> {
  const { release, group, parts, copies } = state;
  const details = sick.map(({ detail }) => detail);
  // The secrets of an older version may be unknown here and so not redacted; its copies' logs are not quoted.
  const speakers = spokesmen(sick);
  const logs = copies ? [] : [...(await lastProbes(speakers, state)), await lastWords(speakers, state)];
  const expected = `expected ${copies?.version ?? release.version} in ${group} to be healthy`;
  const seen = [`seen after ${formatDuration(waited)}:`, ...details, ...logs].join('\n');
  return new UnhealthyFailure(parts.redact(`${expected}, ${seen}`));
}

function spokesmen(sick: Look[]): Replica[] {
  const first = new Map([...sick].reverse().map(({ replica }) => [replica.service, replica]));
  return [...first.values()];
}
