import { isPlainSecret } from '../../../domain/config/values';
import { findMigrations } from '../migrations';
import { migrationCommands } from '../jobs/tools';
import { isPostgres } from '../outside/images';
import type { Importance } from '../questions';
import type { Mapper, Outside } from './context';

/** Proposes the PostgreSQL that stays outside as the database that a release backs up and migrates. */
export async function databaseOf(mapper: Mapper): Promise<Record<string, unknown>> {
  const running = mapper.outside.filter(({ isRunning }) => isRunning);
  const [found, ...others] = running.filter(isPostgresService);
  const ask = (path: string[], text: string, importance: Importance): void =>
    void mapper.questions.push({ path: ['database', ...path], text, importance });
  const unsaved = running
    .filter((one) => one.kind === 'database' && !isPostgresService(one) && !isPooler(one))
    .map(({ service }) => service.name);
  if (unsaved.length > 0)
    mapper.questions.push({
      path: ['services'],
      text: 'Spillway backs up PostgreSQL only, so back up {items} before a release by yourself',
      importance: 'know',
      items: unsaved,
    });
  if (!found) return {};
  if (others.length > 0)
    ask(
      [],
      `there are more: ${others.map(({ service }) => service.name).join(', ')}; a release backs up and migrates one`,
      'decide',
    );
  const variable = addressVariable(mapper) ?? 'DATABASE_URL';
  ask(
    ['url'],
    `the worker needs ${variable}=postgres://USER:PASSWORD@HOST:PORT/DATABASE, with a host and port as the worker reaches ${found.service.name}`,
    'decide',
  );
  const directory = await findMigrations(mapper.home);
  const job = mapper.released.find((one) => one.job?.tool !== undefined);
  if (job) {
    askAboutJob(job.name, job.job!.tool!, directory, ask);
    return { database: { driver: 'postgres', url: { env: variable } } };
  }
  if (directory === undefined)
    ask(
      [],
      'no folder with NAME.up.sql and NAME.down.sql was found; if a tool of your own migrates it, name its commands in `migrations`',
      'know',
    );
  return {
    database: {
      driver: 'postgres',
      url: { env: variable },
      ...(directory !== undefined && { migrations: { directory } }),
    },
  };
}

function isPostgresService({ kind, service: { image, build }, because }: Outside): boolean {
  if (kind !== 'database') return false;
  const base = /^it is built from (\S+)$/.exec(because)?.[1];
  return isPostgres((build ? base : image?.text) ?? '');
}

/** It holds no data of its own. */
function isPooler({ service: { image } }: Outside): boolean {
  return /pgbouncer|pgpool|pgcat|supavisor|proxysql/.test(image?.text ?? '');
}

type Tool = NonNullable<NonNullable<Mapper['released'][number]['job']>['tool']>;

function askAboutJob(
  name: string,
  tool: Tool,
  directory: string | undefined,
  ask: (path: string[], text: string, importance: Importance) => void,
): void {
  const commands = migrationCommands(tool);
  const way =
    directory !== undefined
      ? `\`migrations: { directory: ${directory} }\`, once none of those files is applied yet`
      : commands !== undefined
        ? `\`migrations: ${commands}\`, if the worker can run ${tool.name}`
        : 'its commands `status`, `up` and `down` as `migrations`';
  ask(
    [],
    `the service ${name} migrates it by ${tool.name}, and no undo takes that back; for an undo write ${way}, and remove that service`,
    'decide',
  );
}

function addressVariable({ released, secretName }: Mapper): string | undefined {
  for (const { service, name } of released) {
    const found = service.environment.find(({ value }) => /^postgres(ql)?(\+\w+)?:\/\//.test(value?.text ?? ''));
    // An address without a password stands in plain text, so the worker has no variable for it yet.
    if (found && isPlainSecret(found.name, found.value!.text))
      return found.value!.variable ?? secretName(name, found.name);
  }
  return undefined;
}
