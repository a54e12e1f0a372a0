import { groupBeside } from '../../domain/fresh';
import type { AnalysisMetric } from '../../domain/config';
import { phaseOf } from '../../domain/details';
import { metricKind } from '../../domain/judging/metric/query';
import { drawPicture, type Panel } from '../../domain/judging/picture';
import { subjectName } from '../../domain/judging/subject';
import type { Judgement } from '../../domain/release';
import type { SoakState } from '../../domain/judging/soak/state';
import { type StepParts } from '../io';
import type { SoakInput } from '../steps';

/** A shorter limit applies when a person waits for the answer. */
const LIMIT_MS = 5_000;
const LIMIT_WAITED_FOR_MS = 500;

export const REPORTS = 'reports';

interface Decision {
  state: SoakState;
  judgement: Judgement;
  /** Milliseconds since the epoch. */
  at: number;
  isWaitedFor: boolean;
}

/** Answers the path, or undefined when it could not be written: a soak does not fail for want of a picture. */
export async function keepPicture(
  input: SoakInput,
  { state: { documents }, io }: StepParts,
  decision: Decision,
): Promise<string | undefined> {
  const name = `${REPORTS}/${input.release.id}/${input.name}.svg`;
  // The soak's own signal may be aborted already, which would forbid the write.
  const signal = AbortSignal.timeout(decision.isWaitedFor ? LIMIT_WAITED_FOR_MS : LIMIT_MS);
  try {
    await documents.write(name, draw(input, decision), { ...io, signal });
    return documents.placeOf(name);
  } catch {
    return undefined;
  }
}

function draw(input: SoakInput, { state, judgement, at }: Decision): string {
  const { release, config, slot, share, name, beside } = input;
  const { app, environment, version } = release;
  return drawPicture({
    title: `${app} ${version} → ${environment}: ${phaseOf({ name })} at ${share} %`,
    judgement,
    decidedAt: Math.max(0, at - state.began),
    canary: `${version}, new, in ${slot}`,
    live: beside ? `${beside.version}, live, in ${groupBeside(config, slot, share)}` : 'nothing beside it',
    panels: panelsOf(input, state, judgement),
  });
}

function panelsOf({ config }: SoakInput, { series }: SoakState, { metrics = [] }: Judgement): Panel[] {
  const configured = new Map(config.canary.analysis.metrics.map((metric) => [metric.name, metric]));
  const rates = new Set(
    [null, ...Object.keys(config.services)].map((service) => subjectName({ kind: 'errors', service })),
  );
  return Object.entries(series).map(([name, { points }]) => {
    const verdict = metrics.find((one) => one.name === name);
    const metric = configured.get(name);
    const unit = metric ? unitOf(metric) : rates.has(name) ? '%' : 'ms';
    return { name, unit, points, ...(verdict && { verdict }) };
  });
}

function unitOf(metric: AnalysisMetric): Panel['unit'] {
  if (metric.containers) return metric.containers.measure === 'memory' ? 'bytes' : '%';
  return metricKind(metric) === 'counts' ? '%' : '';
}
