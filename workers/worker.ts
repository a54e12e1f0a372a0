import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Parts } from '../activities/parts';
import { workflowCode, type WorkflowCode } from './bundle';
import { stepInterceptor } from './interceptor';
import { temporalLogger, type Log } from './log';

export interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  parts: Parts;
  log: Log;
  /** Default: the bundle that the build made, or one made now. */
  workflowBundle?: WorkflowCode['workflowBundle'];
  /** How long running steps may go on after shutdown was asked for, in milliseconds. Default 10 s. */
  shutdownGraceMs?: number;
}

// A step that does not listen to its cancellation must not hold the process for ever: its next try is another worker's.
const FORCE_MS = 20_000;

/** How fast others learn of what happens to a worker, and how much it takes on (docs/architecture.md). */
export const WORKER_TIMINGS = {
  maxHeartbeatThrottleInterval: '700ms',
  defaultHeartbeatThrottleInterval: '700ms',
  stickyQueueScheduleToStartTimeout: '2s',
  // A soak takes a place for hours and does next to nothing there: no undo may have to wait for one.
  maxConcurrentActivityTaskExecutions: 5_000,
} as const;

/**
 * A worker that polls once `run()` is called and drains when it is told to shut down. Its timings decide how fast another
 * one goes on after it died, and how fast a cancelled step learns of that (docs/architecture.md).
 */
export async function createWorker(given: WorkerParts): Promise<Worker> {
  const { connection, namespace, taskQueue, parts, log, workflowBundle, shutdownGraceMs = 10_000 } = given;
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    ...(workflowBundle ? { workflowBundle } : await workflowCode()),
    activities: createActivities(parts),
    ...WORKER_TIMINGS,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownGraceMs + FORCE_MS,
    interceptors: { activity: [stepInterceptor(parts, log)] },
  });
}

/**
 * Sends what the SDK logs into the worker's own log and lets it drain on SIGTERM and SIGINT. Once a process, before the
 * first connection.
 */
export function installRuntime(log: Log): void {
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}
