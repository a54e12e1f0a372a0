import { isMapping } from '../../../domain/config/merge';
import { cannot, carried, decide, isEmpty, isOff, know, own, ownUnless, type Treatment } from './treatment';

const PRIVILEGES = 'Spillway gives its containers no more than Docker’s usual rights';
const DOCKERFILE = 'is not in a configuration of Spillway';
const MEMORY = 'only `mem_limit` has a counterpart, `memory`; swap is off';

/** Each key of a service in the Compose specification. */
export const SERVICE_KEYS: Record<string, Treatment> = {
  annotations: know('containers get no annotations'),
  attach: own,
  blkio_config: know('limits of the disk have no counterpart'),
  build: carried,
  cap_add: cannot(`${PRIVILEGES}, so \`cap_add\` is not done; does it run without?`, isEmpty),
  cap_drop: know('Docker’s usual capabilities stay, without new privileges', isEmpty),
  cgroup: know('containers have a cgroup namespace of their own', (value) => value === 'private'),
  cgroup_parent: know('containers lie in Docker’s own cgroup'),
  command: carried,
  configs: carried,
  container_name: own,
  cpu_count: know('only `cpus` has a counterpart, `cpu`'),
  cpu_percent: know('only `cpus` has a counterpart, `cpu`'),
  cpu_period: carried,
  cpu_quota: carried,
  cpu_rt_period: know('only `cpus` has a counterpart, `cpu`'),
  cpu_rt_runtime: know('only `cpus` has a counterpart, `cpu`'),
  cpu_shares: know('only `cpus` has a counterpart, `cpu`'),
  cpus: carried,
  cpuset: know('containers may use every core; only how many has a counterpart, `cpu`'),
  credential_spec: cannot('Spillway gives no credential spec'),
  depends_on: own,
  deploy: carried,
  develop: own,
  device_cgroup_rules: cannot(`${PRIVILEGES}, so it gets no devices`, isEmpty),
  devices: cannot(`${PRIVILEGES}, so it gets no devices`, isEmpty),
  dns: decide('its containers ask Docker’s own name server; do they need another one?', isEmpty),
  dns_opt: know('its containers ask Docker’s own name server', isEmpty),
  dns_search: decide(
    'its containers look for whole names only; which names does it write without their domain?',
    isEmpty,
  ),
  domainname: know('containers have no domain name'),
  entrypoint: carried,
  env_file: carried,
  environment: carried,
  expose: carried,
  extends: carried,
  external_links: decide(
    'it reached containers of others by `external_links`; reach them by `networks` or `hosts`',
    isEmpty,
  ),
  extra_hosts: carried,
  gpus: cannot('Spillway gives its containers no GPU', isEmpty),
  group_add: decide(`\`group_add\` ${DOCKERFILE}: give the user of the image its groups in the Dockerfile`, isEmpty),
  healthcheck: carried,
  hostname: know('Docker gives each container its host name'),
  image: carried,
  init: know(
    'nothing runs as an init in its containers; if it starts programs of its own, put tini into the image',
    isOff,
  ),
  ipc: cannot('its containers have IPC of their own', (value) => /^(private|shareable|none|)$/.test(String(value))),
  isolation: cannot('Spillway releases Linux containers', (value) => value === 'default'),
  label_file: decide('the labels in `label_file` were not read; does a router or another program need them?'),
  labels: carried,
  links: ownUnless(hasNoAlias, 'names of `links` do not hold here; which of these names does it ask for?'),
  logging: ownUnless(
    isUsualLog,
    'logs go to files of Docker (30 MB a container), where `docker logs` reads them; who reads them elsewhere?',
  ),
  mac_address: know('Docker gives each container its MAC address'),
  mem_limit: carried,
  mem_reservation: know(MEMORY),
  mem_swappiness: know(MEMORY),
  memswap_limit: know(MEMORY),
  models: cannot('Spillway runs no models; keep them under Compose, and give their addresses in `env`', isEmpty),
  network_mode: cannot('its containers have a network of their own', (value) =>
    /^(bridge|default|)$/.test(String(value)),
  ),
  networks: carried,
  oom_kill_disable: know('the kernel may end what takes too much memory', isOff),
  oom_score_adj: know('the kernel may end what takes too much memory'),
  pid: cannot('its containers see their own processes only', isOff),
  pids_limit: know('the number of processes has no limit here', (value) => Number(value) <= 0),
  platform: know('images are built and pulled for the machine of the target', isEmpty),
  ports: carried,
  post_start: decide(
    'nothing runs in a container after its start: let the program do it, or a service with `run: once`',
    isEmpty,
  ),
  pre_start: decide('nothing runs before a container’s start: let a service with `run: once` do it', isEmpty),
  pre_stop: decide('nothing runs in a container before its end, except `finish` of a `live-only` service', isEmpty),
  privileged: cannot(`${PRIVILEGES}, so \`privileged\` is not done; does it run without?`, isOff),
  profiles: carried,
  provider: cannot('Compose lets another program provide it'),
  pull_policy: own,
  pull_refresh_after: own,
  read_only: carried,
  restart: own,
  runtime: cannot('containers run in Docker’s usual runtime', (value) => /^(runc|)$/.test(String(value))),
  scale: carried,
  secrets: carried,
  security_opt: know('of `security_opt` only no-new-privileges is done, always', isNoNewPrivileges),
  shm_size: decide('`/dev/shm` has 64 MB; is that enough (browsers and machine learning need more)?'),
  stdin_open: own,
  stop_grace_period: carried,
  stop_signal: decide(
    `\`stop_signal\` ${DOCKERFILE}: write STOPSIGNAL into the Dockerfile`,
    (value) => value === 'SIGTERM',
  ),
  storage_opt: know('the root file system of a container has no limit of its own', isEmpty),
  sysctls: cannot('containers have the kernel’s usual settings (`sysctls`); does it run without?', isEmpty),
  tmpfs: carried,
  tty: own,
  ulimits: know('containers have the engine’s usual `ulimits`', isEmpty),
  umask: know('containers have the usual umask'),
  use_api_socket: cannot('Spillway gives its containers no access to the engine', isOff),
  user: decide(`\`user\` ${DOCKERFILE}: write USER into the Dockerfile`, isEmpty),
  userns_mode: know('containers have the engine’s user namespace', isEmpty),
  uts: know('containers have a host name of their own', isEmpty),
  volumes: carried,
  volumes_from: cannot('`volumes_from` shares what other containers mount: name each volume in `volumes`', isEmpty),
  working_dir: decide(`\`working_dir\` ${DOCKERFILE}: write WORKDIR into the Dockerfile`, isEmpty),
};

/** Drivers whose logs stay on the machine, as here. */
function isUsualLog(value: unknown): boolean {
  const driver = isMapping(value) ? value.driver : undefined;
  return driver === undefined || driver === null || /^(json-file|local|journald|)$/.test(String(driver));
}

function isNoNewPrivileges(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => /^no-new-privileges([:=]true)?$/.test(String(one)));
}

function hasNoAlias(value: unknown): boolean {
  return !Array.isArray(value) || value.every((one) => !/:/.test(String(one)));
}
