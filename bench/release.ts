import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { engine } from '../tests/support/engine';
import { migration } from '../tests/support/tiny';
import type { World } from '../tests/support/world';
import { median, ms } from './statistics';
import { freePort } from '../tests/support/free-port';

const run = promisify(execFile);
const ROUNDS = 7;
const SOAK_MS = 600;

/**
 * Seconds that the same release takes with Spillway and with a plain shell script, median of seven. They take turns, so
 * that whatever else the machine does meets both.
 */
export async function benchRelease(world: World): Promise<{ seconds: number; scriptSeconds: number; ratio: number }> {
  const script = await Script.open(world);
  try {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = -1; round <= ROUNDS; round++) {
      const [own, its] = [await releaseTime(world, round + 1), await script.releaseTime(round + 1)];
      // The first two fill caches, and the script's first has nothing to move traffic from.
      if (round > 0) ours.push(own);
      if (round > 0) theirs.push(its);
    }
    const [seconds, scriptSeconds] = [median(ours) / 1_000, median(theirs) / 1_000];
    return { seconds: ms(seconds), scriptSeconds: ms(scriptSeconds), ratio: ms(seconds / scriptSeconds) };
  } finally {
    await script.close();
  }
}

/** Milliseconds that Spillway takes. */
async function releaseTime(world: World, round: number): Promise<number> {
  const config = (raw: { canary: object }) =>
    void Object.assign(raw.canary, {
      steps: [{ weight: 50, soak: `${SOAK_MS}ms` }],
      // Nobody asks anything meanwhile: the script would not wait for that either.
      limits: { errorRate: 5, minRequests: 0, healthFailures: 3 },
      longestSoak: undefined,
      inconclusive: 'continue',
    });
  const began = performance.now();
  const { status } = await world.released(`2.0.${round}`, { config, files: migration(`r${round}`) });
  if (status.outcome !== 'released') throw new Error(`round ${round}: ${status.why}`);
  return performance.now() - began;
}

/** The same app, released by bench/release.sh in a folder of its own. */
class Script {
  private constructor(
    private readonly app: string,
    private readonly directory: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async open(world: World): Promise<Script> {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-script-'));
    const [app, project] = [`s${world.scope.app}`, join(directory, 'project')];
    await cp(join(world.project, 'app'), join(project, 'app'), { recursive: true });
    await mkdir(join(project, 'migrations'));
    return new Script(app, directory, {
      ...process.env,
      APP: app,
      PROJECT: project,
      STATE: join(directory, 'state'),
      PORT: String(await freePort()),
      SUBNET: '10.209.177',
      DATABASE_URL: await emptyDatabase(world),
      SOAK: String(SOAK_MS / 1_000),
      ROUTER_IMAGE: 'spillway/haproxy:local',
    });
  }

  /** Milliseconds that the script takes. */
  async releaseTime(round: number): Promise<number> {
    const project = join(this.directory, 'project');
    const version = `3.0.${round}`;
    await writeFile(join(project, 'app/behaviour.json'), JSON.stringify({ version }));
    for (const [path, content] of Object.entries(migration(`s${round}`))) await writeFile(join(project, path), content);
    const began = performance.now();
    await run(join(__dirname, 'release.sh'), [version], { env: this.env });
    return performance.now() - began;
  }

  async close(): Promise<void> {
    await removeScripts(this.app);
    await rm(this.directory, { recursive: true, force: true });
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
