import type { ClientBase, DatabaseError } from 'pg';

const ROWS = 100;
const LIMIT_MS = 2_000;
const ALL_MS = 6_000;

/** Finds functions that fail in a restore, since `pg_restore` has an empty search path and they name no schema. */
export async function expressionMistakes(client: ClientBase): Promise<string[]> {
  await client.query(
    `SET LOCAL search_path = ''; SET LOCAL statement_timeout = ${LIMIT_MS}; SET LOCAL lock_timeout = ${LIMIT_MS}`,
  );
  const { rows } = await client.query<{ name: string; sql: string }>(EXPRESSIONS);
  const mistakes: string[] = [];
  const until = Date.now() + ALL_MS;
  for (const { name, sql } of rows) {
    if (Date.now() > until) break;
    await client.query('SAVEPOINT expression');
    try {
      await client.query(sql);
    } catch (error) {
      const { code = '', message, severity } = error as DatabaseError;
      if (!severity) throw error;
      if (NAMELESS.test(code)) mistakes.push(explain(name, message));
    } finally {
      await client.query('ROLLBACK TO expression');
    }
  }
  return mistakes;
}

/** SQLSTATEs of names that cannot be resolved; other errors need not happen in a restore. */
const NAMELESS = /^(42883|42P01|42704|42703|42P02|42725|3F000)$/;

function explain(name: string, message: string): string {
  return (
    `expected ${name} to work without a search path, as a restore runs it, seen: ${message}. ` +
    'ALTER FUNCTION … SET search_path for the function in it, or write its names with their schema'
  );
}

const EXPRESSIONS = `
WITH tables AS (
  SELECT c.oid, c.oid::regclass::text AS name, format('FROM ONLY %s', c.oid::regclass) AS source
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname !~ '^(pg_|information_schema$)' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
)
SELECT format('index %s', i.indexrelid::regclass) AS name,
  format('SELECT %s %s WHERE %s LIMIT ${ROWS}', coalesce(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), '1'), source, coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true')) AS sql
FROM tables JOIN pg_catalog.pg_index i ON i.indrelid = tables.oid WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
UNION ALL
SELECT format('generated column %I of %s', a.attname, tables.name), format('SELECT %s %s LIMIT ${ROWS}', pg_catalog.pg_get_expr(d.adbin, d.adrelid), source)
FROM tables JOIN pg_catalog.pg_attribute a ON a.attrelid = tables.oid AND a.attgenerated <> '' JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT format('check %I of %s', k.conname, tables.name), format('SELECT %s %s LIMIT ${ROWS}', pg_catalog.pg_get_expr(k.conbin, k.conrelid), source)
FROM tables JOIN pg_catalog.pg_constraint k ON k.conrelid = tables.oid AND k.contype = 'c'
UNION ALL
SELECT format('domain %s of column %I of %s', t.oid::regtype, a.attname, tables.name),
  format('SELECT (%I::%s)::%s %s LIMIT ${ROWS}', a.attname, pg_catalog.format_type(t.typbasetype, t.typtypmod), t.oid::regtype, source)
FROM tables JOIN pg_catalog.pg_attribute a ON a.attrelid = tables.oid AND a.attnum > 0 JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd'
UNION ALL
SELECT format('materialized view %s', c.oid::regclass), format('SELECT * FROM (%s) AS view LIMIT 1', pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';'))
FROM tables JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind = 'm'
ORDER BY 1`;
