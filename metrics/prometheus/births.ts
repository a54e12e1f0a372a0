import type { Counters, CounterSeries } from '../counters';
import type { Asking } from './api';
import type { Found } from './answer';

/*
 * A counter that appears need not be new: a scrape may have failed, or Prometheus have just begun. It surely was zero before
 * if its process started after the time began (`process_start_time_seconds`), or the counter was made after it (`…_created`),
 * or the scrape before succeeded and did not have it. The start of an exporter is its own, not that of what it tells of, so a
 * counter that goes on above where it stood earlier in the day began before.
 */

/** How far before the beginning counters are looked for; Prometheus calls older ones stale. */
export const LOOK_BACK_MS = 5 * 60_000;
/** How far back a counter is looked for that was away, such as one that an exporter leaves out while it is idle. */
const AWAY = '1d';
/** At most so many are asked for together; the others stay unproven until the next reading. */
const MOST_TARGETS = 50;

interface Births {
  appearing: readonly CounterSeries[];
  scraped: readonly CounterSeries[];
  selectors: readonly string[];
  from: number;
  to: number;
}

/** Keys of those series whose first value surely is what was counted since the time began. */
export async function provenBirths(
  counters: Counters,
  { appearing: mayAppear, scraped, selectors, from, to }: Births,
  asking: Asking,
): Promise<Set<string>> {
  const appearing = counters.appearing(mayAppear).filter(({ samples }) => samples.some(([, value]) => value > 0));
  if (appearing.length === 0) return new Set();
  const proofs = await askProofs(appearing, from, to, asking);
  const hasSibling = counters.siblings(scraped);
  const created = new Set(appearing.filter((one) => wasCreated(one, proofs, counters.began, asking)));
  const others = appearing.filter((one) => !created.has(one));
  const started = new Set(others.filter((one) => hasStarted(one, proofs, counters.began, asking)));
  const likely = others.filter((one) => started.has(one) || hasSibling(one) || wasUp(one, proofs));
  const earlier = await seenEarlier(likely, selectors, counters.began - LOOK_BACK_MS, asking);
  const born = likely.filter((one) => {
    const before = earlier.get(one.key);
    return before === undefined || (started.has(one) && one.samples[0]![1] < before);
  });
  return new Set([...created, ...born].map(({ key }) => key));
}

interface Proofs {
  created: Map<string, Found>;
  started: Found[];
  up: Found[];
}

/** What Prometheus and the processes say of themselves. */
async function askProofs(appearing: CounterSeries[], from: number, to: number, asking: Asking): Promise<Proofs> {
  const none = { created: new Map<string, Found>(), started: [], up: [] };
  const instances = [...new Set(appearing.flatMap(({ labels }) => labels.instance ?? []))].slice(0, MOST_TARGETS);
  if (instances.length === 0) return none;
  const created = [...new Set(appearing.flatMap(({ labels }) => createdName(labels.__name__) ?? []))];
  const names = ['up', 'process_start_time_seconds', ...created].join('|');
  const selector = `{__name__=~${quoted(names)},instance=~${quoted(instances.map(escaped).join('|'))}}`;
  const found = await asking.samples(selector, from, to);
  if ('missing' in found) return none;
  const named = (name: string) => found.filter(({ labels }) => labels.__name__ === name);
  const rest = found.filter(({ labels }) => created.includes(labels.__name__ ?? ''));
  return {
    created: new Map(rest.map((one) => [`${one.labels.__name__} ${ownLabels(one.labels)}`, one])),
    started: named('process_start_time_seconds'),
    up: named('up'),
  };
}

/** Whether the counter itself says that it was made since. */
function wasCreated({ labels, samples }: CounterSeries, proofs: Proofs, began: number, asking: Asking): boolean {
  const own = proofs.created.get(`${createdName(labels.__name__)} ${ownLabels(labels)}`);
  return own !== undefined && isSince(own, samples[0]![0], began, asking);
}

/** Whether the process that was scraped says that it began since. */
function hasStarted({ labels, samples }: CounterSeries, proofs: Proofs, began: number, asking: Asking): boolean {
  return proofs.started.some((one) => isOfTarget(one.labels, labels) && isSince(one, samples[0]![0], began, asking));
}

function isSince({ points }: Found, time: number, began: number, { moment }: Asking): boolean {
  const seconds = points.get(time);
  return seconds !== undefined && moment(seconds) >= began && moment(seconds) <= time;
}

/** Whether the scrape with which it appeared followed a successful one, which did not have it. */
function wasUp({ labels, samples }: CounterSeries, proofs: Proofs): boolean {
  const time = samples[0]![0];
  return proofs.up.some(({ labels: of, points }) => {
    if (!isOfTarget(of, labels) || !points.has(time)) return false;
    const before = [...points.keys()].filter((at) => at < time);
    return before.length > 0 && points.get(Math.max(...before)) === 1;
  });
}

/** Where counters stood in the day before, by key; without an answer they may have stood anywhere. */
async function seenEarlier(
  series: CounterSeries[],
  selectors: readonly string[],
  time: number,
  asking: Asking,
): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (const term of new Set(series.map((one) => one.term))) {
    const of = series.filter((one) => one.term === term);
    const found = await asking.instant(`last_over_time(${selectors[term]}[${AWAY}])`, time);
    const stood = new Map(
      'missing' in found ? [] : found.map(({ labels, points }) => [ownLabels(labels), [...points.values()][0]]),
    );
    for (const { key, labels } of of) {
      const own = ownLabels(labels);
      if ('missing' in found || stood.has(own)) seen.set(key, stood.get(own) ?? 0);
    }
  }
  return seen;
}

/** Whether the labels of a target are those of a series that was scraped there: jobs and addresses repeat in clusters. */
function isOfTarget({ __name__: _, ...target }: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(target).every(([name, value]) => labels[name] === value);
}

function ownLabels({ __name__: _, ...labels }: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
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
