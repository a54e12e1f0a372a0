import { Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Parts } from '../activities/parts';
import { workflowCode, type WorkflowCode } from './bundle';
import { stepInterceptor } from './interceptor';
import { temporalLogger, type Log } from './log';

interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  parts: Parts;
  log: Log;
  /** Default: the bundle of the build, or one made now. */
  workflowBundle?: WorkflowCode['workflowBundle'];
  /** Milliseconds that running steps get after a shutdown was asked for. Default 10 s. */
  shutdownGraceMs?: number;
}

// A step that ignores its cancellation must not hold the process for ever; another worker tries it again.
const FORCE_MS = 20_000;

/** docs/architecture.md explains these. */
export const WORKER_TIMINGS = {
  maxHeartbeatThrottleInterval: '700ms',
  defaultHeartbeatThrottleInterval: '700ms',
  stickyQueueScheduleToStartTimeout: '2s',
  // Each release holds two places for hours, for a soak and the watch over it, which do next to nothing; no undo may have
  // to wait for one.
  maxConcurrentActivityTaskExecutions: 20_000,
} as const;

/** The worker polls once `run()` is called, and drains when it is told to shut down. */
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

/** Sends the SDK's log into the worker's, and drains on SIGTERM and SIGINT. Call it once, before connecting. */
export function installRuntime(log: Log): void {
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}
