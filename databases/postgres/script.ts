import type { Client, DatabaseError } from 'pg';
import { MigrationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { formatDuration } from '../../domain/units';
import type { MigrationScript } from '../migrations/files';
import { holdsMigrationLock } from './migrations/lock';
import { lineAt } from '../migrations/text';
import { firstWords, parseStatements, type Statement } from './parser';
import { asOurselves, asUser, type ScriptLimits } from './session';
import { saidWithoutValues } from './without-values';

interface ScriptRun {
  client: Client;
  script: MigrationScript;
  limits: ScriptLimits;
  io: Io;
}

/**
 * Runs a script's statements one by one, so that a failure can name the line, and then `record`.
 *
 * @throws MigrationFailure with the server's message; its `code` is the SQLSTATE.
 */
export async function runScript(run: ScriptRun, record: () => Promise<void>): Promise<void> {
  const statements = await readStatements(run.script);
  await asUser(run.client, run.limits);
  if (run.script.transaction) await inTransaction(run, statements, record);
  else await withoutTransaction(run, statements, record);
}

async function readStatements({ file, sql, unreadable }: MigrationScript): Promise<Statement[]> {
  if (unreadable) throw new MigrationFailure(`${file}:${unreadable.line}: ${unreadable.why}`);
  const statements = await parseStatements(sql);
  if (!Array.isArray(statements)) throw new MigrationFailure(`${file}:${statements.line}: ${statements.error}`);
  return statements;
}

async function inTransaction(run: ScriptRun, statements: Statement[], record: () => Promise<void>): Promise<void> {
  const { client } = run;
  await client.query('BEGIN');
  try {
    await runAll(run, statements);
    // Deferred constraints are checked here, while the script's settings still apply.
    await send(run, atEnd(run, 'SET CONSTRAINTS ALL IMMEDIATE'), 'COMMIT');
    await keep(run, record);
    await send(run, atEnd(run, 'COMMIT'));
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function withoutTransaction(run: ScriptRun, statements: Statement[], record: () => Promise<void>): Promise<void> {
  await runAll(run, statements);
  await keep(run, record);
}

async function runAll(run: ScriptRun, statements: Statement[]): Promise<void> {
  const { script, io } = run;
  for (const [index, statement] of statements.entries()) {
    io.signal.throwIfAborted();
    io.onProgress(`${script.file}: statement ${index + 1} of ${statements.length}: ${firstWords(statement.sql)}`);
    await send(run, statement);
  }
}

async function keep(run: ScriptRun, record: () => Promise<void>): Promise<void> {
  const { client, script } = run;
  await expectState(run, script.transaction ? 'T' : 'I');
  try {
    await expectReading(run);
    await asOurselves(client);
    if (!(await holdsMigrationLock(client))) {
      throw new MigrationFailure(
        `${script.file}: expected the lock that keeps other migrators away to be held to the end, seen that the file ` +
          `gave it up; unlock what the file has locked by name. ${outcome(script)}`,
      );
    }
    await record();
  } catch (error) {
    const { code, severity } = error as DatabaseError;
    if (!severity || code?.startsWith('57P')) throw error;
    const said = saidWithoutValues(error as DatabaseError);
    const why = `${script.file}: its record could not be written after it ran: ${said}. ${outcome(script)}`;
    throw Object.assign(new MigrationFailure(why), { code });
  }
}

/** A transaction that is still open would be rolled back; ours must be open. */
async function expectState({ client, script }: ScriptRun, state: 'I' | 'T'): Promise<void> {
  const seen = client.getTransactionStatus();
  if (seen === state) return;
  await client.query('ROLLBACK').catch(() => undefined);
  const why =
    state === 'I'
      ? 'expected every transaction that the file begins to end in it, seen one that is open; it was rolled back. Add COMMIT'
      : 'expected the transaction around the file to be open at its end, seen that it is not. Remove what ends it';
  throw new MigrationFailure(`${script.file}: ${why}. ${outcome(script)}`);
}

/** When the script changes these settings, the server reads the rest differently from our parser. */
async function expectReading({ client, script }: ScriptRun): Promise<void> {
  for (const [setting, value] of [
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
  ] as const) {
    const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`);
    if (rows[0]?.[setting] === value) continue;
    throw new MigrationFailure(
      `${script.file}: expected ${setting} to be ${value} to the end, seen ${rows[0]?.[setting]}: what follows the ` +
        `change was not read as it is written. Leave ${setting} alone. ${outcome(script)}`,
    );
  }
}

function atEnd({ script }: ScriptRun, sql: string): Statement {
  return { sql, line: lineAt(script.sql.trimEnd()), kind: '', node: {} };
}

async function send({ client, script, limits }: ScriptRun, statement: Statement, shown = statement.sql): Promise<void> {
  try {
    await client.query(statement.sql);
  } catch (error) {
    const { code, severity } = error as DatabaseError;
    // Without a severity the connection broke; 57P means that the server is being stopped.
    if (!severity || code?.startsWith('57P')) throw error;
    throw Object.assign(
      new MigrationFailure(explain(script, { ...statement, sql: shown }, error as DatabaseError, limits)),
      { code },
    );
  }
}

function explain(script: MigrationScript, statement: Statement, error: DatabaseError, limits: ScriptLimits): string {
  const within = lineAt([...statement.sql].slice(0, Number(error.position ?? 1) - 1).join('')) - 1;
  const where = `${script.file}:${statement.line + within}`;
  return `${where}: «${firstWords(statement.sql)}» failed: ${saidWithoutValues(error)}. ${outcome(script)}${advice(error, limits)}`;
}

function outcome({ transaction }: MigrationScript): string {
  return transaction
    ? 'Nothing of this file was applied.'
    : 'What stands before it in this file stays applied: it runs without a transaction.';
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
