import type { Command } from 'commander';
import { nearest } from '../domain/config/nearest';

export function registerHelp(program: Command): void {
  const help = program
    .command('help')
    .description('Shows how a command is used.')
    .argument('[command...]', 'such as release, or migrate up')
    .addHelpText(
      'after',
      `
Examples:
  spillway help
  spillway help release
  spillway help migrate up

Exit codes: 0 shown · 64 there is no such command`,
    )
    .action((words: string[]) => {
      words.reduce((command, word) => commandBelow(command, word, help), program).outputHelp();
    });
}

function commandBelow({ commands }: Command, word: string, help: Command): Command {
  const found = commands.find((one) => one.name() === word);
  if (found) return found;
  const near = nearest(
    word,
    commands.map((one) => one.name()),
  );
  return help.error(`error: unknown command '${word}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`, {
    code: 'commander.unknownCommand',
  });
}
