import type { ParseResult } from 'libpg-query';
import { lineAt } from '../migrations/text';

/** One statement of a script. */
export interface Statement {
  sql: string;
  /** Line in the file on which it begins, from 1. */
  line: number;
  /** Kind of node the parser made of it, such as `CreateStmt`. */
  kind: string;
  node: Record<string, unknown>;
}

/** The parser of PostgreSQL itself, loaded when the first migration is read: most workers never need its memory. */
async function parser() {
  return import('libpg-query');
}

/**
 * Takes a script apart with PostgreSQL's own parser. Nothing is sent to a server.
 *
 * @returns the statements, or the syntax error with its line.
 */
export async function parseStatements(sql: string): Promise<Statement[] | { error: string; line: number }> {
  const { parse } = await parser();
  let parsed: ParseResult;
  try {
    parsed = await parse(sql);
  } catch (error) {
    const { message, sqlDetails } = error as Error & { sqlDetails?: { cursorPosition?: number } };
    return { error: message, line: lineAt([...sql].slice(0, sqlDetails?.cursorPosition ?? 0).join('')) };
  }
  const bytes = Buffer.from(sql);
  // The parser leaves out what stands before a statement's first word.
  return (parsed.stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const [kind, node] = Object.entries(stmt ?? {})[0] ?? ['', {}];
    return {
      sql: bytes.subarray(from, length ? from + length : undefined).toString(),
      line: lineAt(bytes.subarray(0, from).toString()),
      kind,
      node: node as Record<string, unknown>,
    };
  });
}

/** A statement for people: on one line, and not too long. */
export function firstWords(sql: string): string {
  const line = sql.trim().replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
