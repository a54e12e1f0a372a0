import { appendFileSync, existsSync, readFileSync, unlinkSync } from 'node:fs';
import type { Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import type { ActivityInterceptors, WorkerOptions } from '@temporalio/worker';

/*
 * Spillway's own worker process, with two additions: it writes down every step it runs, and it kills itself with
 * SIGKILL at the point that a file names. The file is taken away first, so that the next worker survives that point.
 */

export interface CrashPoint {
  activity: string;
  /** The first, second, … time that it runs since the file was written. */
  nth: number;
  when: 'before' | 'during' | 'after' | 'between';
  /** How long after its begin `during` is, in ms. */
  delayMs: number;
}

/** A step that ran, as written to the trace. */
export interface Trace {
  activity: string;
  attempt: number;
  /** Milliseconds. */
  duration: number;
  failed: boolean;
}

const { CRASH_FILE = '', TRACE_FILE = '' } = process.env;
// Long enough for the answer to reach Temporal, too short for much of the next step.
const BETWEEN_MS = 12;

let armed: { text: string; point: CrashPoint; seen: number } | undefined;

/** The crash point, when this is the step it names. */
function pointOf(activity: string): CrashPoint | undefined {
  if (!existsSync(CRASH_FILE)) return (armed = undefined);
  const text = readFileSync(CRASH_FILE, 'utf8');
  if (armed?.text !== text) armed = { text, point: JSON.parse(text) as CrashPoint, seen: 0 };
  if (armed.point.activity !== activity) return undefined;
  return ++armed.seen === armed.point.nth ? armed.point : undefined;
}

function die(): void {
  unlinkSync(CRASH_FILE);
  process.kill(process.pid, 'SIGKILL');
}

function trace(entry: Trace): void {
  if (TRACE_FILE) appendFileSync(TRACE_FILE, `${JSON.stringify(entry)}\n`);
}

function crashing({ info: { activityType: activity, attempt } }: Context): ActivityInterceptors {
  return {
    inbound: {
      execute: async (input, next) => {
        const point = pointOf(activity);
        if (point?.when === 'before') die();
        if (point?.when === 'during') setTimeout(die, point.delayMs);
        const began = performance.now();
        let failed = true;
        try {
          const answer = await next(input);
          failed = false;
          return answer;
        } finally {
          trace({ activity, attempt, duration: Math.round(performance.now() - began), failed });
          // A step that was faster than expected still dies.
          if (point?.when === 'after' || point?.when === 'during') die();
          if (point?.when === 'between') setTimeout(die, BETWEEN_MS);
        }
      },
    },
  };
}

const create = Worker.create.bind(Worker);
Worker.create = (options: WorkerOptions) =>
  create({
    ...options,
    interceptors: { ...options.interceptors, activity: [crashing, ...(options.interceptors?.activity ?? [])] },
  });
