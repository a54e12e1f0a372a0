import { z } from 'zod';
import { database, databases } from './config/database';
import { approve, backup, bake, canary, drain, features, retire, smoke, verify } from './config/phases';
import { appRules } from './config/rules';
import { piecewise } from './config/rule';
import type { ServiceConfig } from './config/service';
import { services } from './config/services';
import { router, target } from './config/target';
import { durationOr, name, type secret, type variables } from './config/values';

/*
 * Types, error texts, JSON Schema and docs/configuration.md come from this. It parses durations to ms, sizes to bytes.
 */

const fields = z.strictObject({
  version: z.literal(1).meta({ description: 'Version of the format of this file.', examples: [1] }),
  app: name().meta({ description: 'Name of the app.', examples: ['shop'] }),
  services: services.meta({ description: 'The services of the app by name; all of them are released together.' }),
  database: database.optional().meta({
    description: 'The database that is backed up and migrated; short for `databases: {main: …}`.',
  }),
  databases: databases.optional().meta({
    title: 'databases',
    description: 'The databases that are backed up and migrated, by name; one so far.',
    examples: [{ orders: { driver: 'postgres', url: { env: 'DATABASE_URL' } } }],
  }),
  target: target.prefault({}).meta({ description: 'Where the containers run.' }),
  router: router.prefault({ kind: 'haproxy' }).meta({ description: 'Who decides which slot gets the traffic.' }),
  backup: backup.prefault({}).meta({ description: 'What is saved before anything changes.' }),
  smoke: smoke
    .prefault({})
    .meta({ description: 'The new version is checked as a user would, before it gets traffic.' }),
  canary: canary
    .prefault({})
    .meta({ description: 'The new version gets a growing share of the traffic and is judged.' }),
  approve: approve.prefault({}).meta({ description: 'People have the last word.' }),
  verify: verify.prefault({}).meta({ description: 'The new version is checked again, through the router.' }),
  bake: bake.prefault({}).meta({ description: 'The old version stays warm for a while.' }),
  drain: drain.prefault({}).meta({ description: 'The old version finishes what it has begun.' }),
  retire: retire.prefault({}).meta({ description: 'The old version is stopped and old images are removed.' }),
  deadline: durationOr('24h', '1s').meta({ description: 'The longest a release may take before it is rolled back.' }),
  guard: durationOr('10m', '1s').meta({
    description:
      'How long a release may be stuck, because its workflow code fails on every worker, before it is ended and the live version gets all the traffic.',
  }),
  features: features.prefault({}).meta({
    description: 'Feature flags, given to every service as `FEATURE_<NAME>`.',
    examples: [{ 'new-checkout': true }],
  }),
});

export const appConfigSchema = fields.superRefine(appRules, piecewise);

/** `environments` holds overrides; each is checked after it was merged into the base. */
export const fileSchema = fields.extend({
  environments: z
    .record(name(), z.record(z.string(), z.unknown()).nullable())
    .prefault({})
    .meta({
      title: 'overrides',
      description:
        'Environments by name; each may override any setting above except `version` and `app`. Mappings are merged, lists and values replaced. Without any, there is one: `production`.',
      examples: [{ staging: null, production: { services: { backend: { replicas: 3 } } } }],
    }),
});

export type AppConfig = z.output<typeof fields>;
export type SecretReference = z.output<typeof secret>;
export type Variables = z.output<ReturnType<typeof variables>>;
export type RouteConfig = ServiceConfig['routes'][number];
export type HealthConfig = ServiceConfig['health'];
export type { HttpCheck } from './config/check';
export type { ServiceConfig } from './config/service';
export type { DatabaseConfig } from './config/database';
export type { Analysis, Trigger } from './config/analysis';
export type { AnalysisMetric } from './config/source';
export type { Limits } from './config/phases';
export type { RouterConfig, TargetConfig } from './config/target';
