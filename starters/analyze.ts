import { InvalidArgumentError, type Command } from 'commander';
import type { AnalysisMetric } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import { judge, type Verdict } from '../domain/judging/metric/judge';
import { judgeMetric, type MetricJudgement } from '../domain/judging/metric/metric';
import { GROUPS, otherSlot, SLOTS, type Group, type Slot } from '../domain/release';
import { formatDuration } from '../domain/units';
import { measure, unknownVariables, type MeasuredMetric, type Side } from './analyze/measure';
import { parseMoment } from './analyze/time';
import { EXIT, type ExitCode } from './exit-codes';
import { verdictText } from './judge';
import { run, type Out } from './output';
import { addScopeOptions, configured, type Configured, type ScopeOptions } from './asking/scope';

interface AnalyzeOptions extends ScopeOptions {
  config?: string;
  prometheus?: string;
  from: number;
  to?: number;
  baselineFrom?: number;
  slot: Slot;
  baselineSlot?: Group;
  canaryVersion?: string;
  baselineVersion?: string;
  canaryRelease?: string;
  baselineRelease?: string;
}

interface Analysis extends Verdict {
  metrics: (MetricJudgement & { dryRun: boolean })[];
  canary: Side;
  baseline: Side;
  skipped: { name: string; why: string }[];
}

export function registerAnalyze(program: Command): void {
  addScopeOptions(
    program
      .command('analyze')
      .description('Judges time that is over by the Prometheus metrics of the configuration, as a canary would be.'),
  )
    .option('--config <path>', 'the same as --file')
    .option('--prometheus <url>', 'ask this Prometheus; default: the one of each metric', parseUrl)
    .requiredOption('--from <moment>', 'when it began', parseMoment)
    .option('--to <moment>', 'when it ended; default: now', parseMoment)
    .option('--slot <slot>', 'where the version ran that is judged: blue or green', parseSlot, 'green')
    .option(
      '--baseline-slot <slot>',
      'where that ran with which it is compared, also baseline; default: the other slot',
      parseGroup,
    )
    .option('--baseline-from <moment>', 'compare with what ran at another time, for as long', parseMoment)
    .option('--canary-version <version>', 'what {{version}} stands for of the judged version')
    .option('--baseline-version <version>', 'what {{version}} stands for of the other')
    .option('--canary-release <id>', 'what {{release}} stands for of the judged version')
    .option('--baseline-release <id>', 'what {{release}} stands for of the other')
    .addHelpText('after', HELP)
    .action((options: AnalyzeOptions) => run(options, (out) => analyze(options, out)));
}

const HELP = `
Find out whether your metrics would have caught a bad release, before one is made: the queries of
canary.analysis.metrics are asked over that time for both slots, and their answers are judged. Changes nothing.
A moment is 2026-11-21T10:00:00Z, seconds since the epoch, now, or how long ago (2h). Values are taken one each
\`interval\` of the metric. Programs, webhooks and containers remember nothing, so they are left out.
What the verdict means: docs/judging.md. How to write metrics: docs/metrics.md

Examples:
  spillway analyze --from 2h --to 1h
  spillway analyze --prometheus http://127.0.0.1:9090 --from 2026-11-21T10:00:00Z --to 2026-11-21T10:30:00Z --json
  spillway analyze --from 30m --slot green --baseline-slot green --baseline-from 1d   (today with yesterday)

Exit codes: 0 passes · 1 fails, or is inconclusive · 64 wrong usage, configuration or query · 69 Prometheus does not
answer`;

async function analyze(options: AnalyzeOptions, out: Out): Promise<ExitCode> {
  const { config, ...given } = options;
  const file = await configured({ ...given, ...(config !== undefined && { file: config }) });
  const sides = sidesOf(file, options);
  const { asked, skipped } = chosen(file, options, sides);
  const all = await measure(file, asked, sides);
  const verdict = judged(file, all);
  const analysis: Analysis = { ...verdict, ...sides, skipped };
  out.result(analysis, text(analysis, out));
  return verdict.verdict === 'pass' ? EXIT.done : EXIT.no;
}

function sidesOf({ app, environment }: Configured, options: AnalyzeOptions): { baseline: Side; canary: Side } {
  const { from, to = Date.now(), slot, baselineFrom = from } = options;
  if (from >= to) {
    const [began, ended] = [from, to].map((moment) => new Date(moment).toISOString());
    throw new ConfigurationFailure(`expected --from to be before --to, seen ${began} and ${ended}`);
  }
  const side = (where: Group, began: number, version = '', release = ''): Side => ({
    of: { app, environment, slot: where, version, release },
    window: { from: began, to: began + to - from },
  });
  const baselineSlot = options.baselineSlot ?? otherSlot(slot);
  if (baselineSlot === slot && baselineFrom === from)
    throw new ConfigurationFailure(
      `expected two slots, or --baseline-from, seen ${slot} at the same time: it would be compared with itself`,
    );
  return {
    baseline: side(baselineSlot, baselineFrom, options.baselineVersion, options.baselineRelease),
    canary: side(slot, from, options.canaryVersion, options.canaryRelease),
  };
}

interface Asked {
  metric: AnalysisMetric;
  index: number;
}

function chosen(
  { config }: Configured,
  { prometheus: url }: AnalyzeOptions,
  { baseline, canary }: { baseline: Side; canary: Side },
): { asked: Asked[]; skipped: Analysis['skipped'] } {
  const skipped: Analysis['skipped'] = [];
  const asked: Asked[] = [];
  config.canary.analysis.metrics.forEach((metric, index) => {
    const { prometheus, name, command, webhook } = metric;
    if (prometheus) asked.push({ index, metric: url ? { ...metric, prometheus: { ...prometheus, url } } : metric });
    else skipped.push({ name, why: `a ${command ? 'program' : webhook ? 'webhook' : 'container'} remembers nothing` });
  });
  if (!asked.some(({ metric }) => !metric.dryRun)) {
    throw new ConfigurationFailure(
      'expected a metric with `prometheus` in canary.analysis.metrics that decides, seen none; docs/metrics.md shows one',
    );
  }
  for (const { metric } of asked) {
    for (const name of [...unknownVariables(metric, canary), ...unknownVariables(metric, baseline)]) {
      throw new ConfigurationFailure(
        `expected --canary-${name} and --baseline-${name}, since {{${name}}} stands in the query of "${metric.name}", seen ` +
          'not both',
      );
    }
  }
  return { asked, skipped };
}

/** Metrics that are only shown have no part in the verdict. */
function judged({ config }: Configured, all: MeasuredMetric[]): Verdict & Pick<Analysis, 'metrics'> {
  const { thresholds, groups } = config.canary.analysis;
  const deciding = all.filter(({ dryRun }) => !dryRun).map(({ input }) => input);
  const verdict = judge({ thresholds, groups, metrics: deciding }, 'time');
  const metrics = all.map(({ input, dryRun, missing, lost }) => {
    const found = judgeMetric(input, 'time');
    const label = lost.length > 0 && found.label === 'pass' ? 'inconclusive' : found.label;
    return { ...found, label, dryRun, reason: [found.reason, ...missing, ...lost].join('; ') };
  });
  const unsure = all.find(({ dryRun, lost }) => !dryRun && lost.length > 0);
  if (verdict.verdict !== 'pass' || !unsure) return { ...verdict, metrics };
  const reason = `${unsure.input.name} lost evidence (${unsure.lost.join('; ')}): choose a time without it`;
  return { ...verdict, verdict: 'inconclusive', reason, metrics };
}

function text(analysis: Analysis, out: Out): string {
  const { canary, baseline, metrics, skipped } = analysis;
  const at = ({ of, window }: Side): string =>
    `${[of.slot, of.version].filter(Boolean).join(' ')} from ${new Date(window.from).toISOString()}`;
  const length = formatDuration(canary.window.to - canary.window.from);
  const shown = metrics.map((one) => (one.dryRun ? { ...one, name: `${one.name} (dry run)` } : one));
  const left = skipped.map(({ name, why }) => `left out: ${name}, ${why}`);
  return [
    `${length} of ${at(canary)}, compared with ${at(baseline)}`,
    '',
    verdictText({ ...analysis, metrics: shown }, out),
    ...left,
  ].join('\n');
}

function parseUrl(given: string): string {
  if (/^https?:\/\/[^\s?#]+$/.test(given) && URL.canParse(given)) return given;
  throw new InvalidArgumentError(`expected an address such as http://127.0.0.1:9090, seen "${given}"`);
}

function parseGroup(given: string): Group {
  const group = GROUPS.find((one) => one === given);
  if (group) return group;
  throw new InvalidArgumentError(`expected blue, green or baseline, seen "${given}"`);
}

function parseSlot(given: string): Slot {
  const slot = SLOTS.find((one) => one === given);
  if (slot) return slot;
  throw new InvalidArgumentError(`expected blue or green, seen "${given}"`);
}
