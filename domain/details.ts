import type { PhaseRecord, ReleaseStatus } from './release';
import { formatDuration } from './units';

/** A release in a few lines of Markdown, for the Temporal Web UI. */
export function describe(status: ReleaseStatus): string {
  return [headline(status), ...status.phases.map(phaseLine), ...undoLines(status), ...footer(status)].join('\n');
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

function footer({ waitingFor, judgement, leftovers }: ReleaseStatus): string[] {
  return [
    ...(waitingFor ? ['', `Waiting for ${waitingFor}.`] : []),
    ...(judgement ? ['', `Judged ${judgement.verdict}: ${judgement.reason}.`] : []),
    ...(leftovers.length > 0 ? ['', 'Left over:', ...leftovers.map((leftover) => `- ${leftover}`)] : []),
  ];
}
