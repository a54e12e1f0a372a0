import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { certificateIn, type Certificate } from '../support/certificate';
import { freePort } from '../support/free-port';
import { failedPhase, rates } from '../support/grpc-app';
import { RatesClient, startCalls } from '../support/grpc-client';
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

describe('a gRPC service behind nginx', () => {
  let world: World;
  let tls: number;

  beforeAll(async () => {
    tls = await freePort();
    world = await World.open({
      config: (raw) => {
        rates(raw, { tls });
        const { certificate, key } = pair;
        const nginx = { kind: 'nginx', image: 'spillway/nginx:local', tls: { certificate, key, ports: [tls] } };
        raw.router = { ...nginx, directory: raw.router.directory };
        // nginx counts nothing.
        raw.canary.limits = { healthFailures: 3 };
      },
    });
  });
  afterAll(() => world?.close());

  test('on a port without TLS an nginx before 1.25.1 is refused before anything changes [proves grpc]', async () => {
    const { status } = await world.released('1.0.0', {
      config: (raw) => void raw.services.rates.routes.push({ port: world.port }),
    });
    expect({ outcome: status.outcome, failed: failedPhase(status) }).toEqual({
      outcome: 'refused',
      failed: 'preflight',
    });
    expect(status.why).toContain(
      `expected nginx 1.25.1 or later for \`services.rates.protocol: h2c\` on port ${world.port}`,
    );
  });

  test('over TLS it is released by a canary, and every call is answered [proves grpc]', async () => {
    const first = (await world.released('1.0.0')).status;
    expect({ why: first.why, outcome: first.outcome }).toEqual({ outcome: 'released' });
    const client = new RatesClient(tls, credentials.createSsl(await readFile(pair.certificate)));
    const calls = startCalls([client], 4);
    const { status } = await world.released('1.1.0');
    expect({ why: status.why, outcome: status.outcome }).toEqual({ outcome: 'released' });
    await until(() => (calls.seen.versions['1.1.0'] ?? 0) > 50);
    const { versions, failed } = await calls.stop();
    client.close();
    expect({ failed, versions: Object.keys(versions).sort() }).toEqual({ failed: [], versions: ['1.0.0', '1.1.0'] });
  });
});
