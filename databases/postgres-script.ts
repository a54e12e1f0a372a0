import type { ClientBase, DatabaseError } from 'pg';
import { MigrationFailure } from '../domain/failures';
import type { Io } from '../domain/host';
import { formatDuration } from '../domain/units';
import type { MigrationScript } from './migration-files';
import { endWithUs } from './postgres-connection';
import { firstWords, lineAt, parseStatements, type Statement } from './postgres-statements';

/** Milliseconds; 0 means without limit, as in PostgreSQL. */
export interface ScriptLimits {
  statementTimeout: number;
  lockTimeout: number;
}

/**
 * Runs the statements of a script one by one, so that a failure can name its statement and line. A script with
 * transaction is applied whole, together with `record`, or not at all, whenever the process dies.
 *
 * @throws MigrationFailure with the statement, its line and what the server said; its `code` is the server's SQLSTATE.
 */
export async function runScript(
  client: ClientBase,
  script: MigrationScript,
  limits: ScriptLimits,
  io: Io,
  record?: () => Promise<void>,
): Promise<void> {
  const statements = await parseStatements(script.sql);
  if (!Array.isArray(statements)) throw new MigrationFailure(`${script.file}:${statements.line}: ${statements.error}`);
  const each = async () => {
    for (const [index, statement] of statements.entries()) {
      io.signal.throwIfAborted();
      io.onProgress(`${script.file}: statement ${index + 1} of ${statements.length}: ${firstWords(statement.sql)}`);
      await run(client, script, statement, limits);
    }
  };
  try {
    if (script.transaction) await inTransaction(client, script, limits, each, record);
    else await withoutTransaction(client, limits, each);
  } finally {
    // A script may have changed the session: search path, role, time-outs. Fails when the connection is gone.
    await client.query('RESET SESSION AUTHORIZATION; RESET ALL').catch(() => undefined);
    await endWithUs(client).catch(() => undefined);
  }
}

async function inTransaction(
  client: ClientBase,
  script: MigrationScript,
  limits: ScriptLimits,
  each: () => Promise<void>,
  record?: () => Promise<void>,
) {
  await client.query('BEGIN');
  try {
    await client.query(settings('SET LOCAL', limits));
    await each();
    await client.query('RESET SESSION AUTHORIZATION');
    await record?.();
    // Deferred constraints are checked here.
    await run(client, script, { sql: 'COMMIT', line: lineAt(script.sql.trimEnd()), kind: '', node: {} }, limits);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function withoutTransaction(client: ClientBase, limits: ScriptLimits, each: () => Promise<void>) {
  await client.query(settings('SET', limits));
  await each();
}

function settings(set: 'SET' | 'SET LOCAL', { statementTimeout, lockTimeout }: ScriptLimits): string {
  return `${set} statement_timeout = ${statementTimeout}; ${set} lock_timeout = ${lockTimeout}`;
}

async function run(client: ClientBase, script: MigrationScript, statement: Statement, limits: ScriptLimits) {
  try {
    await client.query(statement.sql);
  } catch (error) {
    const { code, severity } = error as DatabaseError;
    // No severity: not the server's word but a broken connection. 57P: the server is being stopped.
    if (!severity || code?.startsWith('57P')) throw error;
    throw Object.assign(new MigrationFailure(explain(script, statement, error as DatabaseError, limits)), { code });
  }
}

function explain(script: MigrationScript, statement: Statement, error: DatabaseError, limits: ScriptLimits): string {
  const within = lineAt([...statement.sql].slice(0, Number(error.position ?? 1) - 1).join('')) - 1;
  const where = `${script.file}:${statement.line + within}`;
  const server = [`${error.severity} ${error.code}: ${error.message}`, safeDetail(error), error.hint].filter(Boolean);
  const outcome = script.transaction
    ? 'Nothing of this file was applied.'
    : 'What stands before it in this file stays applied: it runs without a transaction.';
  return `${where}: «${firstWords(statement.sql)}» failed: ${server.join('; ')}. ${outcome}${advice(error, limits)}`;
}

/** Details of wrong data quote the data, and that belongs in no history; details of objects help. */
function safeDetail({ code = '', detail }: DatabaseError): string | undefined {
  return /^(2B|42|55)/.test(code) ? detail?.replace(/\s+/g, ' ').slice(0, 500) : undefined;
}

function advice({ code }: DatabaseError, { lockTimeout, statementTimeout }: ScriptLimits): string {
  if (code === '55P03') {
    return ` It waited ${formatDuration(lockTimeout)} (database.lockTimeout) for a lock that another session holds; release again when that has ended.`;
  }
  if (code === '57014') {
    return ` It may take ${formatDuration(statementTimeout)} (database.statementTimeout); make it quicker, or raise that.`;
  }
  return '';
}
