import { UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Owner } from '../../domain/ownership';
import type { Finding } from '../../domain/preflight';
import type { Live } from '../../domain/release';
import { formatDuration } from '../../domain/units';
import type { Measured, Reading } from '../../metrics/metric';
import { until } from '../../waiting/until';
import { openMetrics, type OpenMetric } from '../metrics';
import type { Parts } from '../parts';
import type { Check } from './check';
import type { PreflightCheck, Step } from '../steps';

type Answer = Exclude<Reading, { missing: string }>;
/** A scrape lies within this time, whatever its interval. */
const LOOK_BACK_MS = 5 * 60_000;

/** One failed scrape, or a source that is just starting, is no reason to refuse a release. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 1_000;

/** A metric that fails for the live version would fail in the soak, too. */
export async function checkMetrics(
  input: Step & { live: Live | null; owner?: Owner },
  parts: Parts,
  check: Check,
): Promise<PreflightCheck[]> {
  return Promise.all(
    openMetrics(parts, input).map((metric, index) =>
      check(`metric ${metric.config.name}`, (io) => ask(input, metric, index, io)),
    ),
  );
}

async function ask(
  { release, live, owner }: Step & { live: Live | null; owner?: Owner },
  metric: OpenMetric,
  index: number,
  io: Io,
): Promise<Finding> {
  const { app, environment } = release;
  const measured: Measured = live
    ? { app, environment, owner, slot: live.slot, version: live.version, release: live.releaseId }
    : { app, environment, owner, slot: 'blue', version: release.version, release: release.id };
  const reading = await readPatiently(metric, measured, live !== null, io);
  if (!live && 'missing' in reading && !reading.fault)
    return { note: 'its source answers; nothing is live that it could measure' };
  const place = `canary.analysis.metrics[${index}]`;
  const wrong = 'missing' in reading ? reading.missing : await doubt(metric, measured, reading, io);
  if (wrong === undefined) return { note: `${whose(live)}: ${told(reading as Answer)}` };
  const said = `${place}, asked about ${whose(live)}: ${wrong}`;
  if (metric.config.dryRun) return { note: `not measured, but \`dryRun\` decides nothing: ${said}` };
  if ('missing' in reading && reading.unreachable)
    throw new UnreachableFailure(`${said}. Try again once it answers; nothing was changed`);
  return { problem: `${said}. Correct it or what it measures, or remove the metric; nothing was changed` };
}

async function readPatiently(metric: OpenMetric, measured: Measured, measurable: boolean, io: Io): Promise<Reading> {
  let reading: Reading = { missing: 'it was not asked', fault: false };
  await until({ signal: io.signal, pause: BETWEEN_LOOKS_MS, looks: LOOKS }, async () => {
    const to = Date.now();
    const length = metric.kind === 'counts' ? LOOK_BACK_MS : metric.config.interval;
    reading = await metric.read(measured, { from: to - length, to }, io);
    const maySoonAnswer = 'missing' in reading && (reading.unreachable || (measurable && !reading.fault));
    return maySoonAnswer ? undefined : true;
  });
  return reading;
}

/** An older value, also older than some of its intervals, comes from something that has ended. */
const OLDEST_MS = 2 * 60_000;
const OLDEST_INTERVALS = 3;
/** Fewer events may well have happened within one second. */
const ENOUGH_EVENTS = 10;

async function doubt(metric: OpenMetric, measured: Measured, reading: Answer, io: Io): Promise<string | undefined> {
  const { interval, command, webhook } = metric.config;
  if ('value' in reading) {
    const age = reading.measured ? Date.now() - reading.measured.to : 0;
    if (age <= Math.max(OLDEST_MS, OLDEST_INTERVALS * interval)) return undefined;
    return `expected a value of now, seen ${told(reading)}, measured ${formatDuration(age)} ago: is it still scraped?`;
  }
  if ((command ?? webhook)?.answers !== 'counts' || reading.total < ENOUGH_EVENTS) return undefined;
  const to = Date.now();
  const second = await metric.read(measured, { from: to - 1_000, to }, io);
  if (!('total' in second) || second.total * 2 <= reading.total) return undefined;
  return (
    `expected events between FROM and TO, seen ${second.total} of one second and ${reading.total} of 5 min: count what ` +
    'happened between the two, or write `answers: counters` if it counts since ever'
  );
}

function whose(live: Live | null): string {
  return live ? `${live.version} in ${live.slot}, which is live` : 'a first release';
}

function told(reading: Answer): string {
  if ('value' in reading) return String(Number(reading.value.toPrecision(6)));
  const gap = reading.gap === undefined ? '' : ` (${reading.gap})`;
  return `${reading.bad} of ${reading.total} in the last 5 min${gap}`;
}
