import type { AnalysisMetric } from '../../domain/config';
import type { Io } from '../../domain/host';
import { askHttp, type HttpAnswer } from '../http-json';
import type { Missing } from '../metric';
import { seriesIn, type Found, type Wanted } from './answer';

export interface PrometheusSettings {
  config: NonNullable<AnalysisMetric['prometheus']>;
  service: string | undefined;
  /** Milliseconds between two values; `{{window}}` stands for it. */
  interval: number;
  /** They hold secrets: never log them. */
  headers: Record<string, string>;
  ca: string | undefined;
}

/** Asks the questions of one reading; times are in ms since the epoch by the clock of this machine. */
export interface Asking {
  instant(query: string, time: number): Promise<Found[] | Missing>;
  range(query: string, from: number, to: number, step: number): Promise<Found[] | Missing>;
  samples(selector: string, from: number, to: number): Promise<Found[] | Missing>;
  moment(seconds: number): number;
}

/** The `Date` header counts whole seconds, and an answer takes a while. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Asks a Prometheus over HTTP, and corrects times when its clock and that of this machine differ. */
export class PrometheusApi {
  /** Milliseconds that its clock is ahead of this machine's. */
  private ahead = 0;
  /** Once a proxy has refused a POST and let a GET through. */
  private byGet = false;

  constructor(private readonly settings: PrometheusSettings) {}

  /** @param isNow true when clocks matter; all questions share the time-out then, else each has its own */
  asking(isNow: boolean, io: Io): Asking {
    const end = isNow ? Date.now() + this.settings.config.timeout : undefined;
    const ask = (path: string, query: string, wanted: Wanted, times: Record<string, number>) =>
      this.ask({ path, query, wanted, times, end }, io);
    return {
      instant: (query, time) => ask('query', query, 'instant', { time }),
      range: (query, start, to, step) =>
        ask('query_range', query, 'range', { start, end: start + Math.floor((to - start) / step) * step, step }),
      samples: (selector, from, to) =>
        ask('query', `${selector}[${Math.max(1, Math.round(to - from))}ms]`, 'samples', { time: to }),
      moment: (seconds) => Math.round(seconds * 1_000) - (isNow ? this.ahead : 0),
    };
  }

  private async ask(question: Question, io: Io): Promise<Found[] | Missing> {
    const { query, wanted, end } = question;
    const used = end === undefined ? 0 : this.ahead;
    const { url, answer } = await this.send(question, used, io);
    if (end !== undefined && answer.date !== undefined) {
      // The header cuts off half a second on average.
      const ahead = answer.date + 500 - Date.now();
      if (Math.abs(ahead - used) > CLOCK_TOLERANCE_MS) {
        this.ahead = ahead;
        if (!question.isAgain) return this.ask({ ...question, isAgain: true }, io);
      }
    }
    return shifted(seriesIn(url, query, wanted, answer), used);
  }

  private async send(question: Question, ahead: number, io: Io): Promise<{ url: string; answer: HttpAnswer }> {
    const { config, headers, ca } = this.settings;
    const { path, query, times, end } = question;
    const url = `${config.url.replace(/\/+$/, '')}/api/v1/${path}`;
    const seconds = Object.entries(times).map(([key, time]) => {
      return [key, String((key === 'step' ? time : Math.round(time + ahead)) / 1_000)];
    });
    const parameters = new URLSearchParams({
      query,
      ...(Object.fromEntries(seconds) as Record<string, string>),
      // Thanos answers with only a part of the data otherwise; other servers ignore this.
      partial_response: 'false',
    }).toString();
    const timeLeft = () => (end === undefined ? config.timeout : Math.max(1, end - Date.now()));
    const answer = await this.byEitherMethod(
      () => askHttp({ url: `${url}?${parameters}`, headers, ca, timeout: timeLeft() }, io),
      () => askHttp({ url, headers: { ...headers, ...FORM }, body: parameters, ca, timeout: timeLeft() }, io),
    );
    return { url, answer };
  }

  /** A POST has room for a long query, but some proxies let only a GET through to what they guard. */
  private async byEitherMethod(get: () => Promise<HttpAnswer>, post: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    if (this.byGet) return get();
    const answer = await post();
    if (!REFUSES_POST.includes(answer.status)) return answer;
    const instead = await get();
    this.byGet = instead.status === 200;
    const isRefusedLikewise = instead.status === answer.status || TAKES_NO_METHOD.includes(instead.status);
    return isRefusedLikewise ? answer : instead;
  }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** Not allowed, not implemented. */
const TAKES_NO_METHOD = [405, 501];
/** Forbidden, or not found by a router that looks at methods, too. */
const REFUSES_POST = [403, 404, ...TAKES_NO_METHOD];

interface Question {
  path: string;
  query: string;
  wanted: Wanted;
  times: Record<string, number>;
  /** When all of a reading must be over; undefined for readings of the past. */
  end: number | undefined;
  isAgain?: boolean;
}

function shifted(found: Found[] | Missing, ahead: number): Found[] | Missing {
  if (!Array.isArray(found) || ahead === 0) return found;
  return found.map((one) => ({
    ...one,
    points: new Map([...one.points].map(([time, value]) => [time - ahead, value] as const)),
  }));
}
