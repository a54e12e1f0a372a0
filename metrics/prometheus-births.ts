import type { Counters, CounterSeries } from './counters';
import type { Asking } from './prometheus-api';
import type { Found } from './prometheus-answer';

/*
 * A counter that appears is not new: a scrape may have failed, a Prometheus begun. Its value is what happened since then
 * only if it surely was zero before: if its process started after the time began (`process_start_time_seconds`), or the
 * counter was made after it (`…_created`), or the scrape before was successful and did not have it.
 */

/** How far before the beginning is looked for where counters stood: what Prometheus itself calls stale is older. */
export const LOOK_BACK_MS = 5 * 60_000;
/** How far back a counter is looked for that was away, such as of an exporter that leaves out what is idle. */
const AWAY = '1d';
/** Asked for together at most; further ones stay unproven until the next reading has them as known. */
const MOST_TARGETS = 50;

/**
 * Keys of those series whose first value surely is what was counted since the time began.
 * @param series those that may appear, and all that were scraped in this time
 */
export async function provenBirths(
  counters: Counters,
  series: { appearing: readonly CounterSeries[]; scraped: readonly CounterSeries[] },
  selectors: readonly string[],
  { from, to }: { from: number; to: number },
  asking: Asking,
): Promise<Set<string>> {
  const appearing = counters
    .appearing(series.appearing)
    .filter(({ samples }) => samples.some(([, value]) => value > 0));
  if (appearing.length === 0) return new Set();
  const proofs = await askProofs(appearing, from, to, asking);
  const started = appearing.filter((one) => hasStarted(one, proofs, counters.began, asking));
  const beside = appearing.filter(
    (one) => !started.includes(one) && (counters.hasSibling(one, series.scraped) || wasUp(one, proofs)),
  );
  const earlier = await seenEarlier(beside, selectors, counters.began - LOOK_BACK_MS, asking);
  return new Set([...started, ...beside.filter(({ key }) => !earlier.has(key))].map(({ key }) => key));
}

/** What Prometheus and the processes say of themselves. */
async function askProofs(appearing: CounterSeries[], from: number, to: number, asking: Asking): Promise<Found[]> {
  const instances = [...new Set(appearing.flatMap(({ labels }) => labels.instance ?? []))].slice(0, MOST_TARGETS);
  if (instances.length === 0) return [];
  const created = [...new Set(appearing.flatMap(({ labels }) => createdName(labels.__name__) ?? []))];
  const names = ['up', 'process_start_time_seconds', ...created].join('|');
  const selector = `{__name__=~${quoted(names)},instance=~${quoted(instances.map(escaped).join('|'))}}`;
  const found = await asking.samples(selector, from, to);
  return 'missing' in found ? [] : found;
}

function hasStarted({ labels, samples }: CounterSeries, proofs: Found[], began: number, { moment }: Asking): boolean {
  const time = samples[0]![0];
  const created = createdName(labels.__name__);
  return proofs.some(({ labels: of, points }) => {
    const isOwn =
      of.__name__ === 'process_start_time_seconds'
        ? isOfTarget(of, labels)
        : of.__name__ === created && isSame(of, labels);
    const seconds = points.get(time);
    return isOwn && seconds !== undefined && moment(seconds) >= began && moment(seconds) <= time;
  });
}

/** Whether the scrape with which it appeared followed a successful one, which did not have it. */
function wasUp({ labels, samples }: CounterSeries, proofs: Found[]): boolean {
  const time = samples[0]![0];
  return proofs.some(({ labels: of, points }) => {
    if (of.__name__ !== 'up' || !isOfTarget(of, labels) || !points.has(time)) return false;
    const before = [...points.keys()].filter((at) => at < time);
    return before.length > 0 && points.get(Math.max(...before)) === 1;
  });
}

/** Keys of those that were there in the day before, so that their value is older. */
async function seenEarlier(
  series: CounterSeries[],
  selectors: readonly string[],
  time: number,
  asking: Asking,
): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const term of new Set(series.map((one) => one.term))) {
    const of = series.filter((one) => one.term === term);
    const found = await asking.instant(`last_over_time(${selectors[term]}[${AWAY}])`, time);
    for (const { key, labels } of of)
      // Without an answer nothing is proven.
      if ('missing' in found || found.some((one) => isSame(one.labels, labels))) seen.add(key);
  }
  return seen;
}

/** Whether the labels of a target are those of a series that was scraped there: jobs and addresses repeat in clusters. */
function isOfTarget({ __name__: _, ...target }: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(target).every(([name, value]) => labels[name] === value);
}

function isSame({ __name__: _, ...one }: Record<string, string>, { __name__: __, ...other }: Record<string, string>) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** After https://prometheus.io/docs/specs/om/open_metrics_spec/: `orders_total` has `orders_created`. */
function createdName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${name.replace(/_(total|count|sum|bucket)$/, '')}_created`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
