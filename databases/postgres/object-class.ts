/** Privileges as text that is the same whatever order they were given in. */
export const grants = (acl: string) =>
  `(SELECT string_agg(format('%s=%s/%s', g.grantee::regrole, g.privilege_type, g.is_grantable), ',' ORDER BY g.grantee::regrole::text, g.privilege_type)
    FROM aclexplode(${acl}) g)`;

/** A row as JSON without some of its columns, and some of its columns alone. */
export const without = (row: string, ...columns: string[]) => `to_jsonb(${row}) - '{${columns.join(',')}}'::text[]`;
export const only = (row: string, ...columns: string[]) =>
  `jsonb_build_array(${columns.map((name) => `to_jsonb(${row}) -> '${name}'`).join(', ')})`;

/** A list whose order says nothing. */
export const sorted = (array: string) => `(SELECT array_agg(o ORDER BY o) FROM unnest(${array}) o)`;

/** What is known of each column of a relation, and the names of some. */
export const columnsOf = (relation: string) =>
  `(SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, ${grants('a.attacl')},
      ${only('a', 'attnotnull', 'atthasdef', 'attidentity', 'attgenerated', 'attstorage', 'attcompression', 'attstattarget', 'attoptions', 'attfdwoptions')}) ORDER BY a.attname)
    FROM pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`;
export const columnNames = (relation: string, numbers: string) =>
  `(SELECT jsonb_agg(a.attname ORDER BY k.turn) FROM unnest(${numbers}) WITH ORDINALITY k (number, turn)
    LEFT JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.number)`;

/** How the objects of one system catalogue are found and told apart. */
export interface ObjectClass {
  /** The system catalogue, and the alias that the other fields use. */
  from: string;
  catalogue: string;
  id: string;
  /** What says that two of the same name are alike, as SQL. */
  definition: string;
  owner?: string;
  /** Its privileges, and the letter by which `acldefault` knows its kind. */
  acl?: [column: string, kind: string];
  /** The object whose part it is: schemas, extensions and owners count for that one. */
  host?: [catalogue: string, id: string];
  schema?: string;
  where?: string;
}
