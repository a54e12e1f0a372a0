import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { appConfigSchema } from '../../domain/config';
import type { AppConfig } from '../../domain/config';
import type { ReleaseResult, Scope } from '../../domain/release';
import type { ReleaseOptions, ReleaseRequest } from '../../domain/request';
import type { EnvironmentState, ReleaseAnswer } from '../../workflows/messages';
import { askFor, environmentOf, follow } from './asking';
import type { Releasing } from './asking';
import { removeTraces } from './engine';
import { startLoad } from './load';
import type { Load, LoadOptions } from './load';
import { sharedPostgres } from './shared-postgres';
import type { UsedPostgres } from './shared-postgres';
import { sharedTemporal } from './shared-temporal';
import type { UsedTemporal } from './shared-temporal';
import { startTemporalServer } from './temporal';
import { tinyConfig } from './tiny';
import type { Behaviour, Raw } from './tiny';
import { startWorker } from './worker-process';
import type { WorkerProcess } from './worker-process';
import { freePort } from './free-port';

export interface WorldOptions {
  /** Gives the app a database with migrations, on the server that all share unless one is given. */
  database?: boolean;
  postgres?: UsedPostgres;
  /** The one that all share when absent. */
  temporal?: UsedTemporal;
  /** Starts a server of its own, with Temporal's Web UI. */
  ui?: boolean;
  /** Changes the configuration of every release. */
  config?: (raw: Raw) => void;
  /** Engine and router directory elsewhere, for a world on an engine of its own. */
  engine?: string;
  /** Runs the workers that the build made: faster, but they cannot be told to crash. */
  compiled?: boolean;
  /** Program of the first worker, when it is another version's. */
  worker?: string;
  /** Variables for the worker, such as secrets. */
  env?: Record<string, string>;
}

export interface Asked {
  behaviour?: Behaviour;
  /** Changes the configuration of this release. */
  config?: (raw: Raw) => void;
  options?: Partial<ReleaseOptions>;
  /** Files of this version, by path in the project. */
  files?: Record<string, string>;
  who?: string;
}

/** Everything real that a release needs, made for one test and removed after it. */
export class World {
  readonly scope: Scope = { app: `t${randomBytes(4).toString('hex')}`, environment: 'production' };
  readonly closing: (() => Promise<unknown>)[] = [];
  workers: WorkerProcess[] = [];
  databaseUrl = '';
  private constructor(
    readonly directory: string,
    readonly options: WorldOptions,
    readonly port: number,
    readonly temporal: UsedTemporal,
    readonly client: Client,
  ) {}

  /** Opens a world with one worker; `close()` must be called, also when the test fails. */
  static async open(options: WorldOptions = {}): Promise<World> {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-world-'));
    const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
    try {
      const temporal = options.temporal ?? (await (options.ui ? startTemporalServer({ ui: true }) : sharedTemporal()));
      if (!options.temporal) closing.push(() => temporal.stop());
      const connection = await Connection.connect({ address: temporal.address });
      closing.push(() => connection.close());
      const world = new World(directory, options, await freePort(), temporal, new Client({ connection }));
      world.closing.push(...closing);
      closing.splice(0, closing.length, () => world.close());
      await world.prepare();
      return world;
    } catch (error) {
      for (const close of closing.reverse()) await close();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get taskQueue(): string {
    return this.scope.app;
  }

  get project(): string {
    return join(this.directory, 'project');
  }

  /** Its name is part of the name of the router's container. */
  get routerDirectory(): string {
    return join(this.directory, `router-${this.scope.app}`);
  }

  /** File that arms a crash (crash-worker.ts). */
  get crashFile(): string {
    return join(this.directory, 'crash.json');
  }

  /** File in which workers write down the steps they ran. */
  get traceFile(): string {
    return join(this.directory, 'trace.jsonl');
  }

  /** Asks for a release and expects it to be accepted. */
  async release(version: string, asked: Asked = {}): Promise<Releasing> {
    const request = await this.request(version, asked);
    const answer = await this.ask(request);
    if (!answer.accepted) throw new Error(`expected ${version} to be accepted, seen: ${answer.reason}`);
    return this.releasing(request.id);
  }

  /** Releases and waits for the end. */
  async released(version: string, asked: Asked = {}): Promise<ReleaseResult> {
    return (await this.release(version, asked)).result();
  }

  /** Asks, and answers what the environment says. */
  async ask(request: ReleaseRequest): Promise<ReleaseAnswer> {
    return askFor(this.client, request, this.taskQueue);
  }

  /** Writes the version's files into the project, and answers the request for its release. */
  async request(version: string, { behaviour, config, options, files, who = 'tester' }: Asked = {}) {
    const behaviourFile = { 'app/behaviour.json': JSON.stringify({ version, ...behaviour }) };
    for (const [path, content] of Object.entries({ ...behaviourFile, ...files })) {
      await mkdir(join(this.project, path, '..'), { recursive: true });
      await writeFile(join(this.project, path), content);
    }
    const [, day, time] = /^(.{10})T(.{8})/.exec(new Date().toISOString()) ?? [];
    const stamp = `${day?.replaceAll('-', '')}-${time?.replaceAll(':', '')}`;
    const id = `${stamp}-${version}-${randomBytes(2).toString('hex')}`;
    const request: ReleaseRequest = {
      kind: 'release',
      ...this.scope,
      id,
      version,
      config: this.config(config),
      projectDirectory: this.project,
      options: { skipBuild: false, testOnly: false, noRollback: false, again: false, ...options },
      who,
      note: `test of ${version}`,
      requestedAt: Date.now(),
    };
    return request;
  }

  /** Takes a file out of the project again. */
  async forget(path: string): Promise<void> {
    await rm(join(this.project, path), { force: true });
  }

  /** Makes the app what it was in the beginning. */
  async restoreFixture(): Promise<void> {
    await rm(join(this.project, 'app'), { recursive: true, force: true });
    await cp(join(__dirname, '../fixtures/tiny'), join(this.project, 'app'), { recursive: true });
    await cp(join(__dirname, '../../node_modules/ws'), join(this.project, 'app/ws'), { recursive: true });
  }

  config(change?: (raw: Raw) => void): AppConfig {
    return appConfigSchema.parse(this.rawConfig(change));
  }

  /** The configuration as a person would write it. */
  rawConfig(change?: (raw: Raw) => void): Raw {
    const raw = tinyConfig(this);
    this.options.config?.(raw);
    change?.(raw);
    return raw;
  }

  async environment(): Promise<EnvironmentState> {
    return environmentOf(this.client, this.scope);
  }

  async load(options: Partial<LoadOptions> = {}): Promise<Load> {
    const standard = { url: this.url, paths: ['/', '/status'], keepAlive: 4, fresh: 2, sockets: 1, pauseMs: 60 };
    const load = await startLoad({ ...standard, ...options });
    this.closing.push(() => load.stop().catch(() => undefined));
    return load;
  }

  /**
   * @param more variables for this worker alone
   * @param program another version's
   */
  async startWorker(more: Record<string, string> = {}, program?: string): Promise<WorkerProcess> {
    const env = {
      TEMPORAL_ADDRESS: this.temporal.address,
      // So that what a worker forgets there is noticed.
      TMPDIR: join(this.directory, 'tmp'),
      SPILLWAY_TASK_QUEUE: this.taskQueue,
      SPILLWAY_WORKER_STATE: join(this.directory, 'worker'),
      CRASH_FILE: this.crashFile,
      TRACE_FILE: this.traceFile,
      TINY_DATABASE_URL: this.databaseUrl,
      TINY_SECRET: 'tiny-s3cret-value',
      ...(this.options.engine ? { DOCKER_HOST: this.options.engine } : {}),
      ...this.options.env,
      ...more,
    };
    const { compiled } = this.options;
    const worker = await startWorker(env, { compiled, program });
    this.workers.push(worker);
    return worker;
  }

  /** Ends and removes all that the world made. Goes on when a part fails, then fails. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    const removal = () => removeTraces(this.scope, this.routerDirectory, this.options.engine);
    const stopped = () => Promise.all(this.workers.map((worker) => worker.kill()));
    for (const close of [stopped, removal, ...this.closing.splice(0).reverse()])
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `the world of ${this.scope.app} was not removed`);
  }

  private async prepare(): Promise<void> {
    await mkdir(join(this.project, 'migrations'), { recursive: true });
    await mkdir(join(this.directory, 'tmp'));
    await this.restoreFixture();
    if (this.options.database) {
      const postgres = this.options.postgres ?? (await sharedPostgres());
      if (!this.options.postgres) this.closing.push(() => postgres.stop());
      this.databaseUrl = await postgres.createDatabase();
    }
    await this.startWorker({}, this.options.worker);
  }

  /** Follows a release that was asked for. */
  releasing(id: string): Releasing {
    return follow(this.client, this.scope, id);
  }
}
