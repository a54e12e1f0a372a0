import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigurationFailure } from '../domain/failures';
import { DEFAULT_TASK_QUEUE } from '../domain/names';
import { temporalSettings, type TemporalSettings } from '../domain/temporal-address';
import { parseDuration } from '../domain/units';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface WorkerSettings {
  temporal: TemporalSettings;
  taskQueue: string;
  /** Absent: no health endpoints. 0: any free port. */
  healthPort?: number;
  logLevel: LogLevel;
  /** Milliseconds that running steps get after SIGTERM. */
  shutdownGraceMs: number;
  stateDirectory: string;
}

const schema = z.object({
  SPILLWAY_TASK_QUEUE: z.string().prefault(DEFAULT_TASK_QUEUE),
  SPILLWAY_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SPILLWAY_LOG_LEVEL: z.enum(LOG_LEVELS).prefault('info'),
  SPILLWAY_SHUTDOWN_GRACE: z
    .string()
    .prefault('10s')
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) return milliseconds;
      context.addIssue({ code: 'custom', message: `expected a duration such as 30s, seen "${text}"` });
      return z.NEVER;
    }),
  SPILLWAY_WORKER_STATE: z.string().optional(),
});

/** @throws ConfigurationFailure that names all wrong variables; an empty one counts as absent */
export function workerSettings(environment: Record<string, string | undefined>): WorkerSettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  const problems = parsed.success ? [] : [`The worker is not configured rightly:\n${z.prettifyError(parsed.error)}`];
  const temporal = attempt(() => temporalSettings(given), problems);
  if (!parsed.success || !temporal) throw new ConfigurationFailure(problems.join('\n'));
  const { data } = parsed;
  return {
    temporal,
    taskQueue: data.SPILLWAY_TASK_QUEUE,
    healthPort: data.SPILLWAY_HEALTH_PORT,
    logLevel: data.SPILLWAY_LOG_LEVEL,
    shutdownGraceMs: data.SPILLWAY_SHUTDOWN_GRACE,
    stateDirectory:
      data.SPILLWAY_WORKER_STATE ?? join(given.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'spillway'),
  };
}

function attempt<T>(read: () => T, problems: string[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigurationFailure)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
