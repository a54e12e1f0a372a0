import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping } from '../../../domain/config/merge';
import { cleanPath, isWithin } from '../../../domain/containers/volumes';
import type { ComposeMount, ComposeResource } from '../compose/model';
import type { Ask } from '../questions';
import { namedVolumes, type Mount } from '../volumes';
import type { Mapper, Released } from './context';

export function volumesOf(one: Released, isAlone: boolean, mapper: Mapper, ask: Ask): Mount[] {
  const { service, name, facts } = one;
  const mounted = [
    ...service.mounts.flatMap((mount) => mountOf(mount, one, isAlone, mapper, ask)),
    ...filesOf(one, mapper, ask),
  ];
  const distinct = mounted.filter(
    ({ target }, index) => mounted.findIndex((other) => cleanPath(other.target) === cleanPath(target)) === index,
  );
  const nameless = service.mounts.filter(({ type, source }) => type === 'volume' && source === undefined);
  const paths = [...nameless.map(({ target }) => target), ...(facts?.volumes ?? [])];
  return [...distinct, ...namedVolumes({ app: mapper.app, service: name, paths, mounted: distinct, isAlone, ask })];
}

function mountOf(mount: ComposeMount, { service }: Released, isAlone: boolean, { project }: Mapper, ask: Ask): Mount[] {
  const { type, source, target, readOnly, wrote } = mount;
  if (type === 'tmpfs' || (type === 'volume' && source === undefined)) return [];
  if ((type !== 'volume' && type !== 'bind') || source === undefined) {
    ask('volumes', `{items} was left out: a volume of the type ${type} has no counterpart`, {
      importance: 'decide',
      items: [target],
    });
    return [];
  }
  if (type === 'volume') {
    const volume = project.volumes[source];
    if (volume) askAboutDriver(volume, ask);
    return [mounted(volume?.name ?? `${project.name}_${source}`, mount, isAlone, ask)];
  }
  const isCode = service.build !== undefined && isWithin(project.directory, source);
  const isOfBuild = service.build !== undefined && source === service.build.context && !readOnly;
  if (isCode || isOfBuild) {
    ask('volumes', 'left out, because it puts source code over that of the image, for development: {items}', {
      items: [wrote ?? source],
    });
    return [];
  }
  if (existsSync(source)) {
    if (wrote !== undefined)
      ask(
        'volumes',
        '{items} lies beside the Compose file: is it on the target as well, at this path? Better put it into the image',
        {
          importance: 'decide',
          items: [wrote],
        },
      );
    return [mounted(source, mount, isAlone, ask)];
  }
  if (wrote !== undefined && !wrote.startsWith('/')) {
    ask(
      'volumes',
      'left out, because there is no such file or folder: {items}; write the absolute path on the target, or put it into the image',
      {
        importance: 'decide',
        items: [wrote],
      },
    );
    return [];
  }
  ask(
    'volumes',
    'there is no {items} on this machine: make it on the target before the first release, owned by whom the program runs as',
    {
      importance: 'decide',
      items: [source],
    },
  );
  return [mounted(source, mount, isAlone, ask)];
}

/** Containers name a volume only, so where it is missing the engine makes a plain one. */
function askAboutDriver({ name, external, given }: ComposeResource, ask: Ask): void {
  const options = isMapping(given.driver_opts) ? given.driver_opts : {};
  const driver = String(given.driver ?? 'local');
  if (external || (driver === 'local' && Object.keys(options).length === 0)) return;
  // Other options may hold a password, as `o` does for CIFS.
  const known = [driver, options.type, options.device].filter(
    (one) => one !== undefined && one !== null && one !== 'local' && one !== 'none',
  );
  ask(
    'volumes',
    'Compose makes {items} with a driver or options of its own: on a target where it is missing, make it before the first release by `docker volume create` with the same ones, or it begins as an empty volume there',
    { importance: 'decide', items: [known.length > 0 ? `${name} (${known.map(String).join(' ')})` : name] },
  );
}

function mounted(source: string, { target, readOnly, given }: ComposeMount, isAlone: boolean, ask: Ask): Mount {
  const { volume, bind } = given;
  const subpath = isMapping(volume) ? volume.subpath : undefined;
  if (subpath !== undefined)
    ask('volumes', `{items} was only \`${String(subpath)}\` of ${source}, here it is all of it`, {
      importance: 'decide',
      items: [target],
    });
  if (isMapping(bind) && bind.propagation !== undefined)
    ask('volumes', '{items} has no propagation of mounts here', { items: [target] });
  if (readOnly) return { source, target, readOnly: true };
  if (isAlone) return { source, target };
  ask(
    'volumes',
    'during a release the old and the new version both write to {items}: can they? If not, make it `readOnly` or store it elsewhere',
    {
      importance: 'decide',
      items: [source],
    },
  );
  return { source, target, shared: true };
}

/** `secrets` and `configs` are files on the target here. */
function filesOf({ service }: Released, { project }: Mapper, ask: Ask): Mount[] {
  return service.files.flatMap(({ kind, source, target }): Mount[] => {
    const path = project[kind][source]?.given.file;
    const file = typeof path === 'string' ? join(path.startsWith('/') ? '' : project.directory, path) : undefined;
    const what = kind === 'secrets' ? 'a secret' : 'a config';
    if (file !== undefined && existsSync(file)) {
      ask('volumes', `{items} holds ${what} of the Compose file: is it on the target as well, at this path?`, {
        importance: 'decide',
        items: [file],
      });
      return [{ source: file, target, readOnly: true }];
    }
    ask(
      'volumes',
      `{items} was ${what} of the Compose file: put it on the target, and write it here with \`readOnly: true\``,
      {
        importance: 'decide',
        items: [target],
      },
    );
    return [];
  });
}

/** Folders in memory, as Compose writes them. */
export function tmpfsOf({ service }: Released): string[] {
  const { tmpfs } = service.given;
  const listed = (Array.isArray(tmpfs) ? tmpfs : [tmpfs]).filter(
    (one) => typeof one === 'string' && one !== '',
  ) as string[];
  const long = service.mounts
    .filter(({ type }) => type === 'tmpfs')
    .map(({ target, given }) => target + optionsOf(given.tmpfs));
  return [...new Set([...listed, ...long])];
}

function optionsOf(given: unknown): string {
  if (!isMapping(given)) return '';
  const { size, mode } = given;
  const parts = [
    ...(size === undefined ? [] : [`size=${String(size)}`]),
    ...(mode === undefined ? [] : [`mode=${typeof mode === 'number' ? mode.toString(8) : String(mode)}`]),
  ];
  return parts.length > 0 ? `:${parts.join(',')}` : '';
}
