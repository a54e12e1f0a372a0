import { AsyncLocalStorage } from 'node:async_hooks';
import { CommanderError, type Command } from 'commander';
import { EXIT, reportOf, type ExitCode, type Report } from './exit-codes';

/** The option every command has: `command.option(...JSON_OPTION)`. */
export const JSON_OPTION: [flags: string, description: string] = [
  '--json',
  'print exactly one JSON document on standard output, and all else on standard error',
];

/** What of the process a command talks through; tests give their own. */
interface Terminal {
  stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  env: NodeJS.ProcessEnv;
  exitCode?: number | string | null | undefined;
}

/** Colours, or the text unchanged where they would only be noise. */
export interface Colours {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

/** How a command speaks. */
export interface Out {
  /** True with `--json`. */
  readonly json: boolean;
  readonly colours: Colours;
  /** A line for people: on standard output, or with `--json` on standard error. */
  print(line: string): void;
  /** A line beside the result, such as a warning: always on standard error. */
  note(line: string): void;
  /** What the command answers: printed once it ends, as the one JSON document, or as `text` (when given) for people. */
  result(document: unknown, text?: string): void;
  /** The same for a command that goes on: printed now. */
  announce(document: unknown, text: string): void;
}

/** The terminal of the command line that is being executed. */
const current = new AsyncLocalStorage<Terminal>();

/**
 * Runs a command and sets the exit code of the process: the one the body answers (0 for none), or that of the failure
 * it threw, which is printed. Bugs show their stack; other failures only with SPILLWAY_DEBUG.
 */
export async function run(
  options: { json?: boolean },
  body: (out: Out) => Promise<ExitCode | void>,
  terminal: Terminal = current.getStore() ?? process,
): Promise<void> {
  const json = options.json === true;
  const answers: { document: unknown; text: string | undefined }[] = [];
  const people = json ? terminal.stderr : terminal.stdout;
  let announced = false;
  const answer = (document: unknown, text?: string): void => {
    if (json) printDocument(document, terminal);
    else if (text !== undefined) out.print(text);
  };
  const out: Out = {
    json,
    colours: coloursFor(people, terminal.env),
    print: (line) => void people.write(`${line}\n`),
    note: (line) => void terminal.stderr.write(`${line}\n`),
    result: (document, text) => {
      if (answers.length > 0) throw new Error('a command gave two results, but answers with one document');
      answers.push({ document, text });
    },
    announce: (document, text) => {
      announced = true;
      answer(document, text);
    },
  };
  try {
    const exitCode = (await body(out)) ?? EXIT.done;
    const { document, text } = answers[0] ?? { document: { exitCode }, text: undefined };
    if (!announced) answer(document, text);
    terminal.exitCode = exitCode;
  } catch (error) {
    printFailure(error, json && !announced, terminal);
  }
}

/**
 * Parses the command line and runs the command it names; wrong usage ends with exit code 64. The pipe's reader may go
 * away at any time (`spillway history | head`): that is no failure.
 */
export async function execute(program: Command, argv: string[], terminal: Terminal = process): Promise<void> {
  overrideExit(program, terminal);
  if (terminal === process) process.stdout.on('error', endWhenReaderLeft);
  try {
    await current.run(terminal, () => program.parseAsync(argv));
  } catch (error) {
    const json = argv.includes('--json');
    if (!(error instanceof CommanderError)) return printFailure(error, json, terminal);
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return;
    // Commander has already told people on standard error.
    const message = error.message.replace(/^error: /, '');
    if (json) printDocument({ error: { type: 'UsageFailure', message, exitCode: EXIT.usage } }, terminal);
    terminal.exitCode = EXIT.usage;
  }
}

/** Whether somebody sits there who can be asked: never in CI, nor when something is redirected. */
export function isInteractive(): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI);
}

/** Colours when a person looks at this stream: not in a pipe, in CI, or with NO_COLOR. */
export function coloursFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Colours {
  const wanted = Boolean(stream.isTTY) && !env.NO_COLOR && !env.CI && env.TERM !== 'dumb';
  const style =
    (open: number, close: number) =>
    (text: string): string =>
      wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    blue: style(34, 39),
    bold: style(1, 22),
    dim: style(2, 22),
  };
}

function printFailure(error: unknown, json: boolean, terminal: Terminal): void {
  const report = reportOf(error);
  if (json) printDocument({ error: report }, terminal);
  const { red } = coloursFor(terminal.stderr, terminal.env);
  terminal.stderr.write(`${red('error:')} ${failureText(report, error, terminal.env)}\n`);
  terminal.exitCode = report.exitCode;
}

function failureText({ message, exitCode }: Report, error: unknown, env: NodeJS.ProcessEnv): string {
  const stack = error instanceof Error ? error.stack : undefined;
  if (exitCode !== EXIT.bug) return env.SPILLWAY_DEBUG && stack ? `${message}\n${stack}` : message;
  return `${stack ?? message}\nThis is a mistake in Spillway itself: please report it with the lines above.`;
}

function printDocument(document: unknown, terminal: Terminal): void {
  terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

// Settings are inherited when a command is made, so those made before must be told one by one.
function overrideExit(command: Command, terminal: Terminal): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void terminal.stdout.write(text),
    writeErr: (text) => void terminal.stderr.write(text),
  });
  for (const sub of command.commands) overrideExit(sub, terminal);
}

function endWhenReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
}
