import { NO_TRANSACTION } from '../../migrations/files';
import type { Node, Statement } from './parser';

/**
 * What PostgreSQL 12 to 18 refuses in a transaction: each call of `PreventInTransactionBlock` in its source, and blocks
 * that commit. `DISCARD ALL` is missing, since no migration may have it. What depends on the database (a partitioned
 * table, a procedure) is asked there.
 */
export function isRefusedInTransaction({ kind, node, sql }: Statement): boolean {
  if (kind === '') return NEVER_BY_WORDS.test(sql);
  return NEVER.includes(kind) || (SOMETIMES[kind]?.(node) ?? false);
}

/** Answers the way out of a transaction. */
export function otherWay(words: string, transaction: boolean): string {
  const way = transaction
    ? `move it to a file of its own that begins with "${NO_TRANSACTION}"`
    : 'move it out of BEGIN and COMMIT';
  return `${words} cannot run in a transaction; ${way}`;
}

const NEVER = [
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterSystemStmt',
  'DropSubscriptionStmt',
];

const SOMETIMES: Record<string, (node: Node) => boolean> = {
  IndexStmt: ({ concurrent }) => concurrent === true,
  DropStmt: ({ concurrent }) => concurrent === true,
  VacuumStmt: ({ is_vacuumcmd }) => is_vacuumcmd === true,
  ReindexStmt: (node) => MANY_INDEXES.includes(String(node.kind)) || isOn(node.params, 'concurrently', false),
  // Without a table it works through all of them.
  ClusterStmt: ({ relation }) => relation === undefined,
  AlterTableStmt: ({ cmds }) => commandsOf(cmds).some(detachesConcurrently),
  AlterDatabaseStmt: ({ options }) => optionsOf(options).some(({ defname }) => defname === 'tablespace'),
  CreateSubscriptionStmt: ({ options }) => isOn(options, 'create_slot', isOn(options, 'connect', true)),
  AlterSubscriptionStmt: ({ kind, options }) =>
    kind === 'ALTER_SUBSCRIPTION_REFRESH' ||
    (PUBLICATIONS.includes(String(kind)) && isOn(options, 'refresh', true)) ||
    (kind === 'ALTER_SUBSCRIPTION_OPTIONS' && optionsOf(options).some(({ defname }) => SLOT.includes(String(defname)))),
  DoStmt: ({ args }) => COMMITS.test(codeOf(args).replace(QUOTED, ' ')),
  SelectStmt: (node) => MAKES_SLOT.test(JSON.stringify(node)),
};

const MANY_INDEXES = ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_DATABASE', 'REINDEX_OBJECT_SYSTEM'];
const PUBLICATIONS = ['SET', 'ADD', 'DROP'].map((word) => `ALTER_SUBSCRIPTION_${word}_PUBLICATION`);
/** Settings of a subscription that also change its slot at the publisher. */
const SLOT = ['failover', 'two_phase'];
const QUOTED = /--[^\n]*|\/\*[^]*?\*\/|'[^']*'/g;
const COMMITS = /(^|[\s;])(commit|rollback)(\s+(work|transaction))?(\s+and\s+(no\s+)?chain)?\s*;/i;
const MAKES_SLOT = /"sval":"pg_(create_logical_replication_slot|copy_logical_replication_slot)"/;

const NEVER_BY_WORDS =
  /^(vacuum|alter\s+system|(create|drop)\s+(database|tablespace)|drop\s+subscription|discard\s+all|reindex\b.*\b(schema|database|system|concurrently)|(create\s+(unique\s+)?|drop\s+)index\s+concurrently|alter\s+table\b.*\bdetach\s+partition\b.*\bconcurrently)\b/is;

function detachesConcurrently({ subtype, def }: Node): boolean {
  const { PartitionCmd } = (def ?? {}) as { PartitionCmd?: Node };
  return subtype === 'AT_DetachPartition' && PartitionCmd?.concurrent === true;
}

function commandsOf(cmds: unknown): Node[] {
  return (Array.isArray(cmds) ? cmds : []).map((each: { AlterTableCmd?: Node }) => each.AlterTableCmd ?? {});
}

function codeOf(args: unknown): string {
  const as = optionsOf(args).find(({ defname }) => defname === 'as');
  return String((as?.arg as { String?: { sval?: string } } | undefined)?.String?.sval ?? '');
}

function optionsOf(options: unknown): Node[] {
  return (Array.isArray(options) ? options : []).map((each: { DefElem?: Node }) => each.DefElem ?? {});
}

/** An option without a value is on, as the server reads it. */
function isOn(options: unknown, name: string, otherwise: boolean): boolean {
  const option = optionsOf(options).find(({ defname }) => defname === name);
  if (!option) return otherwise;
  if (!option.arg) return true;
  const { Integer } = option.arg as { Integer?: Node };
  if (Integer) return Number(Integer.ival ?? 0) !== 0;
  // `off` is no keyword there, so the parser takes it for the name of a type.
  return !/"(false|off)"|"boolval":false|"Boolean":\{\}/i.test(JSON.stringify(option.arg));
}
