import { makesFresh } from './fresh';
import type { AppConfig } from './config';
import { databasesOf, titleOfDatabase } from './databases';
import { judgesBake, judgesCanary } from './judging/judged-by';
import { isAlive, type LiveState } from './live-state';
import type { Live, Phase, Slot } from './release';
import type { ReleaseRequest } from './request';
import { ROUTERS, routersThat, type RouterCapabilities } from './router';
import { formatCount, formatDuration } from './units';

interface PlannedStep {
  phase: Phase;
  does: string;
  undo: string;
}

const NONE = '–';

/** `found` is absent when nobody could say what became of the live version. */
export function stepsOf(
  request: ReleaseRequest,
  slot: Slot,
  live: Live | null,
  pending: string[],
  found?: Pick<LiveState, 'condition'>,
): PlannedStep[] {
  const { config, version, options } = request;
  const before: PlannedStep[] = [
    { phase: 'preflight', does: 'try what can be known to fail', undo: NONE },
    {
      phase: 'build',
      does: imagesOf(request),
      undo: request.images ? 'remove the images that were pulled' : 'restore the image tags',
    },
  ];
  if (options.testOnly) return before;
  const back = live ? `all traffic to ${live.slot} (${live.version})` : NONE;
  const isDead = found !== undefined && !isAlive(found);
  const hasBaseline = makesFresh(config, live === null || isDead);
  return [
    ...before,
    { phase: 'backup', does: backupOf(config), undo: 'kept' },
    {
      phase: 'migrate',
      does: pending.length > 0 ? `apply ${pending.join(', ')}` : 'nothing pending',
      undo: migrationUndo(config, pending),
    },
    { phase: 'deploy', does: `${jobsOf(config)}start ${version} in ${slot}`, undo: `remove ${version} from ${slot}` },
    { phase: 'smoke', does: checked(config, `on ${slot} directly`), undo: NONE },
    {
      phase: 'canary',
      does: canaryOf(config, live, isDead),
      undo: hasBaseline ? `${back}, remove the fresh baseline` : back,
    },
    { phase: 'approve', does: approvalOf(config), undo: NONE },
    { phase: 'switch', does: `all traffic to ${slot}`, undo: back },
    { phase: 'verify', does: checked(config, 'through the router'), undo: NONE },
    {
      phase: 'bake',
      does: bakeOf(config, live),
      undo: NONE,
    },
    {
      phase: 'drain',
      does: live ? `wait until ${live.slot} is empty, at most ${formatDuration(config.drain.cap)}` : 'nothing to drain',
      undo: 'point of no return',
    },
    { phase: 'retire', does: live ? `remove ${live.version} from ${live.slot}, prune` : 'prune', undo: NONE },
  ];
}

function checked({ smoke: { checks } }: AppConfig, how: string): string {
  return checks.length === 0 ? 'no check is configured' : `${formatCount(checks.length, 'check')} ${how}`;
}

export function caveatsOf(config: AppConfig, router: RouterCapabilities): string[] {
  const { kind } = config.router;
  const { steps, affinity } = config.canary;
  const isJudged = steps.length > 0 || config.bake.soak > 0;
  return [
    ...(router.lossless ? [] : [lossCaveat(config)]),
    ...sessionsCaveat(config, router),
    ...sharesCaveat(config, router),
    ...(!router.counters && isJudged
      ? [`${kind} does not count by slot: only probes, metrics and containers that end are judged`]
      : []),
    ...(!router.affinity && affinity ? [`${kind} cannot keep a visitor on one slot`] : []),
    ...(steps.length > 0 && !judgesCanary(config, router.counters)
      ? [
          'nothing judges the canary but that its containers keep running: no limits are configured, and nothing is compared',
        ]
      : []),
  ];
}

function lossCaveat({ router: { kind }, target }: AppConfig): string {
  const lossless = routersThat((can) => can.lossless, target.kind);
  const others = lossless.length > 0 ? `; ${lossless.join(' or ')} breaks none` : '';
  return `${kind} breaks some connections when traffic moves${others}`;
}

function sessionsCaveat({ router: { kind }, drain }: AppConfig, { sessions }: RouterCapabilities): string[] {
  if (sessions === 'together')
    return [`${kind} does not know requests in flight by slot: drain waits for its old workers instead`];
  if (sessions === 'unknown') {
    const cap = formatDuration(drain.cap);
    return [`${kind} does not know requests in flight: drain cannot tell when it is done, and waits all of its ${cap}`];
  }
  return [];
}

function sharesCaveat({ router: { kind }, canary }: AppConfig, { shares }: RouterCapabilities): string[] {
  const weights = canary.steps.map(({ weight }) => weight).filter((weight) => weight < 100);
  if (shares !== 'by replicas' || weights.length === 0) return [];
  const steps = weights.map((weight) => `${weight} %`).join(', ');
  return [`${kind} shares traffic by replicas: steps of ${steps} come only as near as the number of replicas allows`];
}

function imagesOf({ config: { services }, options: { skipBuild }, images }: ReleaseRequest): string {
  if (images) return `images are pinned: find or pull ${Object.keys(services).join(', ')} by digest`;
  return Object.entries(services)
    .map(([name, { build }]) => (build && !skipBuild ? `build ${name}` : `find or pull ${name}`))
    .join(', ');
}

function backupOf(config: AppConfig): string {
  return [
    ...databasesOf(config).map(({ name }) => `${titleOfDatabase(name)} dump`),
    ...config.backup.volumes.map((volume) => `volume ${volume}`),
    'configuration, image list and logs',
  ].join(', ');
}

function migrationUndo(config: AppConfig, pending: string[]): string {
  const [database] = databasesOf(config);
  if (!database || pending.length === 0) return NONE;
  switch (database.settings.onRollback) {
    case 'revert':
      return `revert ${[...pending].reverse().join(', ')}`;
    case 'restore':
      return 'restore the dump (what was written meanwhile is lost)';
    case 'keep':
      return 'kept, as configured';
  }
}

function jobsOf({ services }: AppConfig): string {
  const jobs = Object.keys(services).filter((name) => services[name]!.run === 'once');
  return jobs.length === 0 ? '' : `run ${jobs.join(', ')} to the end, then `;
}

function canaryOf(config: AppConfig, live: Live | null, isDead: boolean): string {
  const { canary } = config;
  if (!live) return 'skipped: the first release has nothing to be compared with';
  if (canary.steps.length === 0) return 'no steps configured';
  if (isDead) return `skipped: ${live.version} does not serve, so there is nothing to compare with`;
  const judged = judgesCanary(config, countsBySlot(config)) ? '' : ', not judged: no limits configured';
  const steps = canary.steps.map(({ weight, soak }) => `${weight} % for ${formatDuration(soak)}`).join(', then ');
  const compared = canary.baseline === 'fresh' ? `, compared with a fresh baseline of ${live.version}` : '';
  return `${steps}${compared}${judged}`;
}

function bakeOf(config: AppConfig, live: Live | null): string {
  if (config.bake.soak === 0) return 'not configured';
  const isJudged = judgesBake(config, countsBySlot(config), live === null);
  return `watch for ${formatDuration(config.bake.soak)}${isJudged ? '' : ', not judged: no limits configured'}`;
}

function countsBySlot({ router }: AppConfig): boolean {
  return ROUTERS[router.kind].capabilities.counters;
}

function approvalOf({ approve }: AppConfig): string {
  if (!approve.required) return 'not required';
  return `wait for ${approve.by.length > 0 ? approve.by.join(' or ') : 'anyone'}, at most ${formatDuration(approve.timeout)}`;
}
