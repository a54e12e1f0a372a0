import {
  observeCounters,
  observeMetric,
  type Measurement,
  type SoakSettings,
  type SoakState,
} from '../../../domain/judging/soak/state';
import { isDone, judgeEnd, judgeSample, wantsMore } from '../../../domain/judging/soak/verdict';
import type { RouterCounters } from '../../../domain/router';
import { NOTHING, ZERO, begin, cold, counted, counters, evidenceOf, settingsWith } from './soak-world';

const MEMORY = { name: 'memory', minSamples: 20, containers: { measure: 'memory' } };
const FAILED = { name: 'jobs', command: { run: ['./jobs'], answers: 'counts' } };

function read(
  state: SoakState,
  settings: SoakSettings,
  times: number,
  measured: (index: number) => [Measurement, Measurement | null],
): SoakState {
  const [metric] = settings.canary.analysis.metrics;
  for (let index = 0; index < times; index++) {
    const [canary, baseline] = measured(index);
    state = observeMetric(
      state,
      { metric: metric!, readings: { canary, live: baseline }, at: index * 1_000 },
      settings,
    );
  }
  return state;
}

describe('a canary beside the live version', () => {
  it('fails when it is worse, although no limit is exceeded', () => {
    const settings = settingsWith();
    const now = counted(counters(2_000, 100), counters(2_000, 220));
    const { verdict, reason, metrics } = judgeSample(
      observeCounters(begin(settings), { now, at: 1_000 }, settings),
      evidenceOf(now),
      settings,
    );
    expect(verdict).toBe('fail');
    expect(reason).toMatch(/^errors web: 220 of 2000 requests failed/);
    expect(metrics?.map(({ name, label }) => [name, label])).toEqual([
      ['errors web', 'high'],
      ['latency web', 'pass'],
    ]);
  });

  it('passes with enough requests of both and no difference, and not before', () => {
    const settings = settingsWith();
    const few = counted(counters(5, 0), counters(100, 0));
    const some = observeCounters(begin(settings), { now: few, at: 1_000 }, settings);
    expect(judgeSample(some, evidenceOf(few), settings)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'errors web: 5 requests of the live version seen, 20 needed',
    });
    expect(wantsMore(some, evidenceOf(few), settings)).toBe(true);
    const enough = counted(counters(1_000, 10), counters(1_000, 10));
    const more = observeCounters(some, { now: enough, at: 2_000 }, settings);
    expect(judgeSample(more, evidenceOf(enough), settings).verdict).toBe('pass');
    expect(wantsMore(more, evidenceOf(enough), settings)).toBe(false);
  });

  it('is only compared where that is wished, and with a router that counts', () => {
    const settings = settingsWith({ compare: false });
    const now = counted(counters(2_000, 100), counters(2_000, 220));
    const state = observeCounters(begin(settings), { now, at: 1_000 }, settings);
    expect(judgeSample(state, evidenceOf(now), settings)).toEqual({
      verdict: 'not judged',
      reason: 'no limits configured',
    });
    const none = { ...begin(settingsWith()), seen: null };
    expect(judgeSample(none, { ...NOTHING, gap: undefined }, settingsWith()).verdict).toBe('not judged');
    expect(wantsMore(none, NOTHING, settingsWith())).toBe(false);
  });

  it('that nobody could count never passes', () => {
    const settings = settingsWith();
    expect(judgeSample(begin(settings), NOTHING, settings)).toMatchObject({ verdict: 'inconclusive' });
  });

  it('may be let through early only where the configuration says so', () => {
    const samples = [1, 2, 3, 4, 5].map((part) => counted(counters(9_000 * part, part), counters(9_000 * part, part)));
    const done = (earlyPass: boolean) => {
      const settings = settingsWith({ earlyPass });
      const state = samples.reduce(
        (known, now) => observeCounters(known, { now, at: 1_000 }, settings),
        begin(settings),
      );
      return isDone(state, evidenceOf(samples[4]!), settings);
    };
    expect([done(false), done(true)]).toEqual([false, true]);
  });

  it('is not called slow for its first requests, while everything is cold', () => {
    const settings = settingsWith();
    const first = counted(counters(500, 0), counters(30, 0, 25));
    const then = counted(counters(1_000, 0), counters(530, 0, 25));
    const state = [first, then].reduce(
      (known, now) => observeCounters(known, { now, at: 1 }, settings),
      cold(settings),
    );
    expect(judgeSample(state, evidenceOf(then), settings).verdict).toBe('pass');
    expect(state.live.services.web?.errors.canary.total).toBe(530);
    const slow = [1, 2, 3, 4, 5, 6].map((sample) =>
      counted(counters(sample * 500, 0), counters(sample * 500, 0, sample * 400)),
    );
    const warm = slow.reduce((known, now) => observeCounters(known, { now, at: 1 }, settings), begin(settings));
    expect(judgeSample(warm, evidenceOf(slow.at(-1)!), settings).reason).toMatch(/^latency web: /);
  });

  it('has its false alarms shared by steps and tests', () => {
    // Certain at 1 %, not at a tenth of it.
    const now = counted(counters(2_000, 20), counters(2_000, 56));
    const verdict = (steps: number) => {
      const settings = settingsWith({}, { steps });
      return judgeSample(observeCounters(begin(settings), { now, at: 1 }, settings), evidenceOf(now), settings).verdict;
    };
    expect([verdict(1), verdict(1_000)]).toEqual(['fail', 'pass']);
  });
});

describe('a metric', () => {
  const good = (state: SoakState, settings: SoakSettings) => {
    const now = counted(counters(1_000, 0), counters(1_000, 0));
    return { state: observeCounters(state, { now, at: 1 }, settings), evidence: evidenceOf(now) };
  };
  const value = (number: number): Measurement => ({ value: number });

  it('of values is judged at the end only, and a change that matters fails', () => {
    const settings = settingsWith({ metrics: [MEMORY] });
    const { state, evidence } = good(begin(settings), settings);
    const leaking = read(state, settings, 30, (index) => [value(200 + index), value(100 + (index % 7))]);
    expect(judgeSample(leaking, evidence, settings).verdict).toBe('pass');
    const { judgement, values } = judgeEnd(leaking, evidence, settings);
    expect(judgement.verdict).toBe('fail');
    expect(judgement.reason).toMatch(/^metrics: score 0: memory \(high\); 75 is marginal; memory: canary is higher/);
    expect(judgement.decidedBy).toBe('memory');
    expect(judgeSample({ ...leaking, values }, evidence, settings).metrics?.at(-1)?.label).toBe('high');
  });

  it('that only is shown decides nothing', () => {
    const settings = settingsWith({ metrics: [{ ...MEMORY, dryRun: true }] });
    const { state, evidence } = good(begin(settings), settings);
    const leaking = read(state, settings, 30, (index) => [value(200 + index), value(100 + (index % 7))]);
    const { judgement } = judgeEnd(leaking, evidence, settings);
    expect(judgement.verdict).toBe('pass');
    expect(judgement.metrics?.at(-1)).toMatchObject({ name: 'memory', label: 'high', dryRun: true, critical: false });
  });

  it('whose source is gone is missing evidence, and said to be', () => {
    const settings = settingsWith({ metrics: [MEMORY] });
    const { state, evidence } = good(begin(settings), settings);
    const gone = read(state, settings, 20, (index) =>
      index < 5 ? [value(index), value(index)] : [{ missing: 'no answer' }, { missing: 'no answer' }],
    );
    expect(wantsMore(gone, evidence, settings)).toBe(true);
    const { judgement } = judgeEnd(gone, evidence, settings);
    expect(judgement.verdict).toBe('inconclusive');
    expect(judgement.metrics?.at(-1)?.reason).toContain('(15 of 20 readings missing, the last: no answer)');
  });

  it('of counts may fail at any sample, by what came since the last reading', () => {
    const settings = settingsWith({ metrics: [FAILED] });
    const { state, evidence } = good(begin(settings), settings);
    const bad = read(state, settings, 5, (index) => [
      { bad: 100 * index, total: 400 * index },
      { bad: 10 * index, total: 400 * index },
    ]);
    expect(judgeSample(bad, evidence, settings).reason).toMatch(/^jobs: 400 of 1600/);
    const none = judgeSample(state, evidence, settings);
    expect(none).toMatchObject({ verdict: 'inconclusive' });
    const must = settingsWith({ metrics: [{ ...FAILED, mustHaveData: true }] });
    expect(judgeEnd(state, evidence, must).judgement.verdict).toBe('fail');
  });
});

describe('a version with all the traffic', () => {
  it('is compared with what was recorded before the switch', () => {
    const recorded = { web: counters(10_000, 100) };
    const settings = settingsWith({}, { isCompared: false, recorded });
    const judged = (now: RouterCounters, judge = judgeSample) =>
      judge(observeCounters(begin(settings), { now, at: 1 }, settings), evidenceOf(now), settings);
    expect(judged(counted(counters(0, 0), counters(5_000, 50))).verdict).toBe('pass');
    const bad = judged(counted(counters(0, 0), counters(5_000, 150)));
    expect(bad).toMatchObject({ verdict: 'fail' });
    expect(bad.reason).toMatch(/^errors web: 150 of 5000 \(3 %\) failed, before the switch 100 of 10000 \(1 %\)/);
    // A slow moment is no evidence before all of it was seen: there is no other version that would have met it, too.
    const slow = counted(counters(0, 0), counters(5_000, 50, 2_000));
    expect(judged(slow).verdict).toBe('pass');
    const atTheEnd = judged(slow, (...given) => judgeEnd(...given).judgement);
    expect(atTheEnd.reason).toMatch(/^latency web: 2000 of 5000 \(40 %\) slower than/);
  });
});

describe('a version that nothing judges has not passed', () => {
  const bake = (rest: Partial<SoakSettings> = {}, canary: object = {}) =>
    settingsWith({}, { isCompared: false, ...rest }, canary);
  const quiet = counted(counters(0, 0), counters(5_000, 50));
  const verdictOf = (settings: SoakSettings, now = quiet, evidence = evidenceOf(now)) =>
    judgeEnd(observeCounters(begin(settings), { now, at: 1 }, settings), evidence, settings).judgement;

  it('without limits, and with nothing beside it and nothing recorded', () => {
    expect(verdictOf(bake())).toEqual({ verdict: 'not judged', reason: 'no limits configured' });
  });

  it('with a router that counts nothing, when there are no probes', () => {
    const settings = settingsWith();
    const none = { ...begin(settings), seen: null };
    expect(judgeEnd(none, { services: null, probes: {} }, settings).judgement.verdict).toBe('not judged');
  });

  it('when nobody asked it anything since the switch, so that what was recorded says nothing', () => {
    const settings = bake({ recorded: { web: counters(10_000, 100) } });
    expect(verdictOf(settings, ZERO)).toMatchObject({
      verdict: 'not judged',
      reason: 'no limits configured; errors web: 0 of 0 failed, before the switch 100 of 10000 (1 %)',
    });
  });

  it('by a metric that is only shown', () => {
    const settings = settingsWith({ compare: false, metrics: [{ ...MEMORY, dryRun: true }] });
    const state = read(begin(settings), settings, 30, (index) => [
      { value: 10 + (index % 7) },
      { value: 10 + (index % 5) },
    ]);
    expect(judgeEnd(state, evidenceOf(quiet), settings).judgement.verdict).toBe('not judged');
  });

  it('but has by a metric, by triggers that had requests to watch, by probes, and by a comparison', () => {
    const settings = settingsWith({ compare: false, metrics: [MEMORY] });
    const state = read(begin(settings), settings, 30, (index) => [
      { value: 10 + (index % 7) },
      { value: 10 + (index % 5) },
    ]);
    expect(judgeSample(state, evidenceOf(quiet), settings)).toMatchObject({
      verdict: 'not judged',
      reason: 'no limits configured; metrics are judged at the end',
    });
    expect(judgeEnd(state, evidenceOf(quiet), settings).judgement).toMatchObject({
      verdict: 'pass',
      reason: 'metrics: score 100; 95 passes',
    });
    const triggers = [{ errorRate: 50, for: '5m' }];
    expect(verdictOf(bake({}, { triggers }))).toMatchObject({ verdict: 'pass', reason: 'no trigger fired' });
    expect(verdictOf(bake({}, { triggers }), ZERO).verdict).toBe('not judged');
    const recorded = { web: counters(10_000, 100) };
    expect(verdictOf(bake({ recorded }))).toMatchObject({
      verdict: 'pass',
      reason: 'none of 2 comparisons shows it worse',
    });
    const probes = { 'web /health': { failures: 0, seen: '200' } };
    const probed = bake({}, { limits: { healthFailures: 3 } });
    expect(
      verdictOf({ ...probed, limits: probed.canary.limits }, quiet, { ...evidenceOf(quiet), probes }).verdict,
    ).toBe('pass');
  });
});
