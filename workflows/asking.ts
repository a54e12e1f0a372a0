import { ApplicationFailure, CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { Question } from '../domain/asking';
import { undecidedText } from '../domain/details';
import type { Judgement } from '../domain/release';
import { formatDuration } from '../domain/units';
import type { ReleaseRun } from './run';
import { soak } from './soak';
import type { Soak } from './soak';

interface Asking {
  question: Question;
  /** Milliseconds; judging does not stop this clock. */
  timeout: number;
  answered: () => boolean;
  /** Starts to judge while people think; null when there is nothing to judge. */
  watch: (() => Promise<Soak>) | null;
}

/** Waits for an answer and judges meanwhile. Answers false when time is over, throws on a bad judgement or a stop. */
export async function ask(run: ReleaseRun, { question, timeout, answered, watch }: Asking): Promise<boolean> {
  const { control } = run;
  let isLate = false;
  const clock = new CancellationScope();
  void clock
    .run(() => sleep(timeout, { summary: 'time to answer' }))
    .then(
      () => (isLate = true),
      () => undefined,
    );
  const until = () => isLate || answered();
  control.ask(question, timeout);
  try {
    const judgement = await watched(run, until, watch);
    clock.cancel();
    if (judgement) failIfBad(judgement);
    return answered();
  } catch (error) {
    // Older histories let the clock go on where the watch over an approval ended by an error, and are replayed by this.
    if (question.for !== 'approval') clock.cancel();
    throw error;
  } finally {
    control.asked();
  }
}

/** Waits, and judges meanwhile where there is something to judge. */
async function watched(run: ReleaseRun, until: () => boolean, watch: Asking['watch']): Promise<Judgement | undefined> {
  if (watch) return soak(run, { ...(await watch()), length: null, longest: undefined, until });
  await condition(until);
  return undefined;
}

/** Acts on a judgement; an inconclusive one may need a person. Answers whether somebody promoted it. */
export async function settle(run: ReleaseRun, judgement: Judgement, watched: Soak): Promise<boolean> {
  const { control, request } = run;
  const { inconclusive, holdTimeout } = request.config.canary;
  failIfBad(judgement);
  if (judgement.verdict !== 'inconclusive') return control.promoted !== undefined;
  if (inconclusive === 'fail') throw judgedNo(judgement.reason);
  if (inconclusive === 'continue') return false;
  const { reason } = judgement;
  const question: Question = { for: 'canary', reason };
  if (await ask(run, { ...promotion(run, watched), question, timeout: holdTimeout })) return true;
  throw judgedNo(undecidedText(reason));
}

export async function untilPromoted(run: ReleaseRun, watched: Soak, timeout: number): Promise<void> {
  const { share } = watched;
  if (await ask(run, { ...promotion(run, watched), question: { for: 'promotion', share }, timeout })) return;
  throw judgedNo(`nobody promoted the step at ${share} % within ${formatDuration(timeout)}`);
}

function promotion({ control }: ReleaseRun, watched: Soak): Pick<Asking, 'answered' | 'watch'> {
  return { answered: () => control.promoted !== undefined, watch: () => Promise.resolve(watched) };
}

function failIfBad({ verdict, reason }: Judgement): void {
  if (verdict === 'fail') throw judgedNo(reason);
}

function judgedNo(reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(reason, 'JudgedNo');
}
