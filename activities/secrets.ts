import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SecretReference } from '../domain/config';
import { ConfigurationFailure } from '../domain/failures';
import { secretKey } from '../domain/identity';
import { redactor } from '../domain/redact';
import { atHome } from '../domain/config/secret-file';

/** Variables of the worker; the worker hands them in, nobody else reads them. */
export type WorkerEnvironment = Record<string, string | undefined>;

/** Resolves secrets, remembers them for redaction, and tells whether one changed without telling what it is. */
export class Secrets {
  private readonly values = new Set<string>();
  private redactAll = redactor([]);

  /** @param fingerprintKey makes fingerprints worthless to whoever has no access to the worker */
  constructor(
    private readonly environment: WorkerEnvironment,
    private readonly fingerprintKey: Buffer,
  ) {}

  /**
   * Passes plain text through and resolves a reference; a relative file is looked for in `projectDirectory`, `~/` at home.
   *
   * @throws ConfigurationFailure naming the reference, never the value
   */
  async resolve(value: string | SecretReference, projectDirectory: string): Promise<string> {
    if (typeof value === 'string') return value;
    const found = 'env' in value ? this.fromEnvironment(value.env) : await this.fromFile(value.file, projectDirectory);
    this.remember(found);
    return found;
  }

  /** From now on this is redacted, and so are its encoded forms. Values shorter than 4 characters are not. */
  remember(value: string): void {
    if (this.values.has(value)) return;
    this.values.add(value);
    this.redactAll = redactor(this.values);
  }

  redact(text: string): string {
    return this.redactAll(text);
  }

  /** Changes when the secret changes, and says nothing else about it. */
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
