import type Docker from 'dockerode';
import type { ServiceConfig } from '../../domain/config';
import { SCRATCH, scratchOf, tmpfsPath } from '../../domain/containers/volumes';

type Mounting = Pick<ServiceConfig, 'volumes' | 'tmpfs' | 'readOnlyRoot'>;

/** @param hasScratch whether the image has files in `/tmp` */
export function mountOptions(
  config: Mounting,
  hasScratch: boolean,
): Pick<Docker.ContainerCreateOptions, 'Volumes'> & {
  HostConfig: Pick<Docker.HostConfig, 'Tmpfs' | 'Binds' | 'Mounts'>;
} {
  const { volumes, tmpfs = [] } = config;
  const scratch = scratchOf(config, hasScratch);
  const inMemory = tmpfs.map((text) => [tmpfsPath(text), text.split(':')[1] ?? ''] as const);
  // Docker mounts it noexec otherwise, and programs load what they unpack there.
  if (scratch === 'tmpfs') inMemory.push([SCRATCH, 'exec,mode=1777']);
  return {
    // The engine fills a volume without a name with the files of the image.
    ...(scratch === 'volume' && { Volumes: { [SCRATCH]: {} } }),
    HostConfig: {
      ...(inMemory.length > 0 && { Tmpfs: Object.fromEntries(inMemory) }),
      Binds: volumes
        .filter(({ source }) => !source.startsWith('/'))
        .map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`),
      // The engine refuses a folder that is missing here, whereas a bind would make it for root.
      Mounts: volumes
        .filter(({ source }) => source.startsWith('/'))
        .map(({ source, target, readOnly }) => ({ Type: 'bind', Source: source, Target: target, ReadOnly: readOnly })),
    },
  };
}
