import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreflightCheck, PreflightReport } from '../../activities/steps';
import { containerName } from '../../targets/docker/names';
import { ActivityWorld } from '../support/activity-world';
import { engine, tracesOf } from '../support/engine';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';

const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
afterEach(() => world.close());

const bad = ({ checks }: PreflightReport): PreflightCheck[] => checks.filter(({ ok }) => !ok);
const found = ({ checks }: PreflightReport, name: string): PreflightCheck | undefined =>
  checks.find((check) => check.name === name);
const fence = (): Promise<string | undefined> =>
  readFile(join(world.state, 'fence'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

describe('preflight of a first release', () => {
  beforeEach(async () => {
    world = await ActivityWorld.open();
  });

  it('passes, chooses blue, and takes the environment', async () => {
    const report = await world.preflight(world.step(NEW));
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ slot: 'blue', live: null, pendingMigrations: [], capabilities: { lossless: true } });
    expect(await fence()).toBe(NEW);
  });

  it('changes nothing at all when it only looks [proves G8]', async () => {
    const before = await tracesOf(world.scope);
    const report = await world.preflight(world.step(NEW), { fence: false });
    expect(bad(report)).toEqual([]);
    expect(await fence()).toBeUndefined();
    expect(await tracesOf(world.scope)).toEqual(before);
    expect((await readdir(world.directory)).sort()).toEqual(['project', 'worker']);
  });

  it('says at once that the disk of its state is full, and does not take the environment', async () => {
    await mkdir(world.state, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', world.state]);
    try {
      await writeFile(join(world.state, 'filling'), Buffer.alloc(1 << 20)).catch(() => undefined);
      const report = await world.preflight(world.step(NEW));
      expect(bad(report)).toEqual([expect.objectContaining({ name: 'room' })]);
      expect(found(report, 'router')?.ok).toBe(true);
      expect(bad(report)[0]?.detail).toContain(`expected room to write ${join(world.state, 'fence')}`);
      expect(await readdir(world.state)).toEqual(['filling', 'lock']);
    } finally {
      execFileSync('umount', [world.state]);
    }
  });

  it('answers another identity when a secret changed, and the same one otherwise', async () => {
    const { configurationIdentity } = await world.preflight(world.step(NEW));
    expect((await world.preflight(world.step(NEW))).configurationIdentity).toBe(configurationIdentity);
    world.change = (raw) => (raw.services.web.env.TOKEN = { env: 'PATH' });
    expect((await world.preflight(world.step(NEW))).configurationIdentity).not.toBe(configurationIdentity);
  });

  it('asks for the secrets of checks, and keeps the identity when one of them changed', async () => {
    world.change = (raw) => {
      raw.smoke = { checks: [{ service: 'web', path: '/', headers: { Authorization: { file: 'authorization' } } }] };
    };
    expect(bad(await world.preflight(world.step(NEW)))).toEqual([
      expect.objectContaining({ name: 'secret file authorization' }),
    ]);
    const identities = [];
    for (const token of ['Bearer one', 'Bearer two']) {
      await writeFile(join(world.project, 'authorization'), token);
      const report = await world.preflight(world.step(NEW));
      expect(bad(report)).toEqual([]);
      identities.push(report.configurationIdentity);
    }
    expect(identities[0]).toBe(identities[1]);
  });

  it('tells everything that is wrong at once, and does not take the environment', async () => {
    const server = createServer().listen(world.port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    world.change = (raw) => {
      raw.services.web.env.TOKEN = { env: 'NO_SUCH_VARIABLE' };
      raw.services.web.cpu = 10_000;
      raw.services.job = { ...raw.services.job, image: undefined, build: { context: 'nowhere' } };
    };
    try {
      const report = await world.preflight(world.step(NEW));
      expect(bad(report).map(({ name }) => name)).toEqual([
        'room',
        'image of job',
        'router',
        'secret env NO_SUCH_VARIABLE',
      ]);
      expect(found(report, 'router')?.detail).toContain(`expected port ${world.port} to be free`);
      expect(found(report, 'image of job')?.detail).toContain(join(world.project, 'nowhere'));
      expect(await fence()).toBeUndefined();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('gives one clear error when there is no engine', async () => {
    world.change = (raw) => (raw.target.host = `unix://${join(world.directory, 'no.sock')}`);
    world.live = { slot: 'green', version: '0.9.0', releaseId: OLD, images: [], identity: 'i' };
    const report = await world.preflight(world.step(NEW));
    expect(bad(report).map(({ name }) => name)).toEqual(['engine']);
    expect(found(report, 'engine')?.detail).toContain('no.sock');
  });

  it('refuses images that no registry gives, the router’s too', async () => {
    world.change = (raw) => {
      raw.services.job.image = '127.0.0.1:1/none/job:1';
      raw.router.image = '127.0.0.1:1/none/router:1';
    };
    const report = await world.preflight(world.step(NEW));
    expect(bad(report).map(({ name }) => name)).toEqual(['image of job', 'router image']);
    expect(found(report, 'router image')?.detail).toContain('expected to pull 127.0.0.1:1/none/router:1');
  });

  it('needs the image on the target when it may not be built', async () => {
    world.change = (raw) => (raw.services.job = { ...raw.services.job, image: undefined, build: { context: '.' } });
    const report = await world.preflight(world.step(NEW), { options: { skipBuild: true } });
    expect(found(report, 'image of job')?.detail).toContain(`expected ${world.scope.app}-job:1.0.0 on the target`);
  });
});

describe('preflight of images that are there', () => {
  beforeEach(async () => {
    world = await ActivityWorld.open();
  });

  it('judges them by the policy, before anything is built [proves G4]', async () => {
    world.change = (raw) => (raw.services.web.policy = { maxSize: '1MB' });
    const report = await world.preflight(world.step(NEW));
    expect(bad(report).map(({ name }) => name)).toEqual(['image of web']);
    expect(found(report, 'image of web')?.detail).toContain('expected at most 1 MB');
  });
});

describe('preflight of a later release', () => {
  beforeEach(async () => {
    world = await ActivityWorld.open();
    await world.release(OLD, '1.0.0', 'blue');
  }, 300_000);

  it('passes, chooses the other slot, and names what waits there', async () => {
    await world.deploy(world.step('20261121-103000-1.0.5-cccc', '1.0.5'), 'green');
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ slot: 'green', live: { releaseId: OLD, slot: 'blue' } });
    expect(found(report, 'idle slot')?.detail).toContain('20261121-103000-1.0.5-cccc');
  }, 300_000);

  it('refuses a ledger that knows of nothing, although something serves, and says what is live', async () => {
    world.live = null;
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report).map(({ name }) => name)).toEqual(['ledger']);
    expect(report.live).toMatchObject({ slot: 'blue', version: '1.0.0', releaseId: OLD });
    expect(await fence()).toBe(OLD);
  }, 300_000);

  it('refuses a ledger that names another release, and a canary left behind; a stopped version may be mended [proves 2]', async () => {
    const ledger = async (): Promise<string> =>
      found(await world.preflight(world.step(NEW, '1.1.0')), 'ledger')?.detail ?? '';
    const live = world.live!;
    world.live = { ...live, releaseId: 'another' };
    expect(await ledger()).toContain(`release ${OLD}`);
    world.live = live;
    await world.run('setTraffic', { ...world.step(OLD), slot: 'green', share: 10 });
    expect(await ledger()).toContain('seen 10 % going to green');
    await world.run('setTraffic', { ...world.step(OLD), slot: 'blue', share: 100 });
    await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .stop({ t: 1 });
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ live: { releaseId: OLD }, found: { condition: 'dead' }, slot: 'green' });
    expect(await ledger()).toMatch(/web[.-]blue-1 ended with exit code/);
  }, 300_000);

  it('asks no metric of a dead live version, and reserves nothing for copies of it [proves 2]', async () => {
    world.change = (raw) => {
      raw.canary = {
        baseline: 'fresh',
        steps: [{ weight: 10 }],
        analysis: { metrics: [{ name: 'memory', containers: { measure: 'memory' } }] },
      };
    };
    await engine()
      .getContainer(containerName(world.scope, 'web', 'blue', 1))
      .remove({ force: true });
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report)).toEqual([]);
    expect(report.found).toMatchObject({ condition: 'dead' });
  }, 300_000);

  it('finds a live version that fails its smoke checks before any migration, so that none is blamed for it [proves 2]', async () => {
    const postgres = await sharedPostgres();
    try {
      await world.close();
      world = await ActivityWorld.open({ DATABASE_URL: await postgres.createDatabase() });
      await world.release(OLD, '1.0.0', 'blue');
      await mkdir(join(world.project, 'migrations'));
      for (const way of ['up', 'down']) await writeFile(join(world.project, `migrations/001.${way}.sql`), 'SELECT 1;');
      world.change = (raw) => {
        raw.database = { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' } };
        raw.smoke = { checks: [{ service: 'web', path: '/', contains: '1.1.0' }] };
      };
      const report = await world.preflight(world.step(NEW, '1.1.0'));
      expect(bad(report)).toEqual([]);
      expect(report.found).toMatchObject({ condition: 'impaired', isSick: true });
      expect(report.found?.detail).toContain('it does not pass its smoke checks: web /: expected a body that contains');
    } finally {
      await postgres.stop();
    }
  }, 300_000);

  it('refuses another Temporal', async () => {
    const { parts } = world;
    Object.assign(parts, { owner: 'elsewhere:1/test' });
    const report = await world.preflight(world.step(NEW, '1.1.0'));
    expect(bad(report).map(({ name }) => name)).toEqual(['owner']);
    expect(found(report, 'owner')?.detail).toContain('seen that it belongs to here:1/test');
  }, 300_000);
});

describe('preflight with a database', () => {
  let postgres: UsedPostgres;
  beforeAll(async () => {
    postgres = await sharedPostgres();
  }, 300_000);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    world = await ActivityWorld.open({
      DATABASE_URL: await postgres.createDatabase(),
      BAD_URL: 'postgres://a:hunter22@127.0.0.1:1/x',
    });
    world.change = (raw) => {
      raw.database = { driver: 'postgres', url: { env: 'DATABASE_URL' }, migrations: { directory: 'migrations' } };
    };
    await mkdir(join(world.project, 'migrations'));
  });

  const write = (name: string, sql: string): Promise<void> => writeFile(join(world.project, 'migrations', name), sql);

  it('lists the pending migrations in their order', async () => {
    for (const name of ['002_b', '001_a']) {
      await write(`${name}.up.sql`, `CREATE TABLE t_${name} (id int);`);
      await write(`${name}.down.sql`, `DROP TABLE t_${name};`);
    }
    const report = await world.preflight(world.step(NEW));
    expect(bad(report)).toEqual([]);
    expect(report.pendingMigrations).toEqual(['001_a', '002_b']);
  });

  it('refuses a migration that could not be undone, and one with a syntax error', async () => {
    await write('001_a.up.sql', 'CREATE TABLE a (id int);');
    await write('002_b.up.sql', 'CREATE TALBE b (id int);');
    await write('002_b.down.sql', 'DROP TABLE b;');
    const detail = found(await world.preflight(world.step(NEW)), 'migrations')?.detail ?? '';
    expect(detail).toContain('001_a.down.sql');
    expect(detail).toContain('002_b.up.sql');
    expect(await fence()).toBeUndefined();
  });

  it('takes an irreversible migration when the configuration says what to do instead', async () => {
    const change = world.change;
    world.change = (raw) => {
      change(raw);
      raw.database.onRollback = 'keep';
    };
    await write('001_a.up.sql', 'CREATE TABLE a (id int);');
    expect(bad(await world.preflight(world.step(NEW)))).toEqual([]);
  });

  it('where the rollback restores, refuses what belongs to others, and rehearses the restore of the rest', async () => {
    const change = world.change;
    world.change = (raw) => {
      change(raw);
      raw.database.onRollback = 'restore';
    };
    await write('001_a.up.sql', 'CREATE TABLE a (id int);');
    expect(found(await world.preflight(world.step(NEW)), 'restore')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/^rehearsed/),
    });
    await write('001_a.up.sql', 'CREATE SCHEMA blog AUTHORIZATION pg_monitor;');
    const report = await world.preflight(world.step(NEW));
    expect(bad(report)).toMatchObject([
      { name: 'restore', detail: expect.stringMatching(/gives something to pg_monitor/) },
    ]);
  });

  it('says that no database answers, without its password', async () => {
    world.change = (raw) => (raw.database = { driver: 'postgres', url: { env: 'BAD_URL' } });
    const report = await world.preflight(world.step(NEW));
    expect(bad(report).map(({ name }) => name)).toEqual(['database']);
    expect(JSON.stringify(report)).not.toContain('hunter22');
  });
});
