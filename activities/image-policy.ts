import { judgeWaiting } from '../domain/containers/healthcheck';
import type { Finding } from '../domain/preflight';
import { imageMistakes } from '../domain/containers/image-policy';
import { isNamed } from '../domain/containers/image-user';
import type { ServiceConfig } from '../domain/config';
import type { Io } from '../domain/host';
import type { ImageFacts } from '../targets/images';
import type { Target } from '../targets/target';

export interface Judged {
  app: string;
  service: string;
  config: ServiceConfig;
}

/** Looks into the image only where its facts do not tell. */
export async function mistakesOf(facts: ImageFacts, judged: Judged, target: Target, io: Io): Promise<string[]> {
  const { image, user } = facts;
  const files = isNamed(user) ? await target.images.look(image, io) : {};
  const waiting = waitingOf(facts, judged);
  const hopeless = 'problem' in waiting ? [`${image.reference}: ${waiting.problem}`] : [];
  return [...imageMistakes({ ...facts, ...image, files }, judged), ...hopeless];
}

/** Says how long its containers may take to get healthy. A job only has to end. */
export function waitingOf({ healthcheck }: ImageFacts, { service, config }: Judged): Finding {
  return judgeWaiting(service, config.health, config.run === 'once' ? undefined : healthcheck);
}
