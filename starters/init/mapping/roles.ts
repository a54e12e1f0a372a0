import { isMapping } from '../../../domain/config/merge';
import type { ComposeProject, ComposeService } from '../compose/model';
import { shownAddress } from '../compose/paths';
import type { DockerfileFacts } from '../dockerfile';
import { jobOf, type Job } from '../jobs/job';
import { needOfMachine } from '../keys/unread';
import { caddyRouting } from '../labels/caddy';
import { nginxProxyRouting } from '../labels/nginx-proxy';
import { traefikRouting } from '../labels/traefik';
import { isOfOthers } from '../outside/images';
import { stateOf } from '../outside/state';
import type { Outside } from './context';

export type Role = { released: true; job?: Job } | ({ released: false } & Omit<Outside, 'service'>);

/** Says whether a service is released, and if not, why. */
export function roleOf(service: ComposeService, facts: DockerfileFacts | undefined, project: ComposeProject): Role {
  const stays = (because: string, more: Partial<Outside> = {}): Role => ({
    released: false,
    because,
    isRunning: true,
    isKnown: true,
    ...more,
  });
  if (service.profiles.length > 0)
    return stays(`it runs only with the profile ${service.profiles.join(' or ')}`, { isRunning: false });
  if (copiesOf(service) === 0)
    return stays('the Compose file runs no copy of it (`replicas: 0`)', { isRunning: false });
  const state = stateOf({
    ...(service.image && { image: service.image.text }),
    ...(service.build && facts?.base !== undefined && { base: facts.base }),
    written: service.mounts.filter(({ readOnly, type }) => !readOnly && type !== 'tmpfs').map(({ target }) => target),
    ports: [...service.ports.map(({ target }) => target), ...service.expose.map(({ port }) => port)],
    speaksHttp: speaksHttp(service),
  });
  const isTheirs = service.build === undefined || facts?.base !== undefined;
  if (state && isTheirs) return stays(state.because, { kind: state.kind, isKnown: state.isKnown });
  if (service.mounts.some(({ source }) => /(^|\/)docker\.sock$/.test(source ?? '')))
    return stays('it controls the engine through docker.sock');
  const need = needOfMachine(service.given);
  if (need !== undefined) return stays(need, { isKnown: false });
  if (isProxyWithFiles(service)) return stays('it is a reverse proxy with files of the machine', { kind: 'router' });
  if (service.image === undefined && isAddress(service.build?.context ?? ''))
    return stays(`it is built from ${shownAddress(service.build!.context)}, and a build needs a folder here`, {
      isKnown: false,
    });
  if (service.build === undefined && service.image === undefined) return stays('it has neither `build` nor `image`');
  const job = jobRole(service, facts, project);
  return { released: true, ...(job && { job }) };
}

/** Such as `https://github.com/acme/web.git`. */
export function isAddress(context: string): boolean {
  return /^(\w+:\/\/|git@|github\.com\/)/.test(context);
}

export function copiesOf({ given }: ComposeService): number | undefined {
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  const said = deploy.replicas ?? given.scale;
  const copies = said === undefined || said === null || said === '' ? Number.NaN : Number(said);
  return Number.isInteger(copies) ? copies : undefined;
}

function speaksHttp(service: ComposeService): boolean {
  return (
    routingOf(service, {}) !== undefined ||
    /https?:\/\//.test(service.healthcheck?.test.join(' ') ?? '') ||
    service.ports.some(({ appProtocol }) => /^http/i.test(appProtocol ?? ''))
  );
}

/** nginx or Apache of Docker Hub that only forwards to others: its configuration lies beside the Compose file. */
function isProxyWithFiles({ image, build, mounts }: ComposeService): boolean {
  if (build !== undefined || !image || !/^(docker\.io\/)?(library\/)?(nginx|httpd)(:|@|$)/.test(image.text))
    return false;
  return mounts.some(
    ({ type, target }) => type === 'bind' && /^\/etc\/nginx(\/|$)|^\/usr\/local\/apache2\/conf/.test(target),
  );
}

/** Reads what is said to another router; undefined when nothing is. */
export function routingOf(service: ComposeService, entryPoints: Record<string, number>) {
  const labels = { ...service.labels, ...service.deployLabels };
  const variables = Object.fromEntries(service.environment.map(({ name, value }) => [name, value?.text ?? '']));
  return traefikRouting(labels, entryPoints) ?? caddyRouting(labels) ?? nginxProxyRouting(variables);
}

export function commandLine({ entrypoint, command }: ComposeService): string {
  return [...(entrypoint ?? []), ...(command ?? [])].map(String).join(' ');
}

function jobRole(
  service: ComposeService,
  facts: DockerfileFacts | undefined,
  project: ComposeProject,
): Job | undefined {
  const { name, image, given, ports, expose, healthcheck } = service;
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  const policy = isMapping(deploy.restart_policy) ? deploy.restart_policy : {};
  const said = (value: unknown): string | undefined =>
    value === undefined || value === null ? undefined : String(value);
  return jobOf({
    name,
    ...(image && { image: image.text }),
    command: commandLine(service),
    restart: said(given.restart),
    condition: said(policy.condition),
    awaitedBy: project.services
      .filter(({ dependsOn }) =>
        dependsOn.some((one) => one.service === name && one.condition === 'service_completed_successfully'),
      )
      .map((other) => other.name),
    isReached:
      ports.length + expose.length > 0 ||
      // What the image could do does not matter to a command of its own.
      (service.command === undefined && (facts?.ports.length ?? 0) > 0) ||
      (healthcheck !== undefined && !healthcheck.disabled) ||
      routingOf(service, {}) !== undefined,
  });
}

/** Jobs of others whose files lie beside the Compose file cannot run anywhere else. */
export function needsFilesBeside({ build, image, mounts }: ComposeService): boolean {
  return (
    build === undefined &&
    image !== undefined &&
    isOfOthers(image.text) &&
    mounts.some(({ wrote }) => wrote !== undefined)
  );
}
