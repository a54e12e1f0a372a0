import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type { Context } from '@temporalio/activity';
import type * as sdk from '@temporalio/worker';
import type { ActivityInterceptors, WorkerOptions } from '@temporalio/worker';
import { pointsLeft, writePoints } from './crash-file';
import type { CrashPoint, StepName, Trace } from './crash-file';

/*
 * Spillway's own worker process, with two additions: it writes down every step it runs, and it kills itself with
 * SIGKILL at the points that a file names. A point is taken out of it first, so that the next worker survives it.
 */

const { CRASH_FILE = '', TRACE_FILE = '' } = process.env;
// Long enough for the answer to reach Temporal, too short for much of the next step.
const BETWEEN_MS = 12;

/** The crash point, when this step is one. */
function pointOf({ workflow, id }: StepName): CrashPoint | undefined {
  return pointsLeft(CRASH_FILE).find((point) => point.workflow === workflow && point.id === id);
}

function die({ workflow, id }: StepName): void {
  const left = pointsLeft(CRASH_FILE).filter((point) => point.workflow !== workflow || point.id !== id);
  writePoints(CRASH_FILE, left);
  process.kill(process.pid, 'SIGKILL');
}

function trace(entry: Trace): void {
  if (TRACE_FILE) appendFileSync(TRACE_FILE, `${JSON.stringify(entry)}\n`);
}

function crashing({ info }: Context): ActivityInterceptors {
  const { activityType: activity, activityId: id, workflowType: workflow = '', attempt } = info;
  const step = { activity, id, workflow };
  return {
    inbound: {
      execute: async (input, next) => {
        const point = pointOf(step);
        if (point?.when === 'before') die(step);
        if (point?.when === 'during') setTimeout(die, point.delayMs, step);
        const began = performance.now();
        let failed = true;
        try {
          const answer = await next(input);
          failed = false;
          return answer;
        } finally {
          trace({ ...step, attempt, duration: Math.round(performance.now() - began), failed });
          // A step that was faster than expected still dies.
          if (point?.when === 'after' || point?.when === 'during') die(step);
          if (point?.when === 'between') setTimeout(die, BETWEEN_MS, step);
        }
      },
    },
  };
}

function install({ Worker }: typeof sdk): void {
  const create = Worker.create.bind(Worker);
  Worker.create = (options: WorkerOptions) =>
    create({
      ...options,
      interceptors: { ...options.interceptors, activity: [crashing, ...(options.interceptors?.activity ?? [])] },
    });
}

// The thread of the workflows preloads this file too, and would spend most of its start on what it never uses.
if (isMainThread) install(createRequire(__filename)('@temporalio/worker') as typeof sdk);
