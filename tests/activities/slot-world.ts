import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { writeDocument } from '../../activities/ownership';
import type { Parts } from '../../activities/parts';
import type { Step } from '../../activities/steps';
import { storeOf } from '../../domain/backup';
import type { AppConfig } from '../../domain/config';
import type { Group } from '../../domain/release';
import { ROUTERS } from '../../domain/router';
import { entryOnHost } from '../../routers/on-host/ports';
import type { Router, Routing } from '../../routers/router';
import { openState } from '../../state/open';
import { openStore } from '../../stores/open';
import { openTarget, type OpenTarget } from '../../targets/open';
import { HELPER, configOf, quietIo, releaseOf, removeEverything, uniqueScope } from '../targets/docker/fixture';

/** A router that only remembers; what decides about traffic is tested on the real ones. */
export class RememberedRouter implements Router {
  readonly kind = 'haproxy';
  readonly entry = entryOnHost;
  readonly capabilities = ROUTERS.haproxy.capabilities;
  routing: Routing | undefined;
  share: number | undefined;
  inFlight: Record<Group, number> = { blue: 0, green: 0, baseline: 0 };
  did: string[] = [];

  probe = () => Promise.resolve({ version: 'none', running: true, portsTaken: [] });
  check = () => Promise.resolve([]);
  configure = (routing: Routing) => {
    this.routing = routing;
    this.did.push('configure');
    return Promise.resolve({ reloaded: true });
  };
  putBack = () => {
    this.did.push('putBack');
    return Promise.resolve(undefined);
  };
  forget = () => Promise.resolve();
  environments = () => Promise.resolve(this.routing ? [this.routing.scope] : []);
  setGreenShare = (_: unknown, share: number) => {
    this.share = share;
    return Promise.resolve();
  };
  greenShare = () => Promise.resolve(this.share);
  groupIsUp = ({ services }: Routing, group: Group) => {
    const up = services.every(({ slots, baseline = [] }) => ({ ...slots, baseline })[group].length > 0);
    return Promise.resolve({ up, detail: 'as told' });
  };
  sessions? = {
    count: (_: unknown, group: Group) => {
      this.did.push(`sessions ${group}`);
      return Promise.resolve(this.inFlight[group]);
    },
    close: (_: unknown, group: Group) => {
      this.did.push(`close ${group}`);
      return Promise.resolve();
    },
  };
  counters = () => Promise.reject(new Error('not asked here'));
}

/** A real engine, a remembered router, and an app of its own. */
export class SlotWorld {
  readonly scope = uniqueScope();
  readonly router = new RememberedRouter();
  readonly secrets: string[] = [];

  private constructor(
    readonly target: OpenTarget,
    readonly directory: string,
  ) {}

  static async open(): Promise<SlotWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-slot-'));
    const { target } = configOf('any', { services: { web: { image: 'x' } }, target: { helperImage: HELPER } });
    return new SlotWorld(await openTarget(target, { variables: {} }), directory);
  }

  get parts(): Parts {
    return {
      owner: 'temporal.test/default',
      target: () => Promise.resolve(this.target),
      router: () => Promise.resolve(this.router),
      state: (config, scope) => Promise.resolve(openState(config.target, scope, this.target)),
      database: () => Promise.reject(new Error('not asked here')),
      store: ({ config, release }) => Promise.resolve(openStore(storeOf(config), release)),
      temporaryDirectory: join(this.directory, 'tmp'),
      metric: () => Promise.reject(new Error('not asked here')),
      secret: (value) => {
        if (typeof value === 'string') return Promise.resolve(value);
        const secret = `secret-of-${'env' in value ? value.env : value.file}`;
        this.secrets.push(secret);
        return Promise.resolve(secret);
      },
      fingerprint: () => Promise.resolve(''),
      redact: (text) => this.secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text),
    };
  }

  /** A step of a release that holds the environment. */
  async step(settings: Record<string, unknown>, version = '1.0.0', attempt = 'a'): Promise<Step> {
    const config: AppConfig = configOf(this.scope.app, {
      target: { stateDirectory: join(this.directory, 'state'), helperImage: HELPER },
      ...settings,
    });
    const step = { release: releaseOf(this.scope, version, attempt), config, projectDirectory: this.directory };
    const { documents, fence } = await this.parts.state(config, step.release);
    await writeDocument({ owner: this.scope.owner, temporal: this.parts.owner }, documents, quietIo());
    await fence.take(step.release, quietIo());
    return step;
  }

  async close(): Promise<void> {
    await removeEverything(this.scope);
    await this.target.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Runs an activity as a worker would; `onBeat` hears what it tells Temporal meanwhile. */
export function run<I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  onBeat: (details: unknown) => void = () => undefined,
): Promise<O> {
  const environment = new MockActivityEnvironment();
  environment.on('heartbeat', onBeat);
  return environment.run(activity, input);
}
