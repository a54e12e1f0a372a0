import type { Scope } from '../../domain/release';
import type { Remains } from '../../domain/removal';
import type { Colours } from '../output';

/** Says what goes and what stays, for somebody who decides. */
export function renderRemains({ app, environment }: Scope, remains: Remains, colours: Colours): string {
  const { containers, networks, ports, routerGoes, images, volumes, backups, ledger, stays } = remains;
  const router = routerGoes ? ['the router’s container, which no other environment needs'] : [];
  const goes: [what: string, names: string[]][] = [
    ['routes', ports.length > 0 ? [`those on port ${ports.join(', ')}`, ...router] : router],
    ['containers', containers],
    ['network', networks],
    ['images', images],
    ['volumes', volumes],
    ['backups', backups],
  ];
  const found = goes.filter(([, names]) => names.length > 0);
  return [
    `${colours.bold(`${app} in ${environment}`)}: this goes, and no undo brings it back`,
    ...found.flatMap(([what, names]) => names.map((name) => `  ${colours.red('-')} ${what}: ${name}`)),
    ...(ledger ? [`  ${colours.yellow('→')} the ledger moves from ${ledger.from} to ${ledger.to}`] : []),
    ...stays.map((sentence) => `  ${colours.green('=')} ${sentence}`),
  ].join('\n');
}
