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

/** Beats in a heartbeat time-out: some may be late or lost without the activity being taken for dead. */
const BEATS = 4;
const USUAL_TIMEOUT_MS = 3_000;

/** A timer beats, because an activity hears only from a beat that it was cancelled. */
export async function withIo<T>(body: (io: Io, keep: (details: object) => void) => Promise<T>): Promise<T> {
  const context = Context.current();
  // Many calls listen to the signal at once, so Node must not warn of a leak.
  setMaxListeners(0, context.cancellationSignal);
  let last = 'started';
  // The details of the last attempt stay until there are newer ones, because this one may be killed at once, too.
  let kept: unknown = isKept(context.info.heartbeatDetails) ? context.info.heartbeatDetails : undefined;
  const beat = (): void => context.heartbeat(kept ?? last);
  beat();
  const timer = setInterval(beat, (context.info.heartbeatTimeoutMs ?? USUAL_TIMEOUT_MS) / BEATS);
  try {
    const io: Io = { signal: context.cancellationSignal, onProgress: (detail) => (last = detail) };
    return await body(io, (details) => (kept = details));
  } finally {
    clearInterval(timer);
  }
}

function isKept(details: unknown): boolean {
  return typeof details === 'object' && details !== null;
}

export interface OpenParts {
  io: Io;
  target: OpenTarget;
  router: Router;
  state: State;
}

export interface StepParts extends OpenParts {
  release: Owned<ReleaseRef>;
  /** Fails with `OutdatedFailure` once another release has the environment; call it before each late effect. */
  assertFence: () => Promise<void>;
  /** Puts small, plain data into every beat from now on, for another attempt to go on with. */
  keep: (details: object) => void;
}

/**
 * @throws OutdatedFailure when another release or none has the environment; PreflightFailure when another Temporal has.
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

export function claimantOf({ release, generation }: Pick<Step, 'release' | 'generation'>): Claimant {
  const { app, environment, id } = release;
  return { app, environment, id, ...(generation && { generation }) };
}
