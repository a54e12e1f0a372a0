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
  lookAtRemains: 'remove',
  beginRemoval: 'remove',
  removeRoutes: 'remove',
  removeGroups: 'remove',
  removeImages: 'remove',
  removeVolumes: 'remove',
  removeBackups: 'remove',
  setStateAside: 'remove',
  migrationStatus: 'migrate',
  checkMigrations: 'migrate',
  takeFence: 'migrate',
  downMigrations: 'migrate',
  reapplyMigrations: 'migrate',
  checkBaseline: 'migrate',
  markMigrations: 'migrate',
  forgetMigrations: 'migrate',
};

/** Logs every step with its duration, and redacts secrets in what it raises or beats. */
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

/** A soak beats the same long details many times, so the redacted copy is kept. */
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

/** Not every activity belongs to a release. */
function stepOf({ args }: ActivityExecuteInput): Partial<Step> {
  const input = args[0];
  return input !== null && typeof input === 'object' ? input : {};
}

/** A container may print a secret that this worker has not resolved yet, so it learns all before each step. */
async function learnSecrets(parts: Parts, { config, projectDirectory }: Partial<Step>): Promise<void> {
  if (!config || projectDirectory === undefined) return;
  await Promise.allSettled(secretReferences(config).map((reference) => parts.secret(reference, projectDirectory)));
}

/** Redacts an error and keeps its class, by which the workflow decides. */
function safe(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return redactDeep(error, redact);
  const clean = (text: string): string => shorten(redact(text));
  error.message = clean(error.message);
  if (error.stack) error.stack = clean(error.stack);
  // Spillway's own message says it all; its cause is in the log, and would hide the message in the Web UI.
  error.cause = error instanceof SpillwayFailure ? undefined : safe(error.cause, redact);
  return error;
}

function shorten(text: string): string {
  if (text.length <= LONGEST_MESSAGE) return text;
  const half = LONGEST_MESSAGE / 2;
  return `${text.slice(0, half)}\n… ${text.length - LONGEST_MESSAGE} characters left out …\n${text.slice(-half)}`;
}
