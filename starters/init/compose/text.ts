/** A part of a text: as the file has it, or what stands there in place of a variable. */
export interface Piece {
  text: string;
  variable?: string;
  /** Where the value came from. `nowhere`: it had none, so Compose writes nothing in its place. */
  origin?: 'default' | 'file' | 'shell' | 'nowhere';
}

/** What a file writes as a word, a number, or a boolean. It stays the text that it was, and knows its variables. */
export class ComposeText {
  readonly text: string;

  /** @param kind what YAML takes it for, where no quotes stand around it */
  constructor(
    readonly pieces: Piece[],
    readonly kind: 'number' | 'boolean' | 'word' = 'word',
    /** Begins at 1. */
    readonly line?: number,
  ) {
    this.text = pieces.map(({ text }) => text).join('');
  }

  /** The variable that the whole text stands for. */
  get variable(): string | undefined {
    return this.pieces.length === 1 ? this.pieces[0]!.variable : undefined;
  }

  get missing(): string[] {
    const names = this.pieces.flatMap(({ variable, origin }) => (origin === 'nowhere' ? [variable!] : []));
    return [...new Set(names)];
  }

  /** The part from one character up to before another one. */
  slice(from: number, to = this.text.length): ComposeText {
    let at = 0;
    const parts = this.pieces.flatMap((piece) => {
      const start = at;
      at += piece.text.length;
      const isEmptyInside = piece.text === '' && start >= from && start <= to;
      if (!isEmptyInside && (at <= from || start >= to)) return [];
      return [{ ...piece, text: piece.text.slice(Math.max(0, from - start), to - start) }];
    });
    return new ComposeText(parts, 'word', this.line);
  }

  toString(): string {
    return this.text;
  }
}

export function plainText(text: string): ComposeText {
  return new ComposeText([{ text }]);
}
