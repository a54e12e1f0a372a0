import type { Io } from '../../domain/host';
import type { Scope } from '../../domain/release';
import type { Folder } from './folder';
import { scopeKey, withFragment, type Fragment } from './fragments';

function pathOf(directory: string, scope: Scope): string {
  return `${directory}/before/${scopeKey(scope)}.json`;
}

/** A release that failed before it reached the router leaves no folder behind. */
export async function hasFiles({ host, directory }: Folder, io: Io): Promise<boolean> {
  return (await host.listFiles(directory, io)).length > 0;
}

export function fragmentOf<Tls>(all: Fragment<Tls>[], scope: Scope): Fragment<Tls> | undefined {
  return all.find(({ routing }) => scopeKey(routing.scope) === scopeKey(scope));
}

export function without<Tls>(all: Fragment<Tls>[], scope: Scope): Fragment<Tls>[] {
  return all.filter(({ routing }) => scopeKey(routing.scope) !== scopeKey(scope));
}

/** Keeps what a release finds when it configures the environment first, so that its undo can bring that back. */
export async function keepBefore<Tls>(
  { host, directory }: Folder,
  all: Fragment<Tls>[],
  { routing: { scope, release } }: Fragment<Tls>,
  io: Io,
): Promise<void> {
  const found = fragmentOf(all, scope);
  if (release === undefined || found?.routing.release === release) return;
  const path = pathOf(directory, scope);
  if (found) await host.writeFile(path, `${JSON.stringify(found, undefined, 2)}\n`, io);
  else await host.removeFile(path, io);
}

export function dropBefore({ host, directory }: Folder, scope: Scope, io: Io): Promise<void> {
  return host.removeFile(pathOf(directory, scope), io);
}

/** All fragments as they were before the release configured the environment; as they are, if it never did. */
export async function asBefore<Tls>(
  { host, directory }: Folder,
  all: Fragment<Tls>[],
  { scope, release }: { scope: Scope; release: string },
  io: Io,
): Promise<Fragment<Tls>[]> {
  if (fragmentOf(all, scope)?.routing.release !== release) return all;
  const text = await host.readFile(pathOf(directory, scope), io);
  return text === undefined ? without(all, scope) : withFragment(all, JSON.parse(text) as Fragment<Tls>);
}
