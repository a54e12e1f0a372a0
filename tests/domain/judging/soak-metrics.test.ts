import { appConfigSchema, type AnalysisMetric } from '../../../domain/config';
import {
  observeMetric,
  startSoak,
  type Measurement,
  type SoakSettings,
  type SoakState,
} from '../../../domain/judging/soak/state';
import { judgeEnd } from '../../../domain/judging/soak/verdict';
import { valuesOf, startSeries } from '../../../domain/judging/series';

/* Which readings of a metric are evidence, once for each event and each measurement. */

const COMMAND = { name: 'm', interval: '1s', command: { run: ['m'] } };
const counting = (answers: string) => ({ ...COMMAND, command: { run: ['m'], answers } });
const PROMETHEUS = {
  name: 'm',
  prometheus: { url: 'http://p', bad: 'x_total{s="{{slot}}",c="5"}', total: 'x_total{s="{{slot}}"}' },
};

function settingsOf(metric: object): SoakSettings {
  const { canary } = appConfigSchema.parse({
    version: 1,
    app: 'fx',
    services: { web: { image: 'fx', port: 80, routes: [{ port: 80 }] } },
    canary: { steps: [{ weight: 50 }], limits: { minRequests: 0 }, analysis: { compare: false, metrics: [metric] } },
  });
  const { limits } = canary;
  return { slot: 'green', limits, canary, services: ['web'], steps: 1, isCompared: true, recorded: null };
}

type Reading = [canary: Measurement, baseline: Measurement];

/** A reading each second, and what it is judged as in the end. */
function read(metric: object, readings: Reading[]) {
  const settings = settingsOf(metric);
  const configured: AnalysisMetric = settings.canary.analysis.metrics[0]!;
  const began: SoakState = startSoak({ name: 'canary', since: null, began: 1_000 }, settings, null);
  const state = readings.reduce(
    (known, [canary, baseline], index) =>
      // A heartbeat carries it as JSON.
      JSON.parse(
        JSON.stringify(
          observeMetric(
            known,
            { metric: configured, readings: { canary, live: baseline }, at: 1_000 * (index + 1) },
            settings,
          ),
        ),
      ) as SoakState,
    began,
  );
  const { judgement } = judgeEnd(state, { services: null, probes: {} }, settings);
  return { state, judgement, metric: judgement.metrics![0]! };
}

const counts = (bad: number, total: number): Measurement => ({ bad, total });
const measured = (value: number, at: number, from = at): Measurement => ({ value, measured: { from, to: at } });
const taken = (state: SoakState) => valuesOf(state.series.m ?? startSeries());

describe('counts', () => {
  test('that fall and rise again are not counted again [proves Q]', () => {
    const waves = Array.from({ length: 60 }, (_, i): Reading => [
      counts(20 + (i % 3 === 1 ? 9 : 0), 1_000 + (i % 3 === 1 ? 30 : 0)),
      counts(20, 1_000 + i),
    ]);
    const { state } = read(PROMETHEUS, waves);
    expect(state.metrics.m!.counts!.state.canary).toEqual({ bad: 29, total: 1_030 });
  });

  test('of one version at a time wait for those of the other, and are not lost [proves Q]', () => {
    // Each version is scraped now and then, never both between two readings.
    const apart = Array.from({ length: 40 }, (_, i): Reading => {
      const [own, live] = [Math.ceil(i / 2), Math.floor(i / 2)];
      return [counts(30 * own, 100 * own), counts(2 * live, 100 * live)];
    });
    const { metric, judgement } = read(PROMETHEUS, apart);
    expect(metric.label).toBe('high');
    expect(judgement.verdict).toBe('fail');
  });

  test('of a program that are there at the first reading are no evidence [proves P]', () => {
    const past = Array.from({ length: 30 }, (): Reading => [counts(4_000, 5_000), counts(10, 5_000)]);
    expect(read(counting('counters'), past)).toMatchObject({
      metric: { label: 'nodata' },
      judgement: { verdict: 'inconclusive' },
    });
  });

  test('of a window that slides are no evidence, however they rise, and it is said why [proves Q]', () => {
    const sliding = Array.from({ length: 60 }, (_, i): Reading => [
      counts(50 + ((7 * i) % 23), 1_000 + ((11 * i) % 31)),
      counts(50, 1_000),
    ]);
    const { metric, judgement } = read(counting('counts'), sliding);
    expect(judgement.verdict).toBe('inconclusive');
    expect(metric.reason).toMatch(/expected counts since the soak began, which only grow, seen \d+ of \d+ after/);
  });

  test.each([
    ['a little', 1_000],
    ['to nothing again and again', 60],
  ])('since ever that fall %s are no evidence any more, however many come then [proves Q]', (_, size) => {
    // Events of the last minute: what leaves it is no restart, and what comes in is judged with what left.
    const sliding = Array.from({ length: 200 }, (_, i): Reading => {
      const [own, live] = [(13 * i) % 61, (7 * i) % 53];
      return [counts(Math.floor(own / 2), size + own - 60), counts(Math.floor(live / 9), size + live - 53)];
    });
    const { state, judgement, metric } = read(counting('counters'), sliding);
    expect(state.metrics.m!.counts!.state.canary).toEqual({ bad: 0, total: 0 });
    expect(state.metrics.m!.missing).toBeGreaterThan(150);
    expect(judgement.verdict).toBe('inconclusive');
    expect(metric.reason).toMatch(/expected counts since ever, which fall only when .*; nothing of it is used/);
  });

  test('of a program that counts since ever go on after a restart [proves P]', () => {
    const restarted = Array.from({ length: 60 }, (_, i): Reading => [
      counts(i < 30 ? i : 0, i < 30 ? 9_000 + 100 * i : 100 * (i - 30)),
      counts(i, 9_000 + 100 * i),
    ]);
    const { state, metric } = read(counting('counters'), restarted);
    expect(state.metrics.m!.counts!.state.canary.total).toBe(2_900 + 2_900);
    expect(metric.reason).toContain('a counter fell, seen 0 of 0 after 29 of 11900');
  });
});

describe('values', () => {
  test('that are read seven times between two scrapes are one [proves Q]', () => {
    const scraped = Array.from({ length: 70 }, (_, i): Reading => {
      const at = 1_000 + 7_000 * Math.ceil((i + 1) / 7);
      return [measured(i % 13, at), measured(i % 11, at - 3_000)];
    });
    const { state, metric } = read(COMMAND, scraped);
    expect(taken(state).canary).toHaveLength(10);
    expect(metric.reason).toContain('10 values of the baseline seen, 20 needed (60 of 70 readings said nothing new)');
  });

  test('of before the step are no evidence of it [proves P]', () => {
    const old = Array.from({ length: 30 }, (_, i): Reading => [measured(i, 900), measured(i, 900)]);
    expect(taken(read(COMMAND, old).state).canary).toEqual([]);
  });

  test('over times that overlap are taken when they no longer do [proves Q]', () => {
    const sliding = Array.from({ length: 60 }, (_, i): Reading => {
      const to = 1_000 * (i + 1);
      return [measured(i, to, to - 10_000), measured(i, to, to - 10_000)];
    });
    // They may share a tenth, as scrapes are not quite regular.
    expect(taken(read(COMMAND, sliding).state).canary).toEqual([9, 18, 27, 36, 45, 54]);
  });

  test('of whose absence is said as often as they would be there [proves Q]', () => {
    const missing: Measurement = { missing: 'gone' };
    const readings = Array.from({ length: 61 }, (_, i): Reading => {
      if (i > 30) return [missing, missing];
      const at = 1_000 + 10_000 * Math.ceil((i + 1) / 10);
      return [measured(i, at), measured(i, at)];
    });
    const { canary } = taken(read(COMMAND, readings).state);
    expect(canary.filter((value) => value !== null)).toHaveLength(4);
    expect(canary.filter((value) => value === null).length).toBeLessThanOrEqual(4);
  });
});
