import { ConfigurationFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';

export const DIRECTORY_LABEL = 'spillway.directory';

/**
 * Two folders may ask for one name, because it is the last part of the folder.
 * @throws ConfigurationFailure when a container of another folder, or of somebody else, has the name
 */
export async function refuseForeignName(
  host: Pick<Host, 'containerLabels'>,
  container: string | undefined,
  directory: string,
  io: Io,
): Promise<void> {
  const labels = container === undefined ? undefined : await host.containerLabels(container, io);
  if (!labels || labels[DIRECTORY_LABEL] === directory) return;
  const owner = labels[DIRECTORY_LABEL];
  throw new ConfigurationFailure(
    `expected the container ${container} to be the router in ${directory}, seen ` +
      `${owner === undefined ? 'one that Spillway did not start' : `the router in ${owner}`}: the last part of router.directory ` +
      'names the container, so choose another one, or use the folder of that router',
  );
}
