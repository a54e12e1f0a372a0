import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SecretReference } from '../../domain/config';
import { ConfigurationFailure } from '../../domain/failures';
import { secretKey } from '../../domain/identity';
import { redactor } from '../../domain/redact';
import { atHome } from '../../domain/config/secret-file';

/** Resolves secrets where the command runs, for commands that need no worker. */
export class SecretsHere {
  private readonly values = new Set<string>();

  constructor(private readonly projectDirectory: string) {}

  /** @throws ConfigurationFailure naming the reference, never the value */
  async resolve(value: string | SecretReference): Promise<string> {
    if (typeof value === 'string') return value;
    const found =
      'env' in value ? process.env[value.env] : await readFile(this.pathOf(value), 'utf8').catch(() => undefined);
    const secret = found?.replace(/\r?\n$/, '');
    if (!secret) {
      const shown = secretKey(value).replace(' ', ': ');
      throw new ConfigurationFailure(
        `expected a value in secret { ${shown} }, seen none: set it where this command runs`,
      );
    }
    this.values.add(secret);
    return secret;
  }

  pathOf({ file }: { file: string }): string {
    return resolve(this.projectDirectory, atHome(file, homedir()));
  }

  redact(text: string): string {
    return redactor(this.values)(text);
  }
}
