import type { Io } from '../domain/host';
import type { Owned } from '../domain/ownership';
import type { Group } from '../domain/release';
import type { Replica } from '../targets/replicas';
import type { Target } from '../targets/target';
import type { Parts } from './parts';

const LOG_LINES = 50;
/** All quoted logs share this limit, so that a failure stays small in the history. */
const LOG_CHARACTERS = 8_000;
const PROBE_CHARACTERS = 500;

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
    if (text === '') return `${replica.container} wrote no line`;
    return `last ${lines.length} lines of ${replica.container}:\n${text.length > share ? `…${text.slice(-share)}` : text}`;
  });
  return (await Promise.all(quoted)).join('\n');
}

/** Says what the HEALTHCHECK of each answered last; nothing of those that have none, or have not been asked yet. */
export async function lastProbes(
  replicas: Replica[],
  { target, io, release, parts: { redact } }: Quoting,
): Promise<string[]> {
  const asked = replicas.filter(({ health }) => health === 'starting' || health === 'unhealthy');
  const quoted = asked.map(async (replica) => {
    const probe = await target.replicas.lastProbe({ scope: release, ...replica }, io).catch(() => undefined);
    if (!probe) return [];
    const text = redact(probe.output).slice(0, PROBE_CHARACTERS) || 'nothing';
    return [`its HEALTHCHECK ended with exit code ${probe.exitCode} in ${replica.container}, and said: ${text}`];
  });
  return (await Promise.all(quoted)).flat();
}

export async function lastWordsOf(names: string[], group: Group, quoting: Quoting): Promise<string> {
  const { target, release, io } = quoting;
  const found = await target.replicas.list(release, group, io).catch(() => []);
  return lastWords(
    found.filter(({ container }) => names.includes(container)),
    quoting,
  );
}
