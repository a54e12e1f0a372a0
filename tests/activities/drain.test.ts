import { empty } from '../../activities/group-traffic';
import { drainActivities } from '../../activities/drain';
import { quietIo, webService } from '../targets/docker/fixture';
import { SlotWorld, run } from './slot-world';

let world: SlotWorld;

beforeEach(async () => {
  world = await SlotWorld.open();
  world.router.share = 100;
});
afterEach(() => world.close());

test('a drain waits its cap where the router does not know what is in flight, and says so', async () => {
  world.router.sessions = undefined;
  const step = await world.step({ services: { web: webService() } });
  const { left, waited } = await run(drainActivities(world.parts).drainSlot, { ...step, slot: 'blue', cap: 50 });
  expect(left).toBeNull();
  expect(waited).toBeGreaterThanOrEqual(50);
});

test('an undo that lets requests end goes on where the router does not know what is in flight', async () => {
  world.router.sessions = undefined;
  await expect(empty(world.scope, 'blue', { router: world.router, io: quietIo() })).resolves.toBeUndefined();
});
