import type { TargetConfig } from '../domain/config';
import { environmentDirectory } from '../domain/names';
import type { Scope } from '../domain/release';
import { DocumentFence } from './fence';
import type { OpenTarget } from '../targets/open';
import { HostFolder } from './host-folder/host-folder';
import { DocumentLedger } from './ledger';
import type { Documents, State } from './state';

export function openState(config: TargetConfig, scope: Scope, target: OpenTarget): State {
  switch (target.kind) {
    case 'docker':
      return stateOn(new HostFolder(target.host, environmentDirectory(config, scope)));
  }
}

export function stateOn(documents: Documents): State {
  return { documents, fence: new DocumentFence(documents), ledger: new DocumentLedger(documents) };
}
