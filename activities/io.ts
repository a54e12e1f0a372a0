import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import type { AppConfig } from '../domain/config';
import type { Claimant } from '../domain/fence';
import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { ReleaseRef, Scope } from '../domain/release';
import type { Router } from '../routers/router';
import type { State } from '../state/state';
import type { OpenTarget } from '../targets/open';
import { ownRelease } from './ownership';
import type { Parts } from './parts';
import type { Step } from './steps';

/** A soak that is promoted or paused learns of it from a beat, and what follows shall have begun within a second. */
const BEAT_MS = 700;

/**
 * Runs the body of an activity: beats every 0.7 s by a timer of its own, with the last progress as details, and hands
 * Temporal's cancellation on as an ordinary signal. A beat is how an activity learns that it was cancelled, so it must
 * not depend on the body making progress. What is given to `keep` is what another attempt finds.
 */
export async function withIo<T>(body: (io: Io, keep: (details: object) => void) => Promise<T>): Promise<T> {
  const context = Context.current();
  // Many calls at once listen to it, and each goes away again.
  setMaxListeners(0, context.cancellationSignal);
  let last = 'started';
  // What another attempt left stays until there is something newer: this one may be killed at once, too.
  let kept: unknown = isKept(context.info.heartbeatDetails) ? context.info.heartbeatDetails : undefined;
  const beat = (): void => context.heartbeat(kept ?? last);
  beat();
  const timer = setInterval(beat, BEAT_MS);
  try {
    const io: Io = { signal: context.cancellationSignal, onProgress: (detail) => (last = detail) };
    return await body(io, (details) => (kept = details));
  } finally {
    clearInterval(timer);
  }
}

/** What is only shown is a text. */
function isKept(details: unknown): boolean {
  return typeof details === 'object' && details !== null;
}

/** What every activity on a target works with. */
export interface OpenParts {
  io: Io;
  target: OpenTarget;
  router: Router;
  /** What the environment keeps. */
  state: State;
}

/** What a step works with. */
export interface StepParts extends OpenParts {
  /** The release, with what tells its environment's own containers from all others. */
  release: Owned<ReleaseRef>;
  /** Fails with `OutdatedFailure` once another release has the environment: ask again before a late effect. */
  assertFence: () => Promise<void>;
  /** Puts this into every beat from now on, for another attempt to go on with: plain data, small. */
  keep: (details: object) => void;
}

/**
 * Runs a step of a release, unless the environment belongs to another release by now: a late or frozen worker's step
 * finds itself outdated and does nothing. What begins something of its own, as reconcile does, may `take` the fence.
 *
 * @throws OutdatedFailure when another release has the environment, or none has taken it yet; PreflightFailure when it
 * belongs to another Temporal.
 */
export async function withStep<T>(
  parts: Parts,
  step: Step,
  body: (stepParts: StepParts) => Promise<T>,
  fence: 'check' | 'take' = 'check',
): Promise<T> {
  return withOpen(parts, step, async (open, keep) => {
    const { state, io } = open;
    const claimant = claimantOf(step);
    const assertFence = (): Promise<void> => state.fence.expectHeld(claimant, io);
    if (fence === 'check') await assertFence();
    const release = await ownRelease(parts, step, open);
    if (fence === 'take') await state.fence.take(claimant, io);
    return body({ ...open, release, assertFence, keep });
  });
}

/** Opens what the configuration speaks of for something that changes nothing of a release. */
export async function withOpen<T>(
  parts: Parts,
  { config, release }: { config: AppConfig; release: Scope },
  body: (open: OpenParts, keep: (details: object) => void) => Promise<T>,
): Promise<T> {
  return withIo(async (io, keep) => {
    const target = await parts.target(config);
    const state = await parts.state(config, release);
    return body({ io, target, state, router: await parts.router(config) }, keep);
  });
}

/** What a step names its release by when it takes the environment, or asks whether it still has it. */
export function claimantOf({ release, generation }: Pick<Step, 'release' | 'generation'>): Claimant {
  const { app, environment, id } = release;
  return { app, environment, id, ...(generation && { generation }) };
}
