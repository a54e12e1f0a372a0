import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities';
import { ownRelease } from '../../activities/ownership';
import type { Activities, Step } from '../../activities/steps';
import { appConfigSchema } from '../../domain/config';
import type { Group, Live, PinnedImage, Scope, Slot } from '../../domain/release';
import type { ReleaseOptions } from '../../domain/request';
import { openParts, type OpenParts } from '../../workers/parts';
import { removeTraces } from './engine';
import { freePort } from './free-port';

const SERVER = `require('node:http').createServer((q, r) => r.end(process.env.VERSION)).listen(8080);
process.on('SIGTERM', () => process.exit(0))`;
const JOB = `setInterval(() => undefined, 1000); process.on('SIGTERM', () => process.exit(0))`;
const OPTIONS: ReleaseOptions = { skipBuild: false, testOnly: false, noRollback: false, again: false };

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests change any part of it
type Raw = any;

/** Real parts and the real activities on them, without Temporal: one activity at a time, as a worker would run it. */
export class ActivityWorld {
  readonly scope: Scope = { app: `a${randomBytes(4).toString('hex')}`, environment: 'production' };
  readonly beats: unknown[] = [];
  readonly secret = `s3cret-${randomBytes(6).toString('hex')}`;
  /** Changes the configuration of every step from here on. */
  change: (raw: Raw) => void = () => undefined;
  live: Live | null = null;

  private constructor(
    readonly directory: string,
    readonly port: number,
    readonly parts: OpenParts,
  ) {}

  static async open(environment: Record<string, string> = {}): Promise<ActivityWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-activities-'));
    await mkdir(join(directory, 'project'));
    const variables: Record<string, string | undefined> = { ...process.env, ...environment };
    const parts = await openParts({
      owner: 'here:1/test',
      environment: variables,
      stateDirectory: join(directory, 'worker'),
    });
    const world = new ActivityWorld(directory, await freePort(), parts);
    variables.TOKEN ??= world.secret;
    return world;
  }

  get project(): string {
    return join(this.directory, 'project');
  }

  get state(): string {
    return join(this.directory, 'state', this.scope.app, this.scope.environment);
  }

  /** What every step of this release is told. */
  step(releaseId: string, version = '1.0.0'): Step {
    const raw: Raw = {
      version: 1,
      app: this.scope.app,
      services: {
        web: {
          image: 'spillway/node:local',
          command: ['-e', SERVER],
          port: 8080,
          routes: [{ port: this.port }],
          env: { VERSION: version, TOKEN: { env: 'TOKEN' } },
          stopGrace: '2s',
        },
        job: { image: 'spillway/node:local', command: ['-e', JOB], traffic: 'none', run: 'live-only', stopGrace: '2s' },
      },
      router: {
        kind: 'haproxy',
        image: 'spillway/haproxy:local',
        directory: join(this.directory, `router-${this.scope.app}`),
      },
      target: { helperImage: 'spillway/socat:local', stateDirectory: join(this.directory, 'state') },
    };
    this.change(raw);
    const release = { ...this.scope, id: releaseId, version };
    return { release, config: appConfigSchema.parse(raw), projectDirectory: this.project };
  }

  /** Runs an activity as a worker would; `beats` collects what it tells Temporal meanwhile. */
  async run<K extends keyof Activities>(
    name: K,
    input: Parameters<Activities[K]>[0],
  ): Promise<Awaited<ReturnType<Activities[K]>>> {
    const environment = new MockActivityEnvironment();
    environment.on('heartbeat', (details) => this.beats.push(details));
    const body = createActivities(this.parts)[name] as (given: unknown) => Promise<unknown>;
    const answer: unknown = await environment.run(body, input);
    return answer as Awaited<ReturnType<Activities[K]>>;
  }

  preflight(step: Step, given: { fence?: boolean; options?: Partial<ReleaseOptions> } = {}) {
    const { fence = true, options } = given;
    return this.run('preflight', { ...step, live: this.live, options: { ...OPTIONS, ...options }, fence });
  }

  /** Takes the environment and starts a slot, without traffic. */
  async deploy(step: Step, slot: Slot): Promise<PinnedImage[]> {
    await this.run('preflight', { ...step, live: this.live, options: OPTIONS, fence: true });
    const { images } = await this.run('buildImages', { ...step, skipBuild: false, configurationIdentity: 'c' });
    await this.run('deploySlot', { ...step, slot, images, firstRelease: this.live === null });
    return images;
  }

  /** The short way to a live version. */
  async release(releaseId: string, version: string, slot: Slot): Promise<Live> {
    const step = this.step(releaseId, version);
    const images = await this.deploy(step, slot);
    await this.run('setTraffic', { ...step, slot, share: 100 });
    await this.run('moveLiveOnly', { ...step, to: slot });
    return (this.live = { slot, version, releaseId, images, identity: 'i' });
  }

  /** What a user gets. */
  async ask(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/`)).text();
  }

  /** Containers of a group: `SERVICE RELEASE STATE`. */
  async slot(group: Group): Promise<string[]> {
    const step = this.step('any');
    const target = await this.parts.target(step.config);
    const state = await this.parts.state(step.config, this.scope);
    const io = { signal: new AbortController().signal, onProgress: () => undefined };
    const replicas = await target.replicas.list(await ownRelease(this.parts, step, { target, state, io }), group, io);
    return replicas.map(({ service, releaseId, state }) => `${service} ${releaseId} ${state}`).sort();
  }

  async share(): Promise<number | undefined> {
    const router = await this.parts.router(this.step('any').config);
    return router.greenShare(this.scope, { signal: new AbortController().signal, onProgress: () => undefined });
  }

  async close(): Promise<void> {
    await removeTraces(this.scope, join(this.directory, `router-${this.scope.app}`));
    await this.parts.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
