import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheDirectory } from '../../starters/dev/temporal-program';
import { until } from './until';
import { freePort } from './free-port';

const PROGRAM = join(cacheDirectory(process.env), 'temporal-test-server', '1.31.0', 'temporal-test-server');

/** A server that skips time whenever a result is awaited, and what ends it. */
export interface TimeSkipping {
  environment: TestWorkflowEnvironment;
  stop(): Promise<void>;
}

/**
 * Starts a server that skips time. Not by the SDK, which gives it five seconds: on a busy machine a Java program needs
 * longer, and one that was given up has cost those seconds for nothing.
 */
export async function startTimeSkipping(): Promise<TimeSkipping> {
  const port = await freePort();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', PROGRAM, `${port}`], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const address = `127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const answering = until(() => answers(address), { what: `the server that skips time on ${address}`, every: 100 });
    if ((await Promise.race([answering, ended])) !== true) throw new Error(`expected ${PROGRAM} to run, it ended`);
    return { environment: await environmentOn(address), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  await connection.close();
  return true;
}

/** As `createTimeSkipping` makes one, on a server that runs already: the SDK has no public way to do that. */
function environmentOn(address: string): Promise<TestWorkflowEnvironment> {
  const sdk = TestWorkflowEnvironment as unknown as { create(options: object): Promise<TestWorkflowEnvironment> };
  return sdk.create({ server: { type: 'existing' }, supportsTimeSkipping: true, address, namespace: 'default' });
}
