import { forNextStep, observeCounters, startSoak, countedOf, type SoakState } from '../../../domain/judging/soak/state';
import { judgeSample } from '../../../domain/judging/soak/verdict';
import type { RouterCounters, SlotCounters } from '../../../domain/router';
import { ZERO, begin, counted, counters, settingsWith } from './soak-world';

const MEMORY = { name: 'memory', minSamples: 20, containers: { measure: 'memory' } };

describe('what a soak knows', () => {
  it('is the same however many samples were lost on the way', () => {
    const settings = settingsWith({}, {}, { triggers: [{ errorRate: 5, for: '5m' }] });
    const samples = [1, 2, 3, 4, 5].map((part) => counted(counters(100 * part, part), counters(90 * part, 3 * part)));
    const add = (state: SoakState, now: RouterCounters) => observeCounters(state, { now, at: 1_000 }, settings);
    const all = samples.reduce(add, begin(settings));
    const resumed = [samples[1]!, samples[4]!].reduce(add, begin(settings));
    const totalsOf = ({ live, seen }: SoakState) => ({
      seen,
      errors: live.services.web?.errors.canary,
      baseline: live.services.web?.errors.baseline,
    });
    expect(totalsOf(resumed)).toEqual(totalsOf(all));
    expect(totalsOf(all).errors).toEqual({ bad: 15, total: 450 });
  });

  it.each([
    ['own', counted(counters(300, 0), counters(90, 0))],
    ['live', counted(counters(90, 0), counters(300, 0))],
    ['latency', counted(counters(300, 0), { ...counters(300, 0), latency: counters(90, 0).latency })],
    ['process', counted(counters(300, 0), counters(300, 0), '2')],
  ])('loses one sample for all that judges when counters fall (%s), and never passes by it', (_what, fallen) => {
    const limits = { errorRate: 5, minRequests: 20 };
    const settings = settingsWith({}, { limits }, { triggers: [{ errorRate: 5, for: '5m' }] });
    const add = (state: SoakState, now: RouterCounters) => observeCounters(state, { now, at: 1_000 }, settings);
    const good = add(begin(settings), counted(counters(100, 0), counters(100, 0)));
    const judged = (state: SoakState) => judgeSample(state, { ...countedOf(state, 'green'), probes: {} }, settings);
    expect(judged(good).verdict).toBe('pass');
    const after = add(good, fallen);
    expect(judged(after)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^0 requests seen, 20 needed \(.*, evidence from before is not used\)$/) as string,
    });
    expect(after.live.gaps.count).toBe(1);
    const { live, served, triggers, series } = good;
    expect(after).toMatchObject({ live: { services: live.services }, served, triggers, series });
    const { blue, green } = fallen.slots;
    const more = ({ requests }: SlotCounters) => counters(requests + 50, 10);
    const next = add(after, { ...fallen, slots: { blue: { web: more(blue.web!) }, green: { web: more(green.web!) } } });
    expect(judged(next)).toMatchObject({ verdict: 'fail' });
    expect(countedOf(next, 'green').services?.web).toMatchObject({ requests: 50, errors: 10 });
  });

  it('leaves out what lies between two processes of the router', () => {
    const settings = settingsWith();
    const first = observeCounters(
      begin(settings),
      { now: counted(counters(100, 1), counters(100, 1)), at: 1 },
      settings,
    );
    const other = observeCounters(
      first,
      { now: counted(counters(500, 400), counters(500, 400), '2'), at: 2 },
      settings,
    );
    expect(other.live.services.web?.errors.canary).toEqual({ bad: 1, total: 100 });
    expect(other.live.gaps.count).toBe(1);
    const next = observeCounters(other, { now: counted(counters(600, 401), counters(600, 400), '2'), at: 3 }, settings);
    expect(next.live.services.web?.errors.canary).toEqual({ bad: 1, total: 200 });
  });

  it('that an older version of Spillway kept has no tally, and goes on from the same counters', () => {
    const settings = settingsWith();
    const samples = [1, 2, 3].map((part) => counted(counters(100 * part, part), counters(90 * part, part)));
    const add = (state: SoakState, now: RouterCounters) => observeCounters(state, { now, at: 1 }, settings);
    const older = { ...samples.slice(0, 2).reduce(add, begin(settings)), tally: undefined };
    const at = (since: RouterCounters) => startSoak({ name: 'canary-50', since, began: 0 }, settings, older);
    const whole = samples.reduce(add, begin(settings));
    expect(countedOf(add(at(ZERO), samples[2]!), 'green')).toEqual(countedOf(whole, 'green'));
    expect(countedOf(whole, 'green').services?.web).toMatchObject({ requests: 270, errors: 3 });
    const restarted = at({ ...ZERO, process: 'another' });
    expect(countedOf(restarted, 'green')).toMatchObject({
      services: {},
      gap: expect.stringContaining('anew') as string,
    });
  });

  it('goes on within a step; another begins its tests anew, but not failures in a row and limits over time', () => {
    const settings = settingsWith({}, {}, { triggers: [{ errorRate: 5, for: '5m' }] });
    const known: SoakState = {
      ...observeCounters(begin(settings), { now: counted(counters(100, 1), counters(100, 1)), at: 1 }, settings),
      probes: { web: { failures: 2, seen: '500' } },
    };
    const at = (name: string) => startSoak({ name, since: ZERO, began: 9 }, settings, known);
    expect(at('canary-50')).toEqual(known);
    expect(at('bake')).toMatchObject({ began: 9, seen: ZERO, probes: known.probes, triggers: known.triggers });
    expect(at('bake').live.services).toEqual({});
    expect(Object.keys(forNextStep(known).series)).toEqual([]);
  });

  it('stays small in a day with a sample a second', () => {
    const settings = settingsWith({ metrics: [MEMORY] });
    let state = begin(settings);
    for (let at = 1; at <= 10_000; at++)
      state = observeCounters(
        state,
        { now: counted(counters(9 * at, at), counters(9 * at, at)), at: at * 1_000 },
        settings,
      );
    expect(JSON.stringify(state).length).toBeLessThan(20_000);
  });
});
