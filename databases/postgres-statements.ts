import type { ParseResult } from 'libpg-query';
import { NO_TRANSACTION, type MigrationScript } from './migration-files';

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
  return (parsed.stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const raw = bytes.subarray(from, length ? from + length : undefined).toString();
    const lead = leadOf(raw);
    const [kind, node] = Object.entries(stmt ?? {})[0] ?? ['', {}];
    const line = lineAt(bytes.subarray(0, from).toString() + raw.slice(0, lead));
    return { sql: raw.slice(lead).trimEnd(), line, kind, node: node as Record<string, unknown> };
  });
}

/** What in a script cannot work, each with file and line, found without running any of it. */
export async function statementMistakes(script: MigrationScript): Promise<string[]> {
  const statements = await parseStatements(script.sql);
  if (!Array.isArray(statements)) {
    const hint = /^\s*\\/m.test(script.sql) ? ' (psql’s own commands, which begin with \\, do not work here)' : '';
    return [`${script.file}:${statements.line}: ${statements.error}${hint}`];
  }
  if (statements.length === 0 && script.file.endsWith('.up.sql')) {
    return [`${script.file}:1: expected at least one statement, seen none`];
  }
  return statements.flatMap((statement) => {
    const why = mistakeOf(statement, script.transaction);
    return why ? [`${script.file}:${statement.line}: ${why}`] : [];
  });
}

function mistakeOf({ kind, node, sql }: Statement, transaction: boolean): string | undefined {
  if (kind === 'CopyStmt' && node.is_from && !node.filename && !node.is_program) {
    return 'COPY … FROM STDIN has no input in a migration; use INSERT';
  }
  if (kind === 'IndexStmt' && node.concurrent && node.if_not_exists) {
    return (
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS takes the broken index that an interrupted run leaves for a good one; ' +
      'write DROP INDEX CONCURRENTLY IF EXISTS before it, and no IF NOT EXISTS'
    );
  }
  if (!transaction) return undefined;
  if (kind === 'TransactionStmt' && !/SAVEPOINT|RELEASE|ROLLBACK_TO/.test(String(node.kind))) {
    return `${sql.split(/\s/)[0]?.toUpperCase()} is not allowed: each file is one transaction already; remove it`;
  }
  if (needsNoTransaction(kind, node)) {
    return `${firstWords(sql)} cannot run in a transaction; move it to a file of its own that begins with "${NO_TRANSACTION}"`;
  }
  return undefined;
}

const NEVER_IN_TRANSACTION = ['VacuumStmt', 'CreatedbStmt', 'DropdbStmt', 'AlterSystemStmt', 'CreateTableSpaceStmt'];

function needsNoTransaction(kind: string, node: Record<string, unknown>): boolean {
  if ((kind === 'IndexStmt' || kind === 'DropStmt') && node.concurrent) return true;
  if (kind === 'VacuumStmt' && !node.is_vacuumcmd) return false;
  if (kind === 'ReindexStmt') return /"concurrently"/i.test(JSON.stringify(node.params ?? []));
  return NEVER_IN_TRANSACTION.includes(kind);
}

/** A statement for people: on one line, and not too long. */
export function firstWords(sql: string): string {
  const line = sql.replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

/** Length of the white space and comments before a statement, which the parser counts as part of it. */
function leadOf(raw: string): number {
  return /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(raw)?.[0].length ?? 0;
}

/** Line, from 1, of whatever comes after `before`. */
export function lineAt(before: string): number {
  return before.split('\n').length;
}
