import type { Host, Io } from '../../domain/host';

/** A folder of a host in which a router's files lie. */
export interface Folder {
  readonly host: Host;
  readonly directory: string;
}

/** A router's configuration, as it would be written. */
export interface Rendered {
  hash: string;
  /** Content by name of file, in the order in which they are written. */
  files: Record<string, string>;
}

/** Writes the files that differ. */
export async function writeRendered({ host, directory }: Folder, { files }: Rendered, io: Io): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${directory}/${name}`;
    if ((await host.readFile(path, io)) !== content) await host.writeFile(path, content, io);
  }
}

/**
 * Writes the files that differ, and takes away those of environments that are not among them.
 *
 * @param folder its router reads files with this ending
 */
export async function installRendered(
  folder: Folder & { ending: '.cfg' | '.conf' },
  rendered: Rendered,
  io: Io,
): Promise<void> {
  await writeRendered(folder, rendered, io);
  const { host, directory, ending } = folder;
  for (const name of await host.listFiles(directory, io)) {
    const isOfEnvironment = name.startsWith('20-') && name.endsWith(ending);
    if (isOfEnvironment && !(name in rendered.files)) await host.removeFile(`${directory}/${name}`, io);
  }
}

/** Whether a host speaks IPv6. */
export async function speaksIpv6(host: Host, io: Io): Promise<boolean> {
  return (await host.run(['cat', '/proc/net/if_inet6'], io)).stdout.trim() !== '';
}
