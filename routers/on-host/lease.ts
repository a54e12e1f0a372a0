import { setTimeout as sleep } from 'node:timers/promises';
import { RouterFailure } from '../../domain/failures';
import type { Host, Io } from '../../domain/host';
import { until } from '../../waiting/until';
import type { Folder } from './folder';

/** A holder that lives says so more often; afterwards it is taken for dead. */
const LEASE_SECONDS = 60;
const SAY_SO_MS = 15_000;
const PATIENCE_MS = 90_000;
const POLL_MS = 100;

/*
 * `mkdir` is atomic on any file system. A killed holder may take its own lease again at once, because an environment
 * has one release at a time.
 */
const TAKE = `
umask 022
mkdir -p "$(dirname "$1")"
if mkdir "$1" 2>/dev/null; then echo "$2" >"$1/holder"; echo taken; exit; fi
holder=$(cat "$1/holder" 2>/dev/null)
if [ "$holder" = "$2" ]; then touch "$1"; echo taken; exit; fi
since=$(stat -c %Y "$1" 2>/dev/null) || { echo gone; exit; }
if [ $(($(date +%s) - since)) -gt "$3" ]; then mv "$1" "$1.$$" && rm -rf "$1.$$"; echo gone; exit; fi
echo "$holder"`;
const KEEP = `[ "$(cat "$1/holder" 2>/dev/null)" = "$2" ] && touch -c "$1"; true`;
const GIVE = `[ "$(cat "$1/holder" 2>/dev/null)" = "$2" ] && rm -rf "$1"; true`;

interface Change {
  /** Key of the environment, such as `shop.production`. */
  holder: string;
  io: Io;
}

/** @throws RouterFailure when somebody else holds the lease for too long. */
export async function withLease<T>({ host, directory }: Folder, { holder, io }: Change, run: () => Promise<T>) {
  const lease = `${directory}/lease`;
  await take(host, lease, holder, io);
  const over = new AbortController();
  const kept = keep(host, [lease, holder], io, over.signal);
  try {
    return await run();
  } finally {
    over.abort();
    await kept;
    await shell(host, GIVE, [lease, holder], { ...io, signal: AbortSignal.timeout(10_000) });
  }
}

async function take(host: Host, lease: string, holder: string, io: Io): Promise<void> {
  let answer = '';
  const isTaken = await until({ signal: io.signal, pause: POLL_MS, limit: PATIENCE_MS }, async () => {
    answer = await shell(host, TAKE, [lease, holder, String(LEASE_SECONDS)], io);
    if (answer === 'taken') return true;
    if (answer !== 'gone') io.onProgress(`waiting until ${answer} has changed the router`);
  });
  if (isTaken) return;
  throw new RouterFailure(
    `expected to change the router's configuration, but ${answer} has been changing it for over a minute. ` +
      `If nothing is running, remove the folder ${lease} on the target.`,
  );
}

/** Says that the holder lives, until it is done or was told to stop: pulling the router's image may take minutes. */
async function keep(host: Host, args: string[], io: Io, signal: AbortSignal): Promise<void> {
  const saySo = async () => {
    if (io.signal.aborted) return true;
    await shell(host, KEEP, args, { ...io, signal }).catch(() => undefined);
  };
  // Both throw when the signal comes, and only then.
  await sleep(SAY_SO_MS, undefined, { signal })
    .then(() => until({ signal, pause: SAY_SO_MS }, saySo))
    .catch(() => undefined);
}

async function shell(host: Host, script: string, args: string[], io: Io): Promise<string> {
  const { exitCode, stdout, stderr } = await host.run(['sh', '-c', script, 'sh', ...args], io);
  if (exitCode === 0) return stdout.trim();
  throw new RouterFailure(
    `expected to lock ${args[0]} on the target; the shell answered ${exitCode}: ${stderr.trim()}`,
  );
}
