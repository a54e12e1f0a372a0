import { shownText } from '../compose/plain';
import type { ComposeText } from '../compose/text';
import type { Ask } from '../questions';
import { signsOf, withoutSecrets } from './command-secrets';

/** The words of a command. Where a secret stood, they name a variable, and a question says so. */
export function wordsOf(words: ComposeText[], ask: Ask): string[] {
  const missing = words.flatMap((word) => word.missing);
  if (missing.length > 0)
    ask('command', 'the variables {items} of the Compose file had no value', {
      importance: 'decide',
      items: [...new Set(missing)],
    });
  const signs = signsOf(words.map(String).join(' '));
  const shown = words.map((word, index) => withoutSecrets(shownText(word), words[index - 1]?.text ?? '', signs));
  const hidden = shown.flatMap((text, index) =>
    (text.match(/\$\{\w+\}/g) ?? []).filter((name) => !words[index]!.text.includes(name)),
  );
  if (hidden.length > 0)
    ask(
      'command',
      'secrets were not copied, and {items} stand in their place: only a shell fills that in, from `env`; or let the program read `env` by itself',
      { importance: 'decide', items: [...new Set(hidden)] },
    );
  return shown;
}
