import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, WorkflowClient } from '@temporalio/client';
import { ConfigurationFailure } from '../../domain/failures';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { startTemporal, type TemporalServer } from '../../starters/dev/temporal-server';
import { until } from '../support/until';
import { freePort } from '../support/free-port';

let directory: string;
const servers: TemporalServer[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-temporal-'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(directory, { recursive: true });
});

async function start(options: { port?: number; database?: string } = {}): Promise<TemporalServer> {
  const database = join(directory, options.database ?? 'temporal.db');
  const server = await startTemporal({
    database,
    port: options.port ?? (await freePort()),
    uiPort: await freePort(),
  });
  servers.push(server);
  return server;
}

async function connected<T>(address: string, body: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await body(connection);
  } finally {
    await connection.close();
  }
}

test('what was started is still there after the server was killed and started again', async () => {
  const first = await start();
  await connected(first.address, (connection) =>
    new WorkflowClient({ connection }).start('sleeper', { workflowId: 'kept', taskQueue: 'nobody' }),
  );
  await first.stop(true);
  const second = await start();
  const { status } = await connected(second.address, (connection) =>
    new WorkflowClient({ connection }).getHandle('kept').describe(),
  );
  expect(status.name).toBe('RUNNING');
});

test('a folder in the place of the database is refused, and a file is asked for', async () => {
  await expect(start({ database: '.' })).rejects.toThrow('seen a folder; name a file in it with --database');
});

test('it serves the Web UI', async () => {
  const { uiUrl } = await start();
  const answer = await fetch(uiUrl);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('<!doctype html>');
});

test('search attributes that an older database lacks are added', async () => {
  const first = await start();
  await connected(first.address, ({ operatorService }) =>
    operatorService.removeSearchAttributes({ namespace: 'default', searchAttributes: [SEARCH_ATTRIBUTES.phase] }),
  );
  await first.stop();
  const second = await start();
  const { customAttributes } = await connected(second.address, ({ operatorService }) =>
    operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.values(SEARCH_ATTRIBUTES)));
});

test('two servers do not share a database', async () => {
  const { database } = await start();
  await expect(start()).rejects.toThrow(ConfigurationFailure);
  await expect(start()).rejects.toThrow(`expected the database ${database} to be free`);
});

test('a port in use is refused, with the flag that chooses another', async () => {
  const { address } = await start();
  const port = Number(address.split(':')[1]);
  await expect(start({ port, database: 'other.db' })).rejects.toThrow(/port \d+ to be free.*--port/);
});

test('it ends with the process that started it, also when that one is killed', async () => {
  const [port, uiPort] = [await freePort(), await freePort()];
  const source = `
    const { startTemporal } = require('./starters/dev/temporal-server.ts');
    startTemporal(${JSON.stringify({ database: join(directory, 'temporal.db'), port, uiPort })})
      .then(({ pid }) => console.log(pid));
    setInterval(() => undefined, 1_000);`;
  const parent = spawn(process.execPath, ['-r', './tests/support/typescript.js', '-e', source]);
  try {
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    expect(Number(printed.toString())).toBeGreaterThan(0);
    const ended = once(parent, 'exit');
    parent.kill('SIGKILL');
    await ended;
    // The database is free again once the server has ended.
    await until(start, { what: 'a server that starts again', every: 250 });
  } finally {
    parent.kill('SIGKILL');
  }
});
