import type { ServiceConfig } from '../config';
import { isSecretName, looksSecret } from './secret-looks';
import { formatSize } from '../units';
import { volumeMistake } from './volumes';

interface JudgedImage {
  reference: string;
  /** Bytes. */
  size: number;
  /** It is the Dockerfile's `USER`; empty means root. */
  user: string;
  env: Record<string, string>;
  volumes: string[];
}

interface Service {
  app: string;
  service: string;
  config: Pick<ServiceConfig, 'policy' | 'volumes' | 'discard' | 'run'>;
}

/** Says why an image may not run as this service, without any value of a variable; empty when it may. */
export function imageMistakes(image: JudgedImage, { app, service, config }: Service): string[] {
  const { policy } = config;
  const mistakes: string[] = [];
  if (policy.maxSize !== undefined && image.size > policy.maxSize) {
    mistakes.push(
      `expected at most ${formatSize(policy.maxSize)}, seen ${formatSize(image.size)}: make it smaller, or raise \`policy.maxSize\``,
    );
  }
  if (policy.nonRoot && isRoot(image.user)) {
    mistakes.push(
      `expected a user other than root, seen ${image.user === '' ? 'no USER' : `USER ${image.user}`}: add a USER to the Dockerfile, or set \`policy.nonRoot: false\``,
    );
  }
  const secrets = policy.noSecrets ? bakedSecrets(image.env) : [];
  if (secrets.length > 0) {
    mistakes.push(
      `expected no secret baked into the image, seen ${secrets.join(', ')}: give it in \`env\` as a reference, or set \`policy.noSecrets: false\``,
    );
  }
  const loose = volumeMistake(image.volumes, app, service, config);
  if (loose !== undefined) mistakes.push(loose);
  return mistakes.map((mistake) => `${image.reference}: ${mistake}`);
}

function isRoot(user: string): boolean {
  const [name] = user.split(':') as [string];
  return name === '' || name === 'root' || /^0+$/.test(name);
}

function bakedSecrets(env: Record<string, string>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => value !== '' && (isSecretName(name) || looksSecret(value)))
    .map(([name]) => name);
}
