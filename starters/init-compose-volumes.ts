import { isMapping } from '../domain/merge';
import type { Ask, ComposeContext } from './init-compose-context';

interface Mount {
  source: string;
  target: string;
  readOnly?: true;
  shared?: true;
}

/** The volumes of a service that can be kept; a `live-only` service shares them with nobody. */
export function composeVolumes(given: unknown, isAlone: boolean, context: ComposeContext, ask: Ask): Mount[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((one) => {
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

interface Parts {
  source?: string;
  target?: string;
  readOnly: boolean;
}

/** `SOURCE:TARGET[:ro]`; with a target only it is a new volume each time. */
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
