import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupFailure } from '../../domain/failures';
import type { Io } from '../../domain/host';
import { expectDone } from './dump';
import type { PostgresTools } from './tools';

const ENDS = 64 * 1024;

interface Left {
  schemas: string[];
  extensions: string[];
  /** Catalogue and id, as `pg_restore --list` writes them. */
  entries: string[];
  /** Tables whose data stays, as [schema, name]. */
  data: [string, string][];
}

interface Scripting {
  tools: PostgresTools;
  dump: string;
  directory: string;
  left: Left;
}

/** Writes a dump as two scripts without transactions; extensions, in their old versions, go between them. */
export async function writeScripts(
  { tools, dump, directory, left }: Scripting,
  io: Io,
): Promise<{ schemas: string; rest: string }> {
  const list = join(directory, 'list');
  expectDone('pg_restore --list', await tools.run(['pg_restore', '--list', `--file=${list}`, dump], io));
  // Names are in the encoding of the database; the search needs only the ASCII parts.
  const entries = (await readFile(list, 'latin1')).split('\n').filter((line) => /^\d/.test(line));
  const stays = leaving(left);
  const wanted = entries.filter((line) => !stays(line));
  const isSchema = (line: string) => /^\d+; 2615 \d+ SCHEMA /.test(line);
  const script = async (name: string, lines: string[]) => {
    const [chosen, file] = [join(directory, `${name}.list`), join(directory, `${name}.sql`)];
    await writeFile(chosen, lines.join('\n'), { encoding: 'latin1', mode: 0o600 });
    const argv = ['pg_restore', '--single-transaction', `--use-list=${chosen}`, `--file=${file}`, dump];
    expectDone('pg_restore', await tools.run(argv, io));
    await withoutTransaction(file);
    return file;
  };
  return {
    schemas: await script('schemas', wanted.filter(isSchema)),
    rest: await script(
      'rest',
      wanted.filter((line) => !isSchema(line)),
    ),
  };
}

function leaving({ schemas, extensions, entries, data }: Left): (line: string) => boolean {
  const begins = [
    ...schemas.flatMap((name) => [
      `ACL - SCHEMA ${name} `,
      `COMMENT - SCHEMA ${name} `,
      `SECURITY LABEL - SCHEMA ${name} `,
    ]),
    ...extensions.map((name) => `COMMENT - EXTENSION ${name} `),
    ...data.flatMap(([schema, name]) => [`TABLE DATA ${schema} ${name} `, `SEQUENCE SET ${schema} ${name} `]),
  ].flatMap((text) => [text, Buffer.from(text).toString('latin1')]);
  const ids = new Set(entries);
  return (line) => {
    const [, id = '', what = ''] = /^\d+; (\d+ \d+) (.*)$/.exec(line) ?? [];
    return ids.has(id) || what.startsWith('EXTENSION - ') || begins.some((begin) => what.startsWith(begin));
  };
}

/** Blanks BEGIN and COMMIT, which `--single-transaction` puts only at the ends; the restore has its own transaction. */
async function withoutTransaction(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, ENDS);
    const blank = async (from: number, word: string, last: boolean) => {
      const part = Buffer.alloc(length);
      await handle.read(part, 0, length, from);
      const at = last ? part.lastIndexOf(`\n${word}\n`) : part.indexOf(`\n${word}\n`);
      if (at === -1) {
        throw new BackupFailure(
          `expected \`pg_restore --single-transaction\` to write ${word} into ${file}, seen none; use the tools of PostgreSQL itself`,
        );
      }
      await handle.write(Buffer.from(' '.repeat(word.length)), 0, word.length, from + at + 1);
    };
    await blank(0, 'BEGIN;', false);
    await blank(size - length, 'COMMIT;', true);
  } finally {
    await handle.close();
  }
}
