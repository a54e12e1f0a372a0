import type { ClientBase } from 'pg';
import { asOurselves } from '../session';
import { otherWay } from './no-transaction';
import { firstWords, type Node, type Statement } from './parser';
import type { StatementMistake } from './session-statements';

/** A statement in a transaction, which can run there unless the database has such a thing. */
export interface Unsure {
  line: number;
  words: string;
  if: 'partitioned' | 'commits';
  schema: string | null;
  name: string;
}

/** Partitions are worked through one by one, each in a transaction of its own, and procedures may commit. */
export function unsureOf({ kind, node, line, sql }: Statement): Unsure | undefined {
  const words = firstWords(sql);
  if (kind === 'CallStmt') {
    const { funcname = [] } = (node.funccall ?? {}) as { funcname?: { String?: { sval?: string } }[] };
    const [name = '', schema = null] = funcname.map((part) => part.String?.sval ?? '').reverse();
    return { line, words, if: 'commits', schema, name };
  }
  const { relname, schemaname } = (node.relation ?? {}) as Node;
  if ((kind !== 'ReindexStmt' && kind !== 'ClusterStmt') || relname === undefined) return undefined;
  return { line, words, if: 'partitioned', schema: schemaname ? String(schemaname) : null, name: String(relname) };
}

const COMMITS = String.raw`(^|[\s;])(commit|rollback)(\s+and\s+(no\s+)?chain)?\s*;`;
const ASK = {
  partitioned: `SELECT 1 FROM pg_class c WHERE relkind IN ('p', 'I')
    AND c.oid = to_regclass(coalesce(quote_ident($1) || '.', '') || quote_ident($2)) AND $3::text IS NOT NULL`,
  commits: `SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE prokind = 'p' AND proname = $2
    AND (nspname = $1 OR $1 IS NULL AND pg_function_is_visible(p.oid)) AND prosrc ~* $3`,
};

/** Asks the database about such statements, with the search path that the file will have. */
export async function unsureMistakes(
  client: ClientBase,
  unsure: Unsure[],
  transaction: boolean,
): Promise<StatementMistake[]> {
  if (unsure.length === 0) return [];
  const mistakes: StatementMistake[] = [];
  await client.query('RESET search_path');
  for (const { line, words, if: what, schema, name } of unsure) {
    const { rows } = await client.query(ASK[what], [schema, name, COMMITS]);
    if (rows.length > 0) mistakes.push({ line, why: otherWay(words, transaction) });
  }
  await asOurselves(client);
  return mistakes;
}
