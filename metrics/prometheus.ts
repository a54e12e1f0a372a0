import type { AnalysisMetric } from '../domain/config';
import type { Io } from '../domain/host';
import { fillQuery } from '../domain/metric-query';
import { excerpt, postTo } from './http-json';
import { missingBecause } from './metric';
import type { CountReading, Measured, MetricSource, Missing, PastReading, Reading, Window } from './metric';
import { onlyOne, seriesIn, type Found } from './prometheus-answer';
import { countsOf, eventsBetween } from './prometheus-counts';

/** Points of a range query: enough to see every restart, few enough to be asked again and again. */
const MOST_STEPS = 240;
const SHORTEST_STEP_MS = 1_000;
/** What Prometheus answers at most. */
const MOST_POINTS = 11_000;

export interface PrometheusSettings {
  config: NonNullable<AnalysisMetric['prometheus']>;
  service: string | undefined;
  /** Milliseconds between two values: what `{{window}}` stands for in their query. */
  interval: number;
  /** Resolved: never log them. */
  headers: Record<string, string>;
  /** PEM. */
  ca: string | undefined;
}

/** Asks a Prometheus, or whatever understands its API (Thanos, Mimir, VictoriaMetrics). */
export class PrometheusSource implements MetricSource {
  constructor(private readonly settings: PrometheusSettings) {}

  async read(of: Measured, window: Window, io: Io): Promise<Reading> {
    try {
      const { query } = this.settings.config;
      return query === undefined ? await this.counts(of, window, io) : await this.value(query, of, window, io);
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  async past(of: Measured, window: Window, step: number, io: Io): Promise<PastReading> {
    try {
      const { query } = this.settings.config;
      return query === undefined ? await this.counts(of, window, io) : await this.values(query, of, window, step, io);
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  private async value(query: string, of: Measured, { to }: Window, io: Io): Promise<Reading> {
    const text = this.fill(query, of, this.settings.interval);
    const found = onlyOne(text, await this.at(text, to, io));
    if ('missing' in found) return found;
    const [value] = found.points.values();
    return value === undefined ? noNumber(text, found.odd) : { value };
  }

  private async values(query: string, of: Measured, window: Window, step: number, io: Io): Promise<PastReading> {
    const steps = Math.floor((window.to - window.from) / step);
    if (steps >= MOST_POINTS) {
      return {
        missing: `expected at most ${MOST_POINTS} values, asked for ${steps}: lengthen \`interval\``,
        fault: true,
      };
    }
    const text = this.fill(query, of, this.settings.interval);
    const found = onlyOne(text, await this.range(text, window.from, step, steps, io));
    if ('missing' in found) return found;
    if (found.points.size === 0) return noNumber(text, found.odd);
    const times = Array.from({ length: steps + 1 }, (_, index) => window.from + index * step);
    return { values: times.map((time) => found.points.get(time) ?? null) };
  }

  private async counts(of: Measured, window: Window, io: Io): Promise<CountReading | Missing> {
    const { bad = '', total = '' } = this.settings.config;
    const length = window.to - window.from;
    const [badText, totalText] = [this.fill(bad, of, length), this.fill(total, of, length)];
    // With the window in it a query counts by itself; without, it is a counter.
    const isCounter = badText === this.fill(bad, of, length + SHORTEST_STEP_MS * 1_000);
    const look = (text: string) => (isCounter ? this.over(text, window, io) : this.at(text, window.to, io));
    const [b, t] = await Promise.all([look(badText), look(totalText)]);
    if ('missing' in t) return t;
    if ('missing' in b) return b.fault ? b : noBad(badText);
    const empty = (
      [
        [totalText, t],
        [badText, b],
      ] as const
    ).find(([, all]) => all.every(({ points }) => points.size === 0));
    if (empty) return noNumber(empty[0], empty[1][0]?.odd);
    return isCounter ? eventsBetween(b, t) : countsOf(sumOf(b), sumOf(t));
  }

  private fill(query: string, of: Measured, window: number): string {
    const seconds = Math.max(1, Math.round(window / 1_000));
    return fillQuery(query, { ...of, service: this.settings.service, window: `${seconds}s` });
  }

  private at(query: string, time: number, io: Io): Promise<Found[] | Missing> {
    return this.ask('query', query, { time: String(time / 1_000) }, io);
  }

  /** Counters at equal distances from the beginning of a window to its end. */
  private over(query: string, { from, to }: Window, io: Io): Promise<Found[] | Missing> {
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.floor((to - from) / SHORTEST_STEP_MS)));
    const step = Math.max(1, Math.floor((to - from) / steps));
    return this.range(query, from, step, steps, io);
  }

  private range(query: string, from: number, step: number, steps: number, io: Io): Promise<Found[] | Missing> {
    const range = { start: from / 1_000, end: (from + steps * step) / 1_000, step: step / 1_000 };
    const texts = Object.entries(range).map(([key, value]) => [key, String(value)]);
    return this.ask('query_range', query, Object.fromEntries(texts) as Record<string, string>, io);
  }

  private async ask(path: string, query: string, more: Record<string, string>, io: Io): Promise<Found[] | Missing> {
    const { config, headers, ca } = this.settings;
    const url = `${config.url.replace(/\/+$/, '')}/api/v1/${path}`;
    const answer = await postTo(
      {
        url,
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ query, ...more }).toString(),
        ca,
        timeout: config.timeout,
      },
      io,
    );
    return seriesIn(url, query, answer);
  }
}

/** Counts of several series add up. */
function sumOf(all: Found[]): number {
  return all.flatMap(({ points }) => [...points.values()]).reduce((sum, value) => sum + value, 0);
}

function noNumber(query: string, odd: string | undefined): Missing {
  return { missing: `expected a number from ${excerpt(query)}, seen ${odd ?? 'none'}`, fault: false };
}

/** A mistyped name answers like a version without errors, so who means zero must say so. */
function noBad(query: string): Missing {
  return {
    missing: `expected one series from ${excerpt(query)}, seen none; if that means that nothing was bad, append \`or vector(0)\``,
    fault: false,
  };
}
