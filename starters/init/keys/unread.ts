import { isMapping } from '../../../domain/config/merge';
import type { Ask } from '../questions';
import { BUILD_KEYS, DEPLOY_KEYS, devicesOf, HEALTHCHECK_KEYS, RESOURCES_KEYS } from './build-and-deploy';
import { SERVICE_KEYS } from './service';
import type { Treatment } from './treatment';

type Mapping = Record<string, unknown>;

interface Place {
  table: Record<string, Treatment>;
  given: unknown;
  /** Such as `build.`, in front of its keys. */
  prefix: string;
  /** The key of Spillway at which questions about it stand. */
  key: string;
}

/** Asks about all that a service says and Spillway does not do, so that nothing is dropped without a word. */
export function askAboutKeys(given: Mapping, ask: Ask): void {
  const ownWay: string[] = [];
  const unknown: string[] = [];
  for (const { table, given: mapping, prefix, key } of placesOf(given)) {
    if (!isMapping(mapping)) continue;
    for (const [name, value] of Object.entries(mapping)) {
      if (name.startsWith('x-')) continue;
      const treatment = Object.hasOwn(table, name) ? table[name]! : undefined;
      if (!treatment) unknown.push(`\`${prefix}${name}\``);
      else if (isOwn(treatment, value)) ownWay.push(`\`${prefix}${name}\``);
      else if ('text' in treatment && !treatment.unless?.(value))
        ask(key, treatment.text, { importance: treatment.importance });
    }
  }
  if (unknown.length > 0) ask('', 'Spillway has no counterpart for {items}', { items: unknown });
  if (ownWay.length > 0)
    ask('', 'Spillway does in its own way what the Compose file says by {items}', { items: ownWay });
}

function isOwn(treatment: Treatment, value: unknown): boolean {
  if (!('text' in treatment)) return treatment.fate === 'own';
  return treatment.elseOwn === true && treatment.unless?.(value) === true;
}

function placesOf(given: Mapping): Place[] {
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  return [
    { table: SERVICE_KEYS, given, prefix: '', key: '' },
    { table: BUILD_KEYS, given: given.build, prefix: 'build.', key: 'build' },
    { table: DEPLOY_KEYS, given: deploy, prefix: 'deploy.', key: '' },
    { table: RESOURCES_KEYS, given: deploy.resources, prefix: 'deploy.resources.', key: '' },
    { table: HEALTHCHECK_KEYS, given: given.healthcheck, prefix: 'healthcheck.', key: 'health' },
  ];
}

/** Says what of the machine a service needs and Spillway’s containers do not get; undefined for none. */
export function needOfMachine(given: Mapping): string | undefined {
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  const resources = isMapping(deploy.resources) ? deploy.resources : {};
  const mode = String(given.network_mode ?? '');
  if (isSaid(given.gpus) || devicesOf(resources.reservations).length > 0 || /nvidia/.test(String(given.runtime ?? '')))
    return 'it needs a GPU or another device';
  if (isSaid(given.devices)) return 'it needs devices of the machine';
  if (mode === 'host') return 'it uses the network of the machine itself (`network_mode: host`)';
  if (/^(service|container):/.test(mode)) return `it uses the network of another container (\`${mode}\`)`;
  if (given.pid === 'host') return 'it sees all processes of the machine (`pid: host`)';
  if (isSaid(given.provider)) return 'Compose lets another program provide it';
  if (given.use_api_socket === true) return 'it controls the engine';
  return undefined;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);
}
