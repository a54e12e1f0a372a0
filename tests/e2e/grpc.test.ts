import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { certificateIn, type Certificate } from '../support/certificate';
import { freePort } from '../support/free-port';
import { failedPhase, rates } from '../support/grpc-app';
import { RatesClient, startCalls } from '../support/grpc-client';
import type { Behaviour } from '../support/tiny';
import { until } from '../support/until';
import { World } from '../support/world';

jest.setTimeout(300_000);

let folder: string;
let pair: Certificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-grpc-'));
  pair = await certificateIn(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a gRPC service behind HAProxy', () => {
  let world: World;
  let clients: RatesClient[];

  beforeAll(async () => {
    const tls = await freePort();
    world = await World.open({
      config: (raw) => {
        rates(raw, { plain: world.port, tls });
        raw.router.tls = { certificates: pair.certificates, ports: [tls] };
      },
    });
    clients = [
      new RatesClient(world.port, credentials.createInsecure()),
      new RatesClient(tls, credentials.createSsl(await readFile(pair.certificate))),
    ];
    const { status } = await world.released('1.0.0');
    expect({ why: status.why, outcome: status.outcome }).toEqual({ outcome: 'released' });
  });
  afterAll(async () => {
    for (const client of clients ?? []) client.close();
    await world?.close();
  });

  test('a canary loses no call, and streams that began before the switch end on their version [proves grpc]', async () => {
    const calls = startCalls(clients, 4);
    const streams = clients.map((client) => {
      const stream = client.watch();
      const said: string[] = [];
      stream.on('data', (version: string) => said.push(version));
      return { stream, said, status: once(stream, 'status') };
    });
    const talk = async () => {
      for (const { stream, said } of streams) {
        const before = said.length;
        stream.write('more');
        await until(() => said.length > before);
      }
    };
    await talk();
    const releasing = await world.release('1.1.0', { config: (raw) => void (raw.drain.cap = '3m') });
    await releasing.until(({ phase }) => phase === 'drain');
    await talk();
    await until(() => (calls.seen.versions['1.1.0'] ?? 0) > 100);
    expect((await releasing.status()).phase).toBe('drain');
    for (const { stream, said, status } of streams) {
      stream.end();
      expect(await status).toMatchObject([{ code: 0 }]);
      expect(said).toEqual(['1.0.0', '1.0.0']);
    }
    const { status } = await releasing.result();
    expect({ why: status.why, outcome: status.outcome }).toEqual({ outcome: 'released' });
    expect(status.judged!.map(({ name, judgement }) => `${name} ${judgement.verdict}`)).toEqual(['canary-50 pass']);
    const { failed, versions } = await calls.stop();
    expect(failed).toEqual([]);
    expect(Object.keys(versions).sort()).toEqual(['1.0.0', '1.1.0']);
  });

  test.each<[string, Behaviour['callsEnd']]>([
    ['1.2.0', 'reset'],
    ['1.3.0', 'status 503'],
    ['1.4.0', 'grpc-status 13'],
  ])('%s, whose calls end in %s, is put back in its canary [proves grpc]', async (version, callsEnd) => {
    const calls = startCalls(clients, 4);
    const { status } = await world.released(version, { behaviour: { callsEnd } });
    expect({ outcome: status.outcome, failed: failedPhase(status) }).toEqual({
      outcome: 'rolled back',
      failed: 'canary',
    });
    expect(status.why).toMatch(/errors|error rate/);
    const { failed } = await calls.stop();
    expect(failed.length).toBeGreaterThan(0);
    const after = startCalls(clients, 4);
    await until(() => (after.seen.versions['1.1.0'] ?? 0) > 50);
    expect(await after.stop()).toEqual({ versions: { '1.1.0': expect.any(Number) as number }, failed: [] });
  });
});
