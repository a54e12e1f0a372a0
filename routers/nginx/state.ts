import type { Host, Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import { readFragments, scopeKey } from '../on-host/fragments';
import type { NginxFragment, NginxShare } from './names';

/* What nginx's configuration is made from, as files on the host: of each environment its routing and its share. */

/** All environments that one nginx serves. */
export interface NginxState {
  fragments: NginxFragment[];
  /** By key of the environment. */
  shares: Record<string, NginxShare>;
}

export async function readState(host: Host, directory: string, io: Io): Promise<NginxState> {
  const fragments = (await readFragments(host, directory, io)) as NginxFragment[];
  const names = await host.listFiles(`${directory}/shares`, io);
  const shares = await Promise.all(
    names.map(async (name) => {
      const text = await host.readFile(`${directory}/shares/${name}`, io);
      return [name, JSON.parse(text ?? '{"green":0}') as NginxShare] as const;
    }),
  );
  return { fragments, shares: Object.fromEntries(shares) };
}

export function writeShare(host: Host, directory: string, scope: Scope, share: NginxShare, io: Io): Promise<void> {
  return host.writeFile(shareFile(directory, scope), `${JSON.stringify(share)}\n`, io);
}

function shareFile(directory: string, scope: Scope): string {
  return `${directory}/shares/${scopeKey(scope)}`;
}
