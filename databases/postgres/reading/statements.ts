import { BeyondRestore, type Beyond } from './beyond-restore';
import { isRefusedInTransaction, otherWay } from './no-transaction';
import { firstWords, type Listener, type Refusal, type Statement } from './parser';
import { choosesPlace } from './place';
import { SessionStatements, type StatementMistake } from './session-statements';
import { unsureOf, type Unsure } from './unsure';

/** What is known of a script's statements. It is small, whatever the size of the script. */
export interface Examined {
  /** Three numbers for each statement: where it begins and ends, in bytes, and its line. */
  places: Uint32Array;
  mistakes: StatementMistake[];
  /** What our parser does not understand, which the server may. */
  refused: Refusal[];
  /** What the database decides. */
  unsure: Unsure[];
  /** How many statements were judged by their first words, because parsing them would take too long. */
  byWords: number;
  choosesPlace: boolean;
  beyond: Beyond[];
}

/** Looks at one statement after the other. */
export class Examination implements Listener {
  private readonly places: number[] = [];
  private readonly mistakes: StatementMistake[] = [];
  private readonly refused: Refusal[] = [];
  private readonly session: SessionStatements;
  private readonly beyond = new BeyondRestore();
  private readonly slotless = new Set<unknown>();
  private readonly unsure: Unsure[] = [];
  private unparsed = 0;
  private chooses = false;
  private hasRows = false;

  constructor(private readonly transaction: boolean) {
    this.session = new SessionStatements(transaction);
  }

  statement(statement: Statement): void {
    const { from, to, line, kind } = statement;
    this.places.push(from, to, line);
    if (kind === '') this.unparsed++;
    const isWithin = this.session.within !== 'none';
    this.hasRows ||= isCopyOfRows(statement);
    const found = [mistakeOf(statement), this.session.next(statement)];
    if (isWithin && this.isRefused(statement)) found.push(otherWay(firstWords(statement.sql), this.transaction));
    const unsure = isWithin ? unsureOf(statement) : undefined;
    if (unsure) this.unsure.push(unsure);
    for (const why of found) if (why) this.mistakes.push({ line, why });
    this.chooses ||= choosesPlace(statement);
    this.beyond.next(statement);
  }

  refusal(refusal: Refusal): void {
    // The rows of a COPY are no statements, and it has been told already.
    if (this.hasRows) this.unparsed--;
    else this.refused.push(refusal);
  }

  end(): Examined {
    const open = this.session.end();
    if (open) this.mistakes.push(open);
    return {
      places: Uint32Array.from(this.places),
      mistakes: this.mistakes.sort((a, b) => a.line - b.line),
      refused: this.refused,
      unsure: this.unsure,
      byWords: this.unparsed - this.refused.length,
      choosesPlace: this.chooses,
      beyond: this.beyond.found,
    };
  }

  /** A subscription without a slot is dropped in a transaction like anything else. */
  private isRefused(statement: Statement): boolean {
    const { kind, node, sql } = statement;
    if (kind === 'AlterSubscriptionStmt' && /\bslot_name\s*=\s*none\b/i.test(sql)) this.slotless.add(node.subname);
    if (kind === 'DropSubscriptionStmt' && this.slotless.has(node.subname)) return false;
    // A slot may be made in a transaction that has not written yet.
    if (kind === 'SelectStmt' && this.places.length === 3) return false;
    return isRefusedInTransaction(statement);
  }
}

function mistakeOf(statement: Statement): string | undefined {
  const { kind, node } = statement;
  if (isCopyOfRows(statement)) {
    return 'COPY … FROM STDIN has no input in a migration; use INSERT (`pg_dump --inserts` writes them)';
  }
  if (kind === 'IndexStmt' && node.concurrent && node.if_not_exists) {
    return (
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS takes the broken index that an interrupted run leaves for a good one; ' +
      'write DROP INDEX CONCURRENTLY IF EXISTS before it, and no IF NOT EXISTS'
    );
  }
  return undefined;
}

function isCopyOfRows({ kind, node, sql }: Statement): boolean {
  if (kind === '') return COPY.test(sql);
  return kind === 'CopyStmt' && node.is_from === true && !node.filename && !node.is_program;
}

const COPY = /^copy\b[^;]*?\bfrom\s+stdin\b/i;
