const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Tells the lines, from 1, of offsets that only grow, so that a file is looked through once. */
export class Lines {
  private offset = 0;
  private line = 1;

  constructor(private readonly bytes: Uint8Array) {}

  at(offset: number): number {
    for (; this.offset < offset; this.offset++) {
      const byte = this.bytes[this.offset];
      const isPair = byte === CARRIAGE_RETURN && this.bytes[this.offset + 1] === LINE_FEED;
      if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && !isPair)) this.line++;
    }
    return this.line;
  }
}
