import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AnalysisMetric, AppConfig, SecretReference, Variables } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import type { Target } from '../targets/target';
import { CommandSource } from './command';
import { ContainersSource } from './containers';
import type { MetricSource } from './metric';
import { PrometheusSource } from './prometheus/prometheus';
import { WebhookSource } from './webhook';

export interface MetricContext {
  /** Absolute folder of `spillway.yaml`. */
  projectDirectory: string;
  services: AppConfig['services'];
  target(): Promise<Pick<Target, 'replicas'>>;
  environment: Record<string, string | undefined>;
  /** Passes plain text through. */
  secret(value: string | SecretReference): Promise<string>;
}

/** @throws ConfigurationFailure when a secret or the file of an authority is not there */
export async function openMetric(metric: AnalysisMetric, context: MetricContext): Promise<MetricSource> {
  const { prometheus, command, webhook, containers, service, interval, name } = metric;
  const { projectDirectory, services } = context;
  if (prometheus) {
    const headers = await headersOf(prometheus, context);
    const ca = await readCa(prometheus.ca, context);
    return new PrometheusSource({ config: prometheus, service, interval, headers, ca });
  }
  if (command) {
    const environment = { ...context.environment, ...(await resolved(command.env, context)) };
    return new CommandSource({ config: command, service, projectDirectory, environment });
  }
  if (webhook) {
    const headers = await resolved(webhook.headers, context);
    return new WebhookSource({ config: webhook, name, service, headers, ca: await readCa(webhook.ca, context) });
  }
  if (containers) {
    return new ContainersSource({ config: containers, service, services, target: await context.target() });
  }
  throw new ConfigurationFailure(`expected metric "${name}" to have a source, seen none`);
}

async function headersOf(
  { headers, bearerToken, basicAuth }: NonNullable<AnalysisMetric['prometheus']>,
  context: MetricContext,
): Promise<Record<string, string>> {
  const given = await resolved(headers, context);
  if (bearerToken) return { ...given, authorization: `Bearer ${await context.secret(bearerToken)}` };
  if (!basicAuth) return given;
  const both = `${basicAuth.username}:${await context.secret(basicAuth.password)}`;
  return { ...given, authorization: `Basic ${Buffer.from(both).toString('base64')}` };
}

async function resolved(variables: Variables, { secret }: MetricContext): Promise<Record<string, string>> {
  const all = Object.entries(variables).map(async ([name, value]) => [name, await secret(value)] as const);
  return Object.fromEntries(await Promise.all(all));
}

async function readCa(file: string | undefined, { projectDirectory }: MetricContext): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(projectDirectory, file);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationFailure(
      `expected a PEM file of an authority at ${path}, seen ${code ?? 'none'}: correct \`ca\``,
    );
  }
}
