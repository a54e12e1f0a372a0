import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { startTemporalServer } from '../support/temporal';
import { until } from '../support/until';
import { freePort } from '../support/free-port';

const ROOT = resolve(__dirname, '../..');
let directory: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-dev-'));
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    // Twice: at once.
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
});

interface Dev {
  child: ChildProcess;
  /** What it printed on standard output, once that is a whole JSON document. */
  document: Promise<Record<string, unknown>>;
  stderr: () => string;
  ended: Promise<number | null>;
}

function dev(args: string[], env: NodeJS.ProcessEnv = {}): Dev {
  const child = spawn(
    process.execPath,
    ['-r', join(ROOT, 'tests/support/typescript.js'), join(ROOT, 'starters/spillway.ts'), 'dev', '--json', ...args],
    { env: { ...process.env, TEMPORAL_ADDRESS: '', SPILLWAY_WORKER_STATE: directory, ...env } },
  );
  running.push(child);
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const document = new Promise<Record<string, unknown>>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      if (stdout.endsWith('\n}\n')) resolve(JSON.parse(stdout) as Record<string, unknown>);
    });
    child.on('exit', (code) => reject(new Error(`dev ended with ${code}: ${stderr}`)));
  });
  document.catch(() => undefined);
  // Its last output may come after `exit`.
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, document, stderr: () => stderr, ended };
}

async function embedded(): Promise<Dev & { address: string }> {
  const port = await freePort();
  const args = ['--port', `${port}`, '--ui-port', `${await freePort()}`, '--database', join(directory, 'temporal.db')];
  return { ...dev(args), address: `127.0.0.1:${port}` };
}

async function pollers(address: string, connectTimeout = 30_000): Promise<string[]> {
  const connection = await Connection.connect({ address, connectTimeout });
  try {
    const answer = await connection.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: 'spillway' },
      taskQueueType: 1,
    });
    return answer.pollers.map(({ identity }) => identity ?? '');
  } finally {
    await connection.close();
  }
}

const isAlive = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

test('it starts Temporal and a worker, and stops both in order when it is told to', async () => {
  const { child, document, ended, address } = await embedded();
  const ready = await document;
  expect(ready).toMatchObject({ temporal: 'started', address, workerPolls: true });
  expect(await pollers(address)).toEqual([expect.stringMatching(new RegExp(`^${String(ready.workerPid)}@`))]);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  await until(() => !isAlive(ready.workerPid) && !isAlive(ready.temporalPid));
}, 300_000);

test('a worker that was killed is started again, and so is a Temporal, with all it had', async () => {
  const { document, stderr, address } = await embedded();
  const { temporalPid, workerPid } = await document;
  const isAnother = (identity: string) => !identity.startsWith(`${String(workerPid)}@`);
  process.kill(Number(workerPid), 'SIGKILL');
  const asking = await until(() => pollers(address), { is: (seen) => seen.some(isAnother) });
  expect(stderr()).toContain('the worker ended (killed by SIGKILL); it is started again');

  process.kill(Number(temporalPid), 'SIGKILL');
  await until(async () => (await pollers(address).catch(() => [])).length > 0);
  expect(isAlive(Number.parseInt(asking.find(isAnother)!))).toBe(true);
}, 300_000);

test('with TEMPORAL_ADDRESS it uses the Temporal that answers there, says what it ignores, and leaves it running', async () => {
  const server = await startTemporalServer();
  try {
    const { child, document, ended, stderr } = dev(['--port', '7300'], { TEMPORAL_ADDRESS: server.address });
    const ready = await document;
    expect(ready).toMatchObject({ temporal: 'found', address: server.address, workerPolls: true });
    expect(ready).not.toHaveProperty('database');
    expect(stderr()).toContain(`not used: --port; a Temporal answers at ${server.address}`);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    await expect(pollers(server.address)).resolves.toBeDefined();
  } finally {
    await server.stop();
  }
}, 300_000);

test('with TEMPORAL_ADDRESS on another machine that does not answer it ends with 69 and says what to do', async () => {
  const { ended, stderr } = dev([], { TEMPORAL_ADDRESS: 'nowhere.invalid:7233' });
  expect(await ended).toBe(69);
  expect(stderr()).toMatch(/expected Temporal at nowhere\.invalid:7233.*unset it/s);
}, 300_000);

test('a worker that refuses its configuration ends it with 64, and Temporal with it', async () => {
  const port = await freePort();
  const args = ['--port', `${port}`, '--ui-port', `${await freePort()}`, '--database', join(directory, 'temporal.db')];
  const { ended, stderr } = dev(args, { SPILLWAY_LOG_LEVEL: 'loud' });
  expect(await ended).toBe(64);
  expect(stderr()).toContain('SPILLWAY_LOG_LEVEL');
  await expect(pollers(`127.0.0.1:${port}`, 2_000)).rejects.toThrow();
}, 300_000);

test('a port that is no port is wrong usage', async () => {
  expect(await dev(['--port', 'many']).ended).toBe(64);
}, 300_000);
