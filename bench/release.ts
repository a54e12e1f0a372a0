import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { engine } from '../tests/support/engine';
import { freePort } from '../tests/support/temporal';
import { migration } from '../tests/support/tiny';
import type { World } from '../tests/support/world';
import { median, ms } from './statistics';

const run = promisify(execFile);
const ROUNDS = 5;
const SOAK_MS = 600;

/** Seconds that the same release takes with Spillway and with a plain shell script, median of five. */
export async function benchRelease(world: World): Promise<{ seconds: number; scriptSeconds: number; ratio: number }> {
  const seconds = median(await spillwayRounds(world)) / 1_000;
  const scriptSeconds = median(await scriptRounds(world)) / 1_000;
  return { seconds: ms(seconds), scriptSeconds: ms(scriptSeconds), ratio: ms(seconds / scriptSeconds) };
}

async function spillwayRounds(world: World): Promise<number[]> {
  const times: number[] = [];
  const config = (raw: { canary: object }) =>
    void Object.assign(raw.canary, { steps: [{ weight: 50, soak: `${SOAK_MS}ms` }], inconclusive: 'continue' });
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    const { status } = await world.released(`2.0.${round}`, { config, files: migration(`r${round}`) });
    if (status.outcome !== 'released') throw new Error(`round ${round}: ${status.why}`);
    // The first one fills the caches of both.
    if (round > 0) times.push(performance.now() - began);
  }
  return times;
}

async function scriptRounds(world: World): Promise<number[]> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-script-'));
  const app = `s${world.scope.app}`;
  const env = {
    ...process.env,
    APP: app,
    PROJECT: world.project,
    STATE: join(directory, 'state'),
    PORT: String(await freePort()),
    SUBNET: '10.209.177',
    DATABASE_URL: await emptyDatabase(world),
    SOAK: String(SOAK_MS / 1_000),
    ROUTER_IMAGE: 'spillway/haproxy:local',
  };
  try {
    await rm(join(world.project, 'migrations'), { recursive: true, force: true });
    await mkdir(join(world.project, 'migrations'));
    const times: number[] = [];
    for (let round = -1; round <= ROUNDS; round++) {
      const version = `3.0.${round + 1}`;
      await writeFile(join(world.project, 'app/behaviour.json'), JSON.stringify({ version }));
      for (const [path, content] of Object.entries(migration(`s${round + 1}`)))
        await writeFile(join(world.project, path), content);
      const began = performance.now();
      await run(join(__dirname, 'release.sh'), [version], { env });
      // Before the second release there is nothing to move traffic from.
      if (round > 0) times.push(performance.now() - began);
    }
    return times;
  } finally {
    await removeScripts(app);
    await rm(directory, { recursive: true, force: true });
  }
}

function emptyDatabase({ options: { postgres } }: World): Promise<string> {
  if (!postgres) throw new Error('expected a world that was given a PostgreSQL');
  return postgres.createDatabase();
}

/** Everything that the script made, by the names that it gives. */
async function removeScripts(app: string): Promise<void> {
  const docker = engine();
  const names = [`${app}-web-blue`, `${app}-web-green`, `${app}-job-blue`, `${app}-job-green`, `script-${app}-router`];
  for (const name of names)
    await docker
      .getContainer(name)
      .remove({ force: true })
      .catch(() => undefined);
  await docker
    .getNetwork(`script-${app}`)
    .remove()
    .catch(() => undefined);
  const tags = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const tag of tags.filter((one) => one.startsWith(`${app}-`))) await docker.getImage(tag).remove({ force: true });
}
