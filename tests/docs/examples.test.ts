import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { removeTraces } from '../support/engine';
import { query } from '../support/postgres';
import { startTemporalServer, type TemporalServer } from '../support/temporal';
import { startWorker, type WorkerProcess } from '../support/worker-process';
import { freePort } from '../support/free-port';

jest.setTimeout(900_000);

const ROOT = join(__dirname, '../..');
const SCOPE = { app: `fx${process.pid}`, environment: 'production' };

let directory: string;
let temporal: TemporalServer;
let worker: WorkerProcess;
let env: Record<string, string>;

beforeAll(async () => {
  // Below the packages of this checkout, which the example copies into its backend.
  directory = await mkdtemp(join(ROOT, 'node_modules/.cache-examples-'));
  temporal = await startTemporalServer();
  const url = await databaseUrl();
  env = {
    TEMPORAL_ADDRESS: temporal.address,
    SPILLWAY_TASK_QUEUE: SCOPE.app,
    SPILLWAY_WORKER_STATE: join(directory, 'worker'),
    FX_DATABASE_URL: url,
  };
  worker = await startWorker(env, { compiled: true });
});
afterAll(async () => {
  await worker?.kill();
  await removeTraces(SCOPE, join(directory, 'router', SCOPE.app));
  await query(server(await databaseUrl()), `DROP DATABASE IF EXISTS "${SCOPE.app}" WITH (FORCE)`);
  await temporal?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Makes a database on the server that the set-up started, which containers can reach. */
async function databaseUrl(): Promise<string> {
  return (await promisify(execFile)(join(ROOT, 'scripts/postgres.sh'), ['url', SCOPE.app])).stdout.trim();
}

function server(url: string): string {
  return Object.assign(new URL(url), { pathname: '/postgres' }).href;
}

/** A copy of the example under names, ports and folders of its own; everything else stays as a reader finds it. */
async function project(port: number): Promise<string> {
  const copy = join(directory, 'fx');
  await cp(join(ROOT, 'examples/fx'), copy, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  const file = join(copy, 'spillway.yaml');
  const yaml = parseDocument((await readFile(file, 'utf8')).replaceAll('8080, path', `${port}, path`));
  yaml.set('app', SCOPE.app);
  yaml.setIn(['services', 'frontend', 'routes', 0, 'port'], port);
  yaml.setIn(['router', 'directory'], join(directory, 'router', SCOPE.app));
  yaml.setIn(['target', 'stateDirectory'], join(directory, 'state'));
  await writeFile(file, String(yaml));
  return copy;
}

/** A `spillway` on the path, as `npm install --global .` links it. */
async function command(): Promise<string> {
  const file = join(directory, 'spillway');
  await writeFile(file, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'dist/starters/spillway.js')} "$@"\n`);
  await chmod(file, 0o755);
  return directory;
}

test('the commands in the README of examples/fx release its versions as it says', async () => {
  const port = await freePort();
  const copy = await project(port);
  const page = await readFile(join(copy, 'README.md'), 'utf8');
  const block = /^```sh release\n(.*?)^```$/ms.exec(page)?.[1];
  if (!block) throw new Error('expected a block "sh release" in examples/fx/README.md');
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-euc', block.replaceAll('localhost:8080', `localhost:${port}`)],
    {
      cwd: copy,
      // It ends a release that waits for somebody.
      timeout: 800_000,
      env: { ...process.env, ...env, PATH: `${await command()}:${process.env.PATH}` },
    },
  );
  expect(stdout).toMatch(/1\.0\.0 → production: released/);
  expect(stdout).toMatch(/1\.1\.0 → production: released/);
});
