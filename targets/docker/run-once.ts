import type Docker from 'dockerode';
import type { ExecResult, HostContainer, Io } from '../../domain/host';
import type { DockerEngine } from './engine';
import { collect } from './exec';

const LIMIT_MS = 15_000;
const LABEL = 'spillway.helper';
const LEFT_MS = 600_000;

/** Runs a program as root on the network of the host; the engine removes the container when it ends. */
export async function runOnce(
  engine: DockerEngine,
  { image, command, binds }: Pick<HostContainer, 'image' | 'command' | 'binds'>,
  io: Io,
): Promise<ExecResult> {
  return engine.call(
    io,
    async (docker, abort) => {
      await removeLeft(docker, abort);
      const container = await docker.createContainer({
        Image: image,
        Entrypoint: command,
        User: '0:0',
        Labels: { [LABEL]: 'check' },
        HostConfig: {
          NetworkMode: 'host',
          Mounts: binds.map(mountOf),
          AutoRemove: true,
          // Its output may hold what no log of the engine should.
          LogConfig: { Type: 'none', Config: {} },
        },
        ...abort,
      });
      try {
        const stream = await container.attach({ stream: true, stdout: true, stderr: true, ...abort });
        const ended = container.wait({ condition: 'removed' }) as Promise<{ StatusCode: number }>;
        ended.catch(() => undefined);
        await container.start({ ...abort });
        const [stdout, stderr] = await collect(docker, stream, abort.abortSignal);
        return { exitCode: (await ended).StatusCode, stdout, stderr };
      } catch (error) {
        await container.remove({ force: true }).catch(() => undefined);
        throw error;
      }
    },
    LIMIT_MS,
  );
}

/** The engine would make missing folders for `Binds`, and give them to root. */
function mountOf(bind: string): Docker.MountSettings {
  const [Source, Target, mode] = bind.split(':') as [string, string, string?];
  return { Type: 'bind', Source, Target, ReadOnly: mode === 'ro' };
}

/** A worker that was killed before it started its container leaves it behind, and the engine does not remove that. */
async function removeLeft(docker: Docker, abort: { abortSignal: AbortSignal }): Promise<void> {
  const filters = { label: [`${LABEL}=check`], status: ['created'] };
  const created = await docker.listContainers({ all: true, filters, ...abort });
  const left = created.filter(({ Created }) => Created * 1_000 < Date.now() - LEFT_MS);
  await Promise.all(
    left.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true })
        .catch(() => undefined),
    ),
  );
}
