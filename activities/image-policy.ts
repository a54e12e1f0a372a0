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
  return imageMistakes({ ...facts, ...image, files }, judged);
}
