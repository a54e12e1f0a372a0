import { request } from 'node:http';
import { startTemporalServer } from './temporal';
import type { TemporalServer } from './temporal';

/** Variable with the socket at which jest's own process answers (global-setup.ts). */
export const SHARED_PARTS = 'SPILLWAY_TEST_PARTS';

/** A server to use; `stop()` gives it back. */
export type UsedTemporal = Pick<TemporalServer, 'address' | 'port' | 'stop' | 'ui'>;

/**
 * The Temporal server that all test files of a run share: apps and task queues with names of their own keep them apart.
 * Whoever ends its server, or looks at all that it has, starts one. Outside of jest there is nobody to share one with.
 */
export async function sharedTemporal(): Promise<UsedTemporal> {
  const socketPath = process.env[SHARED_PARTS];
  if (socketPath === undefined) return startTemporalServer();
  const { address, port } = await asked(socketPath);
  return { address, port, stop: async () => undefined };
}

function asked(socketPath: string): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/temporal' }, (response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString()));
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(body)) : reject(new Error(body))));
    });
    asking.on('error', reject);
    asking.end();
  });
}
