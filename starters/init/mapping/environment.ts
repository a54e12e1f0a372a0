import { hasPlace } from '../../../domain/containers/placeholders';
import type { ComposeVariable } from '../compose/model';
import { isSecretText } from '../compose/plain';
import { NGINX_PROXY_VARIABLE } from '../labels/nginx-proxy';
import type { Ask } from '../questions';
import {
  END_OF_HOST,
  HOST_SETTING,
  namesAsHost,
  namesOf,
  quoted,
  RESOLVER,
  type Mapper,
  type Released,
} from './context';

export const SIBLINGS =
  'it reaches {items} of its own version by names with {slot} in them, as in api-{slot}, because two versions run side by side';

export const PLACES =
  'in {items}, Spillway puts its own values in place of {slot}, {version} and {release}; if the program should see these words, give it them in another way';

type Value = string | { env: string };

/** Values that may be secrets become references to variables of the worker. */
export function environmentOf(
  { service, name }: Released,
  mapper: Mapper,
  ask: Ask,
): Record<string, Value> | undefined {
  const needed: string[] = [];
  const renamed = new Set<string>();
  const hidden: string[] = [];
  const given = service.environment.filter(({ name: key }) => !NGINX_PROXY_VARIABLE.test(key));
  const variables = given.map((variable): [string, Value] => {
    const secret = secretOf(variable, name, mapper);
    if (secret === undefined) {
      const { text, siblings } = withSlots(variable.value!.text, variable.name, mapper);
      siblings.forEach((sibling) => renamed.add(sibling));
      return [variable.name, text];
    }
    const missing = (variable.value?.missing ?? []).filter((one) => one !== secret);
    needed.push(missing.length > 0 ? `${secret} (with ${missing.join(' and ')}, which had no value)` : secret);
    if (siblingsIn(variable.value?.text ?? '', mapper).length > 0) hidden.push(secret);
    return [variable.name, { env: secret }];
  });
  if (needed.length > 0)
    ask('env', 'the worker needs the values of {items} in its own environment; they were not copied', {
      importance: 'decide',
      items: [...new Set(needed)],
    });
  askAboutSiblings(renamed, hidden, ask);
  const places = given.filter(({ value }) => value && hasPlace(value.text)).map((one) => one.name);
  if (places.length > 0) ask('env', PLACES, { importance: 'decide', items: places });
  return variables.length > 0 ? Object.fromEntries(variables) : undefined;
}

/** The variable of the worker that has the value; undefined for a value that everybody may read. */
function secretOf({ name: key, value }: ComposeVariable, service: string, mapper: Mapper): string | undefined {
  if (value === undefined) return key;
  const { variable, missing } = value;
  const isSecret = isSecretText(value, key);
  if (variable !== undefined && (missing.length > 0 || isSecret))
    return value.pieces[0]!.origin === 'default' ? mapper.secretName(service, key) : variable;
  return isSecret || missing.length > 0 ? mapper.secretName(service, key) : undefined;
}

function askAboutSiblings(renamed: Set<string>, hidden: string[], ask: Ask): void {
  if (renamed.size > 0)
    ask('env', SIBLINGS, {
      items: [...renamed],
    });
  if (hidden.length > 0)
    ask(
      'env',
      'the values of {items} name a service that is released: write its name with -blue or -green, or keep the secret in a variable of its own',
      {
        importance: 'decide',
        items: hidden,
      },
    );
}

/** Keys whose whole value may be a host. */
const HOST_KEY = /(^|_)(HOST|HOST_?NAME|ADDR|ADDRESS|SERVER|UPSTREAM|ENDPOINT|BACKEND|TARGET)$/i;
const BEFORE_PORT = `(?:^|[\\s,;=("'\\[])(?:[^/\\s@,]*@)?`;
const BEFORE_HOST = `://(?:[^/\\s@]*@)?|${RESOLVER}|${HOST_SETTING}`;

/** Puts `{slot}` behind the names of services that are released too, because nothing else has their plain names. */
export function withSlots(text: string, key: string, mapper: Mapper): { text: string; siblings: string[] } {
  const siblings = new Set<string>();
  let changed = text;
  for (const { service, name } of reached(mapper)) {
    for (const alias of namesOf(service)) {
      const isWhole = HOST_KEY.test(key) && text === alias;
      const host = `${quoted(alias)}${END_OF_HOST}`;
      const pattern = new RegExp(`(${BEFORE_PORT})${host}(?=:\\d)|(${BEFORE_HOST})${host}`, 'gi');
      const next = isWhole
        ? `${name}-{slot}`
        : changed.replace(pattern, (_, before?: string, scheme?: string) => `${before ?? scheme}${name}-{slot}`);
      if (next !== changed) siblings.add(name);
      changed = next;
    }
  }
  return { text: changed, siblings: [...siblings] };
}

/** Jobs have ended before anybody could call them. */
function reached({ released }: Mapper): Released[] {
  return released.filter(({ job }) => !job);
}

function siblingsIn(text: string, mapper: Mapper): string[] {
  return reached(mapper)
    .filter(({ service }) => namesAsHost([text], namesOf(service)))
    .map(({ name }) => name);
}
