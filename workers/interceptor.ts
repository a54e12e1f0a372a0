import type { ActivityExecuteInput, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Parts } from '../activities/parts';
import type { Activities, Step } from '../activities/steps';
import { SpillwayFailure } from '../domain/failures';
import { secretReferences } from '../domain/identity';
import { redactDeep } from '../domain/redact';
import type { Log } from './log';

type Context = Parameters<ActivityInterceptorsFactory>[0];

/** Longer messages fill the history, and over 2 MB they end the workflow. */
const LONGEST_MESSAGE = 8_000;

/** The part of a release that a step belongs to, for the log. */
const PHASES: Record<keyof Activities, string> = {
  preflight: 'preflight',
  buildImages: 'build',
  restoreImages: 'build',
  backUp: 'backup',
  applyMigrations: 'migrate',
  revertMigrations: 'migrate',
  deploySlot: 'deploy',
  removeSlot: 'deploy',
  deployBaseline: 'canary',
  removeBaseline: 'canary',
  smoke: 'smoke',
  setTraffic: 'switch',
  moveLiveOnly: 'switch',
  soak: 'canary',
  drainSlot: 'drain',
  retire: 'retire',
  recordEntry: 'ledger',
  readLedger: 'ledger',
  readGeneration: 'ledger',
  reconcile: 'reconcile',
  lookAtLive: 'status',
  watchRelease: 'guard',
  terminateRelease: 'guard',
  adoptEnvironment: 'adopt',
  migrationStatus: 'migrate',
  checkMigrations: 'migrate',
  takeFence: 'migrate',
  downMigrations: 'migrate',
  reapplyMigrations: 'migrate',
};

/** Around every step: a log line with its duration, and no secret in what it raises or tells Temporal meanwhile. */
export function stepInterceptor(parts: Parts, log: Log): ActivityInterceptorsFactory {
  return (context) => {
    Object.assign(context, { heartbeat: redactedBeat(context.heartbeat, parts) });
    return {
      inbound: {
        execute: async (input, next) => {
          const step = stepOf(input);
          await learnSecrets(parts, step);
          return observe(log.child(attributes(context, step)), parts, () => next(input));
        },
      },
    };
  };
}

/** A soak beats many times with the same, which is long: so what was redacted is kept. */
function redactedBeat(beat: Context['heartbeat'], { redact }: Parts): Context['heartbeat'] {
  let last: { details: unknown; redacted: unknown } | undefined;
  return (details?: unknown) => {
    if (!last || last.details !== details) last = { details, redacted: redactDeep(details, redact) };
    beat(last.redacted);
  };
}

async function observe<T>(log: Log, parts: Parts, body: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const duration = (): number => Math.round(performance.now() - began);
  log.debug('step begins');
  try {
    const answer = await body();
    log.info({ duration: duration() }, 'step done');
    return answer;
  } catch (error) {
    log.warn({ duration: duration(), error }, 'step failed');
    throw safe(error, parts.redact);
  }
}

function attributes({ info }: Context, { release }: Partial<Step>): Record<string, unknown> {
  const { activityType: activity, attempt } = info;
  const phase = PHASES[activity as keyof Activities] as string | undefined;
  if (!release) return { phase, activity, attempt };
  const { id, app, environment, version } = release;
  return { release: id, app, environment, version, phase, activity, attempt };
}

/** What is known of a step; not all that a worker is asked for belongs to a release. */
function stepOf({ args }: ActivityExecuteInput): Partial<Step> {
  const input = args[0];
  return input !== null && typeof input === 'object' ? input : {};
}

/**
 * A worker that takes over in the middle has resolved nothing yet, but a container may print a secret: so all of them are
 * learned before each step. One that cannot be resolved is the business of the step that needs it.
 */
async function learnSecrets(parts: Parts, { config, projectDirectory }: Partial<Step>): Promise<void> {
  if (!config || projectDirectory === undefined) return;
  await Promise.allSettled(secretReferences(config).map((reference) => parts.secret(reference, projectDirectory)));
}

/** The same error, as it may be seen by anybody. Its class stays: the workflow knows by it what to do. */
function safe(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return redactDeep(error, redact);
  const clean = (text: string): string => shorten(redact(text));
  error.message = clean(error.message);
  if (error.stack) error.stack = clean(error.stack);
  // Spillway's own message says it all; what was below it stands in the log, and would stand in its place in the Web UI.
  error.cause = error instanceof SpillwayFailure ? undefined : safe(error.cause, redact);
  return error;
}

function shorten(text: string): string {
  if (text.length <= LONGEST_MESSAGE) return text;
  const half = LONGEST_MESSAGE / 2;
  return `${text.slice(0, half)}\n… ${text.length - LONGEST_MESSAGE} characters left out …\n${text.slice(-half)}`;
}
