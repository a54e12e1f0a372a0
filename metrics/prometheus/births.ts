import type { Counters, CounterSeries } from '../counters';
import type { Asking } from './api';
import type { Found } from './answer';

// A counter that appears need not be new: a scrape may have failed, or Prometheus has just started. It began at zero if
// its process started since (`process_start_time_seconds`), it was made since (`…_created`), or the scrape before
// succeeded without it. An exporter may start later than what it tells of, so a counter that exceeds its value earlier
// in the day is old.

/** Prometheus calls counters stale that are older. */
export const LOOK_BACK_MS = 5 * 60_000;
/** An exporter may leave a counter out while it is idle. */
const AWAY = '1d';
/** Others stay unproven until the next reading, so that a question does not get too long. */
const MOST_TARGETS = 50;

interface Births {
  appearing: readonly CounterSeries[];
  scraped: readonly CounterSeries[];
  selectors: readonly string[];
  from: number;
  to: number;
}

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

function wasCreated({ labels, samples }: CounterSeries, proofs: Proofs, began: number, asking: Asking): boolean {
  const own = proofs.created.get(`${createdName(labels.__name__)} ${ownLabels(labels)}`);
  return own !== undefined && isSince(own, samples[0]![0], began, asking);
}

function hasStarted({ labels, samples }: CounterSeries, proofs: Proofs, began: number, asking: Asking): boolean {
  return proofs.started.some((one) => isOfTarget(one.labels, labels) && isSince(one, samples[0]![0], began, asking));
}

function isSince({ points }: Found, time: number, began: number, { moment }: Asking): boolean {
  const seconds = points.get(time);
  return seconds !== undefined && moment(seconds) >= began && moment(seconds) <= time;
}

function wasUp({ labels, samples }: CounterSeries, proofs: Proofs): boolean {
  const time = samples[0]![0];
  return proofs.up.some(({ labels: of, points }) => {
    if (!isOfTarget(of, labels) || !points.has(time)) return false;
    const before = [...points.keys()].filter((at) => at < time);
    return before.length > 0 && points.get(Math.max(...before)) === 1;
  });
}

/** Looks back a day. Without an answer it returns 0 for all, so that none counts as new. */
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

/** It compares all labels, because jobs and addresses repeat in clusters. */
function isOfTarget({ __name__: _, ...target }: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(target).every(([name, value]) => labels[name] === value);
}

function ownLabels({ __name__: _, ...labels }: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** See https://prometheus.io/docs/specs/om/open_metrics_spec/: `orders_total` has `orders_created`. */
function createdName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${name.replace(/_(total|count|sum|bucket)$/, '')}_created`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
