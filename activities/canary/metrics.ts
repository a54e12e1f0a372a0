import { groupBeside } from '../../domain/fresh';
import {
  observeMetric,
  type Measurement,
  type Readings,
  type SoakSettings,
  type SoakState,
} from '../../domain/judging/soak/state';
import type { Measured, Reading, Window } from '../../metrics/metric';
import type { StepParts } from '../io';
import { openMetrics, type OpenMetric } from '../metrics';
import type { Parts } from '../parts';
import type { SoakInput } from '../steps';

/** Reads the metrics of a soak while it goes on, so that a slow source delays neither samples nor answers to people. */
export class MetricWatch {
  private readonly metrics: OpenMetric[];
  private readonly reading = new Map<string, Promise<void>>();
  private readonly read: { metric: OpenMetric; readings: Readings; at: number }[] = [];

  constructor(
    private readonly input: SoakInput,
    private readonly step: StepParts,
    parts: Parts,
  ) {
    this.metrics = openMetrics(parts, input);
  }

  /** Adds what was read meanwhile. */
  take(before: SoakState, settings: SoakSettings): SoakState {
    return this.read
      .splice(0)
      .reduce(
        (state, { metric, readings, at }) => observeMetric(state, { metric: metric.config, readings, at }, settings),
        before,
      );
  }

  /** Begins to read what is due at this moment (ms since the epoch). */
  start({ metrics, began }: SoakState, at: number): void {
    for (const metric of this.metrics) {
      const { name } = metric.config;
      if (this.reading.has(name) || at < (metrics[name]?.due ?? 0)) continue;
      const reading = this.readBoth(metric, at, at - began).then(
        (readings) => void this.read.push({ metric, readings, at }),
        // Sources only throw when the soak itself was told to end.
        () => undefined,
      );
      this.reading.set(
        name,
        reading.finally(() => this.reading.delete(name)),
      );
    }
  }

  /** Waits for what is being read, which each source bounds. */
  async finish(): Promise<void> {
    await Promise.all(this.reading.values());
    this.step.io.signal.throwIfAborted();
  }

  private async readBoth(metric: OpenMetric, at: number, since: number): Promise<Readings> {
    const { release, config, slot, share, beside } = this.input;
    const { app, environment, id, version } = release;
    // By the clock of this machine: those who are asked know no other.
    const to = Date.now();
    const { owner } = this.step.release;
    // Windows of values follow each other; counts are of all the time since the step began.
    const length = metric.kind === 'counts' ? Math.max(0, since) : metric.config.interval;
    const window: Window = { from: to - length, to };
    const of = async (measured: Omit<Measured, 'app' | 'environment'>): Promise<Measurement> =>
      byServer(await metric.read({ app, environment, owner, ...measured }, window, this.step.io), at - to);
    const group = groupBeside(config, slot, share);
    const [canary, live] = await Promise.all([
      of({ slot, version, release: id }),
      beside && of({ slot: group, version: beside.version, release: group === 'baseline' ? id : beside.releaseId }),
    ]);
    return { canary, live };
  }
}

/** The server's clock tells when a step began, so it must tell when something was measured, too. */
function byServer(reading: Reading, ahead: number): Measurement {
  if ('missing' in reading || !reading.measured) return reading;
  const { from, to } = reading.measured;
  return { ...reading, measured: { from: from + ahead, to: to + ahead } };
}
