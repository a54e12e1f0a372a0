import type { Ask } from './questions';
import { looseVolumes, volumeName } from '../../domain/containers/volumes';

export interface Mount {
  source: string;
  target: string;
  readOnly?: true;
  shared?: true;
}

interface VolumesInput {
  app: string;
  service: string;
  /** The image or the Compose file has volumes without a name at these. */
  paths: string[];
  mounted: Mount[];
  /** A service that runs in one slot only shares its volumes with nobody. */
  isAlone: boolean;
  ask: Ask;
}

/** The data of volumes without a name, as those of VOLUME in an image, would be lost with each container. */
export function namedVolumes({ app, service, paths, mounted, isAlone, ask }: VolumesInput): Mount[] {
  const loose = looseVolumes(paths, { volumes: mounted });
  if (loose.length === 0) return [];
  const both = isAlone ? '' : ', and can the old and the new version both write to it during a release';
  ask(
    'volumes',
    `what is in ${loose.join(', ')} would be lost with each version, so it gets a volume with a name: copy there what runs has ` +
      `now${both}? If it may be lost, name the path in \`discard\` instead`,
    { importance: 'decide' },
  );
  return loose.map((target) => ({
    source: volumeName(app, service, target),
    target,
    ...(!isAlone && { shared: true as const }),
  }));
}
