import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '../../../domain/names';
import { openTarget } from '../../../targets/open';
import type { Target } from '../../../targets/target';
import {
  BUSYBOX,
  configOf,
  docker,
  EngineApp,
  quietIo,
  releaseOf,
  removeEverything,
  specOf,
  targetConfig,
  webService,
} from './fixture';
import { startRegistry, type Registry } from './registry';

const app = new EngineApp();
const { scope, io } = app;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-context-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await removeEverything(scope);
});

async function files(content: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function build(settings: Record<string, unknown> = {}, version = '1.0.0', signal = io) {
  const labels = { [LABELS.app]: scope.app, [LABELS.service]: 'web', [LABELS.version]: version };
  const reference = `${scope.app}-web:${version}`;
  return app.target.images.build(
    { context: '.', dockerfile: 'Dockerfile', args: {}, directory: folder, reference, labels, ...settings },
    'web',
    signal,
  );
}

/** Paths of regular files under /app in an image. */
async function listed(reference: string): Promise<string[]> {
  const container = await docker.createContainer({
    Image: reference,
    Cmd: ['find', '/app', '-type', 'f'],
    Labels: { [LABELS.app]: scope.app },
  });
  await container.start();
  await container.wait();
  const output = (await container.logs({ stdout: true, stderr: true, follow: false })).toString();
  await container.remove();
  return output.match(/\/app\/\S+/g)?.sort() ?? [];
}

describe('a build', () => {
  test('sends what .dockerignore leaves, exceptions included, and pins the image by its id [proves G6]', async () => {
    await files({
      Dockerfile: `FROM ${BUSYBOX}\nARG FLAVOUR\nENV FLAVOUR=$FLAVOUR\nCOPY . /app\n`,
      '.dockerignore': 'node_modules\nsecret.*\ndocs\n!docs/keep.md\nDockerfile\n',
      'main.txt': 'main',
      'secret.pem': 'secret',
      'docs/keep.md': 'kept',
      'docs/drop.md': 'dropped',
      'node_modules/a/index.js': 'module',
      'src/deep/file.txt': 'deep',
    });
    const image = await build({ args: { FLAVOUR: 'plain' } });
    expect(image).toMatchObject({
      service: 'web',
      reference: `${scope.app}-web:1.0.0`,
      digest: expect.stringMatching(/^sha256:/),
      from: 'engine',
    });
    expect(image.size).toBeGreaterThan(1_000_000);
    expect(await listed(image.reference)).toEqual([
      '/app/.dockerignore',
      '/app/docs/keep.md',
      '/app/main.txt',
      '/app/src/deep/file.txt',
    ]);
    const facts = await app.target.images.inspect(image.reference, 'web', io);
    expect(facts).toMatchObject({ image, user: '10001:10001', env: { FLAVOUR: 'plain' } });
    expect(facts?.healthcheck).toBeUndefined();
    expect(io.progress.some((line) => line.startsWith('building web: '))).toBe(true);
  });

  test('a context over its budget is refused before it is sent, and the largest files are named [proves G6]', async () => {
    await files({ Dockerfile: `FROM ${BUSYBOX}\n`, 'big.bin': 'x'.repeat(50_000), 'small.txt': 'x' });
    await expect(build({ maxContext: 10_000 })).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringMatching(/at most 10 KB .* seen 50 KB; largest: big.bin \(50 KB\)/),
    });
  });

  test('a failing step is quoted with its output', async () => {
    await files({ Dockerfile: `FROM ${BUSYBOX}\nRUN echo compiling && echo "no such module" >&2 && exit 9\n` });
    await expect(build()).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringMatching(/code: 9[^]*no such module/),
    });
  });

  test('a missing Dockerfile, a bad one and a missing base image are failures that no retry mends', async () => {
    await expect(build()).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringContaining('expected a Dockerfile at'),
    });
    await files({ Dockerfile: 'NONSENSE\n' });
    await expect(build()).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringMatching(/^(?!.*HTTP code).*unknown instruction: NONSENSE/is),
    });
    await files({ Dockerfile: 'FROM no-such-image-here:1\n' });
    await expect(build()).rejects.toMatchObject({
      name: 'ImageFailure',
      message: expect.stringMatching(/^(?!.*HTTP code).*no-such-image-here/is),
    });
  });

  test('a cancelled build ends at once', async () => {
    await files({ Dockerfile: `FROM ${BUSYBOX}\nRUN sleep 60\n` });
    const controller = new AbortController();
    const cancelled = quietIo(controller.signal);
    const building = build({}, '1.0.0', cancelled);
    setTimeout(() => controller.abort(new Error('cancelled')), 1_500);
    await expect(building).rejects.toThrow('cancelled');
    expect(await app.target.images.inspect(`${scope.app}-web:1.0.0`, 'web', io)).toBeUndefined();
  });

  test('tags move and are taken away; an image in use stays', async () => {
    await files({ Dockerfile: `FROM ${BUSYBOX}\nENV V=1\n` });
    const first = await build();
    await files({ Dockerfile: `FROM ${BUSYBOX}\nENV V=2\n` });
    const second = await build();
    expect(second.digest).not.toBe(first.digest);
    await app.target.images.tag(second.reference, first.digest, io);
    expect((await app.target.images.inspect(second.reference, 'web', io))!.image.digest).toBe(first.digest);
    await app.target.images.remove(second.digest, io);
    await app.target.images.remove(second.digest, io);
    const container = await docker.createContainer({
      Image: first.digest,
      Cmd: ['sleep', '30'],
      Labels: { [LABELS.app]: scope.app },
    });
    await container.start();
    await app.target.images.remove(first.reference, io);
    expect(await app.target.images.inspect(first.reference, 'web', io)).toBeUndefined();
    expect(await app.target.images.inspect(first.digest, 'web', io)).toBeDefined();
    await container.remove({ force: true });
    await app.target.images.remove(first.digest, io);
    expect(await app.target.images.inspect(first.digest, 'web', io)).toBeUndefined();
  });

  test('pruning keeps the newest images and those that a container uses [proves B2]', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) {
      await files({ Dockerfile: `FROM ${BUSYBOX}\nENV V=${version}\n` });
      await build({}, version);
      await sleep(1_100); // the engine's dates have seconds
    }
    await docker.createContainer({
      Image: `${scope.app}-web:1.0.0`,
      Cmd: ['true'],
      Labels: { [LABELS.app]: scope.app },
    });
    expect(await app.target.images.prune(scope, 2, io)).toEqual([`${scope.app}-web:1.1.0`]);
    expect(await app.target.images.prune(scope, 2, io)).toEqual([]);
  });
});

describe('a pull', () => {
  const login = { username: 'releaser', password: 'correct horse' };
  let open: Registry;
  let closed: Registry;

  beforeAll(async () => {
    open = await startRegistry();
    closed = await startRegistry(login);
  }, 300_000);
  afterAll(() => {
    open.close();
    closed.close();
  });

  async function withConfig(config: object, extra: Record<string, string> = {}): Promise<Target> {
    await files({ 'docker/config.json': JSON.stringify(config) });
    const variables = { DOCKER_CONFIG: join(folder, 'docker'), PATH: process.env.PATH, ...extra };
    return openTarget(targetConfig(), { variables });
  }

  test('by tag is pinned by the registry’s digest, and runs by it', async () => {
    const repository = `${scope.app}/web`;
    const digest = await open.push(BUSYBOX, repository, '1.0.0');
    const reference = `${open.address}/${repository}:1.0.0`;
    const image = await app.target.images.pull(reference, 'web', io);
    expect(image).toMatchObject({ reference, digest, from: 'registry' });
    const config = configOf(scope.app, { services: { web: webService() } });
    const [replica] = await app.target.groups.deploy(
      { release: releaseOf(scope), slot: 'blue', services: [specOf(config, 'web', image)] },
      io,
    );
    expect(replica).toMatchObject({ imageDigest: digest, state: 'running' });
    await removeEverything(scope);
    await app.target.images.remove(reference, io);

    const byDigest = `${open.address}/${repository}@${digest}`;
    expect(await app.target.images.pull(byDigest, 'web', io)).toMatchObject({ reference: byDigest, digest });
    await app.target.images.remove(byDigest, io);
    expect(await app.target.images.inspect(byDigest, 'web', io)).toBeUndefined();
  });

  test('what the registry does not have is a failure that no retry mends', async () => {
    await expect(app.target.images.pull(`${open.address}/${scope.app}/none:1`, 'web', io)).rejects.toMatchObject({
      name: 'ImageFailure',
    });
  });

  test('is tried before, without pulling: the registry has it, has it not, wants a password, or does not answer', async () => {
    await open.push(BUSYBOX, `${scope.app}/seen`, '1');
    await closed.push(BUSYBOX, 'seen', '1');
    const reference = `${open.address}/${scope.app}/seen:1`;
    await app.target.images.expectInRegistry(reference, io);
    expect(await app.target.images.inspect(reference, 'web', io)).toBeUndefined();
    const refused = (other: string) => app.target.images.expectInRegistry(other, io).catch((error: Error) => error);
    expect(await refused(`${open.address}/${scope.app}/none:1`)).toMatchObject({ name: 'ImageFailure' });
    expect(await refused(`${closed.address}/seen:1`)).toMatchObject({ message: expect.stringMatching(/without cred/) });
    expect(await refused('127.0.0.1:1/none/web:1')).toMatchObject({ name: 'UnreachableFailure' });
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const known = await withConfig({ auths: { [closed.address]: { auth } } });
    await known.images.expectInRegistry(`${closed.address}/seen:1`, io);
    await known.close();
  });

  test('a registry that does not answer may be tried again', async () => {
    await expect(app.target.images.pull('127.0.0.1:1/none/web:1', 'web', io)).rejects.toMatchObject({
      name: 'UnreachableFailure',
    });
  });

  test('uses the password that `docker login` left in the Docker configuration', async () => {
    await closed.push(BUSYBOX, 'web', '2');
    const reference = `${closed.address}/web:2`;
    await expect(app.target.images.pull(reference, 'web', io)).rejects.toThrow(/without credentials/);
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const known = await withConfig({ auths: { [closed.address]: { auth } } });
    expect(await known.images.pull(reference, 'web', io)).toMatchObject({ reference });
    await known.images.remove(reference, io);
    await known.close();
  });

  test('asks the credential helper that the Docker configuration names', async () => {
    await closed.push(BUSYBOX, 'web', '3');
    const reference = `${closed.address}/web:3`;
    const answer = JSON.stringify({ ServerURL: closed.address, Username: login.username, Secret: login.password });
    await files({
      'bin/docker-credential-spilltest': `#!/bin/sh\nread registry || true\n[ "$registry" = "${closed.address}" ] && echo '${answer}'\n`,
    });
    await chmod(join(folder, 'bin/docker-credential-spilltest'), 0o755);
    const known = await withConfig(
      { credHelpers: { [closed.address]: 'spilltest' } },
      { PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    );
    expect(await known.images.pull(reference, 'web', io)).toMatchObject({ reference });
    await known.images.remove(reference, io);
    await known.close();

    const missing = await withConfig({ credsStore: 'no-such-helper' });
    await expect(missing.images.pull(reference, 'web', io)).rejects.toMatchObject({
      name: 'ConfigurationFailure',
      message: expect.stringContaining('docker-credential-no-such-helper'),
    });
    await missing.close();
  });
});
