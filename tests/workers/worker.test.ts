import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentWorkflowId, releaseWorkflowId } from '../../domain/names';
import { startTemporalServer } from '../support/temporal';
import { World, type Asked } from '../support/world';
import { until } from '../support/until';
import { freePort } from '../support/free-port';

const SECRET = 'tiny-s3cret-value';
const TOKEN = 'he4lth-t0ken-value';

describe('a worker', () => {
  const authorization = `Bearer ${TOKEN}`;
  let world: World;
  beforeAll(async () => {
    world = await World.open({ env: { HEALTH_AUTHORIZATION: authorization, SPILLWAY_SHUTDOWN_GRACE: '0s' } });
    expect((await world.released('1.0.0')).status.outcome).toBe('released');
  }, 300_000);
  afterAll(() => world?.close());

  it('lets no secret that a container prints into history, log, ledger or result', async () => {
    const { status } = await world.released('1.1.0', {
      behaviour: { unhealthy: true },
      config: (raw) => void (raw.services.web.health.attempts = 50),
    });
    expect(status.outcome).toBe('rolled back');
    expect(status.why).toContain('the secret is [redacted]');

    const { histories, logs, state } = await written(world);
    expect(histories[0]).toContain('the secret is [redacted]');
    expect(logs).toContain('[redacted]');
    expect(state).toContain('rolled back');
    for (const text of [...histories, logs, state, JSON.stringify(status)]) expect(text).not.toContain(SECRET);
  }, 300_000);

  it('asks health and smoke with a token that appears nowhere, also when the app repeats it', async () => {
    const asking = (attempts: number): Asked['config'] => {
      const check = { path: '/health', headers: { Authorization: { env: 'HEALTH_AUTHORIZATION' } } };
      return (raw) => {
        Object.assign(raw.services.web.health, { endpoints: [check], attempts });
        raw.smoke.checks = [{ service: 'web', ...check }];
        raw.canary.limits = { healthFailures: 3, minRequests: 0 };
      };
    };
    const well = await world.released('1.2.0', { behaviour: { wants: authorization }, config: asking(1_200) });
    expect({ outcome: well.status.outcome, why: well.status.why }).toMatchObject({ outcome: 'released' });
    const { status } = await world.released('1.3.0', { behaviour: { wants: 'Bearer another' }, config: asking(50) });
    expect(status.outcome).toBe('rolled back');
    expect(status.why).toMatch(/expected status 200, seen 401 \(.*nobody may ask with \[redacted\]/);

    const { histories, logs, state } = await written(world);
    expect(histories[0]).toContain('HEALTH_AUTHORIZATION');
    for (const text of [...histories, logs, state, JSON.stringify(status)]) expect(text).not.toContain(TOKEN);
  }, 300_000);

  it('hands a running soak to another worker when it is told to end, and drains', async () => {
    const release = await world.release('1.4.0', {
      config: (raw) => {
        raw.canary = { ...raw.canary, steps: [{ weight: 50, soak: '8s' }], limits: { minRequests: 0 } };
      },
    });
    await release.until(({ phase, share }) => phase === 'canary' && share === 50);
    const [first] = world.workers;
    await world.startWorker();
    await first!.stop();
    expect(first!.log()).toContain('worker drained');
    expect((await release.result()).status.outcome).toBe('released');
  }, 300_000);
});

describe('the process of a worker', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spillway-worker-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('ends with 64 and all mistakes when it is configured wrongly', async () => {
    const { code, printed } = await run({ SPILLWAY_LOG_LEVEL: 'loud', TEMPORAL_ADDRESS: 'http://x' });
    expect(code).toBe(64);
    expect(printed).toContain('SPILLWAY_LOG_LEVEL');
    expect(printed).toContain('TEMPORAL_ADDRESS: expected HOST:PORT');
    expect(printed).not.toContain('    at ');
  });

  it('ends with 64 when its health port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    try {
      const { code, printed } = await run({ SPILLWAY_HEALTH_PORT: String(port) });
      expect(code).toBe(64);
      expect(printed).toContain('another program');
    } finally {
      taken.close();
    }
  });

  it('ends with 69 when no Temporal answers', async () => {
    const { code, printed } = await run({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });
    expect(code).toBe(69);
    expect(printed).toContain('start one here with `spillway dev`');
  }, 300_000);

  it('is ready while Temporal answers, alive all the time, and creates what is missing in Temporal', async () => {
    const temporal = await startTemporalServer();
    const port = await freePort();
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (answer) => answer.status,
        () => 0,
      );
    const worker = start({ TEMPORAL_ADDRESS: temporal.address, SPILLWAY_HEALTH_PORT: String(port) });
    try {
      await until(async () => (await ask('/readyz')) === 200);
      await temporal.stop();
      await until(async () => (await ask('/readyz')) === 503);
      expect(await ask('/healthz')).toBe(200);
    } finally {
      await temporal.stop();
      worker.child.kill('SIGKILL');
      await worker.ended;
    }
  }, 300_000);

  function start(env: Record<string, string>) {
    const root = join(__dirname, '../..');
    const program = ['-r', join(root, 'tests/support/typescript.js'), join(root, 'workers/main.ts')];
    const child = spawn(process.execPath, program, {
      env: { PATH: process.env.PATH, HOME: directory, SPILLWAY_WORKER_STATE: join(directory, 'state'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data));
    // Its last output may come after `exit`.
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number,
      printed: Buffer.concat(output).toString(),
    }));
    return { child, ended };
  }

  const run = (env: Record<string, string>) => start(env).ended;
});

/** All that a release wrote down: what Temporal keeps of it and of its environment, the logs, the state on the target. */
async function written(world: World) {
  const ids = [releaseWorkflowId(world.scope), environmentWorkflowId(world.scope)];
  const histories = ids.map(async (id) => readable(await world.client.workflow.getHandle(id).fetchHistory()));
  return {
    histories: await Promise.all(histories),
    logs: world.workers.map((worker) => worker.log()).join('\n'),
    state: await filesIn(join(world.directory, 'state')),
  };
}

/** A history as a person sees it: payloads decoded. */
function readable(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value === null || typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, item]) => `${key}: ${readable(item)}`)
    .join('\n');
}

async function filesIn(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}
