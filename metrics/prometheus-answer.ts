import { excerpt, shownUrl, statusProblem, type HttpAnswer } from './http-json';
import type { Missing } from './metric';

/* What Prometheus answers: https://prometheus.io/docs/prometheus/latest/querying/api/ */

/** Seconds since the epoch, and a number as text. */
type Point = [number, string];

/** A series of points by their time in ms; those that are no finite numbers are left out. */
export type Points = Map<number, number>;

interface Series {
  metric: Record<string, string>;
  value?: Point;
  values?: Point[];
}

export interface Found {
  labels: string;
  points: Points;
  /** A value that is no finite number: `NaN`. */
  odd: string | undefined;
}

/** Takes the series, one or more, out of an answer to an instant or a range query; or says why there are none. */
export function seriesIn(url: string, query: string, answer: HttpAnswer): Found[] | Missing {
  const fault = (missing: string): Missing => ({ missing, fault: true });
  const parsed = parse(answer.body);
  if (answer.status !== 200 || parsed?.status !== 'success') {
    if (parsed?.error !== undefined)
      return fault(`expected an answer to ${excerpt(query)}, seen ${excerpt(String(parsed.error))}: correct the query`);
    if (answer.status !== 200) {
      const busy = answer.status === 429 || answer.status >= 500;
      return { ...fault(statusProblem(url, answer)), ...(busy && { unreachable: true }) };
    }
    return fault(
      `expected the JSON of Prometheus from ${shownUrl(url)}, seen ${excerpt(answer.body) || 'nothing'}: correct its url`,
    );
  }
  const { resultType, result } = parsed.data ?? {};
  switch (resultType) {
    case 'scalar':
      return [found('{}', [result as Point])];
    case 'vector':
    case 'matrix':
      return all(query, result as Series[]);
    default:
      return fault(
        `expected a number from ${excerpt(query)}, seen a ${resultType ?? 'result without type'}: correct the query`,
      );
  }
}

interface Body {
  status?: string;
  error?: unknown;
  data?: { resultType?: string; result?: unknown };
}

function parse(body: string): Body | undefined {
  try {
    const content: unknown = JSON.parse(body);
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch {
    return undefined;
  }
}

function all(query: string, result: Series[]): Found[] | Missing {
  if (result.length === 0) return { missing: `expected one series from ${excerpt(query)}, seen none`, fault: false };
  return result.map(({ metric, values, value }) => found(labels(metric), values ?? (value ? [value] : [])));
}

/** A value must be one: which of several is meant nobody but the user knows. */
export function onlyOne(query: string, series: Found[] | Missing): Found | Missing {
  if (!Array.isArray(series)) return series;
  const [one, other] = series;
  if (!other) return one!;
  return {
    missing:
      `expected one series from ${excerpt(query)}, seen ${series.length}, such as ${one!.labels} and ${other.labels}: ` +
      'aggregate them, as `sum(…)` does, or choose one by its labels',
    fault: true,
  };
}

function found(of: string, raw: Point[]): Found {
  const points: Points = new Map();
  let odd: string | undefined;
  for (const [seconds, text] of raw) {
    const value = Number(text);
    if (Number.isFinite(value)) points.set(Math.round(seconds * 1_000), value);
    else odd = text;
  }
  return { labels: of, points, odd };
}

function labels(metric: Record<string, string>): string {
  const pairs = Object.entries(metric).map(([name, value]) => `${name}="${value}"`);
  return excerpt(`{${pairs.join(',')}}`);
}
