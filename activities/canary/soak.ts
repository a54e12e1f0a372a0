import { Context } from '@temporalio/activity';
import type { Services } from '../../domain/judging/counters';
import { totals } from '../../domain/judging/limits';
import { redactDeep } from '../../domain/redact';
import { otherSlot, type Judgement } from '../../domain/release';
import { withContainers } from '../../domain/judging/soak/exits';
import { countedOf, startSoak, type SoakSettings, type SoakState } from '../../domain/judging/soak/state';
import { isDone, judgeEnd, judgeSample, wantsMore } from '../../domain/judging/soak/verdict';
import { formatDuration } from '../../domain/units';
import { until } from '../../waiting/until';
import { MetricWatch } from './metrics';
import { keepPicture } from './picture';
import { settingsOf, takeSample, type Seen } from './sample';
import { serverClock } from '../clock';
import { withStep, type StepParts } from '../io';
import { lastWordsOf } from '../last-words';
import type { Parts } from '../parts';
import type { Activities, SoakInput, SoakReport } from '../steps';

/** A beat carries all that another attempt needs to go on. */
export interface Beat {
  judgement: Judgement;
  state: SoakState;
}

/** It changes nothing, so it may be left at any time. */
export const canaryActivities = (parts: Parts): Pick<Activities, 'soak'> => ({
  soak: (input) => withStep(parts, input, (step) => new Soak(input, step, parts).run(), 'check'),
});

const NOTHING_SEEN = 'nothing was seen yet';

class Soak {
  private readonly clock: () => number;
  private readonly settings: SoakSettings;
  private readonly metrics: MetricWatch;
  private seen: Seen;
  private isLengthened = false;
  private judgement: Judgement = { verdict: 'inconclusive', reason: NOTHING_SEEN };

  constructor(
    private readonly input: SoakInput,
    private readonly step: StepParts,
    private readonly parts: Parts,
  ) {
    const { name, baseline: since, startedAt: began, carried } = input;
    this.clock = serverClock(began);
    this.settings = settingsOf(input);
    this.metrics = new MetricWatch(input, step, parts);
    const state = startSoak({ name, since, began }, this.settings, stateOfLastAttempt() ?? carried);
    const evidence = { services: null, gap: NOTHING_SEEN, probes: state.probes };
    this.seen = { state, evidence, containers: { unknown: NOTHING_SEEN, note: '' } };
  }

  async run(): Promise<SoakReport> {
    this.tell();
    try {
      const ended = await until({ signal: this.step.io.signal, pause: () => this.pause() }, async () => {
        await this.look();
        return this.endedBy();
      });
      if (ended === 'verdict') return await this.failed();
      return await (ended === 'time' ? this.end() : this.report(true));
    } catch (error) {
      // A cancelled soak reports what it knows; after a worker's shutdown another attempt goes on.
      if (!Context.current().cancellationDetails?.cancelRequested) throw error;
      return this.report(true);
    }
  }

  private async look(): Promise<void> {
    const { input, step, parts, settings } = this;
    this.seen = await takeSample({ input, step, parts, settings }, this.seen.state, this.now());
    this.takeReadings();
    this.metrics.start(this.seen.state, this.now());
    this.judgement = this.with(judgeSample(this.seen.state, this.seen.evidence, this.settings));
    this.tell();
  }

  private with(judgement: Judgement): Judgement {
    return withContainers(judgement, this.seen.containers, this.soaked());
  }

  private takeReadings(): void {
    this.seen = { ...this.seen, state: this.metrics.take(this.seen.state, this.settings) };
  }

  private isOver(): boolean {
    const { soak, longest } = this.input;
    if (soak === null) return false;
    const { state, evidence, containers } = this.seen;
    const passed = this.clock();
    const isUnknown = containers.unknown !== undefined;
    if (passed < soak) return !isUnknown && isDone(state, evidence, this.settings);
    if (passed >= (longest ?? soak) || !(isUnknown || wantsMore(state, evidence, this.settings))) return true;
    this.isLengthened = true;
    return false;
  }

  private endedBy(): 'verdict' | 'time' | 'hand-over' | undefined {
    if (this.judgement.verdict === 'fail') return 'verdict';
    if (this.isOver()) return 'time';
    return this.clock() >= (this.input.handOver ?? Infinity) ? 'hand-over' : undefined;
  }

  /** Milliseconds of this soak, with those of the activities that handed it over. */
  private soaked(): number {
    return (this.input.spent ?? 0) + this.clock();
  }

  /** Answers ms; never beyond an end of the soak. */
  private pause(): number {
    const { soak, longest, handOver = null, interval } = this.input;
    const ends = [soak, longest, handOver].filter((end) => end !== null).map((end) => end - this.clock());
    return Math.min(interval, ...ends.filter((left) => left > 0));
  }

  private async end(): Promise<SoakReport> {
    await this.metrics.finish();
    this.takeReadings();
    const { state, evidence } = this.seen;
    const { judgement, values } = judgeEnd(state, evidence, this.settings);
    this.seen = { ...this.seen, state: { ...state, values } };
    const more = this.isLengthened ? `, although the soak was lengthened to ${formatDuration(this.soaked())}` : '';
    this.judgement = this.with({ ...judgement, reason: judgement.reason + more });
    this.tell();
    return this.report(false);
  }

  private async failed(): Promise<SoakReport> {
    const { problem, ended = [] } = this.seen.containers;
    if (problem !== undefined) {
      const said = await lastWordsOf(ended.slice(0, 1), this.input.slot, { ...this.step, parts: this.parts });
      this.judgement = { ...this.judgement, reason: `${this.judgement.reason}\n${said}` };
    }
    return this.report(false);
  }

  private async report(interrupted: boolean): Promise<SoakReport> {
    const { state, evidence } = this.seen;
    const { requests, errors, p95 } = totals(evidence.services ?? {});
    const redact = <T>(value: T): T => redactDeep(value, (text) => this.parts.redact(text)) as T;
    const judgement = redact(this.judgement);
    const carried = redact(state);
    const decision = { state: carried, judgement, at: this.now(), isWaitedFor: interrupted };
    const picture = await keepPicture(this.input, this.step, decision);
    return {
      judgement,
      interrupted,
      soaked: Math.round(this.soaked()),
      requests,
      errors,
      // JSON knows no Infinity.
      p95: p95 === null || !Number.isFinite(p95) ? null : Math.round(p95 * 10) / 10,
      carried,
      counted: this.counted(),
      ...(picture !== undefined && { picture }),
    };
  }

  private counted(): Services | null {
    const { slot, beside } = this.input;
    const { state, evidence } = this.seen;
    return beside && evidence.services && countedOf(state, otherSlot(slot)).services;
  }

  private now(): number {
    return Math.round(this.input.startedAt + this.clock());
  }

  private tell(): void {
    const beat: Beat = { judgement: this.judgement, state: this.seen.state };
    this.step.keep(beat);
  }
}

function stateOfLastAttempt(): SoakState | undefined {
  const details = Context.current().info.heartbeatDetails as Partial<Beat> | string | undefined;
  return typeof details === 'object' && details !== null ? details.state : undefined;
}
