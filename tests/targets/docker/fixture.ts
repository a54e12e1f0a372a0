import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { appConfigSchema, type AppConfig, type TargetConfig } from '../../../domain/config';
import type { Io } from '../../../domain/host';
import { LABELS } from '../../../domain/names';
import type { Owned } from '../../../domain/ownership';
import type { PinnedImage, ReleaseRef, Scope } from '../../../domain/release';
import { networkName } from '../../../targets/docker/names';
import { openTarget, type OpenTarget } from '../../../targets/open';
import type { ServiceSpec } from '../../../targets/groups';

/** The engine as the test sees it, beside the code under test. */
export const docker = new Docker({ socketPath: '/var/run/docker.sock' });

export const BUSYBOX = 'spillway/busybox:local';
export const HELPER = 'spillway/socat:local';

/** An app that no other test has, and what its containers are known by. */
export function uniqueScope(): Owned {
  const app = `t${randomBytes(4).toString('hex')}`;
  return { app, environment: 'test', owner: { id: `id-of-${app}`, formerly: [] } };
}

export function releaseOf<T extends Scope>(scope: T, version = '1.0.0', attempt = 'a'): T & ReleaseRef {
  return { ...scope, id: `20261121-101500-${version}-${attempt}`, version };
}

export function quietIo(signal: AbortSignal = new AbortController().signal): Io & { progress: string[] } {
  const progress: string[] = [];
  setMaxListeners(0, signal);
  return { signal, onProgress: (detail) => progress.push(detail), progress };
}

/** A configuration with the given settings over the standards. */
export function configOf(app: string, settings: Record<string, unknown>): AppConfig {
  return appConfigSchema.parse({ version: 1, app, ...settings });
}

export function targetConfig(settings: Partial<TargetConfig> = {}): TargetConfig {
  const config = configOf('any', { services: { web: { image: BUSYBOX } }, target: { helperImage: HELPER } });
  return { ...config.target, ...settings };
}

/** A small web server on port 8080 that answers with what it is told. */
export function webService(settings: Record<string, unknown> = {}): Record<string, unknown> {
  const script =
    'mkdir -p /tmp/www && echo "$GREETING from $SPILLWAY_VERSION" > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www';
  return {
    image: BUSYBOX,
    port: 8080,
    command: ['sh', '-c', script],
    env: { GREETING: 'hello' },
    stopGrace: '1s',
    ...settings,
  };
}

export function specOf(config: AppConfig, service: string, image: PinnedImage, start = true): ServiceSpec {
  const serviceConfig = config.services[service]!;
  const env = Object.fromEntries(Object.entries(serviceConfig.env).map(([name, value]) => [name, String(value)]));
  return { service, config: serviceConfig, image, env, start };
}

/** Builds an image for an app from the lines of a Dockerfile; it goes with `removeEverything`. */
export async function builtFrom({ scope, target, io }: Built, lines: string[], tag = '1'): Promise<PinnedImage> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-image-'));
  try {
    await writeFile(join(directory, 'Dockerfile'), lines.join('\n'));
    const build = { context: '.', dockerfile: 'Dockerfile', args: {}, directory, reference: `${scope.app}-web:${tag}` };
    return await target.images.build({ ...build, labels: { [LABELS.app]: scope.app } }, 'web', io);
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Built {
  scope: Owned;
  target: Pick<OpenTarget, 'images'>;
  io: Io;
}

/** Removes all that a test made for its app, whatever state it is in. */
export async function removeEverything(scope: Scope): Promise<void> {
  const label = [`${LABELS.app}=${scope.app}`];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } })) {
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => undefined);
  }
  await docker
    .getNetwork(networkName(scope))
    .remove()
    .catch(() => undefined);
  for (const { RepoTags, Id } of await docker.listImages({ filters: { label } })) {
    for (const name of RepoTags ?? [Id]) {
      await docker
        .getImage(name)
        .remove({ force: true })
        .catch(() => undefined);
    }
  }
}

/** An app on the local engine for the tests of one file: opened before the first, removed with all it made after the last. */
export class EngineApp {
  readonly scope = uniqueScope();
  readonly io = quietIo();
  private opened: OpenTarget | undefined;

  constructor() {
    beforeAll(async () => void (this.opened = await openTarget(targetConfig(), { variables: {} })));
    afterAll(async () => {
      await removeEverything(this.scope);
      await this.opened?.close();
    });
  }

  get target(): OpenTarget {
    if (!this.opened) throw new Error('expected a test to be running, none has begun');
    return this.opened;
  }
}
