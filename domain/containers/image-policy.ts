import type { ServiceConfig } from '../config';
import { userMistake, type UserFiles } from './image-user';
import { isSecretName, looksSecret } from './secret-looks';
import { formatSize } from '../units';
import { volumeMistake } from './volumes';

interface JudgedImage {
  reference: string;
  /** Bytes. */
  size: number;
  /** It is the Dockerfile's `USER`; empty means root. */
  user: string;
  files: UserFiles;
  env: Record<string, string>;
  volumes: string[];
}

interface Service {
  app: string;
  service: string;
  config: Pick<ServiceConfig, 'policy' | 'volumes' | 'discard' | 'tmpfs' | 'run'>;
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
  const user = userMistake(image.user, image.files, policy.nonRoot);
  if (user !== undefined) mistakes.push(user);
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

function bakedSecrets(env: Record<string, string>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => value !== '' && (isSecretName(name) || looksSecret(value)))
    .map(([name]) => name);
}
