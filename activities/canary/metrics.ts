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

/** Reads beside the soak, so that a slow source delays neither samples nor answers to people. */
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

  take(before: SoakState, settings: SoakSettings): SoakState {
    return this.read
      .splice(0)
      .reduce(
        (state, { metric, readings, at }) => observeMetric(state, { metric: metric.config, readings, at }, settings),
        before,
      );
  }

  /** @param at ms since the epoch */
  start({ metrics, began }: SoakState, at: number): void {
    for (const metric of this.metrics) {
      const { name } = metric.config;
      if (this.reading.has(name) || at < (metrics[name]?.due ?? 0)) continue;
      const reading = this.readBoth(metric, at, at - began).then(
        (readings) => void this.read.push({ metric, readings, at }),
        // Sources throw only when the soak itself was told to end.
        () => undefined,
      );
      this.reading.set(
        name,
        reading.finally(() => this.reading.delete(name)),
      );
    }
  }

  async finish(): Promise<void> {
    await Promise.all(this.reading.values());
    this.step.io.signal.throwIfAborted();
  }

  private async readBoth(metric: OpenMetric, at: number, since: number): Promise<Readings> {
    const { release, config, slot, share, beside } = this.input;
    const { app, environment, id, version } = release;
    // Sources know only the clock of this machine.
    const to = Date.now();
    const { owner } = this.step.release;
    // Windows of values follow each other; counts cover all the time since the step began.
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

/** A step begins by the server's clock, so the time of a reading is converted to it. */
function byServer(reading: Reading, ahead: number): Measurement {
  if ('missing' in reading || !reading.measured) return reading;
  const { from, to } = reading.measured;
  return { ...reading, measured: { from: from + ahead, to: to + ahead } };
}
