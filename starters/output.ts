import { AsyncLocalStorage } from 'node:async_hooks';
import { CommanderError, type Command } from 'commander';
import { EXIT, reportOf, type ExitCode, type Report } from './exit-codes';

/** Every command has it: `command.option(...JSON_OPTION)`. */
export const JSON_OPTION: [flags: string, description: string] = [
  '--json',
  'print exactly one JSON document on standard output, and all else on standard error',
];

interface Terminal {
  stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  env: NodeJS.ProcessEnv;
  exitCode?: number | string | null | undefined;
}

/** They leave the text unchanged where colours would only be noise. */
export interface Colours {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

export interface Out {
  readonly json: boolean;
  readonly colours: Colours;
  /** Prints a line for people: on standard output, or with `--json` on standard error. */
  print(line: string): void;
  /** Prints a line beside the result, such as a warning, on standard error. */
  note(line: string): void;
  /** Is printed once the command ends: as the one JSON document, or as `text` for people. */
  result(document: unknown, text?: string): void;
  /** Prints the same at once, for a command that goes on. */
  announce(document: unknown, text: string): void;
}

const current = new AsyncLocalStorage<Terminal>();

/** Prints a failure and sets its exit code. Bugs show their stack, other failures only with SPILLWAY_DEBUG. */
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

/** Wrong usage exits with 64; a reader that leaves early, as `head` does, is no failure. */
export async function execute(program: Command, argv: string[], terminal: Terminal = process): Promise<void> {
  overrideExit(program, terminal);
  if (terminal === process) process.stdout.on('error', endWhenReaderLeft);
  try {
    await current.run(terminal, () => program.parseAsync(argv));
  } catch (error) {
    const json = argv.includes('--json');
    if (!(error instanceof CommanderError)) return printFailure(error, json, terminal);
    if (error.exitCode === 0) return;
    // Commander has told people on standard error already, but after a help not what was missing.
    const isHelp = error.code === 'commander.help';
    const message = isHelp ? NO_COMMAND : inWords(error.message).replace(/^error: /, '');
    if (isHelp) terminal.stderr.write(`\nerror: ${NO_COMMAND}\n`);
    if (json) printDocument({ error: { type: 'UsageFailure', message, exitCode: EXIT.usage } }, terminal);
    terminal.exitCode = EXIT.usage;
  }
}

const NO_COMMAND = 'expected one of the commands above, seen none of them';

/** Commander repeats the value in front of what an option says about it. */
function inWords(message: string): string {
  return message.replace(/option '(?:-\w, )?(--[\w-]+)[^']*' argument '[^]*' is invalid\. (?=expected )/, '$1: ');
}

/** False in CI, or when something is redirected. */
export function isInteractive(): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI);
}

/** Gives no colours in a pipe, in CI, or with NO_COLOR. */
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

// Commands inherit settings only when they are made, so each one is told here.
function overrideExit(command: Command, terminal: Terminal): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void terminal.stdout.write(text),
    writeErr: (text) => void terminal.stderr.write(text),
    outputError: (text, write) => write(inWords(text)),
  });
  for (const sub of command.commands) overrideExit(sub, terminal);
}

function endWhenReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
}
