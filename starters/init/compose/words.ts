import { ComposeText } from './text';

/**
 * Splits a command as Compose does: by blanks, with quotes and backslashes as in a shell. What a shell would take for the
 * end of a command ends it, and the rest is lost.
 */
export function shellWords(command: ComposeText): { words: ComposeText[]; lost: string } {
  const words: ComposeText[][] = [];
  let word: ComposeText[] | undefined;
  let lost = '';
  for (const { index, 0: token, groups = {} } of command.text.matchAll(TOKEN)) {
    if (groups.end !== undefined) {
      lost = command.text.slice(index);
      break;
    }
    if (groups.blank !== undefined) {
      word = undefined;
      continue;
    }
    if (!word) words.push((word = []));
    word.push(unquoted(command, index, token, groups));
  }
  return { words: words.map((parts) => together(parts, command)), lost };
}

const TOKEN =
  /(?<blank>\s+)|(?<escape>\\[^])|"(?<double>(?:\\[^]|[^"\\])*)"|'(?<single>[^']*)'|(?<end>[;&|<>])|(?<plain>[^\s\\"';&|<>]+|[^])/g;

function unquoted(
  command: ComposeText,
  index: number,
  token: string,
  groups: Record<string, string | undefined>,
): ComposeText {
  if (groups.plain !== undefined) return command.slice(index, index + token.length);
  if (groups.escape !== undefined) return command.slice(index + 1, index + token.length);
  const inner = command.slice(index + 1, index + token.length - 1);
  return groups.double === undefined ? inner : withoutBackslashes(inner);
}

function withoutBackslashes(text: ComposeText): ComposeText {
  const kept = [...text.text.matchAll(/\\([^])|[^\\]+/g)].map(({ index, 0: part, 1: escaped }) =>
    text.slice(escaped === undefined ? index : index + 1, index + part.length),
  );
  return together(kept, text);
}

function together(parts: ComposeText[], { line }: ComposeText): ComposeText {
  const pieces = parts.flatMap((part) => part.pieces);
  return new ComposeText(pieces, 'word', line);
}
