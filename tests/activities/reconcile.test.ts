import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerName } from '../../targets/docker/names';
import { ActivityWorld } from '../support/activity-world';
import { engine } from '../support/engine';
import { freePort } from '../support/free-port';
import { isAnswered } from '../support/router-world';
import { sharedPostgres } from '../support/shared-postgres';
import { migration } from '../support/tiny';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
});
afterEach(() => world.close());

const reconcile = () => world.run('reconcile', { ...world.step(NEW, '1.1.0'), live: world.live });

describe('reconcile', () => {
  it('brings all traffic back to what is live, then removes the release that was terminated in its canary', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    await world.deploy(world.step(NEW, '1.1.0'), 'green');
    await world.run('setTraffic', { ...world.step(NEW, '1.1.0'), slot: 'green', share: 50 });

    const { did } = await reconcile();

    expect(did).toEqual(
      expect.arrayContaining([
        'moved all traffic to blue (1.0.0)',
        expect.stringMatching(`removed .* of release ${NEW} from green`),
      ]),
    );
    expect(await world.share()).toBe(0);
    expect(await world.slot('green')).toEqual([]);
    expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);

  it('reverts what the terminated release applied to the database, and nothing else', async () => {
    const postgres = await sharedPostgres();
    try {
      await world.close();
      world = await ActivityWorld.open({ DATABASE_URL: await postgres.createDatabase() });
      await mkdir(join(world.project, 'migrations'));
      for (const name of ['001', '002'])
        for (const [path, text] of Object.entries(migration(name))) await writeFile(join(world.project, path), text);
      world.change = (raw) =>
        void (raw.database = {
          driver: 'postgres',
          url: { env: 'DATABASE_URL' },
          migrations: { directory: 'migrations' },
        });
      await world.release(OLD, '1.0.0', 'blue');
      await world.run('applyMigrations', { ...world.step(OLD), names: ['001'] });
      const step = world.step(NEW, '1.1.0');
      await world.deploy(step, 'green');
      await world.run('applyMigrations', { ...step, names: ['002'] });

      expect((await reconcile()).did).toContain('reverted 002');
      expect((await reconcile()).did).not.toContain('reverted 002');
      const { applied, pending } = await world.run('migrationStatus', step);
      expect({ applied, pending }).toEqual({ applied: ['001'], pending: ['002'] });
    } finally {
      await postgres.stop();
    }
  }, 300_000);

  it('does nothing more the second time', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    await reconcile();
    const { did } = await reconcile();
    expect(did).toEqual([expect.stringContaining('took the environment'), 'all traffic was on blue (1.0.0)']);
  }, 300_000);

  it('takes the environment first: a late step of the terminated release finds itself outdated', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    const late = world.step(NEW, '1.1.0');
    await world.deploy(late, 'green');
    await reconcile();
    expect((await readFile(join(world.state, 'fence'), 'utf8')).trim()).toBe(`reconcile-${NEW}`);
    await expect(world.run('setTraffic', { ...late, slot: 'green', share: 100 })).rejects.toThrow('this step is late');
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);

  it('starts live containers that somebody stopped, before it moves traffic to them', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    for (const service of ['web', 'job']) {
      await engine()
        .getContainer(containerName(world.scope, service, 'blue', 1))
        .stop({ t: 1 });
    }
    const { did } = await reconcile();
    expect(did.filter((line) => line.startsWith('started'))).toHaveLength(2);
    expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);

  it('starts the live job only after that of the other release is gone: it never runs twice', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    const step = world.step(NEW, '1.1.0');
    await world.deploy(step, 'green');
    await world.run('setTraffic', { ...step, slot: 'green', share: 100 });
    await world.run('moveLiveOnly', { ...step, to: 'green' });
    const { did } = await reconcile();
    const removed = did.findIndex((line) => line.includes('from green'));
    const started = did.findIndex((line) => line.startsWith(`started ${containerName(world.scope, 'job', 'blue', 1)}`));
    expect(removed).toBeGreaterThan(0);
    expect(started).toBeGreaterThan(removed);
  }, 300_000);

  it('removes what has no traffic although the live version is dead, and leaves that as it was [proves 2]', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    await world.deploy(world.step(NEW, '1.1.0'), 'green');
    await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .remove({ force: true });
    await engine()
      .getContainer(containerName(world.scope, 'job', 'blue', 1))
      .remove({ force: true });
    expect((await reconcile()).did.join('\n')).toContain(
      `there is no container of 1.0.0 (release ${OLD}) in blue; release a fix`,
    );
    expect(await world.slot('green')).toEqual([]);
    expect(await world.share()).toBe(0);
    expect((await world.preflight(world.step(NEW, '1.1.0'))).checks.filter(({ ok }) => !ok)).toEqual([]);
  }, 300_000);

  it('has a paused live container go on, and does not run a job of it again [proves 2, 3]', async () => {
    world.change = (raw) => {
      raw.services.seed = { image: 'spillway/node:local', command: ['-e', ''], traffic: 'none', run: 'once' };
    };
    await world.release(OLD, '1.0.0', 'blue');
    const seed = engine().getContainer(containerName(world.scope, 'seed', 'blue', 1));
    const { State } = await seed.inspect();
    await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .pause();
    await reconcile();
    expect(await world.ask()).toBe('1.0.0');
    expect((await seed.inspect()).State.StartedAt).toBe(State.StartedAt);
  }, 300_000);

  it('leaves a job of the live version alone that the new version would run as a worker [proves 3]', async () => {
    world.change = (raw) => {
      raw.services.seed = { image: 'spillway/node:local', command: ['-e', ''], traffic: 'none', run: 'once' };
    };
    await world.release(OLD, '1.0.0', 'blue');
    const seed = engine().getContainer(containerName(world.scope, 'seed', 'blue', 1));
    const { State } = await seed.inspect();
    world.change = (raw) => {
      raw.services.seed = { image: 'spillway/node:local', command: ['-e', ''], traffic: 'none', run: 'live-only' };
    };
    const step = world.step(OLD);
    await world.run('moveLiveOnly', { ...step, to: 'blue', back: { down: [], loops: [] } });
    expect((await seed.inspect()).State.StartedAt).toBe(State.StartedAt);
  }, 300_000);

  it('touches nothing when the live version is gone and another has traffic, and says so', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    await world.deploy(world.step(NEW, '1.1.0'), 'green');
    await world.run('setTraffic', { ...world.step(NEW, '1.1.0'), slot: 'green', share: 50 });
    await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .remove({ force: true });
    await engine()
      .getContainer(containerName(world.scope, 'job', 'blue', 1))
      .remove({ force: true });
    await expect(reconcile()).rejects.toThrow(`there is no container of 1.0.0 (release ${OLD}) in blue`);
    expect(await world.slot('green')).toContain(`web ${NEW} running`);
  }, 300_000);

  it("removes everything of a first release that was terminated, and gives the router's ports back [proves 5]", async () => {
    await world.deploy(world.step(NEW, '1.1.0'), 'blue');
    expect((await reconcile()).did).toContain("gave the router's ports back");
    expect(await world.slot('blue')).toEqual([]);
    expect(await world.slot('green')).toEqual([]);
    await expect(world.ask()).rejects.toThrow('fetch failed');
  }, 300_000);

  it('puts routes back that the terminated release changed, as the undo of a release does [proves 5]', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    const elsewhere = async (): Promise<void> => {
      const port = await freePort();
      world.change = (raw) => void (raw.services.web.routes = [{ port }]);
      await world.deploy(world.step(NEW, '1.1.0'), 'green');
      world.change = () => undefined;
      expect(await isAnswered(world.port)).toBe(false);
    };
    await elsewhere();
    expect((await reconcile()).did).toContain('put the routes of before back');
    expect(await world.ask()).toBe('1.0.0');
    await elsewhere();
    await world.run('removeSlot', { ...world.step(NEW, '1.1.0'), slot: 'green' });
    expect(await world.ask()).toBe('1.0.0');
  }, 300_000);

  it('puts routes back although the router was stopped meanwhile [proves 5]', async () => {
    await world.release(OLD, '1.0.0', 'blue');
    const port = await freePort();
    world.change = (raw) => void (raw.services.web.routes = [{ port }]);
    await world.deploy(world.step(NEW, '1.1.0'), 'green');
    await engine().getContainer(`spillway-router-${world.scope.app}`).stop({ t: 1 });
    expect((await reconcile()).did).toContain('put the routes of before back');
    expect(await world.ask()).toBe('1.0.0');
    expect(await isAnswered(port)).toBe(false);
  }, 300_000);
});
