import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { httpCheck } from '../domain/config/check';
import { ConfigurationFailure } from '../domain/failures';
import { readyCheck } from '../domain/health';
import type { ReadyCheck } from '../domain/health';
import { formatDuration, parseDuration } from '../domain/units';
import { EXIT } from './exit-codes';
import type { ExitCode } from './exit-codes';
import { run } from './output';
import type { Out } from './output';
import { textTable } from './render/table';
import { addScopeOptions, configured } from './asking/scope';
import type { ScopeOptions } from './asking/scope';
import { SecretsHere } from './file/secrets';
import { askSmoke } from './asking/endpoint';
import type { SmokeResult } from './asking/endpoint';

interface SmokeOptions extends ScopeOptions {
  url: URL;
  path: string[];
  service?: string;
  timeout?: number;
  maxLatency?: number;
  watch?: number;
  interval?: number;
  failures?: number;
}

/** All times are in milliseconds. */
interface Plan {
  base: URL;
  checks: ReadyCheck[];
  redact: (text: string) => string;
  watch: number;
  interval: number;
  failures: number;
}

interface Report {
  ok: boolean;
  url: string;
  rounds: number;
  failedRounds: number;
  checks: SmokeResult[];
}

export function registerSmoke(program: Command): void {
  addScopeOptions(program.command('smoke').description('Asks any URL what a user would ask, without any release.'))
    .requiredOption('--url <url>', 'where the app answers, such as https://shop.example', parseUrl)
    .option(
      '--path <path>',
      'ask for this path instead of the checks of the file; may be given several times',
      addPath,
      [],
    )
    .option('--service <name>', 'only the checks of this service')
    .option('--timeout <duration>', 'give up on an answer after this; default: of each check, else 2s', parseTime)
    .option('--max-latency <duration>', 'slower answers do not pass; default: of each check, else none', parseTime)
    .option(
      '--watch <duration>',
      'repeat the checks for this long; default: `smoke.watch` of the file, else 0s',
      parseTime,
    )
    .option('--interval <duration>', 'pause between rounds; default: of the file, else 1s', parseTime)
    .option('--failures <number>', 'failed rounds in a row that fail it; default: of the file, else 3', parseCount)
    .addHelpText(
      'after',
      `
Without --path it asks \`smoke.checks\` of the configuration file: status, JSON fields, text, the health of gRPC (over
HTTP/2) and latency. The first round must pass; while watching, only so many failures in a row count. Secrets in headers
of checks are read where this runs, and sent to the URL you give.

Examples:
  spillway smoke --url https://shop.example -e production
  spillway smoke --url http://127.0.0.1:8080 --path /health --path /ready --max-latency 1s --json
  spillway smoke --url https://shop.example -e production --watch 30s

Exit codes: 0 all passed · 1 a check did not pass · 64 wrong usage · 69 nothing answered at all`,
    )
    .action((options: SmokeOptions) =>
      run(options, async (out) => {
        const plan = await planOf(options);
        const report = await smoke(plan, out);
        out.result(report, render(report));
        return exitCode(report);
      }),
    );
}

async function planOf(options: SmokeOptions): Promise<Plan> {
  const { url: base, timeout, maxLatency } = options;
  const file = options.path.length > 0 ? undefined : await configured(options);
  const settings = file?.config.smoke;
  const given = settings?.checks ?? options.path.map((path) => httpCheck.parse({ path }));
  const checks = given
    .filter(({ service }) => options.service === undefined || service === options.service)
    .map((check) => ({ ...check, ...(timeout && { timeout }), ...(maxLatency && { maxLatency }) }));
  if (checks.length === 0) throw new ConfigurationFailure(nothingToAsk(options));
  const secrets = new SecretsHere(file?.projectDirectory ?? '.');
  const ready = await Promise.all(checks.map((check) => readyCheck(check, (reference) => secrets.resolve(reference))));
  const { watch = settings?.watch ?? 0, interval = settings?.interval ?? 1_000 } = options;
  const failures = options.failures ?? settings?.failures ?? 3;
  return { base, checks: ready, redact: (text) => secrets.redact(text), watch, interval, failures };
}

function nothingToAsk({ file, service }: SmokeOptions): string {
  const of = service === undefined ? '' : ` of the service "${service}"`;
  return `expected checks${of} in \`smoke.checks\` of ${file}, seen none; add some, or give --path /health`;
}

async function smoke(plan: Plan, out: Out): Promise<Report> {
  const until = Date.now() + plan.watch;
  const report: Report = { ok: true, url: plan.base.href, rounds: 0, failedRounds: 0, checks: [] };
  for (let inARow = 0; ;) {
    report.checks = await Promise.all(plan.checks.map((check) => askSmoke(plan.base, check, plan.redact)));
    report.rounds += 1;
    const failed = report.checks.filter(({ ok }) => !ok);
    inARow = failed.length > 0 ? inARow + 1 : 0;
    if (failed.length > 0) report.failedRounds += 1;
    report.ok = failed.length === 0 || (report.rounds > 1 && inARow < plan.failures);
    if (!report.ok || Date.now() >= until) return report;
    if (report.rounds === 1) out.note(`all passed; watching for ${formatDuration(plan.watch)}`);
    for (const { name, detail } of failed) out.note(`${name}: ${detail}`);
    await sleep(Math.min(plan.interval, Math.max(0, until - Date.now())));
  }
}

function exitCode({ ok, checks }: Report): ExitCode {
  if (ok) return EXIT.done;
  return checks.some(({ answered }) => answered) ? EXIT.no : EXIT.unreachable;
}

function render({ ok, checks, rounds, failedRounds }: Report): string {
  const rows = checks.map((check) => [check.ok ? 'ok' : 'failed', check.name, check.detail]);
  const watched = rounds > 1 ? ` in ${rounds} rounds, ${failedRounds} of them with a failure` : '';
  return `${textTable(['', 'check', 'seen'], rows)}\n\n${ok ? 'passed' : 'failed'}${watched}`;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new InvalidArgumentError(`expected an address such as https://shop.example, seen "${text}"`);
}

function addPath(text: string, paths: string[]): string[] {
  if (/^\/\S*$/.test(text)) return [...paths, text];
  throw new InvalidArgumentError(`expected a path that starts with /, seen "${text}"`);
}

function parseTime(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError(`expected a duration such as 500ms, 30s or 5m, seen "${text}"`);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`expected a whole number from 1 to 9999, seen "${text}"`);
}
