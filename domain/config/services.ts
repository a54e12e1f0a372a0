import { z } from 'zod';
import { isReadable, mistake, piecewise, untilReadable, type Context } from './rule';
import { serviceFields, type ServiceConfig } from './service';
import { isPlainSecret, name } from './values';
import { grpcRule, wireRules } from './wire-rules';
import { formatDuration } from '../units';
import { cleanPath, tmpfsPath } from '../containers/volumes';

const service = serviceFields.superRefine(serviceRules, untilReadable);
export const services = z.record(name(), service).superRefine(servicesRules, piecewise);

function serviceRules(service: ServiceConfig, context: Context): void {
  imageRules(service, context);
  trafficRules(service, context);
  portRules(service, context);
  wireRules(service, context);
  mountRules(service, context);
  networkRules(service, context);
  for (const key of Object.keys(service.env).filter((name) => name.startsWith('SPILLWAY_'))) {
    mistake(context, ['env', key], 'expected another name: variables that begin with SPILLWAY_ are given by Spillway');
  }
}

function imageRules({ build, image }: ServiceConfig, context: Context): void {
  if (!build && image === undefined) mistake(context, [], 'expected `build` or `image`, seen neither');
  for (const [key, value] of Object.entries(build?.args ?? {})) {
    if (isPlainSecret(key, value)) {
      mistake(
        context,
        ['build', 'args', key],
        'expected no secret, because build arguments stay in the image’s history',
      );
    }
  }
  if (image === undefined) return;
  const unknown = /\{(?!version\})[^}]*\}/.exec(image);
  if (unknown) return mistake(context, ['image'], `expected no other placeholder than {version}, seen "${unknown[0]}"`);
  // One letter stands in for the version, which is longer but of the same kind.
  if (!IMAGE.test(image.replaceAll('{version}', 'v'))) {
    return mistake(
      context,
      ['image'],
      `expected an image such as registry.example.com/shop/backend:{version}, seen "${image}"`,
    );
  }
  if (build && image.includes('@'))
    mistake(context, ['image'], 'expected a name and tag, because what is built here has no digest yet');
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  `^(?:[A-Za-z0-9.-]+(?::\\d+)?/)?${COMPONENT}(?:/${COMPONENT})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$`,
);

function trafficRules(service: ServiceConfig, context: Context): void {
  if (service.traffic === 'http') {
    if (service.run !== undefined)
      mistake(context, ['run'], 'expected only with `traffic: none`; what takes traffic always runs in both slots');
  } else {
    if (service.run === undefined) {
      mistake(
        context,
        ['run'],
        'expected `both` (old and new may run at once), `live-only` or `once` (a job that ends) because of `traffic: none`, seen nothing',
      );
    }
    if (service.routes.length > 0) mistake(context, ['routes'], 'expected no routes because of `traffic: none`');
  }
  if (service.finish && service.run !== 'live-only')
    mistake(context, ['finish'], 'expected only with `run: live-only`');
  onceRules(service, context);
}

/** A job runs within deploy, whose time is bounded. This is also the default of `longest`. */
const LONGEST_ONCE_MS = 600_000;

function onceRules({ run, longest, replicas, health }: ServiceConfig, context: Context): void {
  if (run !== 'once') {
    if (longest !== LONGEST_ONCE_MS) mistake(context, ['longest'], 'expected only with `run: once`');
    return;
  }
  if (longest > LONGEST_ONCE_MS)
    mistake(
      context,
      ['longest'],
      `expected at most 10m, seen ${formatDuration(longest)}: let the job only begin what takes longer`,
    );
  if (replicas !== 1) mistake(context, ['replicas'], `expected 1 because of \`run: once\`, seen ${replicas}`);
  if (health.endpoints.length > 0)
    mistake(context, ['health', 'endpoints'], 'expected none because of `run: once`: its exit code tells how it went');
}

function portRules({ port, routes, health }: ServiceConfig, context: Context): void {
  if (port !== undefined) return;
  if (routes.length > 0)
    mistake(context, ['port'], 'expected the port of the container, because it has routes, seen nothing');
  else if (health.endpoints.length > 0) {
    mistake(context, ['port'], 'expected the port of the container, because it has health endpoints, seen nothing');
  }
}

function mountRules({ volumes, tmpfs = [], run }: ServiceConfig, context: Context): void {
  volumes.forEach(({ readOnly, shared, target }, index) => {
    // A `live-only` service never runs in both slots, and neither does a job that has ended.
    if (!readOnly && !shared && run !== 'live-only' && run !== 'once') {
      mistake(
        context,
        ['volumes', index],
        'expected `shared: true` or `readOnly: true`, because both slots would write to it at once',
      );
    }
    if (cleanPath(target) === '/')
      mistake(context, ['volumes', index, 'target'], `expected a path below /, seen "${target}"`);
    if (volumes.findIndex((other) => cleanPath(other.target) === cleanPath(target)) < index) {
      mistake(context, ['volumes', index, 'target'], `expected each target once, seen "${target}" again`);
    }
  });
  const paths = tmpfs.map(tmpfsPath);
  paths.forEach((path, index) => {
    const isTaken = paths.indexOf(path) < index || volumes.some(({ target }) => cleanPath(target) === path);
    if (path === '/') mistake(context, ['tmpfs', index], `expected a path below /, seen "${tmpfs[index]}"`);
    if (isTaken) mistake(context, ['tmpfs', index], `expected one mount at each path, seen another at ${path}`);
  });
}

function networkRules({ networks = [] }: ServiceConfig, context: Context): void {
  networks.forEach((name, index) => {
    if (networks.indexOf(name) < index)
      mistake(context, ['networks', index], `expected each network once, seen "${name}" again`);
  });
}

function servicesRules(all: Record<string, ServiceConfig>, context: z.core.$RefinementCtx): void {
  if (Object.keys(all).length === 0 && context.issues.length === 0)
    mistake(context, [], 'expected at least one service, seen none');
  for (const [name, service] of Object.entries(all)) {
    if (!isReadable(context.issues, name)) continue;
    service.health.endpoints.forEach((check, index) => {
      grpcRule(check, service, [name, 'health', 'endpoints', index], context);
      if (check.service === undefined || check.service === name) return;
      const path = [name, 'health', 'endpoints', index, 'service'];
      mistake(context, path, `expected "${name}" or nothing, seen "${check.service}"`);
    });
  }
}
