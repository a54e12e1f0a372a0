import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { canaryActivities } from '../../activities/canary/soak';
import type { Beat } from '../../activities/canary/soak';
import type { SoakInput, SoakReport } from '../../activities/steps';
import type { RouterCounters } from '../../domain/router';
import type { SoakState } from '../../domain/judging/soak/state';
import { containerName } from '../../targets/docker/names';
import { ActivityWorld } from '../support/activity-world';
import { until } from '../support/until';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

/** Answers its version; a version with `bad` in it answers 500, and one with `sick` only its health check does. */
const SERVER = `require('node:http').createServer((q, r) => {
  const { VERSION } = process.env;
  const isBad = VERSION.includes('bad') || (VERSION.includes('sick') && q.url === '/health');
  r.writeHead(isBad ? 500 : 200).end(VERSION);
}).listen(8080);
process.on('SIGTERM', () => process.exit(0))`;

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
  world.change = (raw) => {
    raw.services.web.command = ['-e', SERVER];
    raw.canary = { affinity: false };
  };
  await world.release(OLD, '1.0.0', 'blue');
}, 300_000);
afterEach(() => world.close());

const input = async (version: string, given: Partial<SoakInput>): Promise<SoakInput> => {
  const step = world.step(NEW, version);
  await world.deploy(step, 'green');
  // Probed from here on only: what is sick must get deployed.
  world.change = (raw) => {
    raw.services.web.command = ['-e', SERVER];
    raw.services.web.health = { endpoints: [{ path: '/health' }] };
  };
  const { counters } = await world.run('setTraffic', { ...step, slot: 'green', share: 50 });
  const limits = { minRequests: 20, ...given.limits };
  const fixed = { name: 'canary-50', slot: 'green', share: 50, interval: 100, longest: null } as const;
  const known = { baseline: counters, startedAt: Date.now(), carried: null, recorded: null };
  const beside = { version: '1.0.0', releaseId: OLD };
  return { ...world.step(NEW, version), ...fixed, ...known, soak: 300, beside, ...given, limits } as SoakInput;
};

async function traffic(requests: number): Promise<void> {
  for (let index = 0; index < requests; index++) await world.ask();
}

/** Goes on until it is so; many requests, since the first ones of a version are not compared. Answers how many. */
async function trafficUntil(isSo: () => boolean): Promise<number> {
  let sent = 0;
  const look = async () => {
    if (isSo()) return true;
    await world.ask();
    sent += 1;
    return false;
  };
  await until(look, { what: String(isSo), every: 1 });
  return sent;
}

/** Soaks under traffic for as long as evidence is missing, since by chance 100 requests may not be enough. */
async function soakUnderTraffic(given: SoakInput): Promise<SoakReport & { sent: number }> {
  let isOver = false;
  const report = start({ ...given, longest: 600_000 }).report.finally(() => (isOver = true));
  const [sent, told] = await Promise.all([trafficUntil(() => isOver), report]);
  return { ...told, sent };
}

const lastBeat = (): Beat => world.beats.at(-1) as Beat;

/** Starts a soak that a test cancels, or that goes on where another attempt left. */
function start(
  given: SoakInput,
  heartbeatDetails?: unknown,
): { environment: MockActivityEnvironment; report: Promise<SoakReport> } {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  environment.on('heartbeat', (details) => world.beats.push(details));
  return { environment, report: environment.run(canaryActivities(world.parts).soak, given) };
}

describe('a soak', () => {
  it('passes a good version on enough requests, and none of the other slot counts', async () => {
    const given = await input('1.1.0', { limits: { errorRate: 5, p95: 5_000, minRequests: 20 } });
    await traffic(100);
    const { sent, ...report } = await soakUnderTraffic(given);
    expect(report).toMatchObject({ judgement: { verdict: 'pass' }, interrupted: false, errors: 0 });
    const perCent = (100 * report.requests) / (100 + sent);
    expect(perCent).toBeGreaterThan(20);
    expect(perCent).toBeLessThan(80);
  }, 300_000);

  it('fails a bad version at once, long before its time is over', async () => {
    const given = await input('1.1.0-bad', { soak: 600_000, limits: { errorRate: 5, minRequests: 20 } });
    await traffic(100);
    const { judgement } = await world.run('soak', given);
    expect(judgement.verdict).toBe('fail');
    expect(judgement.reason).toMatch(/^web: error rate 100 % \(\d+ of \d+ requests\) > 5 %$/);
  }, 300_000);

  it('hands over with all that it saw when its time for that has come [proves beats]', async () => {
    const given = await input('1.1.0', { soak: 600_000, handOver: 200, spent: 120_000 });
    await traffic(30);
    const { report } = start(given);
    const { interrupted, carried, soaked } = await report;
    expect({ interrupted, name: carried?.name }).toEqual({ interrupted: true, name: 'canary-50' });
    expect(soaked).toBeGreaterThanOrEqual(120_200);
  }, 300_000);

  it('is inconclusive without enough requests, saying how many are needed', async () => {
    const given = await input('1.1.0', { limits: { errorRate: 5, minRequests: 20 } });
    expect(await world.run('soak', given)).toMatchObject({
      judgement: {
        verdict: 'inconclusive',
        reason: expect.stringMatching(/^0 requests seen, 20 needed; no container ended in /) as string,
      },
      p95: null,
    });
  }, 300_000);

  it('fails a version whose health checks fail in a row, and counts on where another attempt left [proves R2]', async () => {
    const given = await input('1.1.0-sick', { soak: 600_000, limits: { healthFailures: 3, minRequests: 0 } });
    const { judgement } = await world.run('soak', given);
    expect(judgement.reason).toMatch(/\/health: 3 failed probes in a row, 3 fail it: expected status 200, seen 500/);
    const name = `${containerName(world.scope, 'web', 'green', 1)} /health`;
    const { state } = lastBeat();
    const before: Beat = { ...lastBeat(), state: { ...state, probes: { [name]: { failures: 2, seen: '' } } } };
    const again = await start({ ...given, soak: 0 }, before).report;
    expect(again.judgement.verdict).toBe('fail');
  }, 300_000);

  it('that is cancelled answers at once what it knows; one whose worker shuts down goes on elsewhere', async () => {
    const given = await input('1.1.0', { soak: null, limits: { errorRate: 5, minRequests: 20 } });
    const cancelled = start(given);
    await trafficUntil(() => lastBeat()?.judgement?.verdict === 'pass');
    cancelled.environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    expect(await cancelled.report).toMatchObject({ interrupted: true, judgement: { verdict: 'pass' } });
    const ended = start(given);
    ended.environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(ended.report).rejects.toThrow();
  }, 300_000);

  it('takes counters that began anew for less evidence, never for more', async () => {
    const given = await input('1.1.0', { limits: { errorRate: 5, minRequests: 20 } });
    const old = given.baseline!;
    const { judgement, requests } = await world.run('soak', { ...given, baseline: { ...old, process: 'another@1' } });
    expect(judgement).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining(
        '0 requests seen, 20 needed (the router began to count anew, evidence from before is not used)',
      ) as string,
    });
    expect(requests).toBe(0);
  }, 300_000);

  it('with a router that counts nothing is inconclusive about counters, and judges by probes alone', async () => {
    const given = await input('1.1.0', { baseline: null, limits: { errorRate: 5, minRequests: 20 } });
    const none = { ...given, baseline: null };
    expect((await world.run('soak', none)).judgement).toEqual({
      verdict: 'inconclusive',
      reason: expect.stringContaining('errorRate and p95 cannot be judged: the router counts no requests') as string,
    });
    const probed = await world.run('soak', { ...none, limits: { healthFailures: 3, minRequests: 20 } });
    expect(probed.judgement.verdict).toBe('pass');
  }, 300_000);

  it('that is compared judges errors and latency of both, and keeps a picture without secrets', async () => {
    const given = await input('1.1.0', { limits: { minRequests: 20 } });
    // As if the reason quoted one.
    world.parts.remember('requests failed');
    await traffic(100);
    const { judgement, picture, carried } = await soakUnderTraffic(given);
    expect(judgement.metrics?.map(({ name, label }) => `${name}: ${label}`)).toEqual([
      'errors web: pass',
      'latency web: pass',
    ]);
    expect(Object.keys(carried!.series)).toEqual(['errors web', 'latency web']);
    expect(picture).toBe(join(world.state, 'reports', NEW, 'canary-50.svg'));
    const drawn = await readFile(picture!, 'utf8');
    expect(drawn).toMatch(/^<svg .*1\.1\.0, new, in green.*\[redacted\].*<\/svg>\n$/s);
    expect(drawn + JSON.stringify(judgement)).not.toContain('requests failed');
  }, 300_000);

  it('is lengthened until there is enough evidence', async () => {
    const given = await input('1.1.0', { soak: 200, limits: { errorRate: 5, minRequests: 20 } });
    expect((await soakUnderTraffic(given)).judgement.verdict).toBe('pass');
  }, 300_000);

  it('taken over from a worker that died counts each request once, whatever its last beat was', async () => {
    const given = await input('1.1.0', { limits: { minRequests: 20 } });
    const before = world.beats.length;
    await traffic(30);
    await world.run('soak', { ...given, soak: 1_500 });
    await traffic(40);
    const beats = world.beats.slice(before).filter((beat) => (beat as Partial<Beat>).state);
    for (const beat of [undefined, beats[0], beats.at(-1)]) {
      const { carried } = await start({ ...given, soak: 0 }, beat).report;
      expect(countedIn(carried!)).toEqual(between(given.baseline!, carried!.seen!));
    }
  }, 300_000);

  it('that is paused goes on with what it knew', async () => {
    const given = await input('1.1.0', { limits: { minRequests: 20 } });
    await traffic(30);
    const first = await world.run('soak', given);
    await traffic(30);
    const { carried } = await world.run('soak', { ...given, carried: first.carried, startedAt: Date.now() });
    expect(countedIn(carried!)).toEqual(between(given.baseline!, carried!.seen!));
    expect(carried!.series['errors web']!.points.length).toBeGreaterThan(
      first.carried!.series['errors web']!.points.length,
    );
  }, 300_000);
});

/** Requests of both slots that the tests were told of. */
function countedIn({ live }: SoakState): { canary: number; baseline: number } {
  const { canary, baseline } = live.services.web!.errors;
  return { canary: canary.total, baseline: baseline.total };
}

/** What the router itself says. */
function between(before: RouterCounters, now: RouterCounters): { canary: number; baseline: number } {
  const of = (slot: 'blue' | 'green') => now.slots[slot].web!.requests - (before.slots[slot].web?.requests ?? 0);
  return { canary: of('green'), baseline: of('blue') };
}
