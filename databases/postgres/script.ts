import type { Client, DatabaseError } from 'pg';
import { MigrationFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { formatDuration, formatSize } from '../../domain/units';
import { checksumOf, NO_TRANSACTION, type MigrationScript } from '../migrations/files';
import type { BlockerWatch } from './blockers';
import { holdsMigrationLock } from './migrations/lock';
import { lineAt, lineAtCharacter } from '../migrations/text';
import { firstWords } from './reading/parser';
import { readBytes } from './reading/reading';
import { sendBytes } from './send-bytes';
import { asOurselves, asUser, type ScriptLimits } from './session';
import { saidWithoutValues } from './without-values';

/** Of a file of this size it is told how far it is, and a statement of this size is sent as it is. */
const LARGE = 2 ** 20;

export interface ScriptRun {
  client: Client;
  script: MigrationScript;
  /** Of the file that is recorded; absent for a script that goes with its record. */
  checksum?: string;
  limits: ScriptLimits;
  /** Says who keeps a statement waiting. */
  blockers: Pick<BlockerWatch, 'seen'>;
  io: Io;
}

/** What is sent: a script's text, and where its statements stand in it. */
interface Sent {
  bytes: Buffer;
  places: Uint32Array;
}

/** A statement in its file. */
interface Sending {
  sql: string;
  line: number;
  /** All of a large one, of which `sql` is the beginning. */
  bytes?: Buffer;
}

/**
 * Runs a script's statements one by one, so that a failure can name the line, and then `record`.
 *
 * @throws MigrationFailure with the server's message; its `code` is the SQLSTATE.
 */
export async function runScript(run: ScriptRun, record: () => Promise<void>): Promise<void> {
  const sent = await readSent(run);
  await asUser(run.client, run.limits);
  if (run.script.transaction) await inTransaction(run, sent, record);
  else await withoutTransaction(run, sent, record);
}

async function readSent({ script, checksum, io }: ScriptRun): Promise<Sent> {
  const bytes = await script.bytes();
  if (checksum !== undefined && (await checksumOf(bytes)) !== checksum) {
    throw new MigrationFailure(
      `${script.file}: expected the file to stay as it was, seen that it was changed meanwhile; release again`,
    );
  }
  const told = await readBytes(script, bytes, io.signal);
  if ('examined' in told) return { bytes, places: told.examined.places };
  throw new MigrationFailure(`${script.file}:${told.unreadable.line}: ${told.unreadable.why}`);
}

async function inTransaction(run: ScriptRun, sent: Sent, record: () => Promise<void>): Promise<void> {
  const { client } = run;
  await client.query('BEGIN');
  try {
    await runAll(run, sent);
    // Deferred constraints are checked here, while the script's settings still apply.
    await send(run, atEnd(sent, 'SET CONSTRAINTS ALL IMMEDIATE'), 'COMMIT');
    await keep(run, record);
    await send(run, atEnd(sent, 'COMMIT'));
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function withoutTransaction(run: ScriptRun, sent: Sent, record: () => Promise<void>): Promise<void> {
  await runAll(run, sent);
  await keep(run, record);
}

async function runAll(run: ScriptRun, { bytes, places }: Sent): Promise<void> {
  const { script, io } = run;
  const size = bytes.length < LARGE ? '' : ` of ${formatSize(bytes.length)}`;
  for (let at = 0; at < places.length; at += 3) {
    const [from, to, line] = places.subarray(at, at + 3) as unknown as [number, number, number];
    io.signal.throwIfAborted();
    const sql = bytes.toString('utf8', from, Math.min(to, from + LARGE));
    const done = size && ` (${formatSize(from)}${size} done)`;
    io.onProgress(`${script.file}: statement ${at / 3 + 1} of ${places.length / 3}${done}: ${firstWords(sql)}`);
    await send(run, { sql, line, ...(to - from > LARGE && { bytes: bytes.subarray(from, to) }) });
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

/** What we send after the last statement fails because of one before. */
function atEnd({ bytes, places }: Sent, sql: string): Sending {
  const [from = 0, to = 0, line = 1] = places.subarray(-3);
  // Of a large statement the line in which it begins has to do.
  const within = to - from > LARGE ? '' : bytes.toString('latin1', from, to);
  return { sql, line: line + lineAt(within) - 1 };
}

async function send(run: ScriptRun, statement: Sending, shown = statement.sql): Promise<void> {
  try {
    const { client } = run;
    await (statement.bytes ? sendBytes(client, statement.bytes) : client.query(statement.sql));
  } catch (error) {
    const { code, severity } = error as DatabaseError;
    // Without a severity the connection broke; 57P means that the server is being stopped.
    if (!severity || code?.startsWith('57P')) throw error;
    throw Object.assign(new MigrationFailure(explain(run, { ...statement, sql: shown }, error as DatabaseError)), {
      code,
    });
  }
}

function explain(run: ScriptRun, statement: Sending, error: DatabaseError): string {
  const { script } = run;
  const within = lineAtCharacter(statement.sql, Number(error.position ?? 1) - 1) - 1;
  const where = `${script.file}:${statement.line + within}`;
  return `${where}: «${firstWords(statement.sql)}» failed: ${saidWithoutValues(error)}. ${outcome(script)}${advice(error, run)}`;
}

function outcome({ transaction }: MigrationScript): string {
  return transaction
    ? 'Nothing of this file was applied.'
    : 'What stands before it in this file stays applied: it runs without a transaction.';
}

function advice({ code }: DatabaseError, { limits: { lockTimeout, statementTimeout }, blockers }: ScriptRun): string {
  const seen = blockers.seen();
  const blocked = seen ? ` It waited for ${seen}.` : '';
  if (code === '55P03') {
    return ` It waited ${formatDuration(lockTimeout)} (database.lockTimeout) for a lock that another session holds; release again when that has ended.${blocked}`;
  }
  if (code === '57014') {
    return ` It may take ${formatDuration(statementTimeout)} (database.statementTimeout); make it quicker, or raise that.${blocked}`;
  }
  if (code === '40P01') return blocked;
  if (code === '55P04') return ' Use the new value in the next migration: this one must be committed before.';
  if (code === '25001' || code === '2D000') {
    return ` If it cannot run in a transaction, move it to a file of its own that begins with "${NO_TRANSACTION}".`;
  }
  return '';
}
