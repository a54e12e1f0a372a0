import { statementWithoutValues } from '../without-values';
import { Lines } from './lines';
import { splitStatements, type Extent } from './split';

export type Node = Record<string, unknown>;

export interface Statement extends Extent {
  /** The statement; of a very long one the beginning. */
  sql: string;
  /** Line in the file, from 1. */
  line: number;
  /** The parser's node type, such as `CreateStmt`; empty when it was not parsed. */
  kind: string;
  node: Node;
}

/** What our parser did not understand; the server has the last word. */
export interface Refusal extends Extent {
  /** The line in which the statement begins. */
  begins: number;
}

/** Tells each statement and each refusal as it comes, so that no more than a part of a large file is held at a time. */
export interface Listener {
  statement(statement: Statement): void;
  refusal(refusal: Refusal): void;
}

/** A file up to this size is parsed as a whole, and the parser says where its statements end. */
const WHOLE = 2 ** 20;
/** Larger ones are parsed in parts of about this size, since the parser's answer is many times as large. */
const PART = 2 ** 18;
/** Parsing costs about 0.3 s for each of 4 MB. What else only reads or writes rows is known by its first words. */
const ROWS_PARSED = 4 * 2 ** 20;
/** One statement of this size takes the parser some 100 MB of memory. */
const LONGEST = 2 * 2 ** 20;
export const ROWS = /^(insert|update|delete|merge|values)\b/i;
const HEAD = 2_000;

type Parsed = { stmt?: object; stmt_location?: number; stmt_len?: number };

/** Parses a file in time that grows with its size alone. Runs in a thread, since nothing else can happen meanwhile. */
export class Parser {
  private readonly lines: Lines;
  private left = ROWS_PARSED;

  private constructor(
    private readonly bytes: Buffer,
    private readonly listener: Listener,
    private readonly parse: ((sql: string) => Parsed[]) | undefined,
  ) {
    this.lines = new Lines(bytes);
  }

  /** @param isParsed false: the parser has failed on this file, and first words have to do */
  static async run(bytes: Buffer, listener: Listener, isParsed: boolean): Promise<void> {
    const { loadModule, parseSync } = await import('libpg-query');
    await loadModule();
    const parse = (sql: string): Parsed[] => (sql.trim() ? (parseSync(sql).stmts ?? []) : []);
    new Parser(bytes, listener, isParsed ? parse : undefined).all();
  }

  private all(): void {
    const { bytes } = this;
    const parsed = bytes.length <= WHOLE ? this.tried({ from: 0, to: bytes.length }) : undefined;
    if (parsed) for (const each of parsed) this.tell(extentOf(each, bytes.length), each);
    else for (const part of parts(splitStatements(bytes))) this.part(part);
  }

  private part(extents: Extent[]): void {
    const [first, last] = [extents[0] as Extent, extents.at(-1) as Extent];
    const parsed = extents.some((each) => this.isKnownByWords(each))
      ? undefined
      : this.tried({ ...first, to: last.to });
    if (parsed?.length === extents.length) extents.forEach((extent, index) => this.tell(extent, parsed[index]));
    else for (const extent of extents) this.one(extent);
    this.left -= last.to - first.from;
  }

  private one(extent: Extent): void {
    if (this.isKnownByWords(extent)) {
      this.tell(extent, undefined);
      return;
    }
    try {
      const [parsed] = this.parse?.(this.text(extent)) ?? [];
      this.tell(extent, parsed);
    } catch (error) {
      if (!isSyntax(error)) throw error;
      this.tell(extent, undefined);
      this.listener.refusal({ ...extent, begins: this.lines.at(extent.from) });
    }
  }

  private isKnownByWords(extent: Extent): boolean {
    const length = extent.to - extent.from;
    if (!this.parse || length > LONGEST) return true;
    return this.left < length && ROWS.test(this.text({ from: extent.from, to: Math.min(extent.to, extent.from + 10) }));
  }

  private tried(extent: Extent): Parsed[] | undefined {
    try {
      return this.parse?.(this.text(extent));
    } catch (error) {
      if (isSyntax(error)) return undefined;
      throw error;
    }
  }

  private tell(extent: Extent, parsed: Parsed | undefined): void {
    const [kind, node] = Object.entries(parsed?.stmt ?? {})[0] ?? ['', {}];
    const sql = this.text(extent.to - extent.from > LONGEST ? { ...extent, to: extent.from + HEAD } : extent);
    this.listener.statement({ ...extent, sql, line: this.lines.at(extent.from), kind, node: node as Node });
  }

  private text({ from, to }: Extent): string {
    return this.bytes.toString('utf8', from, to);
  }
}

/** Anything else breaks the parser itself. */
function isSyntax(error: unknown): boolean {
  return (error as { sqlDetails?: unknown }).sqlDetails !== undefined;
}

/** The parser omits comments and space before a statement's first word. */
function extentOf({ stmt_location: from = 0, stmt_len: length }: Parsed, end: number): Extent {
  return { from, to: length ? from + length : end };
}

function* parts(extents: Extent[]): Generator<Extent[]> {
  let part: Extent[] = [];
  for (const extent of extents) {
    if (part[0] && extent.to - part[0].from > PART) {
      yield part;
      part = [];
    }
    part.push(extent);
  }
  if (part.length > 0) yield part;
}

/** Names a statement for people, without the values in it. */
export function firstWords(sql: string): string {
  // Of a long statement no more than this is looked at.
  const line = statementWithoutValues(sql.slice(0, 1_000)).trim().replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
