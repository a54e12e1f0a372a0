import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ActivityWorld } from '../support/activity-world';
import { until } from '../support/until';

const run = promisify(execFile);
const OLD = '20261121-100000-1.0.0-aaaa';
const NEW = '20261121-110000-1.1.0-bbbb';

let world: ActivityWorld;
beforeEach(async () => {
  world = await ActivityWorld.open();
});
afterEach(() => world.close());

/** Runs a block of the page, as somebody would who copies it into a shell on the target. */
async function follow(name: string, router = join(world.directory, `router-${world.scope.app}`)): Promise<string> {
  const page = await readFile(join(__dirname, '../../docs/runbook.md'), 'utf8');
  const block = new RegExp(`^\`\`\`sh ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1];
  if (!block) throw new Error(`expected a block "sh ${name}" in the runbook`);
  const { app, environment } = world.scope;
  const names = { APP: app, ENVIRONMENT: environment, OLD: 'blue', NEW: 'green', RELEASE: NEW, ROUTER: router };
  const { stdout } = await run('sh', ['-euc', block], {
    env: { ...process.env, ...names, STATE: join(world.directory, 'state') },
  });
  return stdout;
}

/** A release that switched, and then lost its worker and Temporal for good. */
async function halfWay(): Promise<void> {
  await world.release(OLD, '1.0.0', 'blue');
  const step = world.step(NEW, '1.1.0');
  await world.deploy(step, 'green');
  await world.run('setTraffic', { ...step, slot: 'green', share: 100 });
  await world.run('moveLiveOnly', { ...step, to: 'green' });
  await until(async () => (await world.ask().catch(() => '')) === '1.1.0');
}

async function askAll(times: number): Promise<string[]> {
  return [...new Set(await Promise.all(Array.from({ length: times }, () => world.ask())))];
}

describe('the runbook', () => {
  it('puts a release back by hand, so that the next preflight agrees', async () => {
    await halfWay();
    expect(await follow('look')).toContain(NEW);
    await follow('fence');
    expect(await follow('traffic')).toMatch(/green 0/);
    expect(await askAll(10)).toEqual(['1.0.0']);
    await follow('live-only');
    expect(await world.slot('blue')).toEqual([`job ${OLD} running`, `web ${OLD} running`]);
    await follow('containers');
    expect(await world.slot('green')).toEqual([]);

    const late = world.run('setTraffic', { ...world.step(NEW, '1.1.0'), slot: 'green', share: 100 });
    await expect(late).rejects.toThrow('this step is late');
    const { checks } = await world.preflight(world.step('20261121-120000-1.2.0-cccc', '1.2.0'));
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  }, 300_000);

  it('moves the traffic of nginx by hand', async () => {
    const directory = join(world.directory, `router-${world.scope.app}`);
    world.change = (raw) => (raw.router = { kind: 'nginx', image: 'spillway/nginx:local', directory });
    await halfWay();
    await follow('nginx');
    // nginx answers a reload before it is in force, and breaks connections that clients keep open.
    await until(async () => (await askAll(10).catch(() => [])).join() === '1.0.0');
  }, 300_000);
});
