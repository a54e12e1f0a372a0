import { NO_TRANSACTION, type MigrationScript } from '../migrations/files';
import { firstWords, parseStatements, type Statement } from './parser';
import { openTransactions, sessionMistakes } from './session-statements';

export async function statementMistakes(script: MigrationScript): Promise<string[]> {
  const { file, sql, transaction, unreadable } = script;
  if (unreadable) return [`${file}:${unreadable.line}: ${unreadable.why}`];
  const statements = await parseStatements(sql);
  if (!Array.isArray(statements)) {
    const hint = /^\s*\\/m.test(sql) ? ' (psql’s own commands, which begin with \\, do not work here)' : '';
    return [`${file}:${statements.line}: ${statements.error}${hint}`];
  }
  if (statements.length === 0 && file.endsWith('.up.sql')) {
    return [`${file}:1: expected at least one statement, seen none`];
  }
  const open = openTransactions(statements);
  const each = statements.flatMap((statement, index) => {
    const why = mistakeOf(statement, transaction || open[index] !== undefined, transaction);
    return why ? [{ statement, why }] : [];
  });
  return [...each, ...sessionMistakes(statements, transaction)]
    .sort((a, b) => a.statement.line - b.statement.line)
    .map(({ statement, why }) => `${file}:${statement.line}: ${why}`);
}

function mistakeOf({ kind, node, sql }: Statement, within: boolean, transaction: boolean): string | undefined {
  if (kind === 'CopyStmt' && node.is_from && !node.filename && !node.is_program) {
    return 'COPY … FROM STDIN has no input in a migration; use INSERT';
  }
  if (kind === 'IndexStmt' && node.concurrent && node.if_not_exists) {
    return (
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS takes the broken index that an interrupted run leaves for a good one; ' +
      'write DROP INDEX CONCURRENTLY IF EXISTS before it, and no IF NOT EXISTS'
    );
  }
  if (!within || !needsNoTransaction(kind, node)) return undefined;
  const way = transaction
    ? `move it to a file of its own that begins with "${NO_TRANSACTION}"`
    : 'move it out of BEGIN and COMMIT';
  return `${firstWords(sql)} cannot run in a transaction; ${way}`;
}

const NEVER_IN_TRANSACTION = ['VacuumStmt', 'CreatedbStmt', 'DropdbStmt', 'AlterSystemStmt', 'CreateTableSpaceStmt'];

function needsNoTransaction(kind: string, node: Record<string, unknown>): boolean {
  if ((kind === 'IndexStmt' || kind === 'DropStmt') && node.concurrent) return true;
  if (kind === 'VacuumStmt' && !node.is_vacuumcmd) return false;
  if (kind === 'ReindexStmt') return /"concurrently"/i.test(JSON.stringify(node.params ?? []));
  return NEVER_IN_TRANSACTION.includes(kind);
}
