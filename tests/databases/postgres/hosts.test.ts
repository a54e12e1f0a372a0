import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { withClient } from '../../../databases/postgres/connection';
import { parsePostgresUrl } from '../../../databases/postgres/server';
import { PostgresTools } from '../../../databases/postgres/tools';
import { Databases, io, SHOP } from '../database-context';

const databases = new Databases();

let silent: Server;
let called: number;
beforeEach(async () => {
  called = 0;
  silent = createServer(() => void called++).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterEach(() => silent.close());

/** A list whose first host is there but says nothing, as one does that drops packets. */
function listed(): ReturnType<typeof parsePostgresUrl> {
  const place = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  return parsePostgresUrl(databases.url.replace('@', `@${place},`));
}

const ask = (server: ReturnType<typeof parsePostgresUrl>) =>
  withClient(server, io(), async (client) => (await client.query<{ one: number }>('SELECT 1 AS one')).rows);

describe('a list of hosts whose first one says nothing', () => {
  it('leads to the next, and for a while that one is asked first, by psql too [proves J]', async () => {
    const server = listed();
    expect(await ask(server)).toEqual([{ one: 1 }]);
    expect(called).toBe(1);
    expect(await ask(listed())).toEqual([{ one: 1 }]);
    await new PostgresTools(server, SHOP, process.env).expectIn(io());
    expect(called).toBe(1);
  });

  it('leads psql to the next, which does not wait for longer than our own sessions [proves J]', async () => {
    await new PostgresTools(listed(), SHOP, process.env).expectIn(io());
    expect(called).toBe(1);
  });
});
