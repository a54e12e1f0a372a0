import { hostname } from 'node:os';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { ConfigurationFailure, UnreachableFailure } from '../domain/failures';
import { ownerName } from '../domain/temporal-address';
import { connectTemporal } from './connection';
import { serveHealth, type Readiness } from './health';
import { createLog, type Log } from './log';
import { openParts, type OpenParts } from './parts';
import { createSearchAttributes } from './search-attributes';
import { workerSettings, type WorkerSettings } from './settings';
import { createWorker, installRuntime } from './worker';

/** Temporal may be starting at the same time. */
const CONNECT_MS = 15_000;
const PING_MS = 2_000;

/** Runs until it is told to end, then lets running steps finish. */
async function run(settings: WorkerSettings, log: Log, parts: OpenParts): Promise<void> {
  installRuntime(log);
  const polling: { connection?: NativeConnection; worker?: Worker } = {};
  const health =
    settings.healthPort === undefined
      ? undefined
      : await serveHealth(settings.healthPort, () => readiness(polling.connection, polling.worker));
  try {
    polling.connection = await connectTemporal(settings.temporal, CONNECT_MS);
    const { namespace } = settings.temporal;
    const warning = await createSearchAttributes(polling.connection, namespace);
    if (warning) log.warn(warning);
    const { taskQueue, shutdownGraceMs } = settings;
    polling.worker = await createWorker({
      ...polling,
      connection: polling.connection,
      namespace,
      taskQueue,
      parts,
      log,
      shutdownGraceMs,
    });
    log.info({ address: settings.temporal.address, namespace, taskQueue, healthPort: health?.port }, 'worker polls');
    await polling.worker.run();
    log.info('worker drained');
  } finally {
    await health?.close();
    await parts.close();
    await polling.connection?.close().catch((error: unknown) => log.debug({ error }, 'connection not closed'));
  }
}

const readiness = async (
  connection: NativeConnection | undefined,
  worker: Worker | undefined,
): ReturnType<Readiness> => {
  if (!connection) return 'not connected to Temporal';
  if (worker?.getState() !== 'RUNNING') return `not polling: ${worker?.getState().toLowerCase() ?? 'starting'}`;
  return connection
    .withDeadline(Date.now() + PING_MS, () => connection.workflowService.getSystemInfo({}))
    .then(() => undefined)
    .catch((error: Error) => `Temporal does not answer: ${error.message}`);
};

// 64: wrong configuration, 69: Temporal does not answer, 70: anything else.
function exitCode(error: unknown): number {
  if (error instanceof ConfigurationFailure) return 64;
  return error instanceof UnreachableFailure ? 69 : 70;
}

async function main(): Promise<void> {
  const settings = workerSettings(process.env);
  const { temporal, stateDirectory } = settings;
  const owner = ownerName(temporal, hostname());
  const parts = await openParts({ owner, stateDirectory, environment: process.env });
  if (temporal.apiKey) parts.remember(temporal.apiKey);
  await run(settings, createLog(settings.logLevel, parts.redact), parts);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    const known = error instanceof ConfigurationFailure || error instanceof UnreachableFailure;
    console.error(known ? `error: ${error.message}` : error);
    process.exit(exitCode(error));
  });
}
