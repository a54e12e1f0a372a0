import { UnreachableFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import type { Archive, Documents } from '../state';
import { HostFolder, type FilesOfHost } from './host-folder';

/*
 * Backups of a worker on the same machine may lie in the folder, too. The fence goes last, so that a second try is still
 * allowed to go on. What a second try wrote again is put to what the first one has moved.
 */
const TAKE = `
umask 022
mkdir -p "$2" || exit 1
move() {
  [ -e "$1" ] || return 0
  if [ -d "$1" ] && [ -d "$2/\${1##*/}" ]; then cp -R "$1/." "$2/\${1##*/}/" && rm -rf "$1"; else mv -f "$1" "$2/"; fi
}
for one in "$1"/* "$1"/.[!.]*; do
  case \${one##*/} in backups | fence | ledger | lock) ;; *) move "$one" "$2" || exit 1 ;; esac
done
move "$1/ledger" "$2" && move "$1/fence" "$2" || exit 1
rm -f "$1/lock"
rmdir "$1/backups" "$1" "$(dirname "$1")" 2>/dev/null
exit 0`;

interface Folders {
  /** Where the environment keeps its state. */
  directory: string;
  archive: string;
}

export class HostArchive implements Archive {
  constructor(
    private readonly host: FilesOfHost,
    private readonly folders: Folders,
  ) {}

  placeOf(id: string): string {
    return `${this.folders.archive}/${id}`;
  }

  async has(id: string, io: Io): Promise<boolean> {
    return (await this.host.listFiles(this.placeOf(id), io)).includes('fence');
  }

  async take(id: string, io: Io): Promise<void> {
    const { directory } = this.folders;
    const { exitCode, stderr } = await this.host.run(['sh', '-c', TAKE, 'sh', directory, this.placeOf(id)], io);
    if (exitCode === 0) return;
    throw new UnreachableFailure(
      `expected to move ${directory} to ${this.placeOf(id)} on the target, seen exit code ${exitCode}: ${stderr.trim()}`,
    );
  }

  async all(io: Io): Promise<Documents[]> {
    const ids = await this.host.listFiles(this.folders.archive, io);
    return ids.reverse().map((id) => new HostFolder(this.host, this.placeOf(id)));
  }
}
