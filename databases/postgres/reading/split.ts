/** Where a statement stands in a file, in bytes, without its semicolon. */
export interface Extent {
  from: number;
  to: number;
}

const byte = (character: string): number => character.charCodeAt(0);
const QUOTE = byte("'");
const DOUBLE_QUOTE = byte('"');
const BACKSLASH = byte('\\');
const DOLLAR = byte('$');
const DASH = byte('-');
const SLASH = byte('/');
const STAR = byte('*');
const SEMICOLON = byte(';');
const OPEN = byte('(');
const CLOSE = byte(')');

/** A routine's name may stand behind these words, and its body may have semicolons of its own. */
const ROUTINE = /^create (or replace )?(function|procedure)$/;

/**
 * Splits a file at its semicolons as `psql` does, in one pass: it knows strings, comments, dollar quotes, parentheses
 * and bodies between `BEGIN ATOMIC` and `END`, and no other grammar. So it also splits what a newer or older server
 * understands and our parser does not.
 */
export function splitStatements(bytes: Uint8Array): Extent[] {
  return new Splitter(bytes).all();
}

class Splitter {
  private at = 0;
  private from = -1;
  private depth = 0;
  private bodies = 0;
  /** The first words, by which a routine is known. */
  private words: string[] = [];
  private readonly found: Extent[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  all(): Extent[] {
    const { bytes } = this;
    while (this.at < bytes.length) this.step(bytes[this.at] as number, bytes[this.at + 1]);
    this.end(bytes.length);
    return this.found;
  }

  private step(seen: number, next: number | undefined): void {
    if (isSpace(seen)) this.at++;
    else if (seen === DASH && next === DASH) this.skipLine();
    else if (seen === SLASH && next === STAR) this.skipComment();
    else if (seen === SEMICOLON && this.depth === 0 && this.bodies === 0) this.end(this.at++);
    else this.token(seen);
  }

  private token(seen: number): void {
    if (this.from === -1) this.from = this.at;
    if (isLetter(seen)) this.word();
    else if (seen === QUOTE) this.skipTo(QUOTE, this.at + 1);
    else if (seen === DOUBLE_QUOTE) this.skipTo(DOUBLE_QUOTE, this.at + 1);
    else if (seen === DOLLAR) this.dollarQuote();
    else {
      if (seen === OPEN) this.depth++;
      if (seen === CLOSE && this.depth > 0) this.depth--;
      this.at++;
    }
  }

  private end(to: number): void {
    if (this.from !== -1) this.found.push({ from: this.from, to });
    this.from = -1;
    this.depth = 0;
    this.bodies = 0;
    this.words = [];
  }

  private word(): void {
    const from = this.at;
    while (this.at < this.bytes.length && isWord(this.bytes[this.at] as number)) this.at++;
    const length = this.at - from;
    if (length === 1 && this.bytes[this.at] === QUOTE && (this.bytes[from]! | 32) === byte('e')) this.escaped();
    else if (length <= 9 && (this.words.length < 4 || this.isRoutine())) {
      this.routineWord(Buffer.from(this.bytes.subarray(from, this.at)).toString('latin1').toLowerCase());
    } else if (this.words.length < 4) this.words.push('');
  }

  private routineWord(word: string): void {
    if (this.words.length < 4) this.words.push(word);
    if (this.depth > 0 || !this.isRoutine()) return;
    if (word === 'begin' || (word === 'case' && this.bodies > 0)) this.bodies++;
    if (word === 'end' && this.bodies > 0) this.bodies--;
  }

  private isRoutine(): boolean {
    return ROUTINE.test(this.words.slice(0, this.words[1] === 'or' ? 4 : 2).join(' '));
  }

  /** A string in which a backslash takes its meaning from what follows. A doubled quote goes on with the string. */
  private escaped(): void {
    const { bytes } = this;
    for (this.at++; this.at < bytes.length; this.at++) {
      const isDoubled = bytes[this.at] === QUOTE && bytes[this.at + 1] === QUOTE;
      if (bytes[this.at] === BACKSLASH || isDoubled) this.at++;
      else if (bytes[this.at] === QUOTE) break;
    }
    this.at++;
  }

  private dollarQuote(): void {
    const { bytes } = this;
    let end = this.at + 1;
    while (end < bytes.length && isWord(bytes[end] as number) && bytes[end] !== DOLLAR) end++;
    if (bytes[end] !== DOLLAR || isDigit(bytes[this.at + 1] as number)) {
      this.at++;
      return;
    }
    const tag = Buffer.from(bytes.subarray(this.at, end + 1));
    const close = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(tag, end + 1);
    this.at = close === -1 ? bytes.length : close + tag.length;
  }

  private skipTo(quote: number, from: number): void {
    const close = this.bytes.indexOf(quote, from);
    this.at = close === -1 ? this.bytes.length : close + 1;
  }

  private skipLine(): void {
    while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
  }

  /** Comments stand in comments. */
  private skipComment(): void {
    const { bytes } = this;
    let open = 0;
    do {
      const [seen, next] = [bytes[this.at], bytes[this.at + 1]];
      if (seen === SLASH && next === STAR) open++;
      if (seen === STAR && next === SLASH) open--;
      this.at += (seen === SLASH && next === STAR) || (seen === STAR && next === SLASH) ? 2 : 1;
    } while (open > 0 && this.at < bytes.length);
  }
}

function isSpace(seen: number): boolean {
  return seen === 32 || (seen >= 9 && seen <= 13);
}

function isDigit(seen: number): boolean {
  return seen >= 48 && seen <= 57;
}

function isLetter(seen: number): boolean {
  const small = seen | 32;
  return (small >= 97 && small <= 122) || seen === 95 || seen >= 128;
}

function isWord(seen: number): boolean {
  return isLetter(seen) || isDigit(seen) || seen === DOLLAR;
}
