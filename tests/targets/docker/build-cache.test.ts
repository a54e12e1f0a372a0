import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { ImageFailure, UnreachableFailure } from '../../../domain/failures';
import type { DockerEngine } from '../../../targets/docker/engine';
import { DockerImages } from '../../../targets/docker/images';
import { quietIo } from './fixture';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-context-'));
  await writeFile(join(folder, 'Dockerfile'), 'FROM base\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A build on an engine that answers this error; no real one loses its cache when it is asked to. */
function buildThatFails(error: string): Promise<unknown> {
  const docker = { buildImage: async () => Readable.from([`${JSON.stringify({ error })}\n`]) } as unknown as Docker;
  const engine = { call: (_: unknown, body: (docker: Docker, abort: object) => unknown) => body(docker, {}) };
  const images = new DockerImages(engine as unknown as DockerEngine, {});
  const build = { context: '.', dockerfile: 'Dockerfile', maxContext: 1_000_000, args: {}, directory: folder };
  return images.build({ ...build, reference: 'shop-web:1.0.0' }, 'web', quietIo());
}

test('a build whose cached layer goes when another release is tidied up is tried again', async () => {
  const gone = 'unable to find image "sha256:898382c6d3a1a331ff68d03eea7e597da72c45eaff6296d3ac0b1830d9ba54b6"';
  await expect(buildThatFails(gone)).rejects.toThrow(UnreachableFailure);
});

test('a build whose command fails is not tried again', async () => {
  await expect(buildThatFails("The command '/bin/sh -c false' returned a non-zero code: 1")).rejects.toThrow(
    ImageFailure,
  );
});
