import type { Io } from '../../domain/host';
import { fillQuery } from '../../domain/judging/metric/query';
import { missingBecause } from '../metric';
import type { Measured, MetricSource, PastReading, Reading, Window } from '../metric';
import { PrometheusApi, type PrometheusSettings } from './api';
import { PrometheusCounts, type CountQueries } from './counts';
import { PrometheusValues } from './values';

/** Asks Prometheus, or what understands its API: Thanos, Mimir, VictoriaMetrics. */
export class PrometheusSource implements MetricSource {
  private readonly api: PrometheusApi;
  private readonly counts: PrometheusCounts;
  private readonly values = new PrometheusValues();

  constructor(private readonly settings: PrometheusSettings) {
    this.api = new PrometheusApi(settings);
    this.counts = new PrometheusCounts(settings.interval);
  }

  async read(of: Measured, window: Window, io: Io): Promise<Reading> {
    try {
      const asking = this.api.asking(true, io);
      const { query } = this.settings.config;
      if (query === undefined) return await this.counts.read(this.queries(of), of, window, asking);
      return await this.values.at(this.valueQuery(query, of), window.to, asking);
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  async past(of: Measured, window: Window, step: number, io: Io): Promise<PastReading> {
    try {
      const asking = this.api.asking(false, io);
      const { query } = this.settings.config;
      if (query === undefined) return await this.counts.read(this.queries(of), of, window, asking);
      return await this.values.over(this.valueQuery(query, of), window, step, asking);
    } catch (error) {
      return missingBecause(error, io);
    }
  }

  private valueQuery(query: string, of: Measured): string {
    return this.fill(query, of, `${Math.max(1, Math.round(this.settings.interval / 1_000))}s`);
  }

  private queries(of: Measured): CountQueries {
    const { bad = '', total = '' } = this.settings.config;
    return { bad: (range) => this.fill(bad, of, range), total: (range) => this.fill(total, of, range) };
  }

  private fill(query: string, of: Measured, window: string): string {
    return fillQuery(query, { ...of, service: this.settings.service, window });
  }
}
