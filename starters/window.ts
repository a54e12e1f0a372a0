import type { Command } from 'commander';
import { parseWindowQuestion } from '../domain/config/windows';
import { spanAt } from '../domain/windows/span';
import { readJson, wrongJson } from './file/json';
import { EXIT, type ExitCode } from './exit-codes';
import { JSON_OPTION, type Out, run } from './output';

const HELP = `
The windows are by the wall clock of the zone, also when it is set: a window that the clocks skip does not open, and
one that they show twice is open twice. One whose \`to\` is not after its \`from\` ends on the next day.
  {"timezone": "Europe/Berlin", "at": "2026-12-23T17:00:00+01:00",
   "allow": [{"days": [1, 2, 3, 4], "from": "09:00", "to": "16:00"}],
   "deny": [{"from": "2026-12-24", "to": "2027-01-07"}]}
\`days\` count from 1, Monday. \`to\` is no longer part of a window or a freeze. \`deny\` takes dates and moments. Without
\`allow\` every time is allowed that is not denied.

The answer is whether \`at\` is allowed, the next moment that is, and when that closes; null when that never comes.

Examples:
  spillway window next windows.json
  echo '{"timezone": "UTC", "at": "2026-12-24T10:00:00Z", "deny": [{"from": "2026-12-24", "to": "2026-12-27"}]}' |
    spillway window next --json -

Exit codes: 0 answered · 64 mistakes in the file, or no such file`;

export function registerWindow(program: Command): void {
  program
    .command('window')
    .description('Says when windows and freezes allow a release. Asks nobody.')
    .command('next')
    .description('Says whether a moment is allowed, which is the next one, and when that closes.')
    .argument('<file>', 'JSON with the moment, zone, windows and freezes; - for standard input')
    .option(...JSON_OPTION)
    .addHelpText('after', HELP)
    .action((file: string, options: { json?: boolean }) => run(options, (out) => sayNext(file, out)));
}

async function sayNext(file: string, out: Out): Promise<ExitCode> {
  const parsed = parseWindowQuestion(await readJson(file, 'windows'));
  if ('mistakes' in parsed) throw wrongJson(file, parsed.mistakes);
  const { windows, at } = parsed.question;
  const { allowed, next, closes } = spanAt(windows, at);
  const answer = { allowed, next: isoOrNull(next), closes: isoOrNull(closes) };
  out.result(answer, inWords(answer));
  return EXIT.done;
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function inWords({ allowed, next, closes }: { allowed: boolean; next: string | null; closes: string | null }): string {
  if (next === null) return 'it is not allowed, and never will be';
  const until = closes === null ? 'for ever' : `until ${closes}`;
  return allowed ? `it is allowed, ${until}` : `it is not allowed; from ${next} on it is, ${until}`;
}
