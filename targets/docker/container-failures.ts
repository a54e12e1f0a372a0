import { ConfigurationFailure, UnhealthyFailure, UnreachableFailure } from '../../domain/failures';
import { reasonOf, statusOf } from './engine';

/** 400 means that the engine understood a setting and refuses it, which another try does not change. */
export function createFailure(container: string, error: unknown): unknown {
  if (statusOf(error) !== 400) return error;
  return new ConfigurationFailure(
    `expected the engine to create ${container}, seen ${reasonOf(error)}: correct the settings of its service`,
  );
}

export function nameTaken(container: string): ConfigurationFailure {
  return new ConfigurationFailure(
    `expected the name ${container} to be free for the new version, seen a container that is not this environment's: ` +
      `rename or remove it if nobody needs it (\`docker rename ${container} OTHER\`); Spillway left it alone`,
  );
}

/** The engine says these as if it had failed itself. */
const CANNOT_RUN =
  /unable to find (user|group) |no matching entries in (passwd|group) file|(uids and gids|id) must be in range|invalid tmpfs option/i;

export function startFailure(container: string, error: unknown): unknown {
  const status = statusOf(error);
  if (status === undefined) return error;
  const seen = `expected ${container} to start, seen ${reasonOf(error)}`;
  // 400 means that the command cannot run, or, only for a moment, that two workers make the network at once.
  if (status === 400 && !seen.includes('ambiguous'))
    return new UnhealthyFailure(`${seen}: correct its \`command\` or image`);
  if (CANNOT_RUN.test(seen)) return new UnhealthyFailure(`${seen}: correct the settings of its service, or the image`);
  if (status === 404 && /network \S+ not found/.test(seen))
    return new ConfigurationFailure(`${seen}: make the network again, or correct \`networks\` of its service`);
  return new UnreachableFailure(`${seen}: it is tried again`);
}
