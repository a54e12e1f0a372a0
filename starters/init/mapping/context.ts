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

/** True when its variables, its command or the like name one of these as a host, or it depends on it. */
export function mentions(from: ComposeService, to: ComposeService): boolean {
  if (from.dependsOn.some(({ service }) => service === to.name)) return true;
  const text = textsOf(from).join('\n');
  return namesOf(to).some((name) => hostPattern(name).test(text));
}

/** Everything in which a service may name another one. */
export function textsOf({ environment, command, entrypoint, given }: ComposeService): string[] {
  const { labels, links, external_links: external } = given;
  return [
    ...environment.map(({ value }) => value?.text ?? ''),
    ...(command ?? []).map(String),
    ...(entrypoint ?? []).map(String),
    ...[labels, links, external].map((one) => (one === undefined ? '' : JSON.stringify(one))),
  ];
}

/** It finds a name that stands alone, and not as a part of another one. */
export function hostPattern(name: string): RegExp {
  return new RegExp(`(?<![\\w.-])${quoted(name)}(?![\\w-]|\\.\\w)`);
}

export function quoted(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
