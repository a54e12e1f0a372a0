import { isMapping } from '../../../domain/config/merge';
import { cannot, carried, decide, isEmpty, isOff, know, own, type Treatment } from './treatment';

const ELSEWHERE = 'let CI build the image, and name it in `image` instead of `build`';

/** Each key of `build` in the Compose specification. */
export const BUILD_KEYS: Record<string, Treatment> = {
  additional_contexts: cannot(`its build has one folder only, without \`additional_contexts\`: ${ELSEWHERE}`, isEmpty),
  args: carried,
  cache_from: own,
  cache_to: own,
  context: carried,
  dockerfile: carried,
  dockerfile_inline: cannot(
    'its Dockerfile stands in the Compose file (`dockerfile_inline`): save it as a file, and name that in `build.dockerfile`',
  ),
  entitlements: cannot(`its build gets no \`entitlements\`: ${ELSEWHERE}`, isEmpty),
  extra_hosts: decide('its build finds hosts by DNS only; does it need `extra_hosts`?', isEmpty),
  isolation: cannot('Spillway builds Linux images', (value) => value === 'default'),
  labels: know('the image gets only the labels of its Dockerfile', isEmpty),
  network: know('its build has Docker’s usual network', (value) => value === 'default'),
  no_cache: own,
  no_cache_filter: own,
  platforms: decide('its image is built for the machine of the target only', isEmpty),
  privileged: cannot(`its build gets no more rights: ${ELSEWHERE}`, isOff),
  provenance: own,
  pull: own,
  sbom: own,
  secrets: cannot(`its build gets no secrets, so \`RUN --mount=type=secret\` finds none: ${ELSEWHERE}`, isEmpty),
  shm_size: know('its build has Docker’s usual `/dev/shm`'),
  ssh: cannot(`its build gets no SSH keys: ${ELSEWHERE}`, isEmpty),
  tags: own,
  target: carried,
  ulimits: know('its build has the engine’s usual limits', isEmpty),
};

/** Each key of `deploy` in the Compose specification. */
export const DEPLOY_KEYS: Record<string, Treatment> = {
  endpoint_mode: own,
  labels: carried,
  mode: decide(
    'Spillway runs it on one machine, `replicas` times; what ran on every machine of a swarm?',
    (value) => value === 'replicated',
  ),
  placement: know('Spillway has one machine, so `placement` has no counterpart', isEmpty),
  replicas: carried,
  resources: carried,
  restart_policy: own,
  rollback_config: own,
  update_config: own,
};

/** Each key of `deploy.resources`. */
export const RESOURCES_KEYS: Record<string, Treatment> = {
  limits: carried,
  reservations: know('only `limits` have counterparts, `cpu` and `memory`', (value) => devicesOf(value).length > 0),
};

/** Answers the devices that it reserves, such as GPUs. */
export function devicesOf(reservations: unknown): unknown[] {
  return isMapping(reservations) && Array.isArray(reservations.devices) ? reservations.devices : [];
}

/** Each key of a health check in the Compose specification. */
export const HEALTHCHECK_KEYS: Record<string, Treatment> = {
  disable: carried,
  interval: carried,
  retries: carried,
  start_interval: own,
  start_period: carried,
  test: carried,
  timeout: carried,
};
