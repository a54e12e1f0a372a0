import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { remember } from '../domain/ledger';
import type { ReleaseRequest } from '../domain/release';
import { environmentQuery, releaseUpdate } from './messages';
import type { EnvironmentInput, EnvironmentState, ReleaseAnswer } from './messages';
import { reconcileAfter, restore, startRelease } from './releasing';

// A history longer than this is slow to replay for a worker that takes the environment over.
const LONG_HISTORY = 2_000;
const ANSWERS_KEPT = 50;

/**
 * Lives as long as the environment: its lock, its ledger, and what is live. Its release is a child whose id is fixed,
 * so that the id is the lock even if this workflow is gone.
 */
export async function environment({ carried, ...scope }: EnvironmentInput): Promise<void> {
  const state: EnvironmentState = { ...scope, live: null, ledger: [], current: null, ...carried?.state };
  const answers = new Map<string, ReleaseAnswer>(carried?.answers);
  const waiting: ReleaseRequest[] = [];
  setHandler(environmentQuery, () => state);
  // A retry of a request that was answered already gets that answer, also after continue-as-new.
  setHandler(releaseUpdate, async (request) => {
    if (!answers.has(request.id) && !waiting.some(({ id }) => id === request.id)) waiting.push(request);
    await condition(() => answers.has(request.id));
    return answers.get(request.id) as ReleaseAnswer;
  });
  const answer = (request: ReleaseRequest, given: ReleaseAnswer): void => void answers.set(request.id, given);

  for (;;) {
    show(state);
    await condition(() => waiting.length > 0 || isLong());
    const request = waiting.shift();
    if (request) await serve(state, request, answer, waiting);
    else break;
  }
  await continueAsNew<typeof environment>({ ...scope, carried: { state, answers: [...answers].slice(-ANSWERS_KEPT) } });
}

async function serve(
  state: EnvironmentState,
  request: ReleaseRequest,
  answer: (request: ReleaseRequest, given: ReleaseAnswer) => void,
  waiting: ReleaseRequest[],
): Promise<void> {
  await restore(state, request);
  const refused = refusal(state, request);
  if (refused) return answer(request, refused);
  const started = await startRelease(state, request);
  answer(request, started.answer);
  if (!started.entry) return;
  state.current = { releaseId: request.id, version: request.version, who: request.who, since: Date.now() };
  show(state);
  let over = false;
  const refuseOthers = async (): Promise<void> => {
    for (;;) {
      await condition(() => over || waiting.length > 0);
      if (over) return;
      for (const late of waiting.splice(0)) answer(late, refusal(state, late) as ReleaseAnswer);
    }
  };
  const refusing = refuseOthers();
  const { entry, terminated } = await started.entry;
  state.ledger = remember(state.ledger, entry);
  state.live = entry.live;
  if (terminated) await reconcileAfter(state, request);
  state.current = null;
  over = true;
  await refusing;
}

/** Why a request is not served; undefined when it is. */
function refusal({ current, live }: EnvironmentState, request: ReleaseRequest): ReleaseAnswer | undefined {
  const { app, environment, version, options } = request;
  if (current) {
    const since = new Date(current.since).toISOString();
    const reason = `${current.who} is releasing ${app} ${current.version} to ${environment} since ${since}; wait, or abort it`;
    return { accepted: false, reason, current };
  }
  if (live?.version === version && !options.again && !options.testOnly) {
    const reason =
      `${app} ${version} is live in ${environment} already: release another version, ` +
      'or the same with --again if its configuration or secrets changed';
    return { accepted: false, reason };
  }
  return undefined;
}

function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONG_HISTORY;
}

function show({ live, current, needsHand, ledger }: EnvironmentState): void {
  const lines = [
    live ? `Live: **${live.version}** in ${live.slot} (${live.releaseId})` : 'Nothing is live yet.',
    ...(current ? [`Releasing: **${current.version}**, by ${current.who}`] : []),
    ...(needsHand ? [`**Needs a hand**: ${needsHand}`] : []),
    '',
    ...ledger.map(
      ({ release, outcome, why }) => `- ${release.version}: ${outcome}${why ? ` — ${why.split('\n')[0]}` : ''}`,
    ),
  ];
  setCurrentDetails(lines.join('\n'));
}
