import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Activities, SoakInput, SoakReport } from '../../activities/steps';
import type { Remains } from '../../domain/removal';
import { ROUTERS } from '../../domain/router';

/* Activities that only answer, for tests of what workflows decide. */

export type Answers = { [K in keyof Activities]: (input: Parameters<Activities[K]>[0]) => unknown };
export type Call = { name: keyof Activities; input: unknown };

/** What an environment has that is removed. */
export const REMAINS: Remains = {
  containers: ['web.blue-1'],
  networks: ['network'],
  ports: [80],
  routerGoes: true,
  images: ['fx-web:1.0.0'],
  volumes: [],
  backups: [],
  ledger: { from: '/state', to: '/archive' },
  stays: ['volume orders stays'],
};

/** What every activity answers unless a test says otherwise: all is well. */
export const WELL: Answers = {
  preflight: ({ live }) => ({
    checks: [{ name: 'engine', ok: true, detail: 'answers' }],
    slot: live?.slot === 'blue' ? 'green' : 'blue',
    live,
    pendingMigrations: ['002_orders'],
    capabilities: ROUTERS.haproxy.capabilities,
    configurationIdentity: 'configuration',
  }),
  buildImages: ({ release }) => ({
    images: [{ service: 'web', reference: `fx-web:${release.version}`, digest: `sha256:${release.version}`, size: 1 }],
    identity: `identity of ${release.version}`,
    tags: [],
  }),
  restoreImages: () => undefined,
  backUp: () => ({ name: 'backup_a', store: 'the folder /b', dump: 'backup_a', size: 1_000, contents: ['database'] }),
  applyMigrations: ({ names }) => ({ applied: names }),
  revertMigrations: ({ names }) => ({ reverted: names }),
  deploySlot: () => ({ detail: '1 replica healthy' }),
  removeSlot: () => undefined,
  deployBaseline: () => ({ detail: 'fresh baseline of 1.0.0: 1 replica healthy' }),
  removeBaseline: () => undefined,
  smoke: () => ({ checks: [{ name: '/health', ok: true, latency: 1, detail: '200' }] }),
  setTraffic: ({ share }) => ({ share, counters: null }),
  moveLiveOnly: () => undefined,
  soak: (input) =>
    input.soak === null ? untilCancelled(input) : judged('pass', 'no errors in 1000 requests', input.soak),
  drainSlot: () => ({ left: 0, waited: 5 }),
  retire: () => ({ leftovers: [] }),
  recordEntry: () => undefined,
  readLedger: () => [],
  readGeneration: () => 0,
  reconcile: () => ({ did: [] }),
  lookAtLive: () => ({ condition: 'serving', detail: '' }),
  watchRelease: async () => (await beatUntilCancelled(), null),
  terminateRelease: () => ({ ended: true }),
  migrationStatus: () => ({ applied: ['001_customers'], pending: ['002_orders'] }),
  checkMigrations: () => ({ mistakes: [] }),
  takeFence: () => undefined,
  downMigrations: ({ names }) => ({ reverted: names }),
  reapplyMigrations: ({ names }) => ({ applied: names }),
  checkBaseline: () => ({ mistakes: [] }),
  markMigrations: ({ names }) => ({ marked: names }),
  forgetMigrations: () => undefined,
  beginRemoval: () => REMAINS,
  lookAtRemains: () => REMAINS,
  removeRoutes: () => ({ removed: ['routes'], left: [] }),
  removeGroups: () => ({ removed: ['web.blue-1', 'network'], left: [] }),
  removeImages: ({ names }) => ({ removed: names, left: [] }),
  removeVolumes: ({ names }) => ({ removed: names, left: [] }),
  removeBackups: () => ({ removed: ['backup_a'], left: [] }),
  setStateAside: () => undefined,
} as Partial<Answers> as Answers;

/** A soak's report. */
export function judged(verdict: SoakReport['judgement']['verdict'], reason: string, soaked = 0): SoakReport {
  const counts = { requests: 1_000, errors: 0, p95: 10, carried: null, counted: null };
  return { judgement: { verdict, reason }, interrupted: false, soaked, ...counts };
}

/** A soak that sees nothing bad until somebody ends it. */
export async function untilCancelled(_input: SoakInput): Promise<SoakReport> {
  await beatUntilCancelled();
  return { ...judged('pass', 'nothing bad so far'), interrupted: true };
}

/** Lasts until it is cancelled. */
export async function beatUntilCancelled(): Promise<void> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 100);
  await context.cancelled.catch(() => undefined);
  clearInterval(timer);
}

/** A failure that no retry mends, as a step raises it. */
export function failing(message: string, type = 'UnhealthyFailure'): () => never {
  return () => {
    throw ApplicationFailure.create({ message, type, nonRetryable: true });
  };
}

/** A door that an activity waits at, so that a test can act while it runs. */
export class Door {
  private open: () => void = () => undefined;
  private reached: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.open = resolve));
  readonly entered = new Promise<void>((resolve) => (this.reached = resolve));

  /** Passes when the test opens it, or when the activity is cancelled: then it fails as a cancelled activity does. */
  async wait(): Promise<void> {
    this.reached();
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), 100);
    try {
      await Promise.race([this.opened, context.cancelled]);
    } finally {
      clearInterval(timer);
    }
  }

  unlock(): void {
    this.open();
  }
}
