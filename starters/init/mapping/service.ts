import { relative } from 'node:path';
import { hasPlace } from '../../../domain/containers/placeholders';
import { isMapping } from '../../../domain/config/merge';
import type { ComposeBuild } from '../compose/model';
import { shownAddress } from '../compose/paths';
import { isSecretText } from '../compose/plain';
import { composeDuration, composeSize } from '../compose-values';
import { imageQuestions } from '../dockerfile';
import { askAboutKeys } from '../keys/unread';
import type { Ask } from '../questions';
import { askerOf, type Mapper, type Released } from './context';
import { environmentOf, PLACES, SIBLINGS, withSlots } from './environment';
import { imageOf } from './image';
import { reachingOf } from './networks';
import { copiesOf, isAddress } from './roles';
import { reachOf } from './routes';
import { tmpfsOf, volumesOf } from './volumes';
import { wordsOf } from './words';

type Mapping = Record<string, unknown>;

/** Proposes what spillway.yaml says about a service, and asks about all else that the Compose file says. */
export function serviceOf(one: Released, mapper: Mapper): Mapping {
  const { service, name, facts, job } = one;
  const ask = askerOf(mapper.questions, name);
  askAboutKeys(service.given, ask);
  askAboutLabels(one, ask);
  const build = service.build && buildOf(service.build, mapper, ask);
  if (facts) imageQuestions(facts, ask);
  else if (build && service.build?.given.dockerfile_inline === undefined)
    ask('build', 'its Dockerfile is not there, so its ports, user and volumes are unknown', { importance: 'decide' });
  const image = imageOf(one, mapper, ask);
  const reach = reachOf(one, mapper, ask);
  const isAlone = reach.traffic === 'none';
  const volumes = volumesOf(one, isAlone, mapper, ask);
  const env = environmentOf(one, mapper, ask);
  const words = commandOf(one, mapper, ask);
  const tmpfs = tmpfsOf(one);
  const { read_only: readOnly, stop_grace_period: grace } = service.given;
  const isReadOnly = String(readOnly) === 'true';
  if (!isReadOnly)
    ask(
      'readOnlyRoot',
      'true is safer, if the containers write nothing but /tmp and their volumes; what they write elsewhere is lost with each version',
    );
  return {
    ...(build && { build }),
    ...(image !== undefined && { image }),
    ...reach,
    ...resourcesOf(one, ask, job !== undefined),
    ...(env && { env }),
    ...(words.length > 0 && { command: words }),
    ...(volumes.length > 0 && { volumes }),
    ...(tmpfs.length > 0 && { tmpfs }),
    ...(!isReadOnly && { readOnlyRoot: false }),
    ...reachingOf(one, mapper, ask),
    ...(composeDuration(grace) && { stopGrace: composeDuration(grace) }),
  };
}

function buildOf(
  { context, dockerfile, target, args, given }: ComposeBuild,
  { home }: Mapper,
  ask: Ask,
): Mapping | undefined {
  const known = args.filter(({ name, value }) => {
    const isPlain = value !== undefined && value.missing.length === 0 && !isSecretText(value, name);
    if (!isPlain)
      ask(
        'build',
        'the build arguments {items} were left out: their values are secrets, or come from the environment',
        {
          importance: 'decide',
          items: [name],
        },
      );
    return isPlain;
  });
  if (isAddress(context)) {
    ask(
      'image',
      `it is pulled, since a build needs a folder, and was built from ${shownAddress(context)}: let CI build it`,
      {
        importance: 'decide',
      },
    );
    return undefined;
  }
  const folder = relative(home, context);
  return {
    context: folder === '' ? '.' : folder.startsWith('.') ? folder : `./${folder}`,
    ...(dockerfile !== undefined && given.dockerfile_inline === undefined && { dockerfile }),
    ...(target !== undefined && { target }),
    ...(known.length > 0 && { args: Object.fromEntries(known.map(({ name, value }) => [name, value!.text])) }),
  };
}

/** An entry point becomes the beginning of the command, which most entry points of images run. */
function commandOf(one: Released, mapper: Mapper, ask: Ask): string[] {
  const { service, facts } = one;
  const entrypoint = wordsOf(service.entrypoint ?? [], ask);
  const command = wordsOf(service.command ?? [], ask);
  if (entrypoint.length > 0 && facts?.hasEntrypoint !== false)
    ask(
      'command',
      '`entrypoint` became its beginning: that is right if the image has no ENTRYPOINT, or one that runs what stands behind it',
      {
        importance: 'decide',
      },
    );
  const others = { ...mapper, released: mapper.released.filter((other) => other !== one) };
  const words = [...entrypoint, ...command].map((word, index, all) =>
    withSlots(word, optionOf(all[index - 1]), others),
  );
  const siblings = [...new Set(words.flatMap((word) => word.siblings))];
  const places = [...entrypoint, ...command].filter(hasPlace);
  if (places.length > 0) ask('command', PLACES, { importance: 'decide', items: places });
  if (siblings.length > 0) ask('command', SIBLINGS, { items: siblings });
  return words.map(({ text }) => text);
}

/** `--api-host` says of the next word what a variable API_HOST says of its value. */
function optionOf(before = ''): string {
  return /^--?[a-z][\w-]*$/i.test(before) ? before.replace(/^-+/, '').replaceAll('-', '_') : '';
}

function resourcesOf({ service }: Released, ask: Ask, isJob: boolean): Mapping {
  const { given } = service;
  const deploy = isMapping(given.deploy) ? given.deploy : {};
  const resources = isMapping(deploy.resources) ? deploy.resources : {};
  const limits = isMapping(resources.limits) ? resources.limits : {};
  const quota = Number(given.cpu_quota) / (Number(given.cpu_period) || 100_000);
  const cpu = Number(limits.cpus ?? given.cpus ?? (quota > 0 ? quota : undefined));
  const limit = composeSize(limits.memory ?? given.mem_limit);
  // Compose takes 0 for no limit.
  const memory = limit !== undefined && Number.parseFloat(limit) === 0 ? undefined : limit;
  if (limits.pids !== undefined) ask('', 'the number of processes has no limit here');
  const replicas = copiesOf(service) ?? 1;
  if (replicas > 20)
    ask('replicas', `${replicas} replicas were asked for; Spillway runs at most 20 on one host`, {
      importance: 'decide',
    });
  return {
    ...(replicas > 1 && !isJob && { replicas: Math.min(20, replicas) }),
    ...(cpu > 0 && { cpu }),
    ...(memory !== undefined && { memory }),
  };
}

const READ = /^(traefik\.|caddy(_\d+)?(\.|$)|com\.docker\.compose\.|org\.opencontainers\.|desktop\.docker\.)/i;

/** Containers have no labels but Spillway’s own, so whoever reads one finds none. */
function askAboutLabels({ service }: Released, ask: Ask): void {
  const families = Object.keys({ ...service.labels, ...service.deployLabels })
    .filter((label) => !READ.test(label))
    .map((label) =>
      label
        .split('.')
        .slice(0, label.startsWith('com.') ? 3 : 1)
        .join('.'),
    );
  if (families.length === 0) return;
  const isSchedule = families.some((family) => /^(ofelia|chadburn|swarm|deck-chores)/.test(family));
  ask(
    '',
    isSchedule
      ? 'its labels {items} had commands run in it at times; nothing does so here'
      : 'containers get no labels of {items}; does a program read them?',
    {
      importance: isSchedule ? 'decide' : 'know',
      items: [...new Set(families)],
    },
  );
}
