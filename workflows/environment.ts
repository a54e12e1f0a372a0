import {
  ApplicationFailure,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { remember } from '../domain/ledger';
import { KINDS, kindOf, titleOf, unknownKind } from '../domain/kinds';
import { asRequest, requestMistake } from '../domain/request';
import type { OldRequest, Request, RequestKind } from '../domain/request';
import { learnGeneration } from './generation';
import { environmentQuery, requestUpdate } from './messages';
import type { CurrentRelease, EnvironmentInput, EnvironmentState, ReleaseAnswer } from './messages';
import { refusal } from './refusing';
import { reconcileAfter, restore, startWork, untilEnded } from './releasing';

// A worker that takes the environment over replays its history, which is slow beyond this.
const LONG_HISTORY = 2_000;
const ANSWERS_KEPT = 50;
/** The news that a release ended may take the first time, and writing down its outcome the second. */
const HEARING_MS = 1_000;
const WRITING_MS = 30_000;

/** Its release is a child with a fixed id, so the id is the lock even if this workflow is gone. */
export async function environment({ carried, ...scope }: EnvironmentInput): Promise<void> {
  const state: EnvironmentState = { ...scope, live: null, ledger: [], current: null, ...carried?.state };
  const answers = new Map<string, ReleaseAnswer>(carried?.answers);
  const waiting: Request[] = [];
  setHandler(environmentQuery, () => state, { description: 'What is live, what is going on, and the last releases.' });
  // A retry of an answered request gets the same answer, also after continue-as-new.
  const receive = async (given: Request | OldRequest): Promise<ReleaseAnswer> => {
    const request = asRequest(given);
    const unknown = unknownKind(request);
    if (unknown) return { accepted: false, reason: unknown };
    if (!answers.has(request.id) && !waiting.some(({ id }) => id === request.id)) waiting.push(request);
    await condition(() => answers.has(request.id));
    return answers.get(request.id) as ReleaseAnswer;
  };
  const validator = (given: unknown): void => {
    const mistake = requestMistake(given, scope);
    if (mistake !== undefined) throw ApplicationFailure.nonRetryable(mistake, 'Refused');
  };
  for (const kind of Object.keys(KINDS) as RequestKind[]) {
    const description = `Asks for a ${KINDS[kind].noun}; commands send it, with all that the request needs.`;
    setHandler(requestUpdate(kind), receive, { validator, description });
  }
  const answer = (request: Request, given: ReleaseAnswer): void => void answers.set(request.id, given);

  for (;;) {
    show(state);
    await condition(() => waiting.length > 0 || isLong());
    const request = waiting.shift();
    if (request) await serve(state, request, answer, waiting);
    else break;
  }
  await continueAsNew<typeof environment>({ ...scope, carried: { state, answers: [...answers].slice(-ANSWERS_KEPT) } });
}

interface Turn {
  /** True while the outcome is being written down. */
  ended: boolean;
  over: boolean;
}

async function serve(
  state: EnvironmentState,
  request: Request,
  answer: (request: Request, given: ReleaseAnswer) => void,
  waiting: Request[],
): Promise<void> {
  const unread = await restore(state, request);
  const refused = refusal(state, request, unread);
  if (refused) return answer(request, refused);
  if (state.generation === undefined) await learnGeneration(state, request);
  const started = await startWork(state, request);
  answer(request, started.answer);
  if (!started.child) return;
  const current = (state.current = currentOf(request));
  show(state);
  const turn: Turn = { ended: false, over: false };
  const refusing = refuseOthers(state, turn, answer, waiting);
  const { entry, terminated } = await untilEnded(started.child, request, state.live, (trouble) => {
    current.trouble = trouble;
    show(state);
  });
  turn.ended = true;
  state.ledger = remember(state.ledger, entry);
  state.live = entry.live;
  if (entry.outcome === 'released') released(state, request);
  if (entry.outcome === 'removed') forgetRemains(state);
  if (terminated) await afterTermination(state, request);
  if (entry.outcome === 'refused') await learnGeneration(state, request);
  state.current = null;
  turn.over = true;
  await refusing;
}

/** A release that went well left nothing in either slot of one that was terminated before. */
function released(state: EnvironmentState, { config }: Request): void {
  state.config = config;
  delete state.needsHand;
}

function forgetRemains(state: EnvironmentState): void {
  delete state.config;
  delete state.needsHand;
}

/** What was removed on purpose must not be put back. */
async function afterTermination(state: EnvironmentState, request: Request): Promise<void> {
  const { afterTermination: then, noun } = KINDS[request.kind];
  if (then === undefined) return reconcileAfter(state, request);
  state.needsHand = `the ${noun} was terminated: ${then}`;
}

/** Refuses requests that come meanwhile. One that comes just as the release ends waits and is next. */
async function refuseOthers(
  state: EnvironmentState,
  turn: Turn,
  answer: (request: Request, given: ReleaseAnswer) => void,
  waiting: Request[],
): Promise<void> {
  for (;;) {
    await condition(() => turn.over || waiting.length > 0);
    const summary = 'time for the release to end, before requests that came meanwhile are refused';
    if (turn.over || (await condition(() => turn.over, turn.ended ? WRITING_MS : HEARING_MS, { summary }))) return;
    for (const late of waiting.splice(0)) answer(late, refusal(state, late) as ReleaseAnswer);
  }
}

function currentOf(request: Request): CurrentRelease {
  const { id: releaseId, kind, who } = request;
  const what = { releaseId, kind, version: titleOf(request), who, since: Date.now() };
  return { ...what, ...(kind === 'migration' && { migration: true }) };
}

function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONG_HISTORY;
}

function show({ live, current, needsHand, ledger }: EnvironmentState): void {
  const lines = [
    live ? `Live: **${live.version}** in ${live.slot} (${live.releaseId})` : 'Nothing is live yet.',
    ...(current ? [`${doing(current)}: **${current.version}**, by ${current.who}`] : []),
    ...(current?.trouble ? [`**It cannot go on**: ${current.trouble}`] : []),
    ...(needsHand ? [`**Needs a hand**: ${needsHand}`] : []),
    '',
    ...ledger.map(
      ({ release, outcome, why }) => `- ${release.version}: ${outcome}${why ? ` — ${why.split('\n')[0]}` : ''}`,
    ),
  ];
  setCurrentDetails(lines.join('\n'));
}

function doing({ kind, version }: CurrentRelease): string {
  return KINDS[kindOf({ kind, release: { version } })].doing;
}
