import type { AnalysisMetric } from '../domain/config';
import type { Io } from '../domain/host';
import { numberIn } from './answered-number';
import { askHttp, mayPass, shownUrl, statusProblem } from './http-json';
import { missingBecause, type Measured, type MetricSource, type Reading, type Window } from './metric';

interface WebhookSettings {
  config: NonNullable<AnalysisMetric['webhook']>;
  name: string;
  service: string | undefined;
  /** They hold secrets: never log them. */
  headers: Record<string, string>;
  ca: string | undefined;
}

export class WebhookSource implements MetricSource {
  constructor(private readonly settings: WebhookSettings) {}

  async read(of: Measured, { from, to }: Window, io: Io): Promise<Reading> {
    const { config, name, service, headers, ca } = this.settings;
    const { url, timeout, answers } = config;
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const { app, environment, slot, version, release } = of;
    const asked = { metric: name, app, environment, service, slot, version, release, ...window };
    try {
      const question = { url, ca, timeout, body: JSON.stringify(asked) };
      const answer = await askHttp({ ...question, headers: { ...headers, 'content-type': 'application/json' } }, io);
      if (answer.status !== 200) {
        const passing = mayPass(answer) && { unreachable: true };
        return { missing: statusProblem(url, answer), fault: true, ...passing };
      }
      return numberIn(`the answer of ${shownUrl(url)}`, answer.body, answers);
    } catch (error) {
      return missingBecause(error, io);
    }
  }
}
