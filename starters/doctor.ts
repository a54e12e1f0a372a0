import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { satisfies } from 'semver';
import { secretKey, secretReferences } from '../domain/identity';
import type { SecretReference } from '../domain/config';
import { loadConfiguration, loadFile } from './file/configuration';
import { pingDocker } from './dev/docker-ping';
import { examineTemporal } from './dev/doctor-temporal';
import { EXIT } from './exit-codes';
import { run } from './output';
import { renderChecks, saidNoText } from './render/checks';
import type { Check } from './render/checks';
import { addScopeOptions } from './asking/scope';
import type { ScopeOptions } from './asking/scope';
import { SecretsHere } from './file/secrets';

const NODE = '>=20.19.0';

export function registerDoctor(program: Command): void {
  addScopeOptions(program.command('doctor').description('Checks what a release needs, from here, and says what to do.'))
    .addHelpText(
      'after',
      `
Looks at Node, Temporal (connection, namespace, search attributes, a worker), the configuration, whether the secrets it
names are there, and the Docker engine. Changes nothing. A worker elsewhere may see other secrets and another engine;
\`spillway plan\` asks the worker itself.

Examples:
  spillway doctor
  spillway doctor -e production --json

Exit codes: 0 all well · 1 something is wrong · 64 wrong usage`,
    )
    .action((options: ScopeOptions) =>
      run(options, async (out) => {
        const [temporal, local] = await Promise.all([examineTemporal(), examineProject(options)]);
        const checks = [examineNode(), ...temporal, ...local];
        const failed = checks.filter(({ state }) => state === 'failed').length;
        const verdict = failed === 0 ? 'All is well.' : saidNoText(failed, checks.length);
        out.result({ ok: failed === 0, checks }, `${renderChecks(checks, out.colours)}\n\n${verdict}`);
        return failed === 0 ? EXIT.done : EXIT.no;
      }),
    );
}

function examineNode(): Check {
  const ok = satisfies(process.version, NODE);
  return { name: 'Node', state: ok ? 'ok' : 'failed', detail: process.version, todo: `install Node ${NODE}` };
}

async function examineProject(options: ScopeOptions): Promise<Check[]> {
  const name = 'configuration';
  try {
    const { environments, projectDirectory } = await loadEnvironments(options);
    const configs = Object.values(environments);
    const references = new Map(configs.flatMap(secretReferences).map((one) => [secretKey(one), one]));
    const hosts = new Map(configs.map(({ target }) => [target.host ?? '', target]));
    return [
      { name, state: 'ok', detail: `${options.file} is right, for ${Object.keys(environments).join(', ')}` },
      ...(await Promise.all([...references.values()].map((one) => examineSecret(one, projectDirectory)))),
      ...(await Promise.all([...hosts.values()].map(examineDocker))),
    ];
  } catch (error) {
    const todo = 'correct it (`spillway validate` repeats only this check), or write one with `spillway init`';
    return [{ name, state: 'failed', detail: (error as Error).message, todo }, await examineDocker()];
  }
}

async function loadEnvironments({ file, environment }: ScopeOptions): ReturnType<typeof loadFile> {
  if (environment === undefined) return loadFile(file);
  const { config, projectDirectory } = await loadConfiguration(file, environment);
  return { environments: { [environment]: config }, projectDirectory };
}

/** Checks only that the secret is there; its value is nobody's business here. */
async function examineSecret(reference: SecretReference, projectDirectory: string): Promise<Check> {
  const name = `secret ${secretKey(reference)}`;
  const there =
    'env' in reference
      ? Boolean(process.env[reference.env])
      : await access(new SecretsHere(projectDirectory).pathOf(reference)).then(
          () => true,
          () => false,
        );
  if (there) return { name, state: 'ok', detail: 'is there' };
  const todo = 'it must be there where the worker runs; if that is here, set it before starting the worker';
  return { name, state: 'note', detail: 'is not set here', todo };
}

async function examineDocker(target?: Parameters<typeof pingDocker>[0]): Promise<Check> {
  const name = target?.host ? `Docker ${target.host}` : 'Docker';
  try {
    const seen = await pingDocker(target);
    if (seen !== undefined) return { name, state: 'ok', detail: `${seen} answers` };
    return { name, state: 'note', detail: 'is reached over SSH by the worker only', todo: '`spillway plan` tries it' };
  } catch (error) {
    const todo =
      'start the engine, set DOCKER_HOST or `target.host`, or join the group that may use its socket; ' +
      'where only the worker reaches it, `spillway plan` asks the worker';
    return { name, state: 'failed', detail: (error as Error).message || String(error), todo };
  }
}
