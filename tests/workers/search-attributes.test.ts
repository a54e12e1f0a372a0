import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { NativeConnection } from '@temporalio/worker';
import { ConfigurationFailure } from '../../domain/failures';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { connectTemporal } from '../../workers/connection';
import { createSearchAttributes } from '../../workers/search-attributes';
import { temporalBinary } from '../support/temporal';
import { freePort } from '../support/free-port';

describe('search attributes', () => {
  let stop: () => Promise<unknown>;
  let connection: NativeConnection;

  beforeAll(async () => {
    const port = await freePort();
    const options = ['--ip', '127.0.0.1', '--port', String(port), '--headless', '--log-level', 'error'];
    const server = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', temporalBinary(), 'server', 'start-dev', ...options],
      {
        stdio: 'ignore',
      },
    );
    stop = () => {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      return ended;
    };
    connection = await connectTemporal({ address: `127.0.0.1:${port}`, namespace: 'default' }, 300_000);
  }, 300_000);
  afterAll(async () => {
    await connection?.close();
    await stop();
  });

  const known = async (): Promise<string[]> =>
    Object.keys((await connection.operatorService.listSearchAttributes({ namespace: 'default' })).customAttributes);

  it('are created by two workers that start at once, and found there afterwards', async () => {
    const wanted = Object.values(SEARCH_ATTRIBUTES);
    expect(await known()).not.toEqual(expect.arrayContaining(wanted));
    const both = [createSearchAttributes(connection, 'default'), createSearchAttributes(connection, 'default')];
    expect(await Promise.all(both)).toEqual([undefined, undefined]);
    expect(await known()).toEqual(expect.arrayContaining(wanted));
    expect(await createSearchAttributes(connection, 'default')).toBeUndefined();
  }, 300_000);

  it('cannot be created in a namespace that does not exist, which is said with the command that makes it', async () => {
    const creation = createSearchAttributes(connection, 'nowhere');
    await expect(creation).rejects.toThrow(ConfigurationFailure);
    await expect(creation).rejects.toThrow('temporal operator namespace create --namespace nowhere');
  });
});
