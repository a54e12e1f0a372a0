import type { ParseResult } from 'libpg-query';
import { lineAt } from '../migrations/text';
import { statementWithoutValues } from './without-values';

export interface Statement {
  sql: string;
  /** Line in the file, from 1. */
  line: number;
  /** The parser's node type, such as `CreateStmt`. */
  kind: string;
  node: Record<string, unknown>;
}

/** Most workers never read a migration, so the parser takes memory only when it is needed. */
async function parser() {
  return import('libpg-query');
}

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
  // The parser omits comments and space before a statement's first word.
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

/** Names a statement for people, without the values in it. */
export function firstWords(sql: string): string {
  const line = statementWithoutValues(sql).trim().replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
