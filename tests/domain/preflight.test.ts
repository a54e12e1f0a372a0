import { appConfigSchema } from '../../domain/config';
import { judgeIdle, judgeLedger, judgeLimits, judgeRoom, servingSlot, type Finding } from '../../domain/preflight';
import { liveState, type Seen, type Serving } from '../../domain/live-state';
import type { Live } from '../../domain/release';

const live: Live = {
  slot: 'blue',
  version: '1.0.0',
  releaseId: 'r1',
  images: [{ service: 'web', reference: 'web:1', digest: 'sha256:1', size: 1 }],
  identity: 'i',
};
const seen = (releaseId: string, state: Seen['state'] = 'running', version = '1.0.0'): Seen => ({
  service: 'web',
  container: `shop.production.web.blue-${releaseId}`,
  id: releaseId,
  releaseId,
  version,
  state,
  startedAt: 0,
  restarts: 0,
});
const problem = (finding: Finding): string => ('problem' in finding ? finding.problem : '');
const note = (finding: Finding): string => ('note' in finding ? finding.note : '');
const serving = (blue: Seen[], green: Seen[], share: number | undefined, more: Partial<Serving> = {}): Serving => ({
  slots: { blue, green },
  share,
  routerRuns: true,
  failed: [],
  now: 1e9,
  ...more,
});
const judged = (ledger: Live | null, found: Serving): Finding =>
  judgeLedger(ledger, liveState(ledger, found, config({}).services));

describe('the ledger', () => {
  it('agrees when its version runs alone with all the traffic', () => {
    expect(note(judged(live, serving([seen('r1')], [], 0)))).toBe(
      '1.0.0 in blue has all the traffic, as the ledger says',
    );
  });

  it.each([
    ['an empty target when nothing was ever released', serving([], [], undefined)],
    ['a failed first release that was kept without traffic', serving([seen('r1')], [], 100)],
    [
      'a failed first release that was kept, and still has the traffic',
      serving([seen('r1')], [], 0, { failed: ['r1'] }),
    ],
  ])('agrees that nothing is live with %s', (_, found) => {
    expect(note(judged(null, found))).toBe('first release: nothing is live');
  });

  it.each([
    ['another release', [seen('r2')], 0, 'release r2'],
    ['another version under the same release', [seen('r1', 'running', '1.1.0')], 0, '1.1.0'],
    ['traffic left on the other slot', [seen('r1')], 10, 'seen 10 % going to green'],
  ])('is refused on %s, with a way out', (_, blue, share, expected) => {
    const refusal = problem(judged(live, serving(blue, [], share)));
    expect(refusal).toContain('expected 1.0.0 (release r1) alone in blue');
    expect(refusal).toContain(expected);
    expect(refusal).toContain('docs/runbook.md');
  });

  it.each([
    ['no container', [], 0, 'no container in blue'],
    ['only a stopped container', [seen('r1', 'exited')], 0, 'shop.production.web.blue-r1 ended'],
    ['a container that is paused', [seen('r1', 'paused')], 0, 'shop.production.web.blue-r1 is paused'],
    ['a container between two restarts', [{ ...seen('r1', 'restarting'), restarts: 7 }], 0, 'ends again and again'],
    ['a container on no network', [{ ...seen('r1'), isolated: true as const }], 0, 'is on no network'],
  ])('lets the release of a fix begin on %s, and says what it found [proves 2]', (_, blue, share, expected) => {
    const told = note(judged(live, serving(blue, [], share)));
    expect(told).toContain('1.0.0 is live in blue, but does not serve:');
    expect(told).toContain(expected);
    expect(told).toContain('A release is possible');
  });

  it.each([
    ['one of two replicas stopped', [seen('r1'), { ...seen('r1', 'exited'), container: 'web-2' }], 0, 'web-2 ended'],
    ['a router without the environment', [seen('r1')], undefined, 'does not know this environment'],
  ])('takes a version that serves all the same for alive on %s [proves 2]', (_, blue, share, expected) => {
    const told = note(judged(live, serving(blue, [], share)));
    expect(told).toContain('but not all of it is well:');
    expect(told).toContain(expected);
  });

  it('is refused when it knows of nothing but something serves', () => {
    expect(problem(judged(null, serving([], [seen('r9')], 100)))).toContain('release r9');
    expect(problem(judged(null, serving([seen('r9')], [], 50)))).toContain('release r9');
  });
});

describe('the slot that serves', () => {
  it('is the one with all the traffic and containers of one release', () => {
    expect(servingSlot(serving([], [seen('r1')], 100))).toBe('green');
    expect(servingSlot(serving([seen('r1')], [seen('r2')], 50))).toBeUndefined();
    expect(servingSlot(serving([seen('r1'), seen('r2')], [], 0))).toBeUndefined();
    expect(servingSlot(serving([], [], undefined))).toBeUndefined();
  });
});

describe('what waits in the idle slot', () => {
  it('is named, and does not stop the release that clears it', () => {
    expect(judgeIdle(live, serving([seen('r1')], [seen('r0', 'exited')], 0), [])).toEqual({
      note: expect.stringContaining('release r0') as string,
    });
  });

  it('is not empty while a fresh baseline is left behind', () => {
    const found = serving([seen('r1')], [], 0);
    expect(judgeIdle(live, found, [])).toEqual({ note: 'green is empty' });
    expect(judgeIdle(live, found, [seen('r9')])).toEqual({ note: expect.stringContaining('release r9') as string });
  });
});

function config(service: object, rest: object = {}) {
  const web = { image: 'web:1', port: 80, routes: [{ port: 8080 }], ...service };
  return appConfigSchema.parse({ version: 1, app: 'shop', services: { web }, ...rest });
}

describe('room on the host', () => {
  const host = { memory: 1e9, cores: 2, freeDisk: 10e9 };
  const known = { live: true, isCompared: true, imageBytes: 0 };

  it('is counted for both versions', () => {
    const app = config({ memory: '300MB', replicas: 2 });
    expect(problem(judgeRoom(app, host, known))).toContain('expected at least 1.2 GB of memory');
    expect(judgeRoom(app, host, { ...known, live: false, isCompared: false })).toHaveProperty('note');
  });

  it('is counted for a fresh baseline as well, where one is made', () => {
    const app = (canary: object) => config({ memory: '400MB' }, { canary: { baseline: 'fresh', ...canary } });
    const steps = { steps: [{ weight: 10 }] };
    expect(problem(judgeRoom(app(steps), host, known))).toContain(
      'expected at least 1.2 GB of memory for old and new version and a fresh baseline together',
    );
    for (const finding of [
      judgeRoom(app({}), host, known),
      judgeRoom(app(steps), host, { ...known, live: false, isCompared: false }),
    ])
      expect(finding).toHaveProperty('note');
  });

  it('is counted once for what never runs twice', () => {
    const app = config({ memory: '600MB', routes: [], traffic: 'none', run: 'live-only' });
    expect(judgeRoom(app, host, known)).toHaveProperty('note');
  });

  it('must have the cores that one replica wants, but both versions may share them', () => {
    expect(problem(judgeRoom(config({ cpu: 3 }), host, known))).toContain('`cpu: 3` of web');
    expect(judgeRoom(config({ cpu: 2 }), host, known)).toEqual({
      note: expect.stringContaining('add up to 4 of 2 cores') as string,
    });
  });

  it('must have a gibibyte of disk, or twice the images', () => {
    const app = config({});
    expect(problem(judgeRoom(app, { ...host, freeDisk: 1e9 }, known))).toContain('1.1 GB of free disk');
    expect(problem(judgeRoom(app, host, { ...known, imageBytes: 6e9 }))).toContain('12 GB of free disk');
  });

  it('is not taken for granted when the target cannot tell its disk', () => {
    expect(problem(judgeRoom(config({}), { memory: 1e9, cores: 2 }, known))).toContain('`df` does not tell');
  });
});

describe('limits', () => {
  const steps = [{ weight: 10 }];
  it('cannot be compared with a fresh baseline by a router that gives it no share', () => {
    const app = config({}, { canary: { steps, baseline: 'fresh' } });
    expect(problem(judgeLimits(app, { counters: true, baseline: false }))).toContain('`canary.baseline`');
    expect(judgeLimits(app, { counters: true, baseline: true })).toHaveProperty('note');
  });

  it('that need counters are refused for a router that has none', () => {
    const app = config({}, { canary: { steps, limits: { errorRate: 5 } } });
    expect(problem(judgeLimits(app, { counters: false, baseline: false }))).toContain('router.kind: haproxy');
    expect(judgeLimits(app, { counters: true, baseline: true })).toHaveProperty('note');
    const triggers = [{ p95: '1s', for: '3m' }];
    expect(
      problem(judgeLimits(config({}, { canary: { steps, triggers } }), { counters: false, baseline: false })),
    ).toContain('expected a router that counts requests by slot, which errorRate and p95 of limits and triggers need');
  });

  it('that need probes are refused without anything to probe', () => {
    const limits = { healthFailures: 3 };
    expect(
      problem(judgeLimits(config({}, { canary: { steps, limits } }), { counters: true, baseline: true })),
    ).toContain('health.endpoints');
    const probed = config({ health: { endpoints: [{ path: '/health' }] } }, { canary: { steps, limits } });
    expect(judgeLimits(probed, { counters: false, baseline: false })).toHaveProperty('note');
  });
});
