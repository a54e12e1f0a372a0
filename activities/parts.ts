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

export type DatabasePlace = Pick<DatabaseContext, 'projectDirectory' | 'scope' | 'releases'>;

/** Opens the world that activities work on; tests may pass their own. */
export interface Parts {
  target(config: AppConfig): Promise<OpenTarget>;
  router(config: AppConfig): Promise<Router>;
  state(config: AppConfig, scope: Scope): Promise<State>;
  /** Resolves the secrets of the configuration; the caller closes it. */
  database(config: DatabaseConfig, place: DatabasePlace, io: Io): Promise<Database>;
  /** Sends nothing to the store yet. */
  store(step: Step): Promise<Store>;
  /** Resolves the secrets of the metric; sends nothing to its source yet. */
  metric(metric: AnalysisMetric, config: AppConfig, projectDirectory: string): Promise<MetricSource>;
  /** Passes plain text through; remembers the value for redaction. */
  secret(value: string | { env: string } | { file: string }, projectDirectory: string): Promise<string>;
  /** It changes when the secret changes, and reveals nothing of it. */
  fingerprint(reference: SecretReference, projectDirectory: string): Promise<string>;
  redact(text: string): string;
  /** Temporal's address and namespace; they name the owner of what this worker makes. */
  readonly owner: string;
  /** Only the worker's user may read it. It may not exist yet. */
  readonly temporaryDirectory: string;
}
