import { MORE_CASES } from './cases-more';
import { PROJECT_CASES } from './cases-projects';
import { VARIABLE_CASES } from './cases-variables';

export interface ComposeCase {
  title: string;
  /** In a folder `My Shop`. */
  files: Record<string, string>;
  shell?: Record<string, string>;
  /** Names on the command line. */
  named?: string[];
  projectName?: string;
  envFiles?: string[];
}

export const COMPOSE_CASES: ComposeCase[] = [...VARIABLE_CASES, ...PROJECT_CASES, ...MORE_CASES];
