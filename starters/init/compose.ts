import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { parseDocument } from 'yaml';
import { isPlainSecret } from '../../domain/config/values';
import { ConfigurationFailure } from '../../domain/failures';
import { isMapping } from '../../domain/config/merge';
import { composeVariables, properName } from './compose-values';
import type { ComposeContext } from './compose-context';
import { composeService } from './compose-service';
import { findMigrations } from './migrations';
import type { Proposal, Question } from './proposal';

/** Compose looks for them in this order. */
export const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

type Mapping = Record<string, unknown>;

const POSTGRES = /(^|\/)(postgres|postgresql|postgis|pgvector|timescaledb?(-ha)?)(:|@|$)/;
const ROUTERS = /(^|\/)(haproxy|traefik|caddy|nginx-proxy)(:|@|$)/;
// Databases, queues and tools like these keep running; they are not released with the app.
const KEPT =
  /(^|\/)(redis|valkey|keydb|mysql|mariadb|mongo|memcached|rabbitmq|nats|kafka|cp-kafka|zookeeper|cp-zookeeper|elasticsearch|opensearch|minio|questdb|clickhouse-server|prometheus|grafana|alertmanager|loki|jaeger|otel-collector|opentelemetry-collector|adminer|pgadmin4?|mailhog|mailpit|vault|consul)(:|@|$)/;

/** @throws ConfigurationFailure when the file cannot be read, or has no service that could be released */
export async function proposeFromCompose(file: string, appName?: string): Promise<Proposal> {
  const compose = await readCompose(file);
  const project = typeof compose.name === 'string' ? compose.name : basename(dirname(file));
  const app = appName ?? properName(project);
  const questions: Question[] = [];
  const all = Object.entries(isMapping(compose.services) ? compose.services : {}).filter(
    (entry): entry is [string, Mapping] => isMapping(entry[1]),
  );
  const kept = all.filter(([name, given]) => !isReleased(name, given, questions));
  const released = all.filter((entry) => !kept.includes(entry));
  const context: ComposeContext = {
    app,
    directory: dirname(file),
    volumeName: (name) => volumeName(compose, project, name),
    secretName: secretNames(released),
    neighbours: all.map(([name]) => name),
    text: JSON.stringify(compose.services ?? {}),
    questions,
  };
  const services: Record<string, Mapping> = {};
  for (const [name, given] of released)
    services[uniqueName(name, services)] = await composeService(uniqueName(name, services), name, given, context);
  const database = await databaseOf(kept, released, context);
  fileQuestions(compose, questions);
  return { source: basename(file), content: { version: 1, app, services, ...database }, questions };
}

async function readCompose(file: string): Promise<Mapping> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ConfigurationFailure(`expected to read ${file}, seen: ${error.message}`, { cause: error });
  });
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) throw new ConfigurationFailure(`expected a Compose file, ${file} is not valid YAML: ${error.message}`);
  const content: unknown = document.toJS();
  if (isMapping(content) && isMapping(content.services)) return content;
  throw new ConfigurationFailure(`expected a Compose file with services, seen none in ${file}`);
}

function isReleased(name: string, { image, build, profiles }: Mapping, questions: Question[]): boolean {
  const ask = (text: string): void => void questions.push({ path: ['services'], text });
  if (Array.isArray(profiles) && profiles.length > 0) {
    ask(`${name} is left out, since it runs only with the profile ${profiles.join(' or ')}`);
    return false;
  }
  if (build !== undefined || typeof image !== 'string') return true;
  if (POSTGRES.test(image)) {
    ask(`${name} is left out: it is the database, which keeps running as it is`);
    return false;
  }
  if (ROUTERS.test(image)) {
    ask(`${name} is left out: Spillway’s own router takes its place, so it must leave its ports`);
    return false;
  }
  if (!KEPT.test(image)) return true;
  ask(
    `${name} is left out and keeps running as it is (${image}); the services must be able to reach it from their own network`,
  );
  return false;
}

/** A name with different values in two services gets the service in front. */
function secretNames(services: [string, Mapping][]): ComposeContext['secretName'] {
  const values = new Map<string, Set<string>>();
  for (const [, { environment }] of services) {
    for (const [key, value] of composeVariables(environment)) {
      values.set(key, (values.get(key) ?? new Set()).add(value ?? ''));
    }
  }
  return (service, key) =>
    (values.get(key)?.size ?? 0) > 1 ? `${service.replaceAll('-', '_').toUpperCase()}_${key}` : key;
}

/** Docker puts the project in front, unless the volume has a name of its own. */
function volumeName({ volumes }: Mapping, project: string, name: string): string {
  const declared = isMapping(volumes) ? volumes[name] : undefined;
  const { name: own, external } = isMapping(declared) ? declared : {};
  if (typeof own === 'string') return own;
  if (external === true) return name;
  return `${project.toLowerCase().replace(/[^a-z0-9_-]/g, '')}_${name}`;
}

function uniqueName(name: string, taken: object): string {
  const proper = properName(name);
  for (let count = 2, free = proper; ; count++) {
    if (!Object.hasOwn(taken, free)) return free;
    free = `${proper.slice(0, 36)}-${count}`;
  }
}

async function databaseOf(
  kept: [string, Mapping][],
  released: [string, Mapping][],
  context: ComposeContext,
): Promise<Mapping> {
  const [found, ...others] = kept.filter(([, { image, build }]) => build === undefined && POSTGRES.test(String(image)));
  if (!found) return {};
  const ask = (path: string[], text: string): void =>
    void context.questions.push({ path: ['database', ...path], text });
  if (others.length > 0)
    ask([], `there are more: ${others.map(([name]) => name).join(', ')}; a release backs up and migrates one`);
  const variable = addressVariable(released, context) ?? 'DATABASE_URL';
  ask(
    ['url'],
    `the worker needs ${variable}=postgres://USER:PASSWORD@HOST:PORT/DATABASE, with a host and port as the worker reaches ${found[0]}`,
  );
  const directory = await findMigrations(context.directory);
  if (directory === undefined) {
    ask(
      [],
      'no folder with NAME.up.sql and NAME.down.sql was found; if a tool of your own migrates it, name its commands in `migrations`',
    );
  }
  return {
    database: {
      driver: 'postgres',
      url: { env: variable },
      ...(directory !== undefined && { migrations: { directory } }),
    },
  };
}

function addressVariable(released: [string, Mapping][], { secretName }: ComposeContext): string | undefined {
  for (const [name, { environment }] of released) {
    const found = composeVariables(environment).find(([, value]) => /^postgres(ql)?(\+\w+)?:\/\//.test(value ?? ''));
    // An address without a password stands in plain text, so the worker has no variable for it yet.
    if (found && isPlainSecret(found[0], found[1] ?? '')) return secretName(properName(name), found[0]);
  }
  return undefined;
}

function fileQuestions({ include, secrets, configs }: Mapping, questions: Question[]): void {
  const unread = Object.entries({ include, secrets, configs }).filter(([, value]) => value !== undefined);
  for (const [key] of unread)
    questions.push({ path: ['services'], text: `what the Compose file says under \`${key}\` was not read` });
}
