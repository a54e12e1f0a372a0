import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { parseJudgeInput } from '../domain/config/judge';
import type { Mistake } from '../domain/config/rule';
import { ConfigurationFailure } from '../domain/failures';
import { judge, type Verdict } from '../domain/judging/metric/judge';
import { pathText } from './file/errors';
import { unreadableText } from './file/unreadable';
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
  const parsed = parseJudgeInput(parse(file, await read(file)));
  if ('mistakes' in parsed) throw new ConfigurationFailure(mistakesText(nameOf(file), parsed.mistakes));
  const verdict = judge(parsed.input, 'unknown');
  out.result(verdict, verdictText(verdict, out));
  return verdict.verdict === 'pass' ? EXIT.done : EXIT.no;
}

async function read(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const seen = unreadableText(cause as NodeJS.ErrnoException);
    throw new ConfigurationFailure(
      `expected saved measurements at ${file}, ${seen}; name a file, or - for standard input`,
      { cause },
    );
  }
}

function parse(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    const why = content.trim() === '' ? 'nothing' : cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationFailure(`expected JSON in ${nameOf(file)}, seen: ${why}`, { cause });
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

// The first of thousands of wrong values tell enough.
const MOST = 50;

function mistakesText(file: string, mistakes: Mistake[]): string {
  const lines = mistakes.slice(0, MOST).map(({ path, message }) => {
    const place = path.length === 0 ? file : `${file} ${pathText(path)}`;
    return `${place}: ${message}`;
  });
  const more = mistakes.length - lines.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more mistakes`] : [])].join('\n');
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
