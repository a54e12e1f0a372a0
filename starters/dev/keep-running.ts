import { setTimeout as sleep } from 'node:timers/promises';
import { describeEnding, type Child, type Ending } from './child';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Milliseconds; a program that ran this long was well, so its next pause is short again. */
const STEADY = 60_000;

interface Keeping {
  name: string;
  start(): Promise<Child>;
  onRestart(detail: string): void;
  /** Answers a failure when starting it again would not help. */
  isHopeless?(ending: Ending): Error | undefined;
}

export interface Kept {
  /** Rejected when there is no hope; never fulfilled. */
  failed: Promise<never>;
  stop(hurry?: boolean): Promise<void>;
}

/** Starts a child again when it ends; the pause doubles from 0.5 s to 30 s while the child does not last. */
export function keepRunning(first: Child, keeping: Keeping): Kept {
  const stopping = new AbortController();
  let child: Child | undefined = first;
  const keep = async (): Promise<void> => {
    let pause = FIRST_PAUSE;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      const how: string = child ? describeEnding(await observe(child, keeping)) : 'it did not start';
      if (stopping.signal.aborted) return;
      if (Date.now() - since > STEADY) pause = FIRST_PAUSE;
      keeping.onRestart(`${keeping.name} ended (${how}); it is started again in ${pause / 1_000} s`);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      child = stopping.signal.aborted ? undefined : await again(keeping);
    }
  };
  const kept = keep();
  const failed = kept.then(() => new Promise<never>(() => undefined));
  // Nobody may be listening any more when it fails.
  failed.catch(() => undefined);
  const stop = async (hurry = false) => {
    stopping.abort();
    await child?.stop(hurry);
    await kept.catch(() => undefined);
    await child?.stop(hurry);
  };
  return { failed, stop };
}

async function observe(child: Child, { isHopeless }: Keeping): Promise<Ending> {
  const ending = await child.ended;
  const failure = isHopeless?.(ending);
  if (failure) throw failure;
  return ending;
}

async function again({ start, onRestart }: Keeping): Promise<Child | undefined> {
  return start().catch((error: unknown) => {
    onRestart(error instanceof Error ? error.message : String(error));
    return undefined;
  });
}
