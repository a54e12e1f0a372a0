import type { Io } from '../domain/host';
import type { Target } from '../targets/target';
import type { Parts } from './parts';

const LOG_LINES = 50;
/** Of all quoted logs together: a failure stays small in the history. */
const LOG_CHARACTERS = 8_000;

interface Quoting {
  target: Pick<Target, 'logs'>;
  io: Io;
  parts: Pick<Parts, 'redact'>;
}

/** The last lines that these containers wrote, without secrets; of one that is gone, that it is. */
export async function lastWords(containers: string[], { target, io, parts: { redact } }: Quoting): Promise<string> {
  const share = Math.floor(LOG_CHARACTERS / Math.max(1, containers.length));
  const quoted = containers.map(async (container) => {
    const lines = await target.logs(container, LOG_LINES, io).catch((error: Error) => [`(no logs: ${error.message})`]);
    // Before it is cut: of a secret cut in two nothing would be recognised.
    const text = redact(lines.join('\n'));
    return `last ${lines.length} lines of ${container}:\n${text.length > share ? `…${text.slice(-share)}` : text}`;
  });
  return (await Promise.all(quoted)).join('\n');
}
