import { appConfigSchema } from '../../domain/config';
import type { Endpoint } from '../../domain/endpoint';
import { UnreachableFailure } from '../../domain/failures';
import { probeSlot } from '../../metrics/http-probe';
import type { Replica } from '../../targets/replicas';

const io = { signal: new AbortController().signal, onProgress: () => undefined };
const scope = { app: 'fx', environment: 'production', owner: { id: 'e1', formerly: [] } };
const { services } = appConfigSchema.parse({
  version: 1,
  app: 'fx',
  services: {
    api: { image: 'x', port: 80, replicas: 2, health: { endpoints: [{ path: '/health' }] } },
    worker: { image: 'x', traffic: 'none', run: 'both' },
    cron: { image: 'x', traffic: 'none', run: 'live-only' },
  },
});

const replica = (service: string, number: number, state: Replica['state'] = 'running'): Replica => ({
  group: 'green',
  service,
  replica: number,
  container: `${service}-${number}`,
  endpoint: { on: 'docker', address: `10.0.0.${number}`, port: 80 },
  releaseId: 'r',
  version: '1.0.0',
  imageDigest: 'sha256:0',
  state,
  id: 'c1',
  restarts: 0,
  ...(state === 'exited' && { exitCode: 1 }),
});

const all = [replica('api', 1), replica('api', 2), replica('worker', 1), replica('cron', 1, 'created')];

function probing(replicas: () => Promise<Replica[]>, ask: (host: string) => boolean) {
  return {
    target: { replicas: { list: replicas } },
    services,
    scope,
    slot: 'green' as const,
    io,
    ask: ({ address }: Endpoint) => Promise.resolve({ ok: ask(address), detail: ask(address) ? '200' : 'seen 500' }),
  };
}

describe('a probe', () => {
  it('counts failures in a row by replica and endpoint, and begins again after a success', async () => {
    const bad = probing(
      () => Promise.resolve(all),
      (host) => host !== '10.0.0.2',
    );
    const once = await probeSlot(bad, {});
    const twice = await probeSlot(bad, once.probes);
    expect(twice.probes).toEqual({
      'api-1 /health': { failures: 0, seen: '200' },
      'api-2 /health': { failures: 2, seen: 'seen 500' },
      'worker-1': { failures: 0, seen: 'running' },
    });
    const good = await probeSlot(
      probing(
        () => Promise.resolve(all),
        () => true,
      ),
      twice.probes,
    );
    expect(good.probes['api-2 /health']).toEqual({ failures: 0, seen: '200' });
  });

  it('takes a container that ended, or is gone, for a failure', async () => {
    const left = [replica('api', 1), replica('worker', 1, 'exited')];
    const { probes } = await probeSlot(
      probing(
        () => Promise.resolve(left),
        () => true,
      ),
      {},
    );
    expect(probes['worker-1']).toEqual({ failures: 1, seen: 'exited with exit code 1' });
    expect(probes['api replicas']).toEqual({ failures: 1, seen: '1 gone' });
  });

  it('knows nothing when the target does not answer, and says so', async () => {
    const before = { 'api-1 /health': { failures: 2, seen: 'x' } };
    const away = probing(
      () => Promise.reject(new UnreachableFailure('no engine')),
      () => true,
    );
    expect(await probeSlot(away, before)).toEqual({ probes: before, gap: 'the target did not answer: no engine' });
  });
});
