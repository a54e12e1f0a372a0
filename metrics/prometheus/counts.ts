import { countQueries } from '../../domain/promql/counts';
import { excerpt } from '../excerpt';
import type { CountReading, Measured, Missing, Window } from '../metric';
import { labelText } from './answer';
import type { Asking } from './api';
import { FollowedCounts, type Followed } from './counters';
import { sumOfWindows } from './windows';

/** Beginnings this close together mean the same one, as two readings may round it differently. */
const SAME_BEGINNING_MS = 5_000;
const SHORTEST_WINDOW_MS = 1_000;

export interface CountQueries {
  bad: (range: string) => string;
  total: (range: string) => string;
}

export class PrometheusCounts {
  private readonly followed = new Map<string, FollowedCounts>();

  /** @param interval ms between two readings, and the length of windows that are counted one by one */
  constructor(private readonly interval: number) {}

  async read(queries: CountQueries, of: Measured, window: Window, asking: Asking): Promise<CountReading | Missing> {
    const [bad, total] = [queries.bad('{{window}}'), queries.total('{{window}}')];
    const how = countQueries(bad, total);
    if ('mistake' in how) return { missing: `\`${how.key}\`: ${how.mistake}`, fault: true };
    if (how.bad.kind === 'windows' || how.total.kind === 'windows') return this.windows(queries, window, asking);
    return this.follow({ ...how.bad, text: bad }, { ...how.total, text: total }, of, window, asking);
  }

  private async follow(
    bad: Followed,
    total: Followed,
    of: Measured,
    { from, to }: Window,
    asking: Asking,
  ): Promise<CountReading | Missing> {
    const key = JSON.stringify([of.slot, of.version, of.release, bad.text, total.text]);
    let counts = this.followed.get(key);
    if (!counts || Math.abs(counts.began - from) > SAME_BEGINNING_MS) counts = new FollowedCounts(bad, total, from);
    this.followed.set(key, counts);
    const rises = await counts.readTo(to, asking);
    if ('missing' in rises) return rises;
    if (!counts.hasSeries('total')) return none(total.text);
    if (!counts.hasSeries('bad') && !(bad.kind === 'counters' && bad.zero)) return noBad(bad.text);
    if (rises.odd) return noCounter(rises.odd);
    const reading = countsOf(counts.sumOf('bad', rises), counts.sumOf('total', rises));
    if ('missing' in reading) return reading;
    const gap = [fallText(rises.falls), appearedText(rises.appearedWith)].filter((one) => one !== undefined).join('; ');
    const measured = rises.newest === undefined ? undefined : { from, to: rises.newest };
    return { ...reading, ...(gap && { gap }), ...(measured && { measured }) };
  }

  private async windows(queries: CountQueries, window: Window, asking: Asking): Promise<CountReading | Missing> {
    const length = Math.max(SHORTEST_WINDOW_MS, this.interval);
    if (window.to - window.from < length) return { missing: 'no whole `interval` is over yet', fault: false };
    const total = await sumOfWindows(queries.total, window, length, asking);
    if ('missing' in total) return total;
    const bad = await sumOfWindows(queries.bad, window, length, asking);
    if ('missing' in bad) return bad;
    if (!total.series) return none(queries.total('{{window}}'));
    if (!bad.series) return noBad(queries.bad('{{window}}'));
    const reading = countsOf(bad.sum, total.sum);
    return 'missing' in reading ? reading : { ...reading, measured: { from: window.from, to: total.end } };
  }
}

function countsOf(bad: number, total: number): CountReading | Missing {
  const counts = { bad: Math.round(bad), total: Math.round(total) };
  if (counts.bad >= 0 && counts.bad <= counts.total) return counts;
  return {
    missing: `expected \`bad\` to be some of \`total\`, seen ${counts.bad} of ${counts.total}: correct the queries`,
    fault: true,
  };
}

function fallText(falls: number): string | undefined {
  if (falls === 0) return undefined;
  return `a counter fell ${falls === 1 ? 'once' : `${falls} times`}, what it lost is not known`;
}

function appearedText(value: number): string | undefined {
  return value > 0 ? `a counter appeared with ${value}, of which nobody knows how much is new` : undefined;
}

function none(query: string): Missing {
  return { missing: `expected one series from ${excerpt(query)}, seen none`, fault: false };
}

/** A mistyped name looks like a version without errors, so the user must say when no series means zero. */
function noBad(query: string): Missing {
  const advice = 'if that means that nothing was bad, append `or vector(0)`';
  return { missing: `expected one series from ${excerpt(query)}, seen none; ${advice}`, fault: false };
}

function noCounter({
  labels,
  falls,
  steps,
}: {
  labels: Record<string, string>;
  falls: number;
  steps: number;
}): Missing {
  return {
    missing:
      `expected counters, which fall only when their process begins anew, seen ${labelText(labels)} fall in ${falls} of ` +
      `${steps} scrapes: ask for a counter, and have each replica scraped at an address of its own`,
    fault: true,
  };
}
