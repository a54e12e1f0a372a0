import { ConfigurationFailure } from '../../domain/failures';
import { serveHealth, type Health } from '../../workers/health';

const open: Health[] = [];
afterEach(async () => {
  for (const health of open.splice(0)) await health.close();
});

async function serve(notReady: () => Promise<string | undefined>): Promise<Health> {
  const health = await serveHealth(0, notReady);
  open.push(health);
  return health;
}

async function get(port: number, path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return [response.status, (await response.text()).trim()];
}

describe('the health of a worker', () => {
  it('says that the process lives although it is not ready, and why it is not', async () => {
    const { port } = await serve(async () => 'not connected to Temporal');
    expect(await get(port, '/healthz')).toEqual([200, 'alive']);
    expect(await get(port, '/readyz')).toEqual([503, 'not connected to Temporal']);
  });

  it('says that it is ready', async () => {
    const { port } = await serve(async () => undefined);
    expect(await get(port, '/readyz')).toEqual([200, 'ready']);
    expect((await get(port, '/'))[0]).toBe(404);
  });

  it('refuses a port that is taken, naming the variable', async () => {
    const { port } = await serve(async () => undefined);
    const second = serveHealth(port, async () => undefined);
    await expect(second).rejects.toThrow(ConfigurationFailure);
    await expect(second).rejects.toThrow(`SPILLWAY_HEALTH_PORT: expected port ${port} to be free`);
  });
});
