import { statementWithoutValues } from '../without-values';
import type { Node, Statement } from './parser';

/** True when a statement itself chooses its schemas, whatever the search path is. */
export function choosesPlace({ kind, node, sql }: Statement): boolean {
  switch (kind) {
    case 'CreateSchemaStmt':
    case 'AlterObjectSchemaStmt':
      return true;
    case 'VariableSetStmt':
      return isPath(node);
    case 'AlterDatabaseSetStmt':
    case 'AlterRoleSetStmt':
      return isPath(node.setstmt);
    case 'DoStmt':
      return PLACE_IN_TEXT.test(sql);
    case '':
      return SETS_PATH.test(sql) || PLACE_IN_TEXT.test(BLOCK.test(sql) ? sql : statementWithoutValues(sql));
  }
  return SETS_PATH.test(sql) || namesSchema(node) || namedWithSchema(node);
}

/** Its strings are statements. */
const BLOCK = /^do\b/i;
const SETS_PATH = /set_config\s*\(\s*'search_path'/i;

function isPath(set: unknown): boolean {
  return String((set as Node | undefined)?.name).toLowerCase() === 'search_path';
}

/** A regular expression has to do for DO blocks and for what is not parsed: `r.id` is a field there, and `TABLE app.orders` a table. */
const PLACE_IN_TEXT =
  /search_path|\bschema\b|\b(table|view|index|sequence|type|domain|function|procedure|exists|into|update|from|join|on)\s+(only\s+)?(?!pg_catalog\b|information_schema\b)("[^"]+"|[\w$]+|%[is])\s*\.\s*("|[\w$%])/i;

const SYSTEM = ['pg_catalog', 'information_schema', 'pg_temp'];

function namesSchema(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(namesSchema);
  if (typeof node !== 'object' || node === null) return false;
  const { relname, schemaname } = node as Node;
  if (relname !== undefined && typeof schemaname === 'string' && !SYSTEM.includes(schemaname)) return true;
  return Object.values(node).some(namesSchema);
}

const NAMES = ['funcname', 'typeName', 'domainname', 'defnames', 'opclassname', 'opfamilyname', 'conversion_name'];
const PART = /COLUMN|TRIGGER|POLICY|RULE|CONSTRAINT/;

function namedWithSchema(node: Node): boolean {
  const { objects, object, func } = node;
  const parts = PART.test(String(node.removeType ?? node.objtype ?? node.renameType ?? '')) ? 3 : 2;
  return (
    NAMES.some((key) => isQualified(node[key], 2)) ||
    [func, object, ...(Array.isArray(objects) ? objects : [])].some((each) => isQualified(wordsOf(each), parts))
  );
}

function wordsOf(named: unknown): unknown {
  const { List, TypeName, ObjectWithArgs, objname } = (named ?? {}) as Record<string, Node | undefined>;
  return List?.items ?? TypeName?.names ?? ObjectWithArgs?.objname ?? objname;
}

function isQualified(words: unknown, parts: number): boolean {
  if (!Array.isArray(words) || words.length < parts) return false;
  const [first] = words as { String?: { sval?: string } }[];
  return !SYSTEM.includes(first?.String?.sval ?? '');
}
