import type { Host, Io } from '../../domain/host';

/** Writes path and text of each regular file. A link that leads nowhere is an error, as it is for the routers. */
const READ = `
for place; do
  [ -r "$place" ] && { [ -f "$place" ] || [ -x "$place" ]; } || exit 1
  for one in "$place" "$place.key" "$place"/*; do
    if [ -f "$one" ]; then printf '%s\\0' "$one" && tr -d '\\000' <"$one" && printf '\\0' || exit 1
    elif [ -h "$one" ] && [ ! -e "$one" ]; then exit 1
    fi
  done
done`;

export interface PemFiles {
  /** Files, or folders whose files are meant. */
  places: string[];
  /** The router's own folder. */
  directory: string;
  /** Absent where Spillway does not run the router. */
  image: string | undefined;
}

/**
 * Reads files as the router's container does: as root, and on the target, since the worker may be another user or be in
 * a container that has not these files. While the image is not on the target, the worker reads. Answers texts by path;
 * undefined when nobody but the router can read them.
 */
export async function readPemFiles(
  host: Host,
  { places, directory, image }: PemFiles,
  io: Io,
): Promise<Map<string, string> | undefined> {
  const command = ['sh', '-c', READ, 'sh', ...places];
  const folders = places.some((place) => isIn(directory, place)) ? [directory] : [];
  const binds = [...folders, ...outside(directory, places)].map((folder) => `${folder}:${folder}:ro`);
  const inContainer = image === undefined ? undefined : await host.runImage({ image, command, binds }, io);
  const { exitCode, stdout } = inContainer ?? (await host.run(command, io));
  if (exitCode !== 0) return undefined;
  const words = stdout.split('\0');
  const texts = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) texts.set(words[at]!, words[at + 1]!);
  return texts;
}

/** Places that a container does not get with the router's own folder. */
export function outside(directory: string, places: string[]): string[] {
  return [...new Set(places)].filter((place) => !isIn(directory, place)).sort();
}

function isIn(directory: string, place: string): boolean {
  return `${place}/`.startsWith(`${directory}/`);
}
