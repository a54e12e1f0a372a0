import type { HttpCheck } from './check';
import { mistake, type Context, type Mistake } from './rule';
import type { ServiceConfig } from './service';

/** Settings about requests say nothing about a service that gets none. */
export function wireRules({ port, protocol, timeouts, routes }: ServiceConfig, context: Context): void {
  if (protocol !== undefined && port === undefined)
    mistake(context, ['port'], 'expected the port of the container, because it has a `protocol`, seen nothing');
  if (timeouts && routes.length === 0)
    mistake(context, ['timeouts'], 'expected only with `routes`, because the router ends what takes too long');
}

export function grpcRule(
  { grpc }: Pick<HttpCheck, 'grpc'>,
  { protocol }: ServiceConfig,
  path: Mistake['path'],
  context: Context,
): void {
  if (grpc === undefined || protocol === 'h2c') return;
  mistake(
    context,
    [...path, 'grpc'],
    'expected only for a service with `protocol: h2c`, because gRPC speaks HTTP/2: set that, or ask a `path`',
  );
}
