import { yesTo } from '../../domain/asking';
import type { Outcome, PhaseRecord, ReleaseStatus } from '../../domain/release';
import { formatDuration } from '../../domain/units';
import type { Colours } from '../output';
import type { ExitCode } from '../exit-codes';
import { EXIT } from '../exit-codes';

/** A phase that still runs lasts until `now`; all times are ms since the epoch. */
export function tookOf({ startedAt, endedAt }: { startedAt: number; endedAt?: number }, now: number): string {
  return formatDuration(Math.max(0, (endedAt ?? now) - startedAt));
}

/** `shop 1.3.0 → production` */
export function titleOf({ release }: Pick<ReleaseStatus, 'release'>): string {
  return `${release.app} ${release.version} → ${release.environment}`;
}

export function exitCodeOf({
  state,
  outcome,
  unreachable,
}: Pick<ReleaseStatus, 'state' | 'outcome' | 'unreachable'>): ExitCode | undefined {
  if (state === 'needs a hand') return EXIT.needsHand;
  if (state !== 'ended') return undefined;
  switch (outcome) {
    case 'released':
    case 'migrated':
    case 'unchanged':
    case 'removed':
      return EXIT.done;
    case 'refused':
    case 'rolled back':
      return unreachable ? EXIT.unreachable : EXIT.no;
    case 'resolved by hand':
    case 'terminated':
    case 'removed in part':
    case undefined:
      return EXIT.no;
  }
}

export function outcomeText(outcome: Outcome, colours: Colours): string {
  switch (outcome) {
    case 'released':
    case 'migrated':
    case 'unchanged':
    case 'removed':
      return colours.green(outcome);
    case 'refused':
    case 'rolled back':
    case 'resolved by hand':
      return colours.yellow(outcome);
    case 'terminated':
    case 'removed in part':
      return colours.red(outcome);
  }
}

export function phaseSign(state: PhaseRecord['state'], colours: Colours): string {
  switch (state) {
    case 'running':
      return colours.blue('▸');
    case 'done':
      return colours.green('✓');
    case 'failed':
      return colours.red('✗');
    case 'skipped':
      return colours.dim('–');
  }
}

export function commandFor(name: string, { release }: Pick<ReleaseStatus, 'release'>): string {
  return `spillway ${name} --app ${release.app} -e ${release.environment}`;
}

/** Undefined when no command gives what the release waits for. */
export function answerTo(status: ReleaseStatus): string | undefined {
  const yes = yesTo(status);
  return yes && commandFor(yes, status);
}

/** A first line that announces the next one is told together with it. */
export function oneLine(text: string): string {
  const [first = '', second] = text.split('\n', 2);
  return second !== undefined && first.endsWith(':') ? `${first} ${second}` : first;
}

/** UTC, to the second: `2026-11-21 10:15:00`. */
export function timeText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
