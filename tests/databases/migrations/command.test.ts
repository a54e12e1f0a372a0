import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { query } from '../../support/postgres';
import { sharedPostgres, type UsedPostgres } from '../../support/shared-postgres';
import { io, project, SHOP, type Project } from '../database-context';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');

let postgres: UsedPostgres;
let url: string;
let alembic: string;
let made: Project[] = [];

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(join(ROOT, 'scripts/alembic.sh'));
  alembic = stdout.trim().split(': ').at(-1)!;
  postgres = await sharedPostgres();
}, 300_000);
afterAll(() => postgres?.stop());
beforeEach(async () => void (url = await postgres.createDatabase()));
afterEach(async () => {
  await Promise.all(made.map((each) => each.remove()));
  made = [];
});

async function withCommands(migrations: Record<string, unknown>): Promise<Project> {
  const opened = await project(url, { migrations });
  made.push(opened);
  return opened;
}

/** A project whose migrations are alembic's: `orders`, then `total`. */
async function withAlembic(): Promise<Project> {
  const opened = await withCommands({
    status: [join(dirname(alembic), 'python'), 'status.py'],
    up: [alembic, 'upgrade', '{to}'],
    down: [alembic, 'downgrade', '{to}'],
    cwd: 'migrations',
  });
  await cp(join(ROOT, 'tests/fixtures/alembic'), join(opened.directory, 'migrations'), { recursive: true });
  return opened;
}

const migration = (name: string, after: string, upgrade: string) => ({
  [`versions/${name}.py`]: `from alembic import op
revision = "${name}"
down_revision = "${after}"
def upgrade():
    op.execute("""${upgrade}""")
def downgrade():
    op.execute("DROP TABLE IF EXISTS ${name}")
`,
});

const columns = async () =>
  (
    await query<{ name: string }>(
      url,
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders'`,
    )
  ).map(({ name }) => name);

describe('alembic', () => {
  test('applies what is pending, says what is, and reverts exactly what it is asked to [proves M2]', async () => {
    const { database } = await withAlembic();
    expect(await database.migrations!.check(io())).toEqual([]);
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: ['orders', 'total'] });
    expect(await database.migrations!.up(['orders', 'total'], 'r', io())).toEqual(['orders', 'total']);
    expect(await database.migrations!.up(['orders', 'total'], 'r', io())).toEqual([]);
    expect(await columns()).toEqual(['id', 'total']);
    expect(await database.migrations!.down(['total'], 'r', io())).toEqual(['total']);
    expect(await columns()).toEqual(['id']);
    expect(await database.migrations!.down(['orders', 'total'], 'r', io())).toEqual(['orders']);
    expect(await database.migrations!.status(io())).toEqual({ applied: [], pending: ['orders', 'total'] });
  }, 300_000);

  test('applies only those that were named, and after a failure reverts those that went in [proves M1]', async () => {
    const { database, write } = await withAlembic();
    await write(migration('bad', 'total', 'SELECT 1/0'));
    expect(await database.migrations!.up(['orders'], 'r', io())).toEqual(['orders']);
    const failure = await database.migrations!.up(['total', 'bad'], 'r', io()).catch((error: Error) => error);
    expect(failure).toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(/database\.migrations\.up .*division by zero/s),
    });
    expect((failure as Error).message).not.toContain(postgres.password);
    expect(await database.migrations!.down(['total', 'bad'], 'r', io())).toEqual(['total']);
    expect((await database.migrations!.status(io()))?.applied).toEqual(['orders']);
  }, 300_000);

  test('after SIGKILL of the worker the tool it left is ended, and the next worker applies the migration once [proves M2]', async () => {
    const { database, write, directory, config } = await withAlembic();
    await database.migrations!.up(['orders', 'total'], 'r', io());
    await write(migration('slow', 'total', 'CREATE TABLE slow AS SELECT pg_sleep(60)::text AS t'));
    const worker = startMigrator(directory, config, ['slow']);
    await until(async () => (await sleeping()) === 1);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await write(migration('slow', 'total', 'CREATE TABLE slow AS SELECT 1 AS one'));
    expect(await database.migrations!.up(['slow'], 'r', io())).toEqual(['slow']);
    expect(await query(url, 'SELECT one FROM slow')).toEqual([{ one: 1 }]);
    expect(await sleeping()).toBe(0);
  }, 300_000);

  test('an abort ends the tool, and nothing of its migration stays', async () => {
    const { database, write } = await withAlembic();
    await write(migration('slow', 'total', 'CREATE TABLE slow AS SELECT pg_sleep(60)::text AS t'));
    await database.migrations!.up(['orders', 'total'], 'r', io());
    const controller = new AbortController();
    const outcome = expect(database.migrations!.up(['slow'], 'r', io(controller))).rejects.toThrow('stop now');
    await until(async () => (await sleeping()) === 1);
    controller.abort(new Error('stop now'));
    await outcome;
    expect((await database.migrations!.status(io()))?.pending).toEqual(['slow']);
  }, 300_000);
});

describe('a tool of the team', () => {
  /** A tool that keeps what is applied in a file, and reverts one at a time. */
  const TOOL = `
    touch applied
    case "$1" in
      status) for name in a b c; do if grep -qx $name applied; then echo "applied $name"; else echo "pending $name"; fi; done;;
      up) printf 'a\\nb\\nc\\n' > applied;;
      down) grep -vx "$2" applied > left; mv left applied;;
      nothing) ;;
      rubbish) echo "hello";;
      secret) echo "cannot reach $DATABASE_URL" >&2; exit 2;;
    esac`;
  const commands = async (overrides: Record<string, unknown> = {}) => {
    const tool = (...words: string[]) => ['sh', 'tool.sh', ...words];
    const opened = await withCommands({
      status: tool('status'),
      up: tool('up'),
      down: tool('down', '{name}'),
      cwd: 'migrations',
      ...overrides,
    });
    await opened.write({ 'tool.sh': TOOL });
    return opened;
  };

  test('that reverts by name reverts one in the middle', async () => {
    const { database } = await commands();
    await database.migrations!.up(['a', 'b', 'c'], 'r', io());
    expect(await database.migrations!.down(['b'], null, io())).toEqual(['b']);
    expect(await database.migrations!.status(io())).toEqual({ applied: ['a', 'c'], pending: ['b'] });
  });

  test('that reverts down to one refuses to revert more than it was asked to', async () => {
    const { database } = await commands({ down: ['sh', 'tool.sh', 'down', '{to}'] });
    await database.migrations!.up(['a', 'b', 'c'], 'r', io());
    await expect(database.migrations!.down(['b'], 'r', io())).rejects.toThrow(
      /expected to revert b only, but c was applied after/,
    );
  });

  test('that says it did, but did not, is not believed', async () => {
    const { database } = await commands({ up: ['sh', 'tool.sh', 'nothing'] });
    await expect(database.migrations!.up(['a', 'b', 'c'], 'r', io())).rejects.toThrow(
      /expected database\.migrations\.up to apply a, b, c/,
    );
  });

  test('that would apply more than it was asked to is not run', async () => {
    const { database } = await commands();
    await expect(database.migrations!.up(['a'], 'r', io())).rejects.toThrow(
      /expected the migrations a to be pending, seen a, b, c/,
    );
    expect((await database.migrations!.status(io()))?.applied).toEqual([]);
  });

  test('whose status cannot be understood is refused', async () => {
    const { database } = await commands({ status: ['sh', 'tool.sh', 'rubbish'] });
    await expect(database.migrations!.check(io())).rejects.toThrow(/`applied NAME` or `pending NAME`.*hello/);
  });

  test('that prints a name in two pieces, which part a character, is understood [proves I]', async () => {
    const pieces = `printf 'applied Gr\\303'; sleep 0.3; printf '\\266\\303\\237e\\n'`;
    const { database } = await commands({ status: ['sh', '-c', pieces] });
    expect(await database.migrations!.status(io())).toEqual({ applied: ['Größe'], pending: [] });
  });

  test.each([
    ['in Latin-1', `printf 'applied Gr\\366\\337e\\n'`, /in UTF-8, seen other bytes: applied Gr/],
    [
      'of which only the beginning could be kept',
      `yes 'applied 001_orders' | head -c 2000000`,
      /seen more than 1000000 characters/,
    ],
  ])('whose status is a text %s is refused rather than misunderstood [proves I]', async (_what, script, why) => {
    const { database } = await commands({ status: ['sh', '-c', script] });
    await expect(database.migrations!.status(io())).rejects.toThrow(why);
    await expect(database.migrations!.up(['a'], 'r', io())).rejects.toThrow(why);
  });

  test('that fails is quoted without secrets', async () => {
    const { database } = await commands({ status: ['sh', 'tool.sh', 'secret'] });
    const failure = await database.migrations!.status(io()).catch((error: Error) => error);
    expect((failure as Error).message).toMatch(/seen 2\. It said: cannot reach postgres:\/\/postgres:\[redacted\]@/);
  });

  test('that hangs is stopped, with all that it started', async () => {
    const { database } = await commands({ status: ['sh', '-c', 'sleep 601 & wait'], timeout: '300ms' });
    await expect(database.migrations!.status(io())).rejects.toMatchObject({
      name: 'MigrationFailure',
      message: expect.stringMatching(/to end within 300 ms/),
    });
    const running = async () => (await promisify(execFile)('ps', ['-eo', 'args'])).stdout.split('\n');
    await until(running, { what: 'its sleep to end', is: (all) => !all.includes('sleep 601') });
  });

  test('that is not installed is a mistake in the configuration', async () => {
    const { database } = await commands({ status: ['no-such-tool'] });
    await expect(database.migrations!.status(io())).rejects.toMatchObject({
      name: 'ConfigurationFailure',
      message: expect.stringMatching(/the program "no-such-tool"/),
    });
  });
});

/** A worker's process that migrates as release `r`. */
function startMigrator(directory: string, config: unknown, names: string[]): ChildProcess {
  const program = `
    const { openDatabase } = require(${JSON.stringify(join(ROOT, 'databases/open.ts'))});
    const { config, directory, names } = JSON.parse(process.env.INPUT);
    const context = { url: process.env.URL, scope: ${JSON.stringify(SHOP)}, projectDirectory: directory, environment: process.env, variables: {}, redact: String };
    openDatabase(config, context).migrations.up(names, 'r', { signal: new AbortController().signal, onProgress: () => undefined });`;
  const env = { ...process.env, URL: url, INPUT: JSON.stringify({ config, directory, names }) };
  const argv = ['--require', join(ROOT, 'tests/support/typescript.js'), '--eval', program];
  return spawn(process.execPath, argv, { env, stdio: 'inherit' });
}

async function sleeping(): Promise<number> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
  return (await query(url, sql)).length;
}
