import { Traffic, type Change, type Look } from '../tests/support/canary-traffic';
import { oursByErrors, oursByLatency, PROMISED, PROMISED_IN_A_RELEASE } from './judge-ours';
import { errorRate, failsAfter, kayentaStyles, p95, thresholds, type Path } from './judge-rivals';
import { median } from './statistics';

/* How many requests of a canary it takes until it is found to be bad, by ours and by others, at equal false alarms. */

const CANARIES = 1_000;
const FALSE_ALARMS = 0.01;
const SHARE = 0.1;

/** Traffic in which canaries are judged. */
export interface Surroundings {
  /** Requests to both versions between two samples. */
  requests: number;
  looksAMinute: number;
  /** Samples of one canary. */
  looks: number;
  /** Whether volume, errors and latency go up and down, for both alike. */
  varying: boolean;
}

/** What is told of one way of judging. */
export interface Detection {
  name: string;
  /** Requests of the canary until it was failed, ascending; Infinity for those that were not. */
  requests: number[];
}

export interface Comparison {
  /** At the level that is promised, hence with fewer false alarms. */
  ours: Detection;
  /** With the limit that has as many false alarms as the rivals. */
  oursCalibrated: Detection;
  /** As one of six tests that share the level of a release. */
  oursInARelease: Detection;
  threshold: Detection;
  kayentaStyle: Detection;
}

/** Compares all on the same canaries: a thousand that are as good as the live version, and a thousand that are not. */
export function compare(what: 'errors' | 'latency', around: Surroundings): Comparison {
  const { ours, measure, change } = SUBJECTS[what];
  const [limits, ranks] = [thresholds(around.looksAMinute), kayentaStyles(around.looksAMinute)];
  const judges = [ours, ...limits, ...ranks];
  const good = canaries(1, around, {}, (looks) => judges.map(({ path }) => path(looks, measure).at(-1)!));
  const allowed = judges.map((_, index) => limitOf(good.map((loudest) => loudest[index]!)));
  // Ours three times: as it is promised, alone and in a release, and calibrated like all others.
  const bad = canaries(2, around, change, (looks) => {
    const [own, ...others] = judges.map(({ path }) => path(looks, measure));
    const ownLimits = [PROMISED, PROMISED_IN_A_RELEASE, allowed[0]!];
    return [
      ...ownLimits.map((limit) => requestsUntil(looks, own!, limit)),
      ...others.map((path, index) => requestsUntil(looks, path, allowed[index + 1]!)),
    ];
  });
  const names = [ours, ours, ...judges].map(({ name }) => name);
  const [promised, inARelease, calibrated, ...rest] = names.map((name, index) => ({
    name,
    requests: bad.map((requests) => requests[index]!).sort((a, b) => a - b),
  }));
  return {
    ours: promised!,
    oursCalibrated: calibrated!,
    oursInARelease: inARelease!,
    threshold: best(rest.slice(0, limits.length)),
    kayentaStyle: best(rest.slice(limits.length)),
  };
}

const SUBJECTS = {
  errors: { ours: oursByErrors, measure: errorRate, change: { errors: 2 } },
  latency: { ours: oursByLatency, measure: p95, change: { latency: 1.3 } },
};

/** The limit that so many of the good canaries exceed as are allowed to be false alarms. */
function limitOf(loudest: number[]): number {
  return loudest.sort((a, b) => b - a)[FALSE_ALARMS * loudest.length]!;
}

function best(found: Detection[]): Detection {
  return found.reduce((one, other) => (median(other.requests) < median(one.requests) ? other : one));
}

/** Makes canaries one after another, since all of them at once would not fit into memory. */
function canaries<Result>(
  series: number,
  { requests, looks, varying }: Surroundings,
  change: Change,
  judged: (looks: Look[]) => Result,
): Result[] {
  return Array.from({ length: CANARIES }, (_, index) => {
    const seed = series * 1_000_000 + index;
    const traffic = new Traffic({ seed, latency: 'usual', errorRate: 0.01, requests, varying });
    return judged(Array.from({ length: looks }, () => traffic.next(SHARE, change)));
  });
}

function requestsUntil(looks: readonly Look[], path: Path, limit: number): number {
  const after = failsAfter(path, limit);
  return after === Infinity ? Infinity : looks.slice(0, after).reduce((sum, { canary }) => sum + canary.requests, 0);
}
