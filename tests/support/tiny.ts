import { join } from 'node:path';
import type { World } from './world';

/** How a version of the tiny app behaves (tests/fixtures/tiny/server.js). */
export interface Behaviour {
  /** Answers errors after so many requests. */
  failAfter?: number;
  /** Never gets healthy. */
  unhealthy?: boolean;
  /** Healthy by its status, not by what it says of its database. */
  degraded?: boolean;
  /** Fails the smoke check. */
  broken?: boolean;
  /** Answers that late, and up to so much later. */
  delayMs?: number;
  jitterMs?: number;
  /** Answers its first so many requests later, as with a cold cache. */
  coldFor?: number;
  coldMs?: number;
  /** Part of the requests that it answers with an error; in all services, or in this one only. */
  errors?: number;
  errorsIn?: string;
  /** Answers errors while more requests than this are in flight, as an exhausted pool does. */
  maxInFlight?: number;
  /** Keeps that much memory with every request, up to 200 MB. */
  leakBytes?: number;
  /** Value of the `Authorization` header without which its health is not told; it repeats a wrong one. */
  wants?: string;
  /** Ends itself after so many requests, again and again. */
  crashAfter?: number;
  /** Ends itself so long after it began, again and again, with this exit code. */
  exitAfterMs?: number;
  exitCode?: number;
  /** Uses ever more memory from then on. */
  hoardAfterMs?: number;
  /** Does either only while this file is there. */
  endsWhen?: string;
  /** Its worker (job.js) ends so long after it began. */
  jobExitsAfterMs?: number;
  jobExitCode?: number;
  /** How long its job that runs to its end (once.js) takes, and how it ends. */
  onceMs?: number;
  onceExitCode?: number;
  /** How its gRPC server (rates.js) ends calls, where it does not answer them. */
  callsEnd?: 'reset' | 'status 503' | 'grpc-status 13';
}

/** A configuration as a person writes it, before it is parsed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests change any part of it
export type Raw = any;

/** The configuration of the tiny app: everything is short, everything is there. */
export function tinyConfig(
  world: Pick<World, 'scope' | 'directory' | 'routerDirectory' | 'port' | 'databaseUrl' | 'options'>,
): Raw {
  return {
    version: 1,
    app: world.scope.app,
    services: {
      web: {
        build: { context: 'app' },
        port: 8080,
        routes: [{ port: world.port }],
        // It only ends a hang, since a busy machine starts a container late.
        health: { attempts: 1_200, interval: '100ms', endpoints: [{ path: '/health' }] },
        env: { SECRET: { env: 'TINY_SECRET' } },
        stopGrace: '2s',
      },
      job: { build: { context: 'app' }, traffic: 'none', run: 'live-only', command: ['job.js'], stopGrace: '2s' },
    },
    router: { kind: 'haproxy', image: 'spillway/haproxy:local', directory: world.routerDirectory },
    target: {
      helperImage: 'spillway/socat:local',
      stateDirectory: join(world.directory, 'state'),
      ...(world.options.engine ? { host: world.options.engine } : {}),
    },
    smoke: { checks: [{ service: 'web', path: '/status' }] },
    canary: {
      steps: [{ weight: 50, soak: '600ms' }],
      // It ends when there is evidence, which comes late on a busy machine.
      longestSoak: '30m',
      interval: '100ms',
      inconclusive: 'fail',
      limits: { errorRate: 5, minRequests: 5, healthFailures: 3 },
      // It answers in less than a millisecond: twice that is nothing.
      analysis: { allowed: { latency: 50 } },
    },
    drain: { cap: '2s' },
    ...(world.databaseUrl
      ? { database: { driver: 'postgres', url: { env: 'TINY_DATABASE_URL' }, migrations: { directory: 'migrations' } } }
      : {}),
  };
}

/** A migration that only adds, with its reversal. */
export function migration(name: string): Record<string, string> {
  return {
    [`migrations/${name}.up.sql`]: `CREATE TABLE t_${name} (id int PRIMARY KEY);\n`,
    [`migrations/${name}.down.sql`]: `DROP TABLE t_${name};\n`,
  };
}
