import { dirname } from 'node:path';
import type { ComposeProject, ComposeService, ComposeVariable } from '../../../../starters/init/compose/model';

type Simple = Record<string, unknown>;

/** What `docker compose config --format json` and our model both say, without what is empty; see answers.ts. */
export function simpleProject({ name, services, volumes }: ComposeProject, folder: string): Simple {
  const put = (path: string): string => path.replace(folder, '.').replace(dirname(folder), '..');
  return {
    name,
    services: Object.fromEntries(services.map((service) => [service.name, simpleService(service, put)])),
    volumes: Object.fromEntries(Object.entries(volumes).map(([key, volume]) => [key, volume.name])),
  };
}

function simpleService(service: ComposeService, put: (path: string) => string): Simple {
  const { build, healthcheck, given } = service;
  return withoutNothing({
    image: service.image?.text,
    build: build && {
      context: put(build.context),
      dockerfile: build.dockerfile,
      target: build.target,
      // Compose leaves out an argument without a value.
      args: variables(build.args.filter(({ value }) => value)),
    },
    command: service.command?.map(String),
    entrypoint: service.entrypoint?.map(String),
    environment: variables(service.environment),
    ports: service.ports.map(
      ({ target, published, address = '', protocol }) => `${address}:${published ?? ''}:${target}/${protocol}`,
    ),
    expose: service.expose.map(({ port, protocol }) => `${port}/${protocol}`),
    volumes: service.mounts.map(
      ({ type, source, target, readOnly }) => `${type} ${put(source ?? '')} ${target} ${readOnly ? 'ro' : ''}`,
    ),
    labels: service.labels,
    test: healthcheck?.disabled ? undefined : healthcheck?.test,
    depends: service.dependsOn.map((one) => `${one.service} ${one.condition} ${one.required}`).sort(),
    networks: service.networks.map((network) => `${network.name} ${network.aliases.join()}`).sort(),
    hosts: service.extraHosts.map((pair) => pair.join('=')).sort(),
    profiles: service.profiles,
    read_only: given.read_only,
    scale: given.scale,
    restart: given.restart,
  });
}

function variables(given: ComposeVariable[]): Simple {
  return Object.fromEntries(given.map(({ name, value }) => [name, value?.text ?? null]));
}

function withoutNothing(given: unknown): Simple {
  const isNothing = (value: unknown): boolean =>
    value === undefined ||
    value === null ||
    value === false ||
    (typeof value === 'object' && Object.keys(value).length === 0);
  return Object.fromEntries(
    Object.entries(given as Simple)
      .map(([key, value]): [string, unknown] => [key, key === 'build' && value ? withoutNothing(value) : value])
      .filter(([, value]) => !isNothing(value)),
  );
}
