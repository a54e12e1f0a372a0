import type { ComposeProject, ComposeService } from '../compose/model';
import type { EntryPoints } from '../labels/traefik';
import type { Ask, Importance, Question } from '../questions';
import type { Job } from '../jobs/job';
import type { OutsideKind } from '../outside/images';
import type { DockerfileFacts } from '../dockerfile';

export interface Released {
  service: ComposeService;
  /** Its name in spillway.yaml. */
  name: string;
  facts?: DockerfileFacts;
  /** It runs to its end, once a release. */
  job?: Job;
}

/** A service that is not released; most of them go on running under Compose. */
export interface Outside {
  service: ComposeService;
  kind?: OutsideKind;
  because: string;
  /** False when it runs nowhere by itself, as with a profile. */
  isRunning: boolean;
  /** False when it was guessed, so that somebody should look. */
  isKnown: boolean;
}

/** What is known of the whole project while each service is mapped. */
export interface Mapper {
  app: string;
  /** The folder of the proposal, where its relative paths start. */
  home: string;
  project: ComposeProject;
  released: Released[];
  outside: Outside[];
  entryPoints: EntryPoints;
  secretName(service: string, key: string): string;
  questions: Question[];
}

export function askerOf(questions: Question[], service: string): Ask {
  return (key, text, { importance = 'know', items } = {}) =>
    void questions.push({
      path: ['services', service, ...(key === '' ? [] : [key])],
      text,
      importance,
      ...(items && { items }),
    });
}

export function askOfFile(questions: Question[], text: string, importance: Importance, items?: string[]): void {
  questions.push({ path: ['services'], text, importance, ...(items && { items }) });
}

/** All names by which others on its networks reach it. */
export function namesOf({ name, given, networks }: ComposeService): string[] {
  const own = [given.container_name, given.hostname].filter((one) => typeof one === 'string');
  return [...new Set([name, ...own, ...networks.flatMap(({ aliases }) => aliases)])];
}

/** Names of the networks that both are on, as the Compose file has them. */
export function sharedNetworks(one: ComposeService, other: ComposeService): string[] {
  const names = one.networks.map(({ name }) => name);
  return other.networks.map(({ name }) => name).filter((name) => names.includes(name));
}

/** As Docker names it. */
export function dockerName(name: string, project: ComposeProject): string {
  return project.networks[name]?.name ?? `${project.name}_${name}`;
}

/** True when its variables, its command or the like name one of these as a host, or it depends on it. */
export function mentions(from: ComposeService, to: ComposeService): boolean {
  const isAwaited = ({ service, condition }: ComposeService['dependsOn'][number]): boolean =>
    service === to.name && condition !== 'service_completed_successfully';
  return from.dependsOn.some(isAwaited) || namesAsHost(textsOf(from), namesOf(to));
}

/** A database or a user often has the name of the service that it is for: `POSTGRES_DB=n8n`. */
const NO_HOST =
  /(^|[_-])(db|dbname|database|user|username|name|schema|password|pass|bucket|prefix|env|mode|type|role|realm)$/i;
/** What ends in such a word names a host all the same: `DATABASE_HOST_NAME`. */
const OF_HOST = /(^|[_-])(host|addr|address|server|endpoint)[_-]name$/i;
const WORD = /^[\w.-]*$/;

/** Everything in which a service may name another one. */
export function textsOf({ environment, command, entrypoint, given }: ComposeService): string[] {
  const links = Array.isArray(given.links) ? given.links : [];
  return [
    ...environment.flatMap(({ name, value }) =>
      value && (OF_HOST.test(name) || !NO_HOST.test(name) || !WORD.test(value.text)) ? value.text : [],
    ),
    [...(entrypoint ?? []), ...(command ?? [])].map(String).join(' '),
    ...links.map((link) => String(link).replace(/:.*$/, '')),
  ];
}

/** No more of a name follows, and it is no user with a host behind: `api@db`, `api:password@db`. */
export const END_OF_HOST = '(?![\\w-]|\\.\\w|@|:[^@/\\s,;?&]*@)';
/** Behind it stands a host: `Host=api`, `host=api user=x`, `{"host": "api"}`, `Data Source=tcp:api`. */
export const HOST_SETTING =
  '(?<![\\w.-])(?:[\\w.-]*[_.-]|pg|db)?(?:host|host_?name|host_?addr|server|servers|hosts|addr|address|endpoint|upstream|backend|data source)["\']?\\s*[=:]\\s*["\'[]*(?:tcp:)?';
/** Ways of gRPC to name a host behind three slashes, where others have a path. */
export const RESOLVER = '\\b(?:dns:(?://[^/\\s]*/)?|(?:passthrough|static|xds):///)';

/** True when one of the texts names a host as in `http://api`, `user@api`, `api:8080`, `--host=api`, `a,api` or just `api`. */
export function namesAsHost(texts: string[], names: string[]): boolean {
  return names.some((name) => {
    const host = `${quoted(name)}${END_OF_HOST}`;
    const other = `["']?[\\w.:-]+["']?\\s*`;
    const ways = [
      `((?<!/)//(?:[^/\\s]*,)?|\\S@|${RESOLVER}|\\b(?:tcp|udp)\\(|${HOST_SETTING}(?:[\\w.:-]+,)*)${host}`,
      `(^|[,;=\\s"'[(])${host}:\\d`,
      `^[[\\s]*(${other}[,;]\\s*)*["']?${host}["']?(\\s*[,;]\\s*${other})*[\\]\\s]*$`,
      `(?<![\\w-])-[\\w-]*(host|addr|server|broker|upstream)[\\w-]*[= ]${host}`,
      `(^|\\s)-h ?${host}`,
    ];
    return texts.some((text) => ways.some((way) => new RegExp(way, 'i').test(text)));
  });
}

export function quoted(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
