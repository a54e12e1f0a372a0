import { excerpt } from '../excerpt';
import { mayPass, shownUrl, statusProblem, type HttpAnswer } from '../http-json';
import type { Missing } from '../metric';

// See https://prometheus.io/docs/prometheus/latest/querying/api/.

/** Values by time in ms, without those that are no finite numbers. */
type Points = Map<number, number>;

export interface Found {
  labels: Record<string, string>;
  points: Points;
  /** The last value that is no finite number: `NaN`. */
  odd: string | undefined;
}

export type Wanted = 'instant' | 'range' | 'samples';

export function seriesIn(url: string, query: string, wanted: Wanted, answer: HttpAnswer): Found[] | Missing {
  const parsed = parse(answer.body);
  if (answer.status !== 200 || parsed?.status !== 'success') return refused(url, query, answer, parsed);
  const partial = partOf(parsed);
  if (partial !== undefined) {
    const missing = `expected a whole answer to ${excerpt(query)}, seen a part of it: ${excerpt(partial)}`;
    return { missing, fault: false };
  }
  const { resultType, result } = parsed.data ?? {};
  if (resultType === 'scalar' && wanted === 'instant') return fromSeries(query, [{ metric: {}, value: result }]);
  if (resultType === (wanted === 'instant' ? 'vector' : 'matrix') && Array.isArray(result))
    return fromSeries(query, result as unknown[]);
  return { missing: wrongKind(query, wanted, resultType), fault: true };
}

/** Several series are a mistake, since only the user knows which one is meant. */
export function onlyOne(query: string, series: Found[]): Found | Missing {
  const [one, other] = series;
  if (!one) return { missing: `expected one series from ${excerpt(query)}, seen none`, fault: false };
  if (!other) return one;
  return {
    missing:
      `expected one series from ${excerpt(query)}, seen ${series.length}, such as ${labelText(one.labels)} and ` +
      `${labelText(other.labels)}: aggregate them, as \`sum(…)\` does, or choose one by its labels`,
    fault: true,
  };
}

export function labelText(labels: Record<string, string>): string {
  return excerpt(`{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`)}}`);
}

interface Body {
  status?: unknown;
  error?: unknown;
  errorType?: unknown;
  warnings?: unknown;
  /** VictoriaMetrics sets it when some of its storage did not answer. */
  isPartial?: unknown;
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

/** Before version 3, advice about a query stood among the warnings. */
function partOf({ warnings, isPartial }: Body): string | undefined {
  const all = Array.isArray(warnings) ? warnings.map(String) : [];
  const [first] = all.filter((text) => !text.startsWith('PromQL info:'));
  return first ?? (isPartial === true ? 'some of its storage did not answer' : undefined);
}

/** These errors may be gone the next time. */
const PASSING = ['timeout', 'canceled', 'internal', 'unavailable', 'too_many_requests'];

/** Servers in front of several stores report by an error of the query that one of these did not answer. */
const PASSING_TEXT =
  /timed out|i\/o timeout|timeout exceeded|handshake timeout|deadline exceeded|\bcancell?ed\b|code = (Unavailable|DeadlineExceeded|Aborted)|connection re(fused|set)|no route to host|broken pipe|\bEOF\b|no such host|too many (outstanding )?requests/i;
/** A mistake that stays, whatever words the query has. */
const MISTYPED = /parse error|cannot parse|unparsed/i;

/** Prometheus tells mistakes in queries by other statuses; these come from what guards it, whatever their body says. */
const GUARDED = [401, 403, 404, 405, 407, 501];

function refused(url: string, query: string, answer: HttpAnswer, parsed: Body | undefined): Missing {
  const error = errorIn(answer, parsed);
  const passing = (mayPass(answer) || (error !== undefined && mayPassLater(error, parsed))) && { unreachable: true };
  if (error !== undefined) {
    const advice = passing ? '' : ': correct the query';
    return {
      missing: `expected an answer to ${excerpt(query)}, seen ${excerpt(error)}${advice}`,
      fault: true,
      ...passing,
    };
  }
  if (answer.status !== 200) return { missing: statusProblem(url, answer), fault: true, ...passing };
  const seen = excerpt(answer.body) || 'nothing';
  return {
    missing: `expected the JSON of Prometheus from ${shownUrl(url)}, seen ${seen}: correct its url`,
    fault: true,
  };
}

/** Proxies, too, say `error` in JSON, so only what has the form of Prometheus is about the query. */
function errorIn({ status }: HttpAnswer, parsed: Body | undefined): string | undefined {
  if (parsed?.status !== 'error' || parsed.error === undefined || GUARDED.includes(status)) return undefined;
  return String(parsed.error);
}

function mayPassLater(error: string, parsed: Body | undefined): boolean {
  if (PASSING.includes(String(parsed?.errorType))) return true;
  // Names and values of the query stand in quotes.
  return !MISTYPED.test(error) && PASSING_TEXT.test(error.replace(/"[^"]*"/g, ''));
}

function wrongKind(query: string, wanted: Wanted, seen: string | undefined): string {
  const expected = wanted === 'instant' ? 'a number' : wanted === 'range' ? 'numbers over time' : 'samples of counters';
  const said = `expected ${expected} from ${excerpt(query)}, seen `;
  if (seen === 'matrix')
    return `${said}a range vector: remove the range in brackets, or say what of it is meant, as \`max_over_time(…)\` or \`rate(…)\` do`;
  return `${said}a ${seen ?? 'result without type'}: correct the query`;
}

interface Series {
  metric?: unknown;
  value?: unknown;
  values?: unknown;
  histogram?: unknown;
  histograms?: unknown;
}

function fromSeries(query: string, result: unknown[]): Found[] | Missing {
  const all: Found[] = [];
  for (const { metric, value, values, histogram, histograms } of result as Series[]) {
    if (histogram !== undefined || histograms !== undefined) {
      const instead = '`histogram_quantile(…)`, `histogram_count(…)` or `histogram_fraction(…)`';
      return {
        missing: `expected numbers from ${excerpt(query)}, seen native histograms: ask for ${instead}`,
        fault: true,
      };
    }
    const points = (values === undefined ? [value] : values) as unknown[];
    if (!Array.isArray(points) || !points.every(isPoint))
      return { missing: `expected pairs of time and number from ${excerpt(query)}, seen something else`, fault: true };
    all.push(found((metric ?? {}) as Record<string, string>, points));
  }
  return all;
}

type Point = [seconds: number, value: string | number];

function isPoint(point: unknown): point is Point {
  if (!Array.isArray(point) || typeof point[0] !== 'number') return false;
  return typeof point[1] === 'number' || (typeof point[1] === 'string' && point[1] !== '');
}

function found(labels: Record<string, string>, raw: Point[]): Found {
  const points: Points = new Map();
  let odd: string | undefined;
  for (const [seconds, text] of raw) {
    const value = Number(text);
    if (Number.isFinite(value)) points.set(Math.round(seconds * 1_000), value);
    else odd = String(text);
  }
  return { labels, points, odd };
}
