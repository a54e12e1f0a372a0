import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationFailure } from '../domain/failures';

export interface Health {
  port: number;
  close(): Promise<void>;
}

/** Answers why it is not ready; undefined when it is. */
export type Readiness = () => Promise<string | undefined>;

/**
 * Serves `/healthz` (the process lives) and `/readyz` (it is connected and polls) on 127.0.0.1.
 *
 * @throws ConfigurationFailure when the port is taken
 */
export async function serveHealth(port: number, notReady: Readiness): Promise<Health> {
  const server = createServer((request, response) => {
    void answer(request.url, notReady).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`${body}\n`);
    });
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(url: string | undefined, notReady: Readiness): Promise<[number, string]> {
  if (url === '/healthz') return [200, 'alive'];
  if (url !== '/readyz') return [404, 'expected /healthz or /readyz'];
  const reason = await notReady();
  return reason === undefined ? [200, 'ready'] : [503, reason];
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const seen = error.code === 'EADDRINUSE' ? 'another program on it' : error.message;
      reject(new ConfigurationFailure(`SPILLWAY_HEALTH_PORT: expected port ${port} to be free, seen ${seen}`));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
