import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './postgres';
import { SHARED_PARTS } from './shared-parts';
import type { SharedPart } from './shared-parts';
import { startTemporalServer } from './temporal';

/*
 * Runs once for all test files, in jest's own process: starts the parts that they share when the first of them asks
 * for one, and ends them with the run.
 */

const START: Record<SharedPart, () => Promise<{ stop(): Promise<void> }>> = {
  temporal: () => startTemporalServer(),
  postgres: () => startPostgres(),
};
const started: Partial<Record<SharedPart, ReturnType<(typeof START)[SharedPart]>>> = {};
const directory = mkdtempSync(join(tmpdir(), 'spillway-tests-'));
const server = createServer(({ url = '' }, response) => {
  const part = url.slice(1) as SharedPart;
  (started[part] ??= START[part]()).then(
    (fields) => answer(response, 200, fields),
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
  for (const part of Object.values(started)) await (await part.catch(() => undefined))?.stop();
  server.close();
  rmSync(directory, { recursive: true, force: true });
}
