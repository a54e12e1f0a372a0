import { judgeNetworks } from '../../domain/containers/networks';
import type { AppConfig } from '../../domain/config';
import type { Io } from '../../domain/host';
import type { Owned } from '../../domain/ownership';
import type { Finding } from '../../domain/preflight';
import type { Target } from '../../targets/target';
import { referenceOf } from '../build';
import type { PreflightCheck, Step } from '../steps';
import type { OwnPreflight } from './check';

/** Checks what containers need around them; nothing where the configuration names nothing. */
export async function checkSurroundings({ input, release, target, check }: OwnPreflight): Promise<PreflightCheck[]> {
  const services = Object.values(input.config.services);
  const joins = services.some(({ networks = [] }) => networks.length > 0);
  const mounts = services.some(({ volumes }) => volumes.some(({ source }) => source.startsWith('/')));
  return Promise.all([
    ...(joins ? [check('networks', (io) => checkNetworks(input.config, release, target, io))] : []),
    ...(mounts ? [check('folders', (io) => checkFolders({ ...input, release }, target, io))] : []),
  ]);
}

async function checkNetworks(config: AppConfig, release: Owned, target: Target, io: Io): Promise<Finding> {
  return judgeNetworks(config, await target.groups.networks(release, io));
}

/** Docker itself would make a missing folder, and give it to root. */
async function checkFolders(
  step: Pick<Step, 'config'> & { release: Owned<Step['release']> },
  target: Target,
  io: Io,
): Promise<Finding> {
  const wanted = Object.entries(step.config.services).flatMap(([service, { volumes }]) =>
    volumes.flatMap((volume, index) => (volume.source.startsWith('/') ? [{ service, index, ...volume }] : [])),
  );
  const sources = [...new Set(wanted.map(({ source }) => source))];
  const there = new Set<string>();
  for (const source of sources) if (await target.volumes.isThere(step.release, source, io)) there.add(source);
  const missing = await Promise.all(
    wanted.map(async ({ service, index, source, readOnly }) => {
      if (there.has(source)) return [];
      const owner = readOnly ? '' : await ownerText(step, service, target, io);
      return [
        `services.${service}.volumes[${index}]: expected the folder or file ${source} on the target, seen none: make it there${owner}, or correct \`source\``,
      ];
    }),
  );
  const problems = missing.flat();
  if (problems.length > 0) return { problem: problems.join('\n') };
  return { note: `${sources.join(', ')} on the target` };
}

async function ownerText(
  step: Pick<Step, 'config' | 'release'>,
  service: string,
  target: Target,
  io: Io,
): Promise<string> {
  const config = step.config.services[service]!;
  const facts = await target.images.inspect(referenceOf(step, service, config), service, io);
  return facts ? `, owned by ${facts.user || 'root'}, the user of the image` : ', owned by the user of the image';
}
