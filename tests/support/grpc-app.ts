import type { ReleaseStatus } from '../../domain/release';
import type { Raw } from './tiny';

export const failedPhase = ({ phases }: ReleaseStatus) => phases.find(({ state }) => state === 'failed')?.phase;

/** Makes the tiny app a gRPC service, on a port that speaks no TLS, on one that does, or on both. */
export function rates(raw: Raw, ports: { plain?: number; tls?: number }): void {
  const { build, port, env, stopGrace, health } = raw.services.web;
  const check = { grpc: 'fx.Rates' };
  const routes = [ports.plain, ports.tls].flatMap((one) => (one === undefined ? [] : [{ port: one }]));
  const shared = { build, port, env, stopGrace, routes };
  const own = { command: ['rates.js'], protocol: 'h2c', health: { ...health, endpoints: [check] } };
  raw.services = { rates: { ...shared, ...own } };
  raw.smoke = { checks: [{ service: 'rates', ...check }] };
}
