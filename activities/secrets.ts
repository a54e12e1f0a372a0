import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SecretReference } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import { secretKey } from '../domain/identity';
import { redactor } from '../domain/redact';
import { atHome } from '../domain/config/secret-file';

export type WorkerEnvironment = Record<string, string | undefined>;

export class Secrets {
  private readonly values = new Set<string>();
  private redactAll = redactor([]);

  /** @param fingerprintKey makes fingerprints worthless to anybody without access to the worker */
  constructor(
    private readonly environment: WorkerEnvironment,
    private readonly fingerprintKey: Buffer,
  ) {}

  /**
   * Looks for a relative file in `projectDirectory`, and for `~/` at home.
   * @throws ConfigurationFailure that names the reference, never the value
   */
  async resolve(value: string | SecretReference, projectDirectory: string): Promise<string> {
    if (typeof value === 'string') return value;
    const found = 'env' in value ? this.fromEnvironment(value.env) : await this.fromFile(value.file, projectDirectory);
    this.remember(found);
    return found;
  }

  /** Redacts the value and its encoded forms from now on, unless it is shorter than 4 characters. */
  remember(value: string): void {
    if (this.values.has(value)) return;
    this.values.add(value);
    this.redactAll = redactor(this.values);
  }

  redact(text: string): string {
    return this.redactAll(text);
  }

  async fingerprint(reference: SecretReference, projectDirectory: string): Promise<string> {
    const value = await this.resolve(reference, projectDirectory);
    return createHmac('sha256', this.fingerprintKey)
      .update(`${secretKey(reference)}\0${value}`)
      .digest('hex');
  }

  private fromEnvironment(name: string): string {
    const value = this.environment[name];
    if (value) return value;
    throw new ConfigurationFailure(
      `Secret { env: ${name} }: expected a value in the environment of the worker, seen ` +
        `${value === undefined ? 'no such variable' : 'an empty one'}; set it and start the worker again`,
    );
  }

  private fromFile(file: string, projectDirectory: string): Promise<string> {
    const home = this.environment.HOME ?? homedir();
    return readSecret(file, resolve(projectDirectory, atHome(file, home)));
  }
}

async function readSecret(file: string, path: string): Promise<string> {
  const failure = (seen: string): ConfigurationFailure =>
    new ConfigurationFailure(
      `Secret { file: ${file} }: expected a value in ${path} on the worker’s machine, seen ${seen}`,
    );
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw failure(error.code === 'ENOENT' ? 'no such file' : `${error.code ?? 'an error'}; let the worker read it`);
  });
  const value = text.replace(/\r?\n$/, '');
  if (!value) throw failure('an empty file');
  return value;
}
