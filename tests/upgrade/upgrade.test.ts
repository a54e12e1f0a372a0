import type { Outcome, ReleaseStatus } from '../../domain/release';
import { snapshot, violations } from '../support/invariants';
import { sharedPostgres, type UsedPostgres } from '../support/shared-postgres';
import { previousWorker, type PreviousWorker } from '../support/previous-worker';
import { startTemporalServer, type TemporalServer } from '../support/temporal';
import { migration } from '../support/tiny';
import { type Releasing } from '../support/asking';
import { World, type Asked } from '../support/world';

jest.setTimeout(300_000);

let previous: PreviousWorker;
let temporal: TemporalServer;
let postgres: UsedPostgres;
let world: World;

beforeAll(async () => {
  [previous, temporal, postgres] = await Promise.all([previousWorker(), startTemporalServer(), sharedPostgres()]);
});
afterAll(() => Promise.all([temporal?.stop(), postgres?.stop()]));

beforeEach(async () => {
  world = await World.open({ temporal, postgres, database: true, worker: previous.main });
  await (await begin('1.0.0', { files: migration('001') })).result();
  await world.load();
});
afterEach(() => world?.close());

/** Asks the previous version's worker for a release, as the previous version's command would. */
async function begin(version: string, asked: Asked): Promise<Releasing> {
  const request = previous.request(await world.request(version, asked), world.rawConfig(asked.config));
  const answer = await world.ask(request);
  if (!answer.accepted) throw new Error(`expected ${version} to be accepted, seen: ${answer.reason}`);
  return world.releasing(request.id);
}

/** Ends the previous version's worker without any warning, and starts today's. */
async function replaceWorker(): Promise<void> {
  await Promise.all(world.workers.splice(0).map((worker) => worker.kill()));
  await world.startWorker();
}

async function expectEnd(before: Awaited<ReturnType<typeof snapshot>>, releasing: Releasing, outcome: Outcome) {
  const result = await releasing.result();
  expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome });
  expect(await violations(world, before, result)).toEqual([]);
}

const longCanary: Asked = { config: (raw) => void (raw.canary.steps = [{ weight: 50, soak: '10m' }]) };
const inCanary = ({ phase, share }: ReleaseStatus) => phase === 'canary' && share === 50;

test('an environment that the previous version began goes on releasing, and remembers what is live', async () => {
  await replaceWorker();
  const before = await snapshot(world);
  expect(await world.environment()).toMatchObject({ live: { version: '1.0.0' }, ledger: [{ outcome: 'released' }] });
  await expectEnd(before, await world.release('1.1.0', { files: migration('002') }), 'released');
  const broken = await snapshot(world);
  await expectEnd(broken, await world.release('1.2.0', { behaviour: { broken: true } }), 'rolled back');
  const { ledger } = await world.environment();
  expect(ledger.map(({ release }) => release.version)).toEqual(['1.2.0', '1.1.0', '1.0.0']);
});

test('a soak that the previous version began goes on, and is promoted', async () => {
  const before = await snapshot(world);
  const releasing = await begin('1.1.0', { ...longCanary, files: migration('002') });
  await releasing.until(inCanary);
  await replaceWorker();
  await releasing.tell('promote', 'alice', 'good enough');
  await expectEnd(before, releasing, 'released');
  const { judged = [] } = await releasing.status();
  expect(judged.find(({ name }) => name === 'canary-50')).toMatchObject({ share: 50, judgement: { verdict: 'pass' } });
});

test('a release that waits for an approval of the previous version takes the approval', async () => {
  const before = await snapshot(world);
  const releasing = await begin('1.1.0', {
    config: (raw) => void (raw.approve = { required: true, by: ['alice'] }),
  });
  await releasing.until(({ waitingFor }) => waitingFor?.includes('alice') === true);
  await replaceWorker();
  await expect(releasing.tell('approve', 'mallory')).rejects.toThrow();
  await releasing.tell('approve', 'alice', 'looks well');
  await expectEnd(before, releasing, 'released');
});

test('what the previous version backed up and migrated is restored and undone', async () => {
  const before = await snapshot(world);
  const releasing = await begin('1.1.0', {
    files: migration('002'),
    config: (raw) => {
      raw.database.onRollback = 'restore';
      raw.canary.steps = [{ weight: 50, soak: '10m' }];
    },
  });
  await releasing.until(inCanary);
  await replaceWorker();
  await releasing.tell('abort', 'alice', 'wrong day');
  await expectEnd(before, releasing, 'rolled back');
});
