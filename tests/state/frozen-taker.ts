import { environmentDirectory } from '../../domain/names';
import { HostFolder } from '../../state/host-folder/host-folder';
import { stateOn } from '../../state/open';
import { NO_ARCHIVE } from './no-archive';
import type { Documents } from '../../state/state';
import { localAccess } from '../../targets/docker/host-local';

/*
 * A worker process that takes a fence and stops itself on the way, as a machine does that is suspended:
 * `frozen-taker.ts STATE_DIRECTORY ID GENERATION MOMENT`. It ends with what came of it.
 */
const [stateDirectory = '', id = '', generation = '', moment] = process.argv.slice(2);
const scope = { app: 'shop', environment: 'production' };
const folder = new HostFolder(localAccess, environmentDirectory({ stateDirectory }, scope));
const io = { signal: new AbortController().signal, onProgress: () => undefined };

let hasStopped = false;
function stopAt(at: string): void {
  if (at !== moment || hasStopped) return;
  hasStopped = true;
  process.kill(process.pid, 'SIGSTOP');
}

const documents: Documents = {
  placeOf: (name) => folder.placeOf(name),
  write: (...given) => folder.write(...given),
  list: (...given) => folder.list(...given),
  remove: (...given) => folder.remove(...given),
  read: async (...given) => {
    stopAt('before it reads');
    const text = await folder.read(...given);
    stopAt('after it read');
    return text;
  },
  replace: async (...given) => {
    const isReplaced = await folder.replace(...given);
    stopAt('after it wrote');
    return isReplaced;
  },
};

void stateOn(documents, NO_ARCHIVE)
  .fence.take({ ...scope, id, generation: Number(generation) }, io)
  .then(
    () => 'taken',
    (error: Error) => error.name,
  )
  .then((outcome) => process.stdout.write(`${outcome}\n`));
