import { isMapping } from '../../domain/config/merge';
import type { Ask, ComposeContext } from './compose-context';
import type { Mount } from './volumes';

/** A `live-only` service shares its volumes with nobody. */
export function composeVolumes(given: unknown, isAlone: boolean, context: ComposeContext, ask: Ask): Mount[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((one) => {
    if (namelessPath(one) !== undefined) return [];
    const { source, target, readOnly } = isMapping(one) ? long(one) : short(String(one));
    if (source === undefined || target === undefined || /^[.~$]/.test(source)) {
      ask('volumes', `${shownAs(one)} was left out: a volume needs a name, or an absolute path on the target`);
      return [];
    }
    const place = source.startsWith('/') ? source : context.volumeName(source);
    if (readOnly) return [{ source: place, target, readOnly: true as const }];
    if (isAlone) return [{ source: place, target }];
    ask(
      'volumes',
      `during a release the old and the new version both write to ${place}: can they? If not, make it \`readOnly\` or store it elsewhere`,
    );
    return [{ source: place, target, shared: true as const }];
  });
}

/** Compose gives each container its own volume at these paths, since the volume has no name. */
export function namelessPaths(given: unknown): string[] {
  return Array.isArray(given) ? given.map(namelessPath).filter((path) => path !== undefined) : [];
}

function namelessPath(one: unknown): string | undefined {
  if (!isMapping(one)) return typeof one === 'string' && /^\/[^:]*$/.test(one) ? one : undefined;
  const isNameless = one.type === 'volume' && one.source === undefined && typeof one.target === 'string';
  return isNameless ? (one.target as string) : undefined;
}

interface Parts {
  source?: string;
  target?: string;
  readOnly: boolean;
}

/** `SOURCE:TARGET[:ro]` */
function short(text: string): Parts {
  const [, source, target, mode = ''] = /^([^:]+):([^:]+)(?::([^:]*))?$/.exec(text) ?? [];
  return { readOnly: mode.split(',').includes('ro'), ...(source && { source }), ...(target && { target }) };
}

function long({ type, source, target, read_only: readOnly }: Record<string, unknown>): Parts {
  const isKept = type === 'volume' || type === 'bind' || type === undefined;
  return {
    readOnly: readOnly === true,
    ...(isKept && typeof source === 'string' && { source }),
    ...(typeof target === 'string' && { target }),
  };
}

function shownAs(given: unknown): string {
  return isMapping(given) ? String(given.target ?? 'a volume') : String(given);
}
