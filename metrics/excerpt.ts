const TOLD = 200;

/** Shortens a text at whole words: half a secret would not be recognised, and so not be hidden. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > TOLD ? `${line.slice(0, TOLD + 1).replace(/[^\s"'`,;(){}<>]*$/, '')}…` : line;
}
