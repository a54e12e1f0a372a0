import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group } from '../domain/release';
import type { Replica } from '../targets/replicas';
import type { Target } from '../targets/target';
import type { Parts } from './parts';

const LOG_LINES = 50;
/** All quoted logs share this limit, so that a failure stays small in the history. */
const LOG_CHARACTERS = 8_000;

interface Quoting {
  target: Pick<Target, 'replicas'>;
  release: Owned;
  io: Io;
  parts: Pick<Parts, 'redact'>;
}

export async function lastWords(
  replicas: Replica[],
  { target, io, release, parts: { redact } }: Quoting,
): Promise<string> {
  const share = Math.floor(LOG_CHARACTERS / Math.max(1, replicas.length));
  const quoted = replicas.map(async (replica) => {
    const lines = await target.replicas
      .logs({ scope: release, ...replica }, LOG_LINES, io)
      .catch((error: Error) => [`(no logs: ${error.message})`]);
    // Redacts before it cuts, because a secret cut in two is not recognised.
    const text = redact(lines.join('\n'));
    return `last ${lines.length} lines of ${replica.container}:\n${text.length > share ? `…${text.slice(-share)}` : text}`;
  });
  return (await Promise.all(quoted)).join('\n');
}

export async function lastWordsOf(names: string[], group: Group, quoting: Quoting): Promise<string> {
  const { target, release, io } = quoting;
  const found = await target.replicas.list(release, group, io).catch(() => []);
  return lastWords(
    found.filter(({ container }) => names.includes(container)),
    quoting,
  );
}
