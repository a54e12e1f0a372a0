import type { Command } from 'commander';
import { parseJudgeInput } from '../domain/config/judge';
import { judge, type Verdict } from '../domain/judging/metric/judge';
import { readJson, wrongJson } from './file/json';
import { EXIT, type ExitCode } from './exit-codes';
import { JSON_OPTION, type Out, run } from './output';
import { textTable } from './render/table';

export function registerJudge(program: Command): void {
  program
    .command('judge')
    .description('Judges saved measurements of a canary and its baseline, as a release would. Asks nobody.')
    .argument('<file>', 'JSON with settings and measurements; - for standard input')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Each metric has lists of values (null where one is missing), or counts of bad and all requests:
  {"metrics": [{"name": "latency", "direction": "increase", "baseline": [12, 14, …], "canary": [15, null, …]},
               {"name": "errors", "counts": {"baseline": {"bad": 3, "total": 900}, "canary": {"bad": 9, "total": 850}}}]}
What it means, and all settings: docs/judging.md

Examples:
  spillway judge measured.json
  curl -s https://metrics.example/canary.json | spillway judge - --json

Exit codes: 0 passes · 1 fails, or is inconclusive · 64 mistakes in the file, or no such file`,
    )
    .action((file: string, options: { json?: boolean }) => run(options, (out) => judgeFile(file, out)));
}

async function judgeFile(file: string, out: Out): Promise<ExitCode> {
  const parsed = parseJudgeInput(await readJson(file, 'saved measurements'));
  if ('mistakes' in parsed) throw wrongJson(file, parsed.mistakes);
  const verdict = judge(parsed.input, 'unknown');
  out.result(verdict, verdictText(verdict, out));
  return verdict.verdict === 'pass' ? EXIT.done : EXIT.no;
}

export function verdictText({ verdict, score, reason, metrics }: Verdict, { colours }: Out): string {
  const colour = { pass: colours.green, fail: colours.red, inconclusive: colours.yellow }[verdict];
  const rows = metrics.map(({ name, group, label, critical, reason: why }) => [
    critical ? `${label}, critical` : label,
    name,
    group,
    why,
  ]);
  return `${textTable(['', 'metric', 'group', 'why'], rows)}\n\n${colour(verdict)} with a score of ${Number(score.toFixed(2))} (${reason})`;
}
