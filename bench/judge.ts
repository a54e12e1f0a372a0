import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJudgeInput } from '../domain/config/judge';
import { judge } from '../domain/judging/metric/judge';
import { normal, seeded } from '../tests/support/seeded';
import { detectionChart } from './judge-chart';
import { compare, type Comparison, type Detection, type Surroundings } from './judge-detection';
import { falseAlarmRate } from './judge-false-alarms';
import { median, ms } from './statistics';

const CHART = join(__dirname, '../docs/detection.svg');
const CANARIES = 1_000;
const POINTS = 10_000;

/** 20 requests a second, of which the canary gets one in ten, for an hour with a sample each 10 s. */
const USUAL: Surroundings = { requests: 200, looksAMinute: 6, looks: 360, varying: true };
/** 2 a second, for five hours with a sample each minute. */
const LITTLE: Surroundings = { requests: 120, looksAMinute: 1, looks: 300, varying: true };
/** 200 a second, for an hour. */
const MUCH: Surroundings = { requests: 2_000, looksAMinute: 6, looks: 360, varying: true };
const STEADY: Surroundings = { ...USUAL, varying: false };

/** Median requests of the canary until it is failed; null when fewer than half of the canaries are. */
interface Requests {
  ours: number | null;
  /** Ours with as many false alarms as the rivals, instead of the fewer that its promise needs. */
  oursCalibrated: number | null;
  /** Ours as one of six tests, of three steps with one service, that share the false alarms of a release. */
  oursInARelease: number | null;
  threshold: number | null;
  kayentaStyle: number | null;
  /** Which settings of the rivals were the best. */
  best: { threshold: string; kayentaStyle: string };
}

export interface JudgeResults {
  falseAlarmRate: number;
  requestsToDetect2xErrors: Requests;
  requestsToDetect30PctLatency: Requests;
  /** The same with a tenth of the traffic, and with ten times as much. */
  requestsToDetect2xErrorsOfTraffic: { little: Requests; much: Requests };
  /** The same where nothing ever varies, so that a limit can be tuned to the one error rate there is. */
  steady: { requestsToDetect2xErrors: Requests; requestsToDetect30PctLatency: Requests };
  msPer10000Points: number;
}

/** Measures how soon bad canaries are found, how often good ones are failed, and draws it. Needs nothing that runs. */
export async function benchJudge(): Promise<JudgeResults> {
  const [errors, latency] = [compare('errors', USUAL), compare('latency', USUAL)];
  const panels = [
    { title: 'twice the errors (2 % instead of 1 %)', comparison: errors },
    { title: '30 % slower', comparison: latency },
  ];
  await writeFile(CHART, detectionChart(panels));
  return {
    falseAlarmRate: falseAlarmRate(CANARIES),
    requestsToDetect2xErrors: requestsOf(errors),
    requestsToDetect30PctLatency: requestsOf(latency),
    requestsToDetect2xErrorsOfTraffic: {
      little: requestsOf(compare('errors', LITTLE)),
      much: requestsOf(compare('errors', MUCH)),
    },
    steady: {
      requestsToDetect2xErrors: requestsOf(compare('errors', STEADY)),
      requestsToDetect30PctLatency: requestsOf(compare('latency', STEADY)),
    },
    msPer10000Points: msPerVerdict(),
  };
}

function requestsOf({ ours, oursCalibrated, oursInARelease, threshold, kayentaStyle }: Comparison): Requests {
  const middle = ({ requests }: Detection): number | null => {
    const found = median(requests);
    return found === Infinity ? null : found;
  };
  return {
    ours: middle(ours),
    oursCalibrated: middle(oursCalibrated),
    oursInARelease: middle(oursInARelease),
    threshold: middle(threshold),
    kayentaStyle: middle(kayentaStyle),
    best: { threshold: threshold.name, kayentaStyle: kayentaStyle.name },
  };
}

/** Milliseconds of one verdict over one metric of so many values on each side. */
function msPerVerdict(): number {
  const random = seeded(10_000);
  const values = (): number[] => Array.from({ length: POINTS }, () => 80 * Math.exp(0.6 * normal(random)));
  const took = Array.from({ length: 30 }, () => {
    const parsed = parseJudgeInput({ metrics: [{ name: 'latency', baseline: values(), canary: values() }] });
    if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
    const began = performance.now();
    judge(parsed.input, 'time');
    return performance.now() - began;
  });
  return ms(median(took));
}
