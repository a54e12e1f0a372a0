import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_PARTS } from './shared-temporal';
import { startTemporalServer } from './temporal';
import type { TemporalServer } from './temporal';

/*
 * Runs once for all test files, in jest's own process: starts the parts that they share when the first of them asks
 * for one, and ends them with the run.
 */

let temporal: Promise<TemporalServer> | undefined;
const directory = mkdtempSync(join(tmpdir(), 'spillway-tests-'));
const server = createServer((_request, response) => {
  temporal ??= startTemporalServer();
  temporal.then(
    ({ address, port }) => answer(response, 200, { address, port }),
    (error: unknown) => answer(response, 500, String(error)),
  );
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export default async function setUp(): Promise<void> {
  const socket = join(directory, 'parts.sock');
  server.listen(socket).unref();
  await once(server, 'listening');
  process.env[SHARED_PARTS] = socket;
}

export async function tearDown(): Promise<void> {
  await (await temporal?.catch(() => undefined))?.stop();
  server.close();
  rmSync(directory, { recursive: true, force: true });
}
