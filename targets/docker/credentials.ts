import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { hostOf } from '../../domain/containers/reference';
import { ConfigurationFailure } from '../../domain/failures';
import type { Surroundings } from './engine';

const DOCKER_HUB = 'https://index.docker.io/v1/';
const HELPER_MS = 20_000;

interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

type Credentials = Docker.AuthConfig | { identitytoken: string; serveraddress: string };

function registryOf(repository: string): string {
  const host = hostOf(repository);
  return host === undefined || host === 'docker.io' ? DOCKER_HUB : host;
}

/**
 * Reads what `docker login` saved, by https://github.com/docker/docker-credential-helpers; undefined when nothing is.
 */
export async function credentialsFor(
  repository: string,
  variables: Surroundings['variables'],
): Promise<Credentials | undefined> {
  const registry = registryOf(repository);
  const config = await readConfig(
    join(variables.DOCKER_CONFIG ?? join(variables.HOME ?? '/root', '.docker'), 'config.json'),
  );
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const helped = helper ? await askHelper(helper, registry, variables) : undefined;
  return helped ?? storedCredentials(config, registry);
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationFailure(`expected to read ${path}, seen ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch {
    // The parser's message quotes the text, which may hold a password.
    throw new ConfigurationFailure(`expected JSON in ${path}, seen something else: run \`docker login\` again`);
  }
}

function storedCredentials({ auths = {} }: DockerConfig, registry: string): Credentials | undefined {
  const names = [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`];
  const entry = names.map((name) => auths[name]).find(Boolean);
  if (!entry) return undefined;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: registry };
  const decoded = entry.auth ? Buffer.from(entry.auth, 'base64').toString('utf8') : undefined;
  const username = entry.username ?? decoded?.slice(0, decoded.indexOf(':'));
  const password = entry.password ?? decoded?.slice(decoded.indexOf(':') + 1);
  return username && password ? { username, password, serveraddress: registry } : undefined;
}

function askHelper(
  helper: string,
  registry: string,
  variables: Surroundings['variables'],
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['get'], { timeout: HELPER_MS, env: variables }, (error, stdout) => {
      if (error && (error.code as unknown) === 'ENOENT') {
        return reject(
          new ConfigurationFailure(`expected ${program} on the worker's PATH, as the Docker configuration says`),
        );
      }
      // A helper that does not know the registry exits with 1; the registry may answer without credentials.
      if (error) return resolve(undefined);
      resolve(parseHelped(stdout, registry));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(registry);
  });
}

function parseHelped(stdout: string, registry: string): Credentials | undefined {
  try {
    const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string };
    if (!Username || !Secret) return undefined;
    if (Username === '<token>') return { identitytoken: Secret, serveraddress: registry };
    return { username: Username, password: Secret, serveraddress: registry };
  } catch {
    return undefined;
  }
}
