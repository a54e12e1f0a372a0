import { ComposeText } from './text';

/** Splits a command as Compose does: by blanks, with quotes and backslashes as in a shell; nothing else is a shell's. */
export function shellWords(command: ComposeText): ComposeText[] {
  const words: ComposeText[][] = [];
  let word: ComposeText[] | undefined;
  for (const { index, 0: token, groups = {} } of command.text.matchAll(TOKEN)) {
    if (groups.blank !== undefined) {
      word = undefined;
      continue;
    }
    if (!word) words.push((word = []));
    const [before, after] = groups.plain === undefined ? [1, groups.escape === undefined ? 1 : 0] : [0, 0];
    const inner = command.slice(index + before, index + token.length - after);
    word.push(groups.double === undefined ? inner : withoutBackslashes(inner));
  }
  return words.map(
    (parts) =>
      new ComposeText(
        parts.flatMap(({ pieces }) => pieces),
        'word',
        command.line,
      ),
  );
}

const TOKEN =
  /(?<blank>\s+)|(?<escape>\\[^])|"(?<double>(?:\\[^]|[^"\\])*)"|'(?<single>[^']*)'|(?<plain>[^\s\\"']+|[^])/g;

function withoutBackslashes(text: ComposeText): ComposeText {
  const kept = [...text.text.matchAll(/\\([^])|[^\\]+/g)].map(({ index, 0: part, 1: escaped }) =>
    text.slice(escaped === undefined ? index : index + 1, index + part.length),
  );
  return new ComposeText(
    kept.flatMap(({ pieces }) => pieces),
    'word',
    text.line,
  );
}
