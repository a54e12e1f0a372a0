import { looseVolumes, volumeName } from '../../domain/containers/volumes';

/** An entry of `volumes`, as a person writes it. */
export interface Mount {
  source: string;
  target: string;
  readOnly?: true;
  shared?: true;
}

/**
 * Volumes with a name for paths whose data would go with each container otherwise: of a VOLUME in the image, or of a
 * volume without a name in a Compose file. A service that runs in one slot only shares them with nobody.
 */
export function namedVolumes(
  app: string,
  service: string,
  paths: string[],
  mounted: Mount[],
  isAlone: boolean,
  ask: (key: string, text: string) => void,
): Mount[] {
  const loose = looseVolumes(paths, { volumes: mounted });
  if (loose.length === 0) return [];
  const both = isAlone ? '' : ', and can the old and the new version both write to it during a release';
  ask(
    'volumes',
    `what is in ${loose.join(', ')} would be lost with each version, so it gets a volume with a name: copy there what runs has ` +
      `now${both}? If it may be lost, name the path in \`discard\` instead`,
  );
  return loose.map((target) => ({
    source: volumeName(app, service, target),
    target,
    ...(!isAlone && { shared: true as const }),
  }));
}
