import { appConfigSchema } from '../../domain/config';
import {
  judgeIdle,
  judgeLedger,
  judgeLimits,
  judgeRoom,
  servingSlot,
  type Finding,
  type Seen,
} from '../../domain/preflight';
import type { Live } from '../../domain/release';

const live: Live = { slot: 'blue', version: '1.0.0', releaseId: 'r1', images: [], identity: 'i' };
const seen = (releaseId: string, state: Seen['state'] = 'running', version = '1.0.0'): Seen => ({
  container: `shop.production.web.blue-${releaseId}`,
  releaseId,
  version,
  state,
});
const problem = (finding: Finding): string => ('problem' in finding ? finding.problem : '');

describe('the ledger', () => {
  it('agrees when its version runs alone with all the traffic', () => {
    expect(judgeLedger(live, { slots: { blue: [seen('r1')], green: [] }, share: 0, failed: [] })).toHaveProperty(
      'note',
    );
  });

  it('agrees with an empty target when nothing was ever released', () => {
    expect(judgeLedger(null, { slots: { blue: [], green: [] }, share: undefined, failed: [] })).toHaveProperty('note');
  });

  it('agrees that nothing is live when a failed first release was kept without traffic', () => {
    expect(judgeLedger(null, { slots: { blue: [seen('r1')], green: [] }, share: 100, failed: [] })).toHaveProperty(
      'note',
    );
  });

  it('agrees that nothing is live when a failed first release was kept, and still has the traffic', () => {
    const kept = { slots: { blue: [seen('r1')], green: [] }, share: 0, failed: ['r1'] };
    expect(judgeLedger(null, kept)).toHaveProperty('note');
  });

  it.each([
    ['no container', [], 0, 'seen no container in blue'],
    ['another release', [seen('r2')], 0, 'release r2'],
    ['another version under the same release', [seen('r1', 'running', '1.1.0')], 0, '1.1.0'],
    ['a stopped container', [seen('r1'), seen('r1', 'exited')], 0, 'seen that it stopped'],
    ['traffic left on the other slot', [seen('r1')], 10, 'seen 10 % going to green'],
    ['a router without the environment', [seen('r1')], undefined, 'does not know this environment'],
  ])('is refused on %s', (_, blue, share, expected) => {
    const refusal = problem(judgeLedger(live, { slots: { blue, green: [] }, share, failed: [] }));
    expect(refusal).toContain('expected 1.0.0 (release r1) alone in blue');
    expect(refusal).toContain(expected);
  });

  it('is refused when it knows of nothing but something serves', () => {
    expect(problem(judgeLedger(null, { slots: { blue: [], green: [seen('r9')] }, share: 100, failed: [] }))).toContain(
      'release r9',
    );
    expect(problem(judgeLedger(null, { slots: { blue: [seen('r9')], green: [] }, share: 50, failed: [] }))).toContain(
      'release r9',
    );
  });
});

describe('the slot that serves', () => {
  it('is the one with all the traffic and containers of one release', () => {
    expect(servingSlot({ slots: { blue: [], green: [seen('r1')] }, share: 100, failed: [] })).toBe('green');
    expect(servingSlot({ slots: { blue: [seen('r1')], green: [seen('r2')] }, share: 50, failed: [] })).toBeUndefined();
    expect(servingSlot({ slots: { blue: [seen('r1'), seen('r2')], green: [] }, share: 0, failed: [] })).toBeUndefined();
    expect(servingSlot({ slots: { blue: [], green: [] }, share: undefined, failed: [] })).toBeUndefined();
  });
});

describe('what waits in the idle slot', () => {
  it('is named, and does not stop the release that clears it', () => {
    expect(
      judgeIdle(live, { slots: { blue: [seen('r1')], green: [seen('r0', 'exited')] }, share: 0, failed: [] }, []),
    ).toEqual({
      note: expect.stringContaining('release r0') as string,
    });
  });

  it('is not empty while a fresh baseline is left behind', () => {
    const serving = { slots: { blue: [seen('r1')], green: [] }, share: 0, failed: [] };
    expect(judgeIdle(live, serving, [])).toEqual({ note: 'green is empty' });
    expect(judgeIdle(live, serving, [seen('r9')])).toEqual({ note: expect.stringContaining('release r9') as string });
  });
});

function config(service: object, rest: object = {}) {
  const web = { image: 'web:1', port: 80, routes: [{ port: 8080 }], ...service };
  return appConfigSchema.parse({ version: 1, app: 'shop', services: { web }, ...rest });
}

describe('room on the host', () => {
  const host = { memory: 1e9, cores: 2, freeDisk: 10e9 };
  const known = { live: true, imageBytes: 0 };

  it('is counted for both versions', () => {
    const app = config({ memory: '300MB', replicas: 2 });
    expect(problem(judgeRoom(app, host, known))).toContain('expected at least 1.2 GB of memory');
    expect(judgeRoom(app, host, { ...known, live: false })).toHaveProperty('note');
  });

  it('is counted for a fresh baseline as well, where one is made', () => {
    const app = (canary: object) => config({ memory: '400MB' }, { canary: { baseline: 'fresh', ...canary } });
    const steps = { steps: [{ weight: 10 }] };
    expect(problem(judgeRoom(app(steps), host, known))).toContain(
      'expected at least 1.2 GB of memory for old and new version and a fresh baseline together',
    );
    for (const finding of [judgeRoom(app({}), host, known), judgeRoom(app(steps), host, { ...known, live: false })])
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
