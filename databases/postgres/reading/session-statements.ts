import { firstWords, type Statement } from './parser';

export interface StatementMistake {
  line: number;
  why: string;
}

/** `file` is our transaction around a file; `block` is one that the file begins. */
type Transaction = 'file' | 'block' | 'none';

/** The parser has read the file with these settings, so the server must keep them. */
const READING: Record<string, RegExp> = {
  client_encoding: /^(utf-?8|unicode)$/i,
  standard_conforming_strings: /^(on|true|yes|1)$/i,
};

/** Follows a file's transactions, and finds statements that break them, or give up our lock or what our parser assumes. */
export class SessionStatements {
  /** The statement that began the open transaction. */
  private open: Statement | undefined;

  /** @param transaction false: the file has no transaction around it, and may begin some */
  constructor(private readonly transaction: boolean) {}

  get within(): Transaction {
    if (this.transaction) return 'file';
    return this.open ? 'block' : 'none';
  }

  /** Answers what is wrong with the next statement. */
  next(statement: Statement): string | undefined {
    const { within } = this;
    if (!this.transaction) this.open = stillOpen(statement, this.open);
    return transactionMistake(statement, within) ?? settingMistake(statement, within) ?? lockMistake(statement);
  }

  /** Answers what is wrong with the transaction that is open at the end. */
  end(): StatementMistake | undefined {
    if (!this.open) return undefined;
    const why = `${firstWords(this.open.sql)} begins a transaction that the file does not end, so that all of it would be lost; add COMMIT`;
    return { line: this.open.line, why };
  }
}

const BEGIN = ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'];
const END = ['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE'];
const SAVEPOINT = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO'];

function stillOpen(statement: Statement, open: Statement | undefined): Statement | undefined {
  if (statement.kind !== 'TransactionStmt') return open;
  const what = String(statement.node.kind);
  if (BEGIN.includes(what)) return open ?? statement;
  return END.includes(what) && !statement.node.chain ? undefined : open;
}

function transactionMistake({ kind, node, sql }: Statement, within: Transaction): string | undefined {
  const what = String(node.kind);
  if (within === 'none' && needsTransaction(kind, node)) {
    return `${firstWords(sql)} needs a transaction; put it between BEGIN and COMMIT`;
  }
  if (kind !== 'TransactionStmt' || SAVEPOINT.includes(what)) return undefined;
  const word = sql.split(/\s/)[0]?.toUpperCase();
  if (within === 'file') return `${word} is not allowed: each file is one transaction already; remove it`;
  if (/PREPARE/.test(what)) return `${firstWords(sql)} leaves a transaction to others; use BEGIN and COMMIT`;
  if (what === 'TRANS_STMT_ROLLBACK') {
    return `${word} takes back what the file has done, and it would still count as applied; remove it`;
  }
  if (BEGIN.includes(what)) {
    return within === 'block'
      ? `${word} stands in a transaction already; add COMMIT before it, or remove it`
      : undefined;
  }
  return within === 'none' ? `${word} ends no transaction of this file; add BEGIN, or remove it` : undefined;
}

/** `RequireTransactionBlock` in PostgreSQL's source. A cursor with this bit outlives its transaction. */
const WITH_HOLD = 0x20;

function needsTransaction(kind: string, node: Record<string, unknown>): boolean {
  if (kind === 'TransactionStmt') return SAVEPOINT.includes(String(node.kind));
  return kind === 'LockStmt' || (kind === 'DeclareCursorStmt' && (Number(node.options) & WITH_HOLD) === 0);
}

function settingMistake({ kind, node, sql }: Statement, within: Transaction): string | undefined {
  if (within === 'none' && isLocal(kind, node)) {
    return `${firstWords(sql)} has no effect outside of a transaction; put it between BEGIN and COMMIT, or use SET`;
  }
  const reading = misreading(kind, node);
  if (reading) return `${firstWords(sql)}: the file is read as UTF-8, with standard strings; leave ${reading} alone`;
  if (kind === 'VariableSetStmt' && node.kind === 'VAR_RESET_ALL') {
    return 'RESET ALL takes away the limits that protect the live version; reset the settings you mean by name';
  }
  return undefined;
}

function isLocal(kind: string, node: Record<string, unknown>): boolean {
  if (kind === 'ConstraintsSetStmt') return true;
  if (kind === 'VariableSetStmt') return node.is_local === true || String(node.name).startsWith('TRANSACTION');
  return callsOf(node).some(({ name, values }) => name === 'set_config' && values[2] === true);
}

function misreading(kind: string, node: Record<string, unknown>): string | undefined {
  const given =
    kind === 'VariableSetStmt' && node.kind === 'VAR_SET_VALUE'
      ? [[node.name, ...constants(node.args)]]
      : callsOf(node).flatMap(({ name, values }) => (name === 'set_config' ? [values] : []));
  for (const [name, value] of given) {
    const right = READING[String(name).toLowerCase()];
    if (right && !right.test(String(value))) return String(name).toLowerCase();
  }
  return undefined;
}

function lockMistake({ kind, node, sql }: Statement): string | undefined {
  const unlocks = callsOf(node).some(({ name }) => name === 'pg_advisory_unlock_all');
  if (!unlocks && !(kind === 'DiscardStmt' && node.target === 'DISCARD_ALL')) return undefined;
  return `${firstWords(sql)} gives up the lock that keeps other migrators away; unlock or discard what you mean by name`;
}

interface Call {
  name: string;
  values: unknown[];
}

function callsOf(node: unknown): Call[] {
  if (Array.isArray(node)) return node.flatMap(callsOf);
  if (typeof node !== 'object' || node === null) return [];
  const { FuncCall } = node as { FuncCall?: { funcname?: { String?: { sval?: string } }[]; args?: unknown } };
  const own = FuncCall
    ? [{ name: FuncCall.funcname?.at(-1)?.String?.sval ?? '', values: constants(FuncCall.args) }]
    : [];
  return [...own, ...Object.values(node).flatMap(callsOf)];
}

function constants(args: unknown): unknown[] {
  return (Array.isArray(args) ? args : []).map((arg: { A_Const?: Record<string, unknown> }) => {
    const { sval, ival, boolval } = (arg.A_Const ?? {}) as Record<string, Record<string, unknown> | undefined>;
    return sval?.sval ?? (boolval ? (boolval.boolval ?? false) : ival?.ival);
  });
}
