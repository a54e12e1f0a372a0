import type { AnalysisMetric, AppConfig, DatabaseConfig, SecretReference } from '../domain/config';
import type { Io } from '../domain/host';
import type { Database, DatabaseContext } from '../databases/database';
import type { MetricSource } from '../metrics/metric';
import type { Scope } from '../domain/release';
import type { Router } from '../routers/router';
import type { State } from '../state/state';
import type { Store } from '../stores/store';
import type { OpenTarget } from '../targets/open';
import type { Step } from './steps';

/** Whose database is opened, and from where. */
export type DatabasePlace = Pick<DatabaseContext, 'projectDirectory' | 'scope' | 'releases'>;

/** The parts of the world that activities work on, opened from the configuration; tests may give their own. */
export interface Parts {
  target(config: AppConfig): Promise<OpenTarget>;
  router(config: AppConfig): Promise<Router>;
  /** What an environment keeps. */
  state(config: AppConfig, scope: Scope): Promise<State>;
  /** Resolves the secrets of the configuration; the caller closes it. */
  database(config: DatabaseConfig, place: DatabasePlace, io: Io): Promise<Database>;
  /** Opens the store of an environment's backups; asks it nothing yet. */
  store(step: Step): Promise<Store>;
  /** Resolves the secrets of the metric; asks its source nothing yet. */
  metric(metric: AnalysisMetric, config: AppConfig, projectDirectory: string): Promise<MetricSource>;
  /** Resolves a secret reference or passes plain text through; remembers the value for redaction. */
  secret(value: string | { env: string } | { file: string }, projectDirectory: string): Promise<string>;
  /** Changes when the secret changes, and reveals nothing of it. */
  fingerprint(reference: SecretReference, projectDirectory: string): Promise<string>;
  /** Replaces every secret resolved so far by `[redacted]`. */
  redact(text: string): string;
  /** Temporal address and namespace, and so who owns what this worker makes. */
  readonly owner: string;
  /** Folder on this worker's machine for what is not kept; only its user may read it. It need not be there yet. */
  readonly temporaryDirectory: string;
}
