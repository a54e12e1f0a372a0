import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerName, networkName } from '../../targets/docker/names';
import { DISCARD_LABEL } from '../../targets/docker/container-options';
import { engine, tracesOf } from '../support/engine';
import { snapshot, violations } from '../support/invariants';
import type { Raw } from '../support/tiny';
import { World } from '../support/world';
import type { Asked } from '../support/world';
import { until } from '../support/until';

jest.setTimeout(300_000);

const WITHOUT =
  'FROM spillway/node:local\nWORKDIR /app\nCOPY . .\nCOPY --chown=10001:10001 data /data\nEXPOSE 8080\nCMD ["server.js"]\n';
const WITH = `${WITHOUT}VOLUME /data\n`;

describe('an app whose image has a VOLUME', () => {
  let world: World;
  const made: string[] = [];
  beforeAll(async () => {
    world = await World.open({
      config: (raw) => {
        delete raw.services.job;
        raw.canary.steps = [];
      },
    });
  });
  afterAll(async () => {
    await world?.close();
    for (const volume of made)
      await engine()
        .getVolume(volume)
        .remove()
        .catch(() => undefined);
  });

  const named = () => ({ source: `${world.scope.app}-web-data`, target: '/data', shared: true });
  const asked = (settings: object, more: Asked = {}, dockerfile = WITH): Asked => ({
    files: { 'app/Dockerfile': dockerfile, 'app/data/.keep': '' },
    config: (raw: Raw) => void Object.assign(raw.services.web, settings),
    ...more,
  });
  const container = async () => containerName(world.scope, 'web', (await world.environment()).live!.slot, 1);
  const node = async (code: string) =>
    execFileSync('docker', ['exec', await container(), 'node', '-p', code], { encoding: 'utf8' }).trim();
  const write = (text: string) => node(`fs.writeFileSync('/data/orders.db', '${text}')`);
  const read = () => node(`fs.existsSync('/data/orders.db') && fs.readFileSync('/data/orders.db', 'utf8')`);

  async function expectOutcome(outcome: string, version: string, given: Asked) {
    const before = await snapshot(world);
    const result = await world.released(version, given);
    expect({ outcome: result.status.outcome, why: result.status.why }).toMatchObject({ outcome });
    expect(await violations(world, before, result)).toEqual([]);
    return result.status;
  }

  /** The volume that the engine made for the live container. */
  async function anonymous(): Promise<string> {
    const { Mounts } = await engine()
      .getContainer(await container())
      .inspect();
    const volume = Mounts.find(({ Destination }) => Destination === '/data')!.Name!;
    made.push(volume);
    return volume;
  }

  test('is refused before anything changes, with the lines to write [proves 6]', async () => {
    const before = await tracesOf(world.scope);
    const { why } = await expectOutcome('refused', '1.0.0', asked({}));
    expect(why).toContain(`volumes: [{ source: ${named().source}, target: /data, shared: true }]`);
    expect(why).toContain('`discard: [/data]`');
    expect(await tracesOf(world.scope)).toEqual(before);
  });

  test('keeps its data over two releases and a rollback with a volume that has a name [proves 6]', async () => {
    const volumes = [named()];
    made.push(named().source);
    await expectOutcome('released', '1.0.0', asked({ volumes }));
    await write('first');
    await expectOutcome('released', '1.1.0', asked({ volumes }));
    expect(await read()).toBe('first');
    await write('second');
    await expectOutcome('rolled back', '1.2.0', asked({ volumes }, { behaviour: { broken: true } }));
    expect(await read()).toBe('second');
    await expectOutcome('released', '1.3.0', asked({ volumes }));
    expect(await read()).toBe('second');
  });

  test('begins with nothing in every version when the file lets the data go, and leaves nothing over [proves 6]', async () => {
    const { phases } = await expectOutcome('released', '2.0.0', asked({ discard: ['/data'] }));
    expect(phases[0]!.detail).toContain(`${named().source} stays, with its data`);
    expect(await read()).toBe('false');
    await write('scratch');
    const volume = await anonymous();
    await expectOutcome('released', '2.1.0', asked({ discard: ['/data'] }));
    expect(await read()).toBe('false');
    await expect(engine().getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('of an older Spillway keeps what only its container has, and the release says where [proves 6]', async () => {
    await remade();
    await write('precious');
    const volume = await anonymous();
    const { why } = await expectOutcome('refused', '3.0.0', asked({}, {}, WITHOUT));
    expect(why).toContain(`source: ${volume}`);
    const { status } = await world.released('3.0.0', asked({ discard: ['/data'] }, {}, WITHOUT));
    expect(status.outcome).toBe('released');
    expect(status.leftovers).toEqual([
      `volume ${volume} is kept, with what 2.1.0 of web had in /data; \`docker volume rm ${volume}\` removes it`,
    ]);
    const { Mountpoint } = await engine().getVolume(volume).inspect();
    expect(await readFile(join(Mountpoint, 'orders.db'), 'utf8')).toBe('precious');
  });

  /** Makes the live container anew as an older version made it, which wrote nowhere what may go. */
  async function remade(): Promise<void> {
    const old = engine().getContainer(await container());
    const { Name, Config, HostConfig, NetworkSettings } = await old.inspect();
    const network = networkName(world.scope);
    const { IPAddress, Aliases } = NetworkSettings.Networks[network]!;
    const Labels = { ...Config.Labels };
    delete Labels[DISCARD_LABEL];
    await old.remove({ force: true, v: true });
    await engine().createContainer({
      ...{ name: Name.slice(1), Image: Config.Image, Labels, Env: Config.Env, Cmd: Config.Cmd, HostConfig },
      ExposedPorts: Config.ExposedPorts,
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: IPAddress }, Aliases } } },
    });
    await engine().getContainer(Name.slice(1)).start();
    await until(async () => (await fetch(world.url)).status, {
      what: 'it to answer',
      is: (status) => status === 200,
      every: 100,
    });
  }
});
