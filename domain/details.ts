import type { PhaseRecord, ReleaseStatus } from './release';
import { formatDuration } from './units';

/** A release in a few lines of Markdown, for the Temporal Web UI. */
export function describe(status: ReleaseStatus): string {
  return [
    headline(status),
    ...waiting(status),
    '',
    ...status.phases.map(phaseLine),
    ...undoLines(status),
    ...footer(status),
  ].join('\n');
}

/** The same in one line. */
export function headline({ release, state, outcome, phase, share, why }: ReleaseStatus): string {
  const what = `**${release.app} ${release.version} → ${release.environment}**`;
  if (state === 'ended') return `${what}: ${outcome}${why ? ` — ${why}` : ''}`;
  const where = state === 'running' ? phase : `${state} (${phase})`;
  return `${what}: ${where}, ${share} % of the traffic${why ? ` — ${why}` : ''}`;
}

function phaseLine({ phase, state, startedAt, endedAt, detail }: PhaseRecord): string {
  const took = endedAt === undefined ? '' : ` in ${formatDuration(endedAt - startedAt)}`;
  return `- ${phase}: ${state}${took}${detail ? `: ${detail}` : ''}`;
}

function undoLines({ undos, state }: ReleaseStatus): string[] {
  if (state !== 'undoing' && state !== 'needs a hand') return [];
  return [
    '',
    'Undo:',
    ...undos.map((undo) => `- ${undo.label}: ${undo.state}${undo.failure ? `: ${undo.failure}` : ''}`),
  ];
}

// Near the top: the Web UI shows the first lines only, and this is what somebody has to act on.
function waiting({ waitingFor }: ReleaseStatus): string[] {
  return waitingFor ? ['', `Waiting for ${waitingFor}.`] : [];
}

function footer({ judgement, leftovers }: ReleaseStatus): string[] {
  return [
    ...(judgement ? ['', `Judged ${judgement.verdict}: ${judgement.reason}.`] : []),
    ...(leftovers.length > 0 ? ['', 'Left over:', ...leftovers.map((leftover) => `- ${leftover}`)] : []),
  ];
}
