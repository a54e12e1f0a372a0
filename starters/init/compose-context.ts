import type { Question } from './proposal';

/** What a service is seen in. */
export interface ComposeContext {
  app: string;
  directory: string;
  /** Docker's name of a volume of the file. */
  volumeName(name: string): string;
  /** Name of the worker's variable for a secret of a service. */
  secretName(service: string, key: string): string;
  /** Names of all services of the file, as it writes them. */
  neighbours: string[];
  /** All services as text, to find who mentions whom. */
  text: string;
  questions: Question[];
}

export type Ask = (key: string, text: string) => void;
