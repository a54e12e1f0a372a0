import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Folder } from '../on-host/folder';
import { readFragments, scopeKey } from '../on-host/fragments';
import type { NginxFragment, Share } from './names';

export interface State {
  fragments: NginxFragment[];
  /** Its keys are `APP.ENVIRONMENT`. */
  shares: Record<string, Share>;
}

export async function readState(folder: Folder, io: Io): Promise<State> {
  const fragments = (await readFragments(folder, io)) as NginxFragment[];
  const { host, directory } = folder;
  const names = await host.listFiles(`${directory}/shares`, io);
  const shares = await Promise.all(
    names.map(async (name) => {
      const text = await host.readFile(`${directory}/shares/${name}`, io);
      return [name, JSON.parse(text ?? '{"green":0}') as Share] as const;
    }),
  );
  return { fragments, shares: Object.fromEntries(shares) };
}

export function writeShare({ host, directory }: Folder, scope: Scope, share: Share, io: Io): Promise<void> {
  return host.writeFile(shareFile(directory, scope), `${JSON.stringify(share)}\n`, io);
}

export function removeShare({ host, directory }: Folder, scope: Scope, io: Io): Promise<void> {
  return host.removeFile(shareFile(directory, scope), io);
}

function shareFile(directory: string, scope: Scope): string {
  return `${directory}/shares/${scopeKey(scope)}`;
}
