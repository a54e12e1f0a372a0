import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import type { RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { TargetConfig } from '../../domain/config';

const TIMEOUT = 3_000;

/** Answers the engine's description; undefined for an engine behind SSH, which only a worker reaches. */
export async function pingDocker(target?: Pick<TargetConfig, 'host' | 'tls'>): Promise<string | undefined> {
  const host = target?.host ?? process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = new URL(host);
  if (url.protocol === 'ssh:') return undefined;
  const options: RequestOptions = { path: '/version', timeout: TIMEOUT };
  if (url.protocol === 'unix:') return version({ ...options, socketPath: url.pathname }, false);
  const tls = target?.tls;
  const at = { ...options, host: url.hostname, port: url.port || (tls ? 2376 : 2375) };
  return version(tls ? { ...at, ...(await certificates(tls)) } : at, tls !== undefined);
}

async function certificates({ ca, cert, key }: NonNullable<TargetConfig['tls']>): Promise<object> {
  return { ca: await readFile(ca), cert: await readFile(cert), key: await readFile(key) };
}

function version(options: RequestOptions, secure: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = (secure ? secureRequest : plainRequest)(options, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        try {
          const { Version, ApiVersion } = JSON.parse(text) as { Version: string; ApiVersion: string };
          resolve(`engine ${Version}, API ${ApiVersion}`);
        } catch (error) {
          reject(new Error(`it does not answer as a Docker engine (HTTP ${response.statusCode})`, { cause: error }));
        }
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT / 1_000} s`)));
    call.on('error', reject);
    call.end();
  });
}
