import type { Host, Io } from '../../domain/host';

export interface Folder {
  readonly host: Host;
  readonly directory: string;
}

export interface Rendered {
  hash: string;
  /** Maps file names to contents, in the order in which they are written. */
  files: Record<string, string>;
}

export async function writeRendered({ host, directory }: Folder, { files }: Rendered, io: Io): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${directory}/${name}`;
    if ((await host.readFile(path, io)) !== content) await host.writeFile(path, content, io);
  }
}

/** Also removes files with the ending that are not among the rendered ones. */
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

export async function speaksIpv6(host: Host, io: Io): Promise<boolean> {
  return (await host.run(['cat', '/proc/net/if_inet6'], io)).stdout.trim() !== '';
}
