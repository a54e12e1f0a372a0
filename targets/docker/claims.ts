import type { Io } from '../../domain/host';
import { LABELS } from '../../domain/names';
import type { Claim, Labels } from '../../domain/ownership';
import type { Scope } from '../../domain/release';
import type { DockerEngine } from './engine';
import { containerName, networkName } from './names';
import type { Wanted } from '../target';

const COMMANDS = {
  rename: 'docker rename NAME OTHER',
  list: `docker ps --all --filter label=${LABELS.id}=ID`,
};

export async function findClaims(engine: DockerEngine, scope: Scope, wanted: Wanted[], io: Io): Promise<Claim[]> {
  const [containers, networks] = await Promise.all([
    engine.call(io, (docker, abort) => docker.listContainers({ all: true, ...abort })),
    engine.call(io, (docker, abort) => docker.listNetworks({ ...abort })),
  ]);
  const needed = new Set(
    wanted.flatMap(({ group, service, replicas }) =>
      Array.from({ length: replicas }, (_, index) => containerName(scope, service, group, index + 1)),
    ),
  );
  const isOfScope = (labels: Labels): boolean =>
    labels[LABELS.app] === scope.app && labels[LABELS.environment] === scope.environment;
  const claims: Claim[] = [
    ...containers.map(({ Id, Names, Labels }) => {
      // A dead container has no name; one with links has several.
      const names = Names.map((one) => one.slice(1));
      const name = names.find((one) => needed.has(one)) ?? names[0] ?? Id.slice(0, 12);
      return { kind: 'container', name, labels: Labels, isNeeded: needed.has(name), commands: COMMANDS };
    }),
    ...networks.map(({ Name, Labels }) => {
      const isNeeded = Name === networkName(scope);
      return { kind: 'network', name: Name, labels: Labels ?? {}, isNeeded, commands: COMMANDS };
    }),
  ];
  // Helpers have no slot; they come and go.
  return claims.filter(
    ({ kind, labels, isNeeded }) =>
      isNeeded || (isOfScope(labels) && (kind === 'network' || labels[LABELS.slot] !== undefined)),
  );
}
