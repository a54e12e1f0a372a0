import { setTimeout as sleep } from 'node:timers/promises';
import { withLease } from '../../routers/on-host/lease';
import { io, RouterWorld } from '../support/router-world';
import { until } from '../support/until';

let world: RouterWorld;
beforeAll(async () => {
  world = await RouterWorld.open('lease');
});
afterAll(() => world?.close());

const lease = <T>(holder: string, run: () => Promise<T>) =>
  withLease({ host: world.target.host, directory: world.directory }, { holder, io }, run);

test('changes of the same router happen one after the other', async () => {
  const order: string[] = [];
  const change = (name: string) =>
    lease(name, async () => {
      order.push(`${name} begins`);
      await sleep(50);
      order.push(`${name} ends`);
    });
  await Promise.all([change('a'), change('b'), change('c')]);
  for (let index = 0; index < order.length; index += 2) {
    expect(order[index]!.replace('begins', 'ends')).toBe(order[index + 1]);
  }
});

test('a holder that was killed goes on at once when it comes back', async () => {
  await world.target.host.run(
    ['sh', '-c', `mkdir ${world.directory}/lease; echo a >${world.directory}/lease/holder`],
    io,
  );
  expect(await lease('a', () => Promise.resolve('again'))).toBe('again');
  expect(await world.target.host.listFiles(`${world.directory}/lease`, io)).toEqual([]);
});

test('a holder that was killed and stays away keeps others waiting only until its lease is over', async () => {
  const folder = `${world.directory}/lease`;
  await world.target.host.run(['sh', '-c', `mkdir ${folder}; echo gone >${folder}/holder`], io);
  let isIn = false;
  const waiting = lease('b', () => Promise.resolve((isIn = true)));
  await world.target.host.run(['true'], io);
  expect(isIn).toBe(false);
  await world.target.host.run(['touch', '-d', '2 minutes ago', folder], io);
  await waiting;
  await until(() => Promise.resolve(isIn));
});

test('a holder that lives keeps its lease, however long its change takes', async () => {
  const folder = `${world.directory}/lease`;
  const since = async () => Number((await world.target.host.run(['stat', '-c', '%Y', folder], io)).stdout);
  await lease('a', async () => {
    await world.target.host.run(['touch', '-d', '50 seconds ago', folder], io);
    const before = await since();
    await until(async () => (await since()) > before);
  });
  expect(await world.target.host.listFiles(folder, io)).toEqual([]);
});
