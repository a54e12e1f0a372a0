import type { Command } from 'commander';
import type { AppConfig } from '../domain/config';
import { configurationWarnings } from '../domain/config/warnings';
import { formatCount } from '../domain/units';
import { checkFile, type CheckedFile, DEFAULT_FILE, unknownEnvironment } from './file/configuration';
import { mistakeText } from './file/errors';
import { EXIT, type ExitCode } from './exit-codes';
import { JSON_OPTION, type Out, run } from './output';

interface Options {
  file: string;
  environment?: string;
  json?: boolean;
}

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('Tells every mistake of the configuration, with its line. Asks nothing else than the file.')
    .option('-f, --file <path>', 'configuration file', DEFAULT_FILE)
    .option('-e, --environment <name>', 'only this environment; default: all')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  spillway validate
  spillway validate -e production --json

Exit codes: 0 right · 64 mistakes, no such file or environment`,
    )
    .action((options: Options) => run(options, (out) => validate(options, out)));
}

async function validate({ file, environment }: Options, out: Out): Promise<ExitCode> {
  const checked = await checkFile(file, environment);
  const { names, environments, mistakes } = checked;
  if (environment !== undefined && mistakes.length === 0 && !environments[environment]) {
    throw unknownEnvironment(file, environment, names);
  }
  const warnings = warningsOf(checked);
  out.result(
    { file, valid: mistakes.length === 0, environments: names, mistakes, warnings },
    mistakes.length === 0 ? rightText(file, environments) : wrongText(file, checked, out),
  );
  for (const { environment: name, message } of warnings)
    out.note(`${out.colours.yellow('warning:')} ${name}: ${message}`);
  return mistakes.length === 0 ? EXIT.done : EXIT.usage;
}

function warningsOf({ environments }: CheckedFile): { environment: string; message: string }[] {
  return Object.entries(environments).flatMap(([environment, config]) =>
    configurationWarnings(config).map((message) => ({ environment, message })),
  );
}

function rightText(file: string, environments: Record<string, AppConfig>): string {
  const lines = Object.entries(environments).map(([name, { services, database }]) => {
    const all = Object.entries(services).map(([service, { replicas }]) => `${service} × ${replicas}`);
    return `  ${name}: ${[...all, ...(database ? [database.driver] : [])].join(', ')}`;
  });
  return [`${file} has no mistakes`, ...lines].join('\n');
}

function wrongText(file: string, { mistakes }: CheckedFile, { colours }: Out): string {
  const count = formatCount(mistakes.length, 'mistake');
  return [colours.red(`${file} has ${count}:`), ...mistakes.map((mistake) => mistakeText(file, mistake))].join('\n');
}
