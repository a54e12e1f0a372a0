export const grants = (acl: string) =>
  `(SELECT string_agg(format('%s=%s/%s', g.grantee::regrole, g.privilege_type, g.is_grantable), ',' ORDER BY g.grantee::regrole::text, g.privilege_type)
    FROM aclexplode(${acl}) g)`;

export const without = (row: string, ...columns: string[]) => `to_jsonb(${row}) - '{${columns.join(',')}}'::text[]`;
export const only = (row: string, ...columns: string[]) =>
  `jsonb_build_array(${columns.map((name) => `to_jsonb(${row}) -> '${name}'`).join(', ')})`;

export const sorted = (array: string) => `(SELECT array_agg(o ORDER BY o) FROM unnest(${array}) o)`;

export const columnsOf = (relation: string) =>
  `(SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, ${grants('a.attacl')},
      ${only('a', 'attnotnull', 'atthasdef', 'attidentity', 'attgenerated', 'attstorage', 'attcompression', 'attstattarget', 'attoptions', 'attfdwoptions')}) ORDER BY a.attname)
    FROM pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`;
export const columnNames = (relation: string, numbers: string) =>
  `(SELECT jsonb_agg(a.attname ORDER BY k.turn) FROM unnest(${numbers}) WITH ORDINALITY k (number, turn)
    LEFT JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.number)`;

export interface ObjectClass {
  from: string;
  catalogue: string;
  id: string;
  /** Two objects of the same name are alike when this is equal. */
  definition: string;
  owner?: string;
  /** `kind` is the letter that `acldefault` takes. */
  acl?: [column: string, kind: string];
  /** The object that this one is part of: its schema, extension and owner count. */
  host?: [catalogue: string, id: string];
  schema?: string;
  where?: string;
}
