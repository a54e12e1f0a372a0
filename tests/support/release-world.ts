import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/steps';
import type { MessageName } from '../../domain/messages';
import { environmentWorkflowId, releaseWorkflowId, SEARCH_ATTRIBUTES } from '../../domain/names';
import type { Live, ReleaseStatus, Scope } from '../../domain/release';
import { asRequest } from '../../domain/request';
import type { OldRequest, ReleaseRequest, Request } from '../../domain/request';
import type { environment as environmentWorkflow } from '../../workflows/environment';
import { environmentQuery, messageUpdate, requestUpdate, statusQuery } from '../../workflows/messages';
import type { EnvironmentState, ReleaseAnswer } from '../../workflows/messages';
import type { release } from '../../workflows/release';
import { WELL } from './answers';
import type { Answers, Call } from './answers';
import { startTimeSkipping } from './time-skipping';
import { until } from './until';
import { workflowBundle } from './workflow-bundle';

/* A world in which only the workflows are real: time skips, and activities are recorded and answer as told. */

const QUIET = new DefaultLogger('ERROR');

/** A queue that only this test file's worker serves; given to a worker that is a process of its own. */
export const TASK_QUEUE = process.env.SPILLWAY_TASK_QUEUE ?? `test-${randomUUID()}`;

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
