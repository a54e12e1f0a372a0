import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Activities, SoakInput, SoakReport } from '../../activities/steps';
import { appConfigSchema } from '../../domain/config';
import type { MessageName } from '../../domain/messages';
import { environmentWorkflowId, releaseWorkflowId, SEARCH_ATTRIBUTES } from '../../domain/names';
import type { Live, ReleaseStatus, Scope } from '../../domain/release';
import { asRequest } from '../../domain/request';
import type { OldRequest, ReleaseRequest, Request } from '../../domain/request';
import { ROUTERS } from '../../domain/router';
import type { environment as environmentWorkflow } from '../../workflows/environment';
import { environmentQuery, messageUpdate, requestUpdate, statusQuery } from '../../workflows/messages';
import type { EnvironmentState, ReleaseAnswer } from '../../workflows/messages';
import type { release } from '../../workflows/release';
import { startTimeSkipping } from './time-skipping';
import { until } from './until';
import { workflowBundle } from './workflow-bundle';

/* A world in which only the workflows are real: time skips, and activities are recorded and answer as told. */

const QUIET = new DefaultLogger('ERROR');

/** A queue that only this test file's worker serves; given to a worker that is a process of its own. */
export const TASK_QUEUE = process.env.SPILLWAY_TASK_QUEUE ?? `test-${randomUUID()}`;

type Answers = { [K in keyof Activities]: (input: Parameters<Activities[K]>[0]) => unknown };
type Call = { name: keyof Activities; input: unknown };

/** What every activity answers unless a test says otherwise: all is well. */
const WELL: Answers = {
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

export class ReleaseWorld {
  private answers: Partial<Answers> = {};
  calls: Call[] = [];

  private constructor(
    private readonly environment: TestWorkflowEnvironment,
    private readonly worker: Worker,
    private readonly running: Promise<void>,
    private readonly stopServer: () => unknown,
  ) {}

  /** @param address a real server; without it one that skips time */
  static async start(address?: string): Promise<ReleaseWorld> {
    Runtime.install({ logger: QUIET, telemetryOptions: { logging: { filter: 'OFF' } } });
    const { environment, stop } = await (address === undefined
      ? startTimeSkipping()
      : { environment: await TestWorkflowEnvironment.createFromExistingServer({ address }), stop: () => undefined });
    // The server that skips time can add search attributes, but not list them.
    const keywords = Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, 2]));
    await environment.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: keywords,
    });
    const names = Object.keys(WELL) as (keyof Activities)[];
    const activities = Object.fromEntries(
      names.map((name) => [name, async (input: never) => world.answer(name, input)]),
    );
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowBundle: await workflowBundle(),
      activities,
      maxHeartbeatThrottleInterval: 50,
      defaultHeartbeatThrottleInterval: 50,
    });
    const world: ReleaseWorld = new ReleaseWorld(environment, worker, worker.run(), stop);
    return world;
  }

  async stop(): Promise<void> {
    this.worker.shutdown();
    await this.running;
    await this.environment.teardown();
    await this.stopServer();
  }

  get client(): Client {
    return this.environment.client;
  }

  /** Forgets what other tests told and saw. */
  reset(answers: Partial<Answers> = {}): void {
    this.answers = answers;
    this.calls = [];
  }

  /** Names of the activities that ran, in order, without those that only read or write down what an environment keeps. */
  ran(): string[] {
    const kept = ['recordEntry', 'readLedger', 'readGeneration'];
    return this.calls.map(({ name }) => name).filter((name) => !kept.includes(name));
  }

  /** What an activity was asked, each time. */
  asked<K extends keyof Activities>(name: K): Parameters<Activities[K]>[0][] {
    return this.calls.filter((call) => call.name === name).map(({ input }) => input as Parameters<Activities[K]>[0]);
  }

  async begin(request: ReleaseRequest, live: Live | null): Promise<WorkflowHandle<typeof release>> {
    return this.client.workflow.start<typeof release>('release', {
      workflowId: releaseWorkflowId(request),
      taskQueue: TASK_QUEUE,
      args: [{ request, live }],
    });
  }

  /** Asks the environment as the commands do, those of an older version too. */
  async ask(request: Request | OldRequest): Promise<ReleaseAnswer> {
    const { app, environment } = request;
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof environmentWorkflow>('environment', {
      workflowId: environmentWorkflowId(request),
      taskQueue: TASK_QUEUE,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ app, environment }],
    });
    const options = { startWorkflowOperation, updateId: request.id, args: [request as Request] as [Request] };
    return this.client.workflow.executeUpdateWithStart(requestUpdate(asRequest(request).kind), options);
  }

  /** Waits until the environment is as wanted. */
  async settled(request: Scope, wanted: (state: EnvironmentState) => boolean): Promise<EnvironmentState> {
    const handle = this.client.workflow.getHandle(environmentWorkflowId(request));
    return until(() => handle.query(environmentQuery), { what: 'the environment as wanted', is: wanted, every: 25 });
  }

  /** Waits until the release's status is as wanted. */
  async until(handle: WorkflowHandle, wanted: (status: ReleaseStatus) => boolean): Promise<ReleaseStatus> {
    return until(() => handle.query(statusQuery), { what: 'the release as wanted', is: wanted, every: 25 });
  }

  /** Sends a message; answers why it was refused, or undefined. */
  async tell(
    handle: WorkflowHandle,
    name: MessageName,
    input: unknown = { who: 'alice', why: 'test' },
  ): Promise<string | undefined> {
    try {
      await handle.executeUpdate(messageUpdate(name), { args: [input] });
      return undefined;
    } catch (error) {
      return ((error as Error).cause as Error).message;
    }
  }

  private async answer(name: keyof Activities, input: never): Promise<unknown> {
    this.calls.push({ name, input });
    const given = this.answers[name] ?? WELL[name];
    return given(input);
  }
}

/** What serves before a release, in blue. */
export const LIVE: Live = {
  slot: 'blue',
  version: '1.0.0',
  releaseId: 'r0',
  images: [],
  identity: 'identity of 1.0.0',
};

const TWO_STEPS = {
  steps: [
    { weight: 10, soak: '1m' },
    { weight: 50, soak: '1m' },
  ],
};

/** A request for 1.1.0 with two canary steps, of an app that only this test knows. */
export function requestWith(
  settings: Record<string, unknown> & { canary?: object } = {},
  rest: Partial<ReleaseRequest> = {},
): ReleaseRequest {
  const app = `fx-${randomUUID().slice(0, 8)}`;
  const config = appConfigSchema.parse({
    version: 1,
    app,
    services: { web: { image: 'fx-web', port: 8080, routes: [{ port: 80 }] } },
    ...settings,
    canary: { limits: { errorRate: 5 }, ...(settings.canary ?? TWO_STEPS) },
  });
  return {
    kind: 'release',
    app,
    environment: 'production',
    id: `${app}-r1`,
    version: '1.1.0',
    config,
    projectDirectory: '/project',
    options: { skipBuild: false, testOnly: false, noRollback: false, again: false },
    who: 'alice',
    note: '',
    requestedAt: 0,
    ...rest,
  };
}
