import type { AnalysisMetric } from '../../domain/config';
import type { Io } from '../../domain/host';
import { postTo, type HttpAnswer } from '../http-json';
import type { Missing } from '../metric';
import { seriesIn, type Found, type Wanted } from './answer';

export interface PrometheusSettings {
  config: NonNullable<AnalysisMetric['prometheus']>;
  service: string | undefined;
  /** Milliseconds between two values: what `{{window}}` stands for in their query. */
  interval: number;
  /** Resolved: never log them. */
  headers: Record<string, string>;
  ca: string | undefined;
}

/** Questions of one reading; all times are by the clock of this machine, in ms since the epoch. */
export interface Asking {
  /** @param time moment that is meant, ms since the epoch */
  instant(query: string, time: number): Promise<Found[] | Missing>;
  range(query: string, from: number, to: number, step: number): Promise<Found[] | Missing>;
  samples(selector: string, from: number, to: number): Promise<Found[] | Missing>;
  /** A moment that is a value, in seconds by the clock of Prometheus, in ms by that of this machine. */
  moment(seconds: number): number;
}

/** A header tells the time to the second, and an answer takes a while. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Asks a Prometheus by its HTTP API, and minds that its clock may be wrong, or that of this machine. */
export class PrometheusApi {
  /** How far its clock is ahead of this machine's, ms. */
  private ahead = 0;

  constructor(private readonly settings: PrometheusSettings) {}

  /**
   * @param isNow whether it is about this moment, so that clocks matter; then all questions together take no longer than
   *   the time-out, otherwise each of them
   */
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
    const { url, answer } = await this.post(question, used, io);
    if (end !== undefined && answer.date !== undefined) {
      // Half a second, since the header cuts off parts of it.
      const ahead = answer.date + 500 - Date.now();
      if (Math.abs(ahead - used) > CLOCK_TOLERANCE_MS) {
        this.ahead = ahead;
        if (!question.isAgain) return this.ask({ ...question, isAgain: true }, io);
      }
    }
    return shifted(seriesIn(url, query, wanted, answer), used);
  }

  private async post(question: Question, ahead: number, io: Io): Promise<{ url: string; answer: HttpAnswer }> {
    const { config, headers, ca } = this.settings;
    const { path, query, times, end } = question;
    const url = `${config.url.replace(/\/+$/, '')}/api/v1/${path}`;
    const seconds = Object.entries(times).map(([key, time]) => {
      return [key, String((key === 'step' ? time : Math.round(time + ahead)) / 1_000)];
    });
    const body = new URLSearchParams({
      query,
      ...(Object.fromEntries(seconds) as Record<string, string>),
      // Thanos answers with what it has otherwise; others ignore this.
      partial_response: 'false',
    });
    const answer = await postTo(
      {
        url,
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: body.toString(),
        ca,
        timeout: end === undefined ? config.timeout : Math.max(1, end - Date.now()),
      },
      io,
    );
    return { url, answer };
  }
}

interface Question {
  path: string;
  query: string;
  wanted: Wanted;
  times: Record<string, number>;
  /** When all of a reading must be over; undefined when it is about the past. */
  end: number | undefined;
  /** Whether it is asked once more because the clock was wrong. */
  isAgain?: boolean;
}

function shifted(found: Found[] | Missing, ahead: number): Found[] | Missing {
  if (!Array.isArray(found) || ahead === 0) return found;
  return found.map((one) => ({
    ...one,
    points: new Map([...one.points].map(([time, value]) => [time - ahead, value] as const)),
  }));
}
