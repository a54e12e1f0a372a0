import type { Question } from './proposal';

export interface ComposeContext {
  app: string;
  directory: string;
  volumeName(name: string): string;
  secretName(service: string, key: string): string;
  /** Names of all services, as the file writes them. */
  neighbours: string[];
  /** The whole file as text, to find who mentions whom. */
  text: string;
  questions: Question[];
}

export type Ask = (key: string, text: string) => void;
